//! An entry of the outbox as it is shown. What it says is shown to those alone who may read messages.

use crate::Error;
use crate::access::View;
use contactgram_model::Timestamp;
use contactgram_model::outbox::EntryState;
use contactgram_store::ops::outbox::Entry;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// An entry as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub struct EntryView {
    /// Counts from 1.
    pub id: i64,
    /// `queued`, `sending`, `sent`, `failed`, `unknown`, `cancelled`; of a broadcast also `blocked`, `skipped`, `held`.
    pub status: &'static str,
    /// The Bot API's method.
    pub method: String,
    /// Where to.
    pub chat_id: Value,
    /// The method's parameters, for whoever may read messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// The time that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// When it is tried next, as long as it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Timestamp>,
    /// How often it was tried.
    pub tries: i64,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The number of the message that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<i64>,
    /// What the method answered, for whoever may read messages: a `Message`, as a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<RawValue>>,
    /// The code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// Why it was not sent, or not yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The broadcast that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broadcast_id: Option<i64>,
    /// The contact that it goes to, in a broadcast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<i64>,
}

/// A page of entries.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxPage {
    /// How many there are in all.
    pub total_count: i64,
    /// The page.
    pub entries: Vec<EntryView>,
}

impl EntryView {
    pub(crate) fn of(entry: &Entry, view: View) -> Result<EntryView, Error> {
        let params: Value = serde_json::from_str(&entry.params).map_err(Error::internal)?;
        let result: Option<Value> = entry.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let reads = view.needs_history().is_ok();
        let message = match &entry.result {
            Some(result) if reads => {
                let shown = view.message(result)?.into_owned();
                Some(RawValue::from_string(shown).map_err(Error::internal)?)
            }
            _ => None,
        };
        // A number that is shared with somebody is private.
        let shows_params = reads && (view.private() || params.get("phone_number").is_none());
        let waits = matches!(entry.state, EntryState::Queued | EntryState::Held);
        let (error_code, error) = entry.error.clone().map_or((None, None), |(code, text)| (code, Some(text)));
        Ok(EntryView {
            id: entry.id,
            status: entry.state.name(),
            method: entry.method.clone(),
            chat_id: params.get("chat_id").cloned().unwrap_or_default(),
            params: shows_params.then_some(params),
            send_at: entry.send_at,
            next_try_at: waits.then_some(entry.due.max(entry.starts_at)),
            tries: entry.tries,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
            message_id: result.as_ref().and_then(|result| result["message_id"].as_i64()),
            message,
            error_code,
            error,
            broadcast_id: entry.broadcast,
            contact_id: entry.contact,
        })
    }
}
