//! Reading messages back: pages, searches and single messages of an account's mailbox.

use super::{ChatRef, resolve};
use crate::access::{MessagesRead, View};
use crate::{Error, Hub, Permit};
use contactgram_model::search::Term;
use contactgram_model::{Direction, MessageId, StoredMessage, Timestamp, search};
use contactgram_store::Tx;
use contactgram_store::ops::history::{self, Query};
use contactgram_store::ops::upstreams::Place;
use contactgram_store::ops::{messages, upstreams};

/// Totals are exact up to here; beyond, a narrowed list is not counted (whole mailboxes and chats are).
const COUNTED_UP_TO: i64 = 100_000;

/// What a history is asked for.
#[derive(Debug, Clone, Default)]
pub struct HistoryQuery {
    /// Only this chat.
    pub chat: Option<ChatRef>,
    /// Only received or sent.
    pub direction: Option<Direction>,
    /// Sent at this time or later.
    pub since: Option<Timestamp>,
    /// Sent before this time.
    pub until: Option<Timestamp>,
    /// Ids below this.
    pub before: Option<MessageId>,
    /// Ids above this.
    pub after: Option<MessageId>,
    /// Words to look for.
    pub q: Option<String>,
    /// Oldest first.
    pub ascending: bool,
    /// Rows to leave out.
    pub offset: i64,
    /// Rows at most.
    pub limit: i64,
}

/// A page of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// A JSON array of `Message`.
    pub json: String,
    /// Rows in it.
    pub rows: i64,
    /// How many there are in all, when that is known.
    pub total: Option<i64>,
}

impl Hub {
    /// A page of an account's messages.
    pub async fn messages(
        &self,
        permit: &Permit<MessagesRead>,
        query: HistoryQuery,
    ) -> Result<HistoryPage, Error> {
        let view = permit.view();
        let is_bots = self.is_at_upstream(view.account());
        // First pages touch few rows and run where they are asked; the rest may take its time elsewhere.
        let cheap = view.narrow().is_none()
            && query.q.is_none()
            && query.direction.is_none()
            && query.since.is_none()
            && query.until.is_none()
            && query.before.is_none()
            && query.after.is_none()
            && query.offset <= 500
            && query.limit <= 100;
        let page = move |tx: &mut dyn Tx| {
            let placed = if is_bots { Some(places(tx, view, &query)?) } else { None };
            page(tx, view, placed.as_ref().unwrap_or(&query))
        };
        if cheap { self.store.read(page).await } else { self.store.scan(page).await }
    }

    /// One message, as JSON.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn message(
        &self,
        permit: &Permit<MessagesRead>,
        chat: ChatRef,
        id: MessageId,
    ) -> Result<String, Error> {
        let (view, is_bots) = (permit.view(), self.is_at_upstream(permit.account()));
        let reading = self.store.read(move |tx| {
            let chat = resolve(tx, view, &chat)?;
            let found = match is_bots {
                true => of_upstream(tx, view, Place { space: 0, chat, number: id.0 })?,
                false => messages::get_in(tx, view.account(), chat, id)?,
            };
            found.map(|message| message.body).ok_or(Error::missing("message not found"))
        });
        Ok(view.message(&reading.await?)?.into_owned())
    }
}

/// The message that has this number at the account's upstream.
fn of_upstream(tx: &mut dyn Tx, view: View, place: Place) -> Result<Option<StoredMessage>, Error> {
    Ok(match upstreams::message(tx, view.account(), place)? {
        Some(id) => messages::get(tx, view.account(), id)?,
        None => None,
    })
}

/// The query with `before` and `after` of a bot at an upstream as places in the mailbox: its numbers count in each
/// channel anew.
fn places(tx: &mut dyn Tx, view: View, query: &HistoryQuery) -> Result<HistoryQuery, Error> {
    if query.before.is_none() && query.after.is_none() {
        return Ok(query.clone());
    }
    let (owner, chat) = (view.account(), query.chat.as_ref());
    let chat =
        chat.ok_or(Error::bad("before and after need chat_id: numbers of messages count in each chat"))?;
    let chat = resolve(tx, view, chat)?;
    let mut at = |number: i64| upstreams::first_from(tx, owner, Place { space: 0, chat, number });
    let before = match query.before {
        Some(id) => at(id.0)?,
        None => None,
    };
    let after = match query.after {
        // Behind the last there is nothing.
        Some(id) => Some(at(id.0.saturating_add(1))?.map_or(MessageId(i64::MAX), |id| MessageId(id.0 - 1))),
        None => None,
    };
    Ok(HistoryQuery { before, after, ..query.clone() })
}

/// A page of any mailbox, as far as it is seen.
pub(crate) fn page(tx: &mut dyn Tx, view: View, query: &HistoryQuery) -> Result<HistoryPage, Error> {
    let owner = view.account();
    let terms = query.q.as_deref().map(search::terms).unwrap_or_default();
    let empty = HistoryPage { json: "[]".to_owned(), rows: 0, total: Some(0) };
    if terms.is_empty() && query.q.as_deref().is_some_and(|q| !q.trim().is_empty()) {
        return Ok(empty);
    }
    let chat = match &query.chat {
        Some(chat) => Some(resolve(tx, view, chat)?),
        None => None,
    };
    let since = query.since.map(|time| history::first_at(tx, owner, time)).transpose()?;
    let until = query.until.map(|time| history::first_at(tx, owner, time)).transpose()?;
    let plan = Query {
        chat,
        direction: query.direction,
        from: since.into_iter().chain(query.after.map(|id| MessageId(id.0.saturating_add(1)))).max(),
        below: until.into_iter().chain(query.before).min(),
        // A chat that was found is one that is seen.
        view: view.narrow().filter(|_| chat.is_none()),
        without_shared: !view.private() && terms.iter().any(Term::has_digit),
        terms,
        ascending: query.ascending,
        offset: query.offset,
        limit: query.limit,
    };
    // `before` and `after` are places in a list, as an offset is: they don't make it another list.
    let whole = Query { from: since, below: until, ..plan.clone() };
    let total = history::count(tx, owner, &whole, COUNTED_UP_TO)?;
    let mut page = HistoryPage { json: "[".to_owned(), rows: 0, total };
    let mut unreadable = None;
    history::page(tx, owner, &plan, &mut |body| {
        if page.rows > 0 {
            page.json.push(',');
        }
        match view.message(body) {
            Ok(seen) => page.json.push_str(&seen),
            Err(error) => unreadable = Some(error),
        }
        page.rows += 1;
    })?;
    page.json.push(']');
    unreadable.map_or(Ok(page), Err)
}
