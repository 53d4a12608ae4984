//! An account: a user of this server that applications act for, by token.
//! Its name, username and phone are its directory entry's ([`crate::User`]); here is the rest.

use crate::clock::Timestamp;
use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// How an account shows itself to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// `is_bot` is true and there is always a username.
    Bot,
    /// Like a person.
    User,
}

/// What the server keeps of an account beside its directory entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's user id, and the digits in front of its tokens.
    pub id: UserId,
    /// Bot or user.
    pub kind: AccountKind,
    /// ISO 3166-1 region in which phone numbers without a `+` are read, such as `GB`.
    pub region: Option<String>,
    /// Refuse what Telegram refuses, such as a bot that opens a conversation.
    pub strict: bool,
    /// When it was created.
    pub created_at: Timestamp,
}
