//! Updates as a stream over long polling: each is confirmed when the next is asked for, and none before it was handled.
//! `Client::updates` begins here. One stream at a time for each consumer: the server ends the older of two.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use contactgram_model::{Contact, UpdateId};
use contactgram_wire::event::RemovedContact;
use contactgram_wire::user::User;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::Result;
use crate::messages::Message;
use crate::send::request::{Repeat, Request};

/// What to listen to, and as whom. Made by [`Client::updates`].
#[derive(Debug, Clone)]
#[must_use]
pub struct UpdatesBuilder {
    client: Client,
    consumer: Option<String>,
    kinds: Option<Vec<String>>,
    timeout_s: u64,
    batch: u32,
    ends_when_quiet: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Update {
    /// Grows with each update of the account.
    pub update_id: UpdateId,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A new message.
    Message(Box<Message>),
    /// A message was edited.
    EditedMessage(Box<Message>),
    /// Somebody pressed a button.
    CallbackQuery(Box<CallbackQuery>),
    /// A new contact. Only for those who ask for `contact_added`, as with the next two.
    ContactAdded(Box<Contact>),
    /// A contact as it is now.
    ContactChanged(Box<Contact>),
    /// A contact is gone.
    ContactRemoved(RemovedContact),
    /// Anything else, by its name in the Bot API.
    Other {
        /// Such as `my_chat_member`.
        kind: String,
        /// As it came.
        payload: Value,
    },
}

/// A pressed button.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct CallbackQuery {
    /// For answerCallbackQuery, within 15 minutes.
    pub id: String,
    /// Who pressed.
    pub from: User,
    /// The message with the button.
    pub message: Option<Message>,
    /// What the button carries.
    pub data: Option<String>,
}

/// Updates, one after the other, for ever, or [until there are no more](UpdatesBuilder::until_quiet).
///
/// Asking for the next one (`next().await`) confirms those before: the server drops them for this consumer. So whoever
/// crashes while handling an update is shown it again, and nothing that was not handled is lost.
///
/// An error is an item, and the stream goes on behind it, at the same place: whoever asks for the next one waits as long as
/// the server or the circuit breaker said, or else for a time that grows with each error. What the [policy](crate::Policy)
/// could mend never becomes one. Whoever gets [`Error::Unauthorized`](crate::Error::Unauthorized) or
/// [`Error::Conflict`](crate::Error::Conflict) (another poller) should stop.
///
/// Dropping the future of `next()`, as `tokio::select!` does, loses nothing.
#[must_use]
pub struct Updates {
    ask: UpdatesBuilder,
    /// Came, and not yet handed out.
    waiting: VecDeque<Update>,
    /// The number behind the last one that was handed out.
    offset: Option<i64>,
    poll: Option<BoxFuture<'static, Result<Vec<Update>>>>,
    /// In a row, and what to wait since the last of them.
    failures: u32,
    pause: Duration,
}

impl UpdatesBuilder {
    pub(crate) fn new(client: Client) -> UpdatesBuilder {
        UpdatesBuilder {
            client,
            consumer: None,
            kinds: None,
            timeout_s: 25,
            batch: 1,
            ends_when_quiet: false,
        }
    }

    /// As a named consumer, which has a place of its own in the account's updates and takes nothing from others. The first
    /// call that names it makes it; it begins at the end of the log.
    pub fn consumer(mut self, name: impl Into<String>) -> UpdatesBuilder {
        self.consumer = Some(name.into());
        self
    }

    /// Only these kinds, such as `["message", "contact_added"]`, from now on. It stays for later runs, too.
    pub fn kinds<K: Into<String>>(mut self, kinds: impl IntoIterator<Item = K>) -> UpdatesBuilder {
        self.kinds = Some(kinds.into_iter().map(Into::into).collect());
        self
    }

    /// How long the server waits for an update before it answers that there is none: 1 to 50 s, 25 by default.
    pub fn timeout(mut self, timeout: Duration) -> UpdatesBuilder {
        // Less would ask without a pause.
        self.timeout_s = timeout.as_secs().clamp(1, 50);
        self
    }

    /// Fetches up to so many at a time (1 to 100). They are confirmed together, when all were handled: faster, and a crash
    /// shows up to so many again. By default 1: each is confirmed by itself.
    pub fn batches_of(mut self, updates: u32) -> UpdatesBuilder {
        self.batch = updates.clamp(1, 100);
        self
    }

    /// Ends the stream when nothing came for the [time](UpdatesBuilder::timeout) that the server waits, instead of never: for a
    /// program that runs now and then and handles what has come since. All that was handed out is confirmed by then.
    pub fn until_quiet(mut self) -> UpdatesBuilder {
        self.ends_when_quiet = true;
        self
    }

