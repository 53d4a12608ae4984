//! Chats that are more than two people: groups of the local connector and who is in them.
//! Private chats need no row of their own here: their id is the other side's user id.

use crate::ids::ChatId;
use serde::{Deserialize, Serialize};

/// What kind of chat an id stands for, as `Chat.type` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// Two users.
    Private,
    /// A basic group.
    Group,
}

/// A basic group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Negative.
    pub id: ChatId,
    /// 1–128 characters.
    pub title: String,
}

/// A user's standing in a group, as `ChatMember.status` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Made the group.
    Creator,
    /// Sees everything, also who comes and goes.
    Administrator,
    /// Takes part.
    Member,
    /// Was there, or never was.
    Left,
    /// Was removed; in a private chat: blocked the account.
    Kicked,
}

impl MemberStatus {
    /// The word the Bot API uses.
    pub fn word(self) -> &'static str {
        match self {
            MemberStatus::Creator => "creator",
            MemberStatus::Administrator => "administrator",
            MemberStatus::Member => "member",
            MemberStatus::Left => "left",
            MemberStatus::Kicked => "kicked",
        }
    }

    /// The status behind a stored word.
    pub fn from_word(word: &str) -> Option<MemberStatus> {
        use MemberStatus::{Administrator, Creator, Kicked, Left, Member};
        [Creator, Administrator, Member, Left, Kicked].into_iter().find(|status| status.word() == word)
    }

    /// Whether messages of the group reach this user.
    pub fn is_in(self) -> bool {
        matches!(self, MemberStatus::Creator | MemberStatus::Administrator | MemberStatus::Member)
    }
}
