//! What goes out through us: the upstream's answers to sends, edits and deletions, kept like what comes in. An answer that
//! can't be kept was given all the same: the message is out, and nobody can take it back.

use super::{Gateway, keep};
use crate::{Error, Hub, contacts};
use contactgram_model::{ChatId, UserId};
use contactgram_store::ops::upstreams::Place;
use contactgram_store::ops::{chats, counters};
use contactgram_wire::foreign::Message;
use serde_json::Value;
use serde_json::value::RawValue;

/// A call that the upstream answered with yes.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The method's name in lower case.
    pub method: String,
    /// `chat_id`, where it was a number that could be read.
    pub chat: Option<ChatId>,
    /// `message_id` or `message_ids`, where they could be read.
    pub numbers: Vec<i64>,
    /// `business_connection_id`.
    pub connection: Option<String>,
    /// The answer's `result`.
    pub result: String,
}

impl Hub {
    /// Keeps what a call through a gateway did. It never fails: what is not kept is logged.
    pub async fn keep_sent(&self, gateway: &Gateway, sent: Sent) {
        let account = gateway.account();
        let deletes = matches!(sent.method.as_str(), "deletemessage" | "deletemessages");
        let messages = if deletes { Vec::new() } else { messages(&sent.result) };
        if messages.is_empty() && !(deletes && sent.result == "true" && !sent.numbers.is_empty()) {
            return;
        }
        let keeping = self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            for (message, body) in &messages {
                keep::message(tx, rings, account, message, body)?;
            }
            if let (true, Some(chat)) = (deletes, sent.chat) {
                let space = keep::space(sent.connection.as_deref());
                for number in &sent.numbers {
                    keep::forget(tx, rings, account, Place { space, chat, number: *number })?;
                }
            }
            Ok::<_, Error>(())
        });
        if let Err(error) = keeping.await {
            tracing::error!(account.id = account.0, ?error, "what was sent is not in the history");
        }
    }

    /// Keeps that somebody can't be written to: the upstream said so.
    pub async fn keep_blocked(&self, gateway: &Gateway, chat: ChatId) {
        let (account, now, user) = (gateway.account(), self.clock.now(), UserId(chat.0));
        let keeping = self.change(account, move |tx, rings| {
            if chats::block(tx, account, user)? {
                contacts::set_blocked(tx, rings, (account, now), user, true)?;
            }
            Ok::<_, Error>(())
        });
        if let Err(error) = keeping.await {
            tracing::warn!(account.id = account.0, ?error, "that somebody blocked the bot is not kept");
        }
    }
}

/// The messages of a result: one, several (an album), or none.
fn messages(result: &str) -> Vec<(Message, String)> {
    let one = |text: &str| {
        let value: Value = serde_json::from_str(text).ok()?;
        Message::read(&value).map(|message| (message, text.to_owned()))
    };
    if result.starts_with('[') {
        let all: Vec<&RawValue> = serde_json::from_str(result).unwrap_or_default();
        return all.into_iter().filter_map(|text| one(text.get())).collect();
    }
    one(result).into_iter().collect()
}
