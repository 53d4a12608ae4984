//! Broadcasts: one message to a selection of contacts, through the outbox and at its pace. This begins, pauses, resumes and
//! cancels them and says how far they are; `outbox::fill` makes their entries.

use crate::access::{ContactsRead, MessagesSend, View};
use crate::contacts::{ContactKey, ListQuery};
use crate::outbox::{EntryView, fill, there, whole};
use crate::{Answer, Error, Hub, Once, Permit};
use contactgram_model::outbox::{BroadcastState, EntryState};
use contactgram_model::{Contact, ContactId, Timestamp};
use contactgram_store::Tx;
use contactgram_store::ops::broadcasts::{self as rows, Broadcast, NewBroadcast};
use contactgram_store::ops::counters;
use contactgram_store::ops::outbox::{self, List};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// To whom a broadcast goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These contacts.
    Ids(Vec<i64>),
    /// All contacts with this label, and that a search for these words finds.
    Query {
        /// Only with this label.
        label: Option<String>,
        /// Words to look for.
        q: Option<String>,
    },
}

/// A broadcast as it is asked for.
#[derive(Debug, Clone)]
pub struct NewCast {
    /// The Bot API's method.
    pub method: String,
    /// Its parameters without a chat.
    pub params: Map<String, Value>,
    /// To whom.
    pub to: Selection,
}

/// Whom a selection reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// How many contacts are selected.
    pub selected: i64,
    /// To how many of them the account can write; `None` where they are too many to look at each.
    pub reachable: Option<i64>,
}

/// A broadcast as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub struct BroadcastView {
    /// Counts from 1.
    pub id: i64,
    /// `running`, `paused`, `cancelled` or `finished`.
    pub status: &'static str,
    /// The Bot API's method.
    pub method: String,
    /// Its parameters without a chat, for whoever may read messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// The label and the words that selected its contacts, for whoever sees those with their private fields; absent where
    /// they were named one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
    /// How many contacts were selected when it began.
    pub total: i64,
    /// How many of them wait, those for whom nothing was made yet included.
    pub queued: i64,
    /// How many are being sent to now.
    pub sending: i64,
    /// How many have it.
    pub sent: i64,
    /// To how many it could not be sent.
    pub failed: i64,
    /// How many blocked the account, or are gone, as it turned out.
    pub blocked: i64,
    /// To how many it was sent with an answer that was lost.
    pub unknown: i64,
    /// How many were spared by cancelling.
    pub cancelled: i64,
    /// How many could not be written to from the beginning.
    pub skipped: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Contacts that are looked at before a broadcast, at most.
const MOST_LOOKED_AT: i64 = 10_000;

const NO_BROADCAST: Error = Error::missing("broadcast not found");

