//! Sending later: put a message into the server's outbox, see what became of it, change it or take it back.
//! `Client::outbox` begins here.

use contactgram_model::MessageId;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::Result;
use crate::messages::{ChatRef, NewMessage};
use crate::send::request::{Repeat, Request};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const ENTRY: &str = "outbox/{id}";

/// What is sent later. Made by [`Client::outbox`].
#[derive(Debug, Clone, Copy)]
pub struct Outbox<'a> {
    pub(crate) client: &'a Client,
}

/// A message that waits, or that went out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct OutboxEntry {
    /// Counts from 1.
    pub id: i64,
    /// Where it stands.
    pub status: OutboxStatus,
    /// By which method it is sent.
    pub method: String,
    /// Its parameters, for whoever has `messages:read`.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The time that was asked for, in Unix seconds.
    pub send_at: Option<i64>,
    /// When it is tried next, as long as it waits.
    pub next_try_at: Option<i64>,
    /// How often it was tried.
    pub tries: u32,
    /// The message that was sent.
    pub message_id: Option<MessageId>,
    /// The code of the refusal.
    pub error_code: Option<u16>,
    /// Why it was not sent, or not yet.
    pub error: Option<String>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutboxStatus {
    /// It waits for its time, its turn or another try.
    Queued,
    /// It is being sent.
    Sending,
    /// It is out.
    Sent,
    /// It was refused, or could not be brought out for a day.
    Failed,
    /// It was sent and no answer came. It is never sent again.
    Unknown,
    /// It was taken back.
    Cancelled,
    /// The recipient has blocked the account or is gone.
    Blocked,
    /// It was never to be sent: nobody is there to write to.
    Skipped,
    /// Its broadcast is paused.
    Held,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

/// A page of the outbox.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct OutboxPage {
    /// How many there are in all.
    pub total_count: u64,
    /// Those of this page, the newest first.
    pub entries: Vec<OutboxEntry>,
}

impl<'a> Outbox<'a> {
    /// Hands a message over. It is on the server's disk when this returns, and goes out as soon as its turn comes.
    ///
    /// # Errors
    /// Those of [`Messages::send`](crate::Messages::send), as far as they are known before it is sent.
    pub async fn queue(&self, message: NewMessage) -> Result<OutboxEntry> {
        let request = Request::post("sendMessage", "sendMessage", message.key.clone());
        let request = request.header(PREFER, HeaderValue::from_static("respond-async"));
        self.client.send(request.json(&message.params)?).await?.result()
    }

    /// The same, to go out at a time in Unix seconds, at most 365 days ahead.
    ///
    /// # Errors
    /// Those of [`Outbox::queue`].
    pub async fn send_at(&self, message: NewMessage, time: i64) -> Result<OutboxEntry> {
        self.queue(message.set("send_at", time)).await
    }

    /// One entry.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) when there is none.
    pub async fn get(&self, id: i64) -> Result<OutboxEntry> {
        self.client.send(Request::get(ENTRY, path(id))).await?.result()
    }

    /// A page of entries, the newest first, perhaps of one status alone.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(
        &self,
        status: Option<OutboxStatus>,
        (limit, offset): (u32, u64),
    ) -> Result<OutboxPage> {
        let request =
            Request::get("outbox", "outbox").query("limit", Some(limit)).query("offset", Some(offset));
        self.client.send(request.query("status", status.map(OutboxStatus::name))).await?.result()
    }

    /// Changes an entry that waits: any parameter of its method, such as `text`, `chat_id`, or `send_at` (`null` for now).
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict) when it doesn't wait any more;
    /// [`Error::OutcomeUnknown`](crate::Error::OutcomeUnknown) when that is so after an answer got lost.
    pub async fn change(&self, id: i64, parameters: &Value) -> Result<OutboxEntry> {
        let request =
            Request::new(Method::PATCH, ENTRY, path(id)).repeats(Repeat::Conditional).json(parameters)?;
        self.client.send(request).await?.result()
    }

    /// Sends an entry that waits to another chat.
    ///
    /// # Errors
    /// Those of [`Outbox::change`].
    pub async fn redirect(&self, id: i64, chat: impl Into<ChatRef>) -> Result<OutboxEntry> {
        self.change(id, &serde_json::json!({"chat_id": chat.into()})).await
    }

    /// Takes an entry back that waits. One that was taken back before stays so.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict) when it was begun.
    pub async fn cancel(&self, id: i64) -> Result<OutboxEntry> {
        self.client.send(Request::new(Method::DELETE, ENTRY, path(id))).await?.result()
    }
}

impl OutboxStatus {
    fn name(self) -> &'static str {
        match self {
            OutboxStatus::Queued => "queued",
            OutboxStatus::Sending => "sending",
            OutboxStatus::Sent => "sent",
            OutboxStatus::Failed => "failed",
            OutboxStatus::Unknown => "unknown",
            OutboxStatus::Cancelled => "cancelled",
            OutboxStatus::Blocked => "blocked",
            OutboxStatus::Skipped => "skipped",
            OutboxStatus::Held => "held",
            OutboxStatus::Other => "other",
        }
    }
}

fn path(id: i64) -> String {
    format!("outbox/{id}")
}
