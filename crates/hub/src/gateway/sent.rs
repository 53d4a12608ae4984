//! What goes out through us: the upstream's answers to sends, edits and deletions, kept like what comes in. An answer that
//! can't be kept was given all the same: the message is out, and nobody can take it back.

use super::keep::Kept;
use super::{Gateway, copies, keep};
use crate::once::Ended;
use crate::{Error, Hub, Rings, contacts};
use contactgram_model::{ChatId, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::outbox::{self, Settled};
use contactgram_store::ops::upstreams::Place;
use contactgram_store::ops::{chats, counters};
use contactgram_wire::foreign::Message;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a call is about, as far as it tells how its answer is kept.
#[derive(Debug, Clone)]
pub struct About {
    /// The method's name in lower case.
    pub method: String,
    /// `chat_id`, where it was a number that could be read.
    pub chat: Option<ChatId>,
    /// `message_id` or `message_ids`, where they could be read.
    pub numbers: Vec<i64>,
    /// `business_connection_id`.
    pub connection: Option<String>,
    /// `from_chat_id`, where it was a number that could be read.
    pub source: Option<ChatId>,
    /// `caption`.
    pub caption: Option<String>,
}

impl About {
    /// Reads it from parameters, which are texts however they came.
    pub fn read<'p>(method: &str, param: impl Fn(&str) -> Option<Cow<'p, str>>) -> About {
        let number = |name: &str| param(name).and_then(|text| text.trim().parse().ok());
        let numbers = match number("message_id") {
            Some(one) => vec![one],
            None => {
                param("message_ids").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
            }
        };
        About {
            method: method.to_ascii_lowercase(),
            chat: number("chat_id").map(ChatId),
            numbers,
            connection: param("business_connection_id").map(Cow::into_owned),
            source: number("from_chat_id").map(ChatId),
            caption: param("caption").map(Cow::into_owned),
        }
    }
}

/// What is written down together with what a call did.
#[derive(Debug)]
pub enum Note {
    /// The answer to its idempotency key.
    Key(Ended),
    /// What became of an entry of the outbox.
    Entry {
        /// Whose.
        account: UserId,
        /// Its number.
        id: i64,
        /// What became of it.
        settled: Settled,
    },
}

impl Note {
    fn keep(&self, tx: &mut dyn Tx, rings: &mut Rings, now: Timestamp) -> Result<(), Error> {
        match self {
            Note::Key(ended) => ended.keep(tx, now),
            Note::Entry { account, id, settled } => {
                outbox::settle(tx, *account, *id, (settled, now))?;
                rings.outbox();
                Ok(())
            }
        }
    }
}

impl Hub {
    /// Keeps what a call did that the upstream answered with this `result`, and with it what else is to be written down.
    /// It never fails: what is not kept is logged.
    pub async fn keep_sent(&self, gateway: &Gateway, (about, result): (About, &str), note: Option<Note>) {
        let account = gateway.account();
        let deletes = matches!(about.method.as_str(), "deletemessage" | "deletemessages");
        let copies = copies::numbers(&about.method, result);
        let messages = if deletes || !copies.is_empty() { Vec::new() } else { messages(result) };
        let does_delete = deletes && result == "true" && !about.numbers.is_empty();
        if messages.is_empty() && copies.is_empty() && !does_delete && note.is_none() {
            return;
        }
        let now = self.clock.now();
        let keeping = self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            for (message, body) in &messages {
                keep::message(tx, rings, (account, now), Kept::sent(message, body))?;
            }
            for (message, body) in copies::messages(tx, (account, now), &about, &copies)? {
                keep::message(tx, rings, (account, now), Kept::sent(&message, &body))?;
            }
            if let (true, Some(chat)) = (does_delete, about.chat) {
                let space = keep::space(about.connection.as_deref());
                for number in &about.numbers {
                    keep::forget(tx, rings, account, Place { space, chat, number: *number })?;
                }
            }
            note.as_ref().map_or(Ok(()), |note| note.keep(tx, rings, now))
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