    /// The stream. Nothing is asked for before its first item is.
    pub fn stream(self) -> Updates {
        let (waiting, pause) = (VecDeque::new(), Duration::ZERO);
        Updates { ask: self, waiting, offset: None, poll: None, failures: 0, pause }
    }

    /// Asks once.
    async fn get(self, offset: Option<i64>, (limit, timeout_s): (u32, u64)) -> Result<Vec<Update>> {
        let mut request = Request::get("getUpdates", "getUpdates")
            .query("limit", Some(limit))
            .query("timeout", Some(timeout_s))
            .query("offset", offset)
            .query("consumer", self.consumer)
            .query("allowed_updates", self.kinds.map(Value::from))
            .repeats(Repeat::Poll);
        request.patience = Duration::from_secs(timeout_s);
        self.client.send(request).await?.result()
    }
}

impl Updates {
    /// Confirms all that were handed out, for an orderly end: without it the last one (or the last batch) comes again next
    /// time.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn confirm(&mut self) -> Result<()> {
        // What was under way is asked for anew when the stream goes on.
        self.poll = None;
        if let Some(offset) = self.offset {
            let next = self.ask.clone().get(Some(offset), (1, 0)).await?;
            if self.waiting.is_empty() {
                self.waiting.extend(next);
            }
        }
        Ok(())
    }
}

impl Stream for Updates {
    type Item = Result<Update>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Update>>> {
        let this = self.get_mut();
        loop {
            if let Some(update) = this.waiting.pop_front() {
                this.offset = Some(update.update_id.0 + 1);
                return Poll::Ready(Some(Ok(update)));
            }
            let (ask, offset, pause) = (&this.ask, this.offset, this.pause);
            let poll = this.poll.get_or_insert_with(|| {
                let (ask, how) = (ask.clone(), (ask.batch, ask.timeout_s));
                Box::pin(async move {
                    tokio::time::sleep(pause).await;
                    ask.get(offset, how).await
                })
            });
            let come = ready!(poll.as_mut().poll(cx));
            this.poll = None;
            match come {
                Ok(updates) => {
                    (this.failures, this.pause) = (0, Duration::ZERO);
                    if updates.is_empty() && this.ask.ends_when_quiet {
                        return Poll::Ready(None);
                    }
                    this.waiting.extend(updates);
                }
                Err(why) => {
                    this.failures += 1;
                    this.pause = this.ask.client.pause(this.failures, &why);
                    return Poll::Ready(Some(Err(why)));
                }
            }
        }
    }
}

impl std::fmt::Debug for Updates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Updates")
            .field("ask", &self.ask)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Update {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Update, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let update_id = fields.remove("update_id").and_then(|id| id.as_i64());
        let update_id =
            update_id.map(UpdateId).ok_or_else(|| D::Error::custom("an update without update_id"))?;
        let (kind, payload) = fields.into_iter().next().unwrap_or_default();
        Ok(Update { update_id, event: Event::of(kind, payload) })
    }
}

impl Event {
    /// What can't be read as what its name says is handed on as it is: it must not stop the stream.
    fn of(kind: String, payload: Value) -> Event {
        let known = match kind.as_str() {
            "message" => read(&payload).map(Event::Message),
            "edited_message" => read(&payload).map(Event::EditedMessage),
            "callback_query" => read(&payload).map(Event::CallbackQuery),
            "contact_added" => read(&payload).map(Event::ContactAdded),
            "contact_changed" => read(&payload).map(Event::ContactChanged),
            "contact_removed" => read(&payload).map(|gone| Event::ContactRemoved(*gone)),
            _ => None,
        };
        known.unwrap_or(Event::Other { kind, payload })
    }
}

fn read<T: DeserializeOwned>(payload: &Value) -> Option<Box<T>> {
    T::deserialize(payload).ok().map(Box::new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(update: Value) -> Event {
        serde_json::from_value::<Update>(update).unwrap().event
    }

    #[test]
    fn what_is_not_known_is_handed_on_as_it_came() {
        let post =
            json!({"message_id": 1, "date": 2, "chat": {"id": -100, "type": "channel", "title": "News"}});
        let Event::Message(message) = event(json!({"update_id": 1, "message": post})) else {
            panic!("a message")
        };
        assert_eq!((message.chat.kind.as_str(), message.from), ("channel", None));
        let odd = json!({"update_id": 2, "message": {"of": "tomorrow"}});
        assert!(matches!(event(odd), Event::Other { kind, .. } if kind == "message"));
        let new = json!({"update_id": 3, "telepathy": {"a": 1}});
        assert_eq!(event(new), Event::Other { kind: "telepathy".to_owned(), payload: json!({"a": 1}) });
        assert!(serde_json::from_value::<Update>(json!({"message": {}})).is_err());
    }
}