impl Hub {
    /// Whom a broadcast to this selection would reach.
    pub async fn reach(&self, permit: &Permit<ContactsRead>, to: &Selection) -> Result<Reach, Error> {
        let (label, q) = match to {
            Selection::Ids(ids) => {
                let ids: HashSet<i64> = ids.iter().copied().collect();
                let mut reachable = 0;
                for id in &ids {
                    match self.contact(permit, ContactKey::Id(ContactId(*id))).await {
                        Ok(contact) => {
                            let contact: Contact =
                                serde_json::from_str(&contact.body).map_err(Error::internal)?;
                            reachable += i64::from(fill::recipient(&contact).is_ok());
                        }
                        Err(Error::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                let selected = i64::try_from(ids.len()).unwrap_or(i64::MAX);
                return Ok(Reach { selected, reachable: Some(reachable) });
            }
            Selection::Query { label, q } => (label.clone(), q.clone()),
        };
        let (mut reachable, mut cursor) = (0, None);
        loop {
            let query = ListQuery {
                limit: Some(1000),
                label: label.clone(),
                q: q.clone(),
                sort: Some("id".to_owned()),
                cursor,
                ..ListQuery::default()
            };
            let page = self.contacts(permit, query).await?;
            if page.total_count > MOST_LOOKED_AT {
                return Ok(Reach { selected: page.total_count, reachable: None });
            }
            let rows: Vec<Contact> =
                serde_json::from_str(&format!("[{}]", page.json)).map_err(Error::internal)?;
            reachable += rows.iter().filter(|contact| fill::recipient(contact).is_ok()).count() as i64;
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(Reach { selected: page.total_count, reachable: Some(reachable) });
            }
        }
    }

    /// Begins a broadcast.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a selection that makes no sense; [`Error::Forbidden`] for a credential that sees some contacts
    /// alone.
    pub async fn broadcast(
        &self,
        (send, read): (&Permit<MessagesSend>, &Permit<ContactsRead>),
        new: NewCast,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        whole(send.view())?;
        let (account, scopes, now) = (send.account(), send.scopes(), self.clock.now());
        let (to, total) = match new.to {
            Selection::Ids(mut ids) => {
                let mut seen = HashSet::new();
                ids.retain(|id| seen.insert(*id));
                let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
                (Selection::Ids(ids), total)
            }
            Selection::Query { label, q } => {
                let query = ListQuery {
                    limit: Some(1),
                    label: label.clone(),
                    q: q.clone(),
                    sort: Some("id".to_owned()),
                    ..ListQuery::default()
                };
                let page = self.contacts(read, query).await?;
                (Selection::Query { label, q }, page.total_count)
            }
        };
        let new = NewBroadcast {
            method: new.method,
            params: Value::Object(new.params).to_string(),
            selection: serde_json::to_string(&to).map_err(Error::internal)?,
            scopes,
            total,
        };
        let reader = send.view();
        self.change_once(account, once, move |tx, rings| {
            counters::lock(tx, account)?;
            let id = rows::insert(tx, account, &new, now)?;
            rings.outbox();
            Ok(Answer { accepted: true, ..Answer::of(&view(tx, reader, id)?)? })
        })
        .await
    }

    /// How far a broadcast is.
    pub async fn broadcast_view(
        &self,
        permit: &Permit<MessagesSend>,
        id: i64,
    ) -> Result<BroadcastView, Error> {
        there(permit.view(), NO_BROADCAST)?;
        let reader = permit.view();
        self.store.scan(move |tx| view(tx, reader, id)).await
    }

    /// An account's broadcasts, the newest first.
    pub async fn broadcasts(
        &self,
        permit: &Permit<MessagesSend>,
        page: (i64, i64),
    ) -> Result<Vec<BroadcastView>, Error> {
        if permit.view().narrow().is_some() {
            return Ok(Vec::new());
        }
        let reader = permit.view();
        self.store
            .scan(move |tx| {
                let all = rows::list(tx, reader.account(), page)?;
                all.iter().map(|one| shown(tx, reader, one)).collect::<Result<_, _>>()
            })
            .await
    }

    /// What became of each contact so far.
    pub async fn recipients(
        &self,
        permit: &Permit<MessagesSend>,
        id: i64,
        asked: List,
    ) -> Result<Vec<EntryView>, Error> {
        let (view, account) = (permit.view(), permit.account());
        there(view, NO_BROADCAST)?;
        let reading = self.store.scan(move |tx| {
            rows::get(tx, account, id)?.ok_or(NO_BROADCAST)?;
            Ok::<_, Error>(outbox::of_broadcast(tx, account, id, asked)?)
        });
        reading.await?.iter().map(|entry| EntryView::of(entry, view)).collect()
    }

    /// Pauses a broadcast: what was not begun waits.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] for one that was cancelled.
    pub async fn pause_broadcast(
        &self,
        permit: &Permit<MessagesSend>,
        id: i64,
    ) -> Result<BroadcastView, Error> {
        let held = [(EntryState::Queued, EntryState::Held)];
        self.turn_broadcast(permit, id, (BroadcastState::Paused, &held)).await
    }

    /// Lets a paused broadcast go on.
    ///
    /// # Errors
    /// As [`Hub::pause_broadcast`].
    pub async fn resume_broadcast(
        &self,
        permit: &Permit<MessagesSend>,
        id: i64,
    ) -> Result<BroadcastView, Error> {
        let freed = [(EntryState::Held, EntryState::Queued)];
        self.turn_broadcast(permit, id, (BroadcastState::Running, &freed)).await
    }

    /// Cancels what of a broadcast was not begun.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn cancel_broadcast(
        &self,
        permit: &Permit<MessagesSend>,
        id: i64,
    ) -> Result<BroadcastView, Error> {
        let gone = [(EntryState::Queued, EntryState::Cancelled), (EntryState::Held, EntryState::Cancelled)];
        self.turn_broadcast(permit, id, (BroadcastState::Cancelled, &gone)).await
    }

    async fn turn_broadcast(
        &self,
        permit: &Permit<MessagesSend>,
        id: i64,
        (to, moves): (BroadcastState, &[(EntryState, EntryState)]),
    ) -> Result<BroadcastView, Error> {
        there(permit.view(), NO_BROADCAST)?;
        let (reader, now, moves) = (permit.view(), self.clock.now(), moves.to_vec());
        let account = reader.account();
        self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            let broadcast = rows::get(tx, account, id)?.ok_or(NO_BROADCAST)?;
            let is_cancelled = broadcast.state == BroadcastState::Cancelled;
            if is_cancelled && to != BroadcastState::Cancelled {
                return Err(Error::Conflict("the broadcast was cancelled".into()));
            }
            // One of which all entries are made has nothing to go on with but those.
            let rests = broadcast.state == BroadcastState::Made && to == BroadcastState::Running;
            if !rests {
                rows::set_state(tx, account, id, (to, now))?;
            }
            for (from, to) in &moves {
                rows::move_entries(tx, account, id, (*from, *to, now))?;
            }
            rings.outbox();
            view(tx, reader, id)
        })
        .await
    }
}

