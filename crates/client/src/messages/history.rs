//! History: what to ask for, a page of the answer, and all pages as one stream.

use std::collections::HashSet;

use contactgram_model::{ChatId, ContactId, MessageId};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::LINK;

use super::{ChatRef, Message};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::send::answer::Answer;
use crate::send::request::Request;

/// Which messages, in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageQuery {
    limit: Option<u32>,
    offset: Option<u64>,
    contact: Option<ContactId>,
    chat: Option<ChatRef>,
    direction: Option<Direction>,
    since: Option<i64>,
    until: Option<i64>,
    before: Option<MessageId>,
    after: Option<MessageId>,
    q: Option<String>,
    oldest_first: bool,
}

/// Whether the account received a message or sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody wrote to the account.
    In,
    /// The account wrote.
    Out,
}

/// A page of history.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MessagePage {
    /// Its messages.
    pub messages: Vec<Message>,
    /// How many there are in all, where the server counted them.
    pub total_count: Option<u64>,
    /// Whether another page follows, at an offset that is larger by the length of this one.
    pub has_more: bool,
}

impl MessageQuery {
    /// Messages of a page: 1 to 1000, 50 by default.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> MessageQuery {
        self.limit = Some(limit);
        self
    }

    /// Leaves out so many rows.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> MessageQuery {
        self.offset = Some(offset);
        self
    }

    /// Only messages with this contact.
    #[must_use]
    pub fn contact(mut self, contact: ContactId) -> MessageQuery {
        (self.contact, self.chat) = (Some(contact), None);
        self
    }

    /// Only messages of this chat.
    #[must_use]
    pub fn chat(mut self, chat: impl Into<ChatRef>) -> MessageQuery {
        (self.chat, self.contact) = (Some(chat.into()), None);
        self
    }

    /// Only received or only sent ones.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> MessageQuery {
        self.direction = Some(direction);
        self
    }

    /// Sent then or later, in Unix seconds.
    #[must_use]
    pub fn since(mut self, time: i64) -> MessageQuery {
        self.since = Some(time);
        self
    }

    /// Sent before, in Unix seconds.
    #[must_use]
    pub fn until(mut self, time: i64) -> MessageQuery {
        self.until = Some(time);
        self
    }

    /// Only ids below this one.
    #[must_use]
    pub fn before(mut self, message: MessageId) -> MessageQuery {
        self.before = Some(message);
        self
    }

    /// Only ids above this one.
    #[must_use]
    pub fn after(mut self, message: MessageId) -> MessageQuery {
        self.after = Some(message);
        self
    }

    /// Only those that match these words.
    #[must_use]
    pub fn search(mut self, words: impl Into<String>) -> MessageQuery {
        self.q = Some(words.into());
        self
    }

    /// The oldest first.
    #[must_use]
    pub fn oldest_first(mut self) -> MessageQuery {
        self.oldest_first = true;
        self
    }

    pub(super) fn request(&self) -> Request {
        let direction = self.direction.map(|direction| match direction {
            Direction::In => "in",
            Direction::Out => "out",
        });
        Request::get("messages", "messages")
            .query("limit", self.limit)
            .query("offset", self.offset)
            .query("contact_id", self.contact)
            .query("chat_id", self.chat.as_ref())
            .query("direction", direction)
            .query("since", self.since)
            .query("until", self.until)
            .query("before", self.before)
            .query("after", self.after)
            .query("q", self.q.as_ref())
            .query("order", self.oldest_first.then_some("asc"))
    }
}

impl MessagePage {
    /// The one answer without an envelope: its paging is in headers.
    pub(super) fn of(answer: &Answer) -> Result<MessagePage> {
        let header = |name: &str| answer.headers.get(name)?.to_str().ok();
        let total_count = header("x-total-count").and_then(|total| total.parse().ok());
        let has_more = header(LINK.as_str()).is_some_and(|link| link.contains("rel=\"next\""));
        Ok(MessagePage { messages: answer.bare()?, total_count, has_more })
    }
}

/// Where a stream stands: what to ask next, and what the page before showed.
type Place = (MessageQuery, HashSet<(ChatId, MessageId)>);

/// All pages, one after the other.
pub(super) fn stream(client: Client, query: MessageQuery) -> impl Stream<Item = Result<Message>> + Send {
    let pages = stream::try_unfold(Some((query, HashSet::new())), move |place: Option<Place>| {
        let client = client.clone();
        async move {
            let Some((query, shown)) = place else { return Ok(None) };
            let MessagePage { mut messages, has_more, .. } = client.messages().list(&query).await?;
            let rows = messages.len() as u64;
            let here = messages.iter().map(|message| (message.chat.id, message.message_id)).collect();
            // What came in meanwhile has pushed the end of the page before onto this one.
            messages.retain(|message| !shown.contains(&(message.chat.id, message.message_id)));
            let next = has_more.then(|| {
                let offset = query.offset.unwrap_or(0) + rows;
                (query.offset(offset), here)
            });
            Ok(Some((stream::iter(messages.into_iter().map(Ok::<_, Error>)), next)))
        }
    });
    pages.try_flatten().boxed()
}
