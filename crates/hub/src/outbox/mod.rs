//! The outbox: sends that were taken and go out later, at their time and at the pace that is allowed, in order within each
//! chat. `worker` says when, `deliver` how, `turned_up` finds what was thought lost, `fill` makes entries of broadcasts. A
//! send whose fate is unknown is never repeated.

mod deliver;
pub(crate) mod fill;
mod turned_up;
mod view;
mod worker;

pub use deliver::{LocalCall, LocalRefusal, LocalRunner};
pub(crate) use turned_up::{turned_up, turned_up_by_reply};
pub use view::{EntryView, OutboxPage};

use crate::access::{MessagesSend, View};
use crate::messages::resolve;
use crate::{Answer, ChatRef, Error, Hub, Once, Permit};
use contactgram_model::outbox::EntryState;
use contactgram_model::{Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::counters;
use contactgram_store::ops::outbox::{self as rows, Entry, List, NewEntry};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::{Mutex, OnceLock};

/// How far ahead something may be scheduled: 365 days, in seconds.
pub const FARTHEST_S: i64 = 365 * 24 * 3600;

/// What works on the outbox of this process.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Runs the methods of local accounts.
    runner: OnceLock<LocalRunner>,
    /// Entries that a task of this process has in hand.
    busy: Mutex<HashSet<(UserId, i64)>>,
}

/// A send that is to go out later.
#[derive(Debug, Clone)]
pub struct Later {
    /// The Bot API's method.
    pub method: String,
    /// Its parameters; where it goes to is in `chat`.
    pub params: Map<String, Value>,
    /// Where to.
    pub chat: ChatRef,
    /// Not before this.
    pub send_at: Option<Timestamp>,
}

/// What is to be another in an entry that waits.
#[derive(Debug, Clone, Default)]
pub struct EntryChange {
    /// Parameters to set; `null` takes one out.
    pub params: Map<String, Value>,
    /// Where to.
    pub chat: Option<ChatRef>,
    /// When; none for at once.
    pub send_at: Option<Option<Timestamp>>,
}

const NO_ENTRY: Error = Error::missing("outbox entry not found");
const TOO_LATE: Error =
    Error::Conflict(std::borrow::Cow::Borrowed("only an entry that waits can be changed"));

impl Hub {
    /// Queues a send; it is on disk when this answers.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a chat that is not there and a time that is too far away; [`Error::Forbidden`] for a
    /// credential that sees some contacts alone.
    pub async fn queue(
        &self,
        permit: &Permit<MessagesSend>,
        later: Later,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (view, scopes, now) = (permit.view(), permit.scopes(), self.clock.now());
        whole(view)?;
        let send_at = at(later.send_at, now)?;
        let is_local = self.gateway(view.account())?.is_none();
        self.change_once(view.account(), once, move |tx, rings| {
            counters::lock(tx, view.account())?;
            let (lane, chat) = lane(tx, view, &later.chat, is_local)?;
            let mut params = later.params.clone();
            params.insert("chat_id".to_owned(), chat);
            let entry = NewEntry {
                method: later.method.clone(),
                lane,
                params: Value::Object(params).to_string(),
                scopes,
                send_at,
                state: EntryState::Queued,
                error: None,
                of: None,
            };
            let id = rows::insert(tx, view.account(), &[entry], now)?;
            rings.outbox();
            let entry = rows::get(tx, view.account(), id)?.ok_or(NO_ENTRY)?;
            let answer = Answer::of(&EntryView::of(&entry, view)?)?;
            Ok(Answer { accepted: true, ..answer })
        })
        .await
    }

    /// A page of the outbox, the newest entry first.
    pub async fn outbox(&self, permit: &Permit<MessagesSend>, asked: List) -> Result<OutboxPage, Error> {
        let view = permit.view();
        if view.narrow().is_some() {
            return Ok(OutboxPage { total_count: 0, entries: Vec::new() });
        }
        let account = view.account();
        let reading = self.store.scan(move |tx| Ok::<_, Error>(rows::list(tx, account, asked)?));
        let (entries, total_count) = reading.await?;
        let entries = entries.iter().map(|entry| EntryView::of(entry, view)).collect::<Result<_, _>>()?;
        Ok(OutboxPage { total_count, entries })
    }

