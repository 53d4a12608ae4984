//! A message as an account's mailbox holds it: the Bot API's own JSON, with the columns that history
//! is searched by beside it. The JSON is written by `wire`; here it is only text.

use crate::clock::Timestamp;
use crate::ids::{ChatId, MessageId, UserId};

/// Whether an account received a message or sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody wrote to the account.
    In,
    /// The account wrote.
    Out,
}

impl Direction {
    /// Reads the `direction` parameter.
    pub fn parse(word: &str) -> Option<Direction> {
        match word {
            "in" => Some(Direction::In),
            "out" => Some(Direction::Out),
            _ => None,
        }
    }
}

/// One row of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Counts from 1 in each mailbox.
    pub id: MessageId,
    /// The chat as the mailbox's owner sees it.
    pub chat: ChatId,
    /// Who wrote it.
    pub from: UserId,
    /// In or out, for the mailbox's owner.
    pub direction: Direction,
    /// When it was sent.
    pub date: Timestamp,
    /// The same for all copies of one message: the writer's id and the writer's own message id.
    pub origin: (UserId, MessageId),
    /// Text or caption, empty where there is none; what search looks in.
    pub text: String,
    /// The Bot API `Message` as JSON.
    pub body: String,
}