fn view(tx: &mut dyn Tx, reader: View, id: i64) -> Result<BroadcastView, Error> {
    let broadcast = rows::get(tx, reader.account(), id)?.ok_or(NO_BROADCAST)?;
    shown(tx, reader, &broadcast)
}

fn shown(tx: &mut dyn Tx, reader: View, broadcast: &Broadcast) -> Result<BroadcastView, Error> {
    let params: Value = serde_json::from_str(&broadcast.params).map_err(Error::internal)?;
    // A number that is shared is private, as in an entry.
    let reads = reader.needs_history().is_ok() && (reader.private() || params.get("phone_number").is_none());
    let to = match serde_json::from_str(&broadcast.selection).map_err(Error::internal)? {
        Selection::Query { label, q } if reader.private() => Some(json!({ "label": label, "q": q })),
        Selection::Query { .. } | Selection::Ids(_) => None,
    };
    let counts = outbox::counts_of(tx, broadcast.account, broadcast.id)?;
    let count = |state: EntryState| counts.iter().find(|(at, _)| *at == state).map_or(0, |(_, n)| *n);
    let waiting = count(EntryState::Queued) + count(EntryState::Held);
    let is_cancelled = broadcast.state == BroadcastState::Cancelled;
    let unmade = match broadcast.state {
        BroadcastState::Running | BroadcastState::Paused => (broadcast.total - broadcast.made).max(0),
        BroadcastState::Cancelled | BroadcastState::Made => 0,
    };
    let never = if is_cancelled { (broadcast.total - broadcast.made).max(0) } else { 0 };
    let is_over = broadcast.state == BroadcastState::Made && waiting + count(EntryState::Sending) == 0;
    Ok(BroadcastView {
        id: broadcast.id,
        status: match broadcast.state {
            BroadcastState::Paused => "paused",
            BroadcastState::Cancelled => "cancelled",
            _ if is_over => "finished",
            _ => "running",
        },
        method: broadcast.method.clone(),
        params: reads.then_some(params),
        to,
        total: broadcast.total,
        queued: waiting + unmade,
        sending: count(EntryState::Sending),
        sent: count(EntryState::Sent),
        failed: count(EntryState::Failed),
        blocked: count(EntryState::Blocked),
        unknown: count(EntryState::Unknown),
        cancelled: count(EntryState::Cancelled) + never,
        skipped: count(EntryState::Skipped),
        created_at: broadcast.created_at,
        updated_at: broadcast.updated_at,
    })
}