    /// One entry.
    pub async fn outbox_entry(&self, permit: &Permit<MessagesSend>, id: i64) -> Result<EntryView, Error> {
        let view = permit.view();
        there(view, NO_ENTRY)?;
        let account = view.account();
        let reading = self.store.read(move |tx| rows::get(tx, account, id)?.ok_or(NO_ENTRY));
        EntryView::of(&reading.await?, view)
    }

    /// Changes an entry that waits.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] when it waits no more; else as [`Hub::queue`].
    pub async fn change_outbox(
        &self,
        permit: &Permit<MessagesSend>,
        id: i64,
        change: EntryChange,
    ) -> Result<EntryView, Error> {
        let (view, scopes, now) = (permit.view(), permit.scopes(), self.clock.now());
        there(view, NO_ENTRY)?;
        let account = view.account();
        let is_local = self.gateway(account)?.is_none();
        let entry = self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            let mut entry = rows::get(tx, account, id)?.ok_or(NO_ENTRY)?;
            let mut params = parameters(&entry)?;
            for (name, value) in &change.params {
                match value {
                    Value::Null => drop(params.remove(name)),
                    value => drop(params.insert(name.clone(), value.clone())),
                }
            }
            if let Some(chat) = &change.chat {
                let (lane, chat) = lane(tx, view, chat, is_local)?;
                entry.lane = lane;
                params.insert("chat_id".to_owned(), chat);
            }
            if let Some(send_at) = change.send_at {
                entry.send_at = at(send_at, now)?;
                entry.starts_at = now;
            }
            entry.params = Value::Object(params).to_string();
            entry.scopes = scopes;
            if !rows::change(tx, &entry, now)? {
                return Err(TOO_LATE);
            }
            rings.outbox();
            rows::get(tx, account, id)?.ok_or(NO_ENTRY)
        });
        EntryView::of(&entry.await?, view)
    }

    /// Takes an entry that waits back.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] when it waits no more.
    pub async fn cancel_outbox(&self, permit: &Permit<MessagesSend>, id: i64) -> Result<EntryView, Error> {
        let (view, now) = (permit.view(), self.clock.now());
        there(view, NO_ENTRY)?;
        let account = view.account();
        let entry = self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            let entry = rows::get(tx, account, id)?.ok_or(NO_ENTRY)?;
            if entry.state != EntryState::Cancelled && !rows::cancel(tx, account, id, now)? {
                return Err(TOO_LATE);
            }
            rings.outbox();
            rows::get(tx, account, id)?.ok_or(NO_ENTRY)
        });
        EntryView::of(&entry.await?, view)
    }
}

/// What an entry sends.
fn parameters(entry: &Entry) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(&entry.params).map_err(Error::internal)
}

/// Refuses whoever sees some contacts alone: an entry may name anything.
pub(crate) fn whole(view: View) -> Result<(), Error> {
    match view.narrow() {
        None => Ok(()),
        Some(_) => Err(Error::Forbidden("the credential sees some contacts alone".into())),
    }
}

/// For whoever sees some contacts alone there is no outbox: `missing` is what they are told.
pub(crate) fn there(view: View, missing: Error) -> Result<(), Error> {
    match view.narrow() {
        None => Ok(()),
        Some(_) => Err(missing),
    }
}

/// A time that may be asked for; one that is past is none.
fn at(send_at: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match send_at {
        Some(at) if at > now.saturating_add(FARTHEST_S) => {
            Err(Error::bad("send_at must be a Unix time within the next 365 days"))
        }
        at => Ok(at.filter(|at| *at > now)),
    }
}

/// The lane of a chat, and how the method is told of it.
fn lane(tx: &mut dyn Tx, view: View, chat: &ChatRef, is_local: bool) -> Result<(String, Value), Error> {
    if let (ChatRef::Username(name), false) = (chat, is_local) {
        // Only the upstream knows who that is.
        let name = format!("@{name}");
        return Ok((name.to_lowercase(), Value::from(name)));
    }
    let chat = resolve(tx, view, chat)?;
    Ok((chat.0.to_string(), Value::from(chat.0)))
}
