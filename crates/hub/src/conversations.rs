//! An account from above, as the portal shows it: conversations by their newest message, messages by the hour, labels,
//! and a way to hear that something happened. Only the portal calls these.

use crate::access::{ContactsRead, MessagesRead};
use crate::watch::Watch;
use crate::{Error, Hub, Permit};
use contactgram_model::{ChatId, MessageId, Timestamp, UserId};
use contactgram_store::ops::conversations::{self, Hour};
use contactgram_store::ops::{counters, history};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const HOUR_S: i64 = 3600;
/// Hours that [`Hub::traffic`] tells of.
pub const HOURS: i64 = 24;
/// Accounts whose hours are remembered.
const MOST: usize = 1_000;
/// Labels that a page suggests.
const LABELS: usize = 50;

/// A page of conversations, the one with the newest message first.
#[derive(Debug, Clone, Default)]
pub struct Conversations {
    /// Each chat, with its newest message as JSON.
    pub rows: Vec<(ChatId, String)>,
    /// Where the next page begins, if there may be one.
    pub below: Option<MessageId>,
}

/// The hours that are over, by account: what was said then is not counted twice.
#[derive(Debug, Default)]
pub(crate) struct PastHours(Mutex<HashMap<UserId, Past>>);

#[derive(Debug, Clone, Default)]
struct Past {
    /// Hours before this one are known.
    until: i64,
    hours: Vec<Hour>,
}

impl Hub {
    /// What time it is for whoever shows times.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A page of conversations.
    pub async fn conversations(
        &self,
        permit: &Permit<MessagesRead>,
        below: Option<MessageId>,
        limit: usize,
    ) -> Result<Conversations, Error> {
        let view = permit.view();
        let reading = self.store.scan(move |tx| {
            Ok::<_, Error>(conversations::chats(tx, (view.account(), view.narrow()), below, limit)?)
        });
        let page = reading.await?;
        let seen = |body: String| Ok::<_, Error>(view.message(&body)?.into_owned());
        let rows = page.rows.into_iter().map(|(chat, body)| Ok((chat, seen(body)?)));
        Ok(Conversations { rows: rows.collect::<Result<_, Error>>()?, below: page.below })
    }

    /// Messages received and sent in each of the last 24 hours, the current one included. Later deletions don't
    /// change an hour that was counted.
    pub async fn traffic(&self, permit: &Permit<MessagesRead>) -> Result<Vec<Hour>, Error> {
        let (account, now) = (permit.account(), self.clock.now());
        if permit.view().narrow().is_some() {
            return Err(Error::Forbidden("the credential sees some contacts alone".into()));
        }
        let current = now.div_euclid(HOUR_S);
        let first = current - HOURS + 1;
        let mut past = self.past_hours.of(account);
        past.hours.retain(|hour| hour.hour >= first);
        let from = past.until.max(first);
        let counting = self.store.scan(move |tx| {
            let newest = counters::get(tx, account)?.message_id;
            let begin = history::first_at(tx, account, from * HOUR_S)?;
            Ok::<_, Error>(conversations::by_hour(tx, account, (begin, MessageId(newest + 1)))?)
        });
        past.hours.extend(counting.await?);
        let all: Vec<Hour> = (first..=current)
            .map(|hour| {
                past.hours
                    .iter()
                    .find(|known| known.hour == hour)
                    .copied()
                    .unwrap_or(Hour { hour, ..Hour::default() })
            })
            .collect();
        past.hours.retain(|hour| hour.hour < current);
        past.until = current;
        self.past_hours.keep(account, past);
        Ok(all)
    }

    /// Labels that the account's contacts have, by the alphabet; the first of them.
    pub async fn labels(&self, permit: &Permit<ContactsRead>) -> Result<Vec<String>, Error> {
        let account = permit.account();
        if permit.view().narrow().is_some() {
            return Ok(Vec::new());
        }
        self.store.read(move |tx| Ok(conversations::labels(tx, account, LABELS)?)).await
    }

    /// Hears when an account has another message or update. To be taken before it is shown.
    pub fn watch(&self, permit: &Permit<MessagesRead>) -> Watch {
        self.bells.watch(permit.account(), self.shutdown.clone())
    }

    /// Whether this is one of the local connector's people, whom an operator may play.
    pub async fn is_played(&self, user: UserId) -> Result<bool, Error> {
        let found =
            self.store.read(move |tx| Ok::<_, Error>(contactgram_store::ops::directory::get(tx, user)?));
        Ok(found.await?.is_some_and(|user| user.kind == contactgram_model::UserKind::Person))
    }
}

impl PastHours {
    fn of(&self, account: UserId) -> Past {
        self.lock().get(&account).cloned().unwrap_or_default()
    }

    fn keep(&self, account: UserId, past: Past) {
        let mut all = self.lock();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(account, past);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, Past>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
