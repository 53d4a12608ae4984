//! What the product keeps: one file a noun, each a set of plain functions from a transaction to a result.
//! The hub composes them inside `Store::write` and `Store::read`. No function here opens a transaction,
//! asks for the time or makes a random number.

pub mod accounts;
pub mod audit;
pub mod backlog;
pub mod broadcasts;
pub mod callbacks;
pub mod chats;
pub mod commands;
pub mod consumers;
pub mod contact_list;
pub mod contacts;
pub mod conversations;
pub mod counters;
pub mod deliveries;
pub mod directory;
pub mod endpoints;
pub mod files;
pub mod freezes;
pub mod groups;
pub mod health;
pub mod history;
pub mod idempotency;
pub mod members;
pub mod messages;
pub mod newcomers;
pub mod oauth;
pub mod outbox;
pub mod restored;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod tokens;
pub mod updates;
pub mod upstreams;
pub mod views;
pub mod webhooks;

#[cfg(test)]
mod tests;

use crate::{AsParam, Param};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{ChatId, ContactId, MemberId, MessageId, UpdateId, UserId};

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl AsParam for $id {
            fn as_param(&self) -> Param<'_> {
                Param::Int(self.0)
            }
        }
    )*};
}
impl AsParam for ConsumerName {
    fn as_param(&self) -> Param<'_> {
        Param::Text(self.as_str())
    }
}

ids!(UserId, ContactId, ChatId, MemberId, MessageId, UpdateId);
