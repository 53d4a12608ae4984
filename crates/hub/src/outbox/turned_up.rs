//! Entries whose fate is unknown, found in what the upstream tells: a message of the bot's own that nobody here has seen, to
//! the same chat and of the same text. Asked for such messages alone; what looks different stays unknown.

use crate::gateway::{Kept, is_kept, keep_message};
use crate::{Error, Rings};
use contactgram_model::outbox::EntryState;
use contactgram_model::{Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::outbox::{self as rows, Settled};
use contactgram_wire::foreign::Message;
use serde_json::Value;

/// Clocks may differ by this, in seconds.
const SLACK_S: i64 = 60;

/// Looks whether the message that somebody replied to is one that was thought lost.
pub(crate) fn turned_up_by_reply(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    payload: &str,
) -> Result<(), Error> {
    if !payload.contains("\"reply_to_message\"") {
        return Ok(());
    }
    let Ok(mut update) = serde_json::from_str::<Value>(payload) else { return Ok(()) };
    let replied = update["reply_to_message"].take();
    match Message::read(&replied) {
        Some(message) if message.from == Some(account) => {
            turned_up(tx, rings, (account, now), (&message, &replied.to_string()))
        }
        _ => Ok(()),
    }
}

/// Looks whether a message of the bot's own is one that was thought lost.
pub(crate) fn turned_up(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    (message, body): (&Message, &str),
) -> Result<(), Error> {
    // One that was kept before came by another way, and says nothing of this one.
    if is_kept(tx, account, message)? {
        return Ok(());
    }
    let unknown = rows::unknown(tx, account, &message.chat.0.to_string())?;
    let found = unknown.into_iter().find(|entry| {
        let params: Value = serde_json::from_str(&entry.params).unwrap_or_default();
        let text = params["text"].as_str().or_else(|| params["caption"].as_str());
        let is_plain = params.get("parse_mode").is_none();
        is_plain && text == Some(message.text.as_str()) && message.date >= entry.starts_at - SLACK_S
    });
    let Some(entry) = found else { return Ok(()) };
    let settled = Settled { state: EntryState::Sent, result: Some(body.to_owned()), error: None };
    rows::settle(tx, account, entry.id, (&settled, now))?;
    // From now on it is known: it stands for one entry alone.
    keep_message(tx, rings, (account, now), Kept::sent(message, body))
}
