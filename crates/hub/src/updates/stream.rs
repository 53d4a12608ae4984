//! Updates as they happen, for whoever keeps a connection open: server-sent events. A stream reads the log like a consumer
//! and confirms nothing, so it keeps nothing and delays nobody; whoever comes back says what they saw last. `http` writes
//! the events.

use crate::access::{UpdatesRead, View};
use crate::bell::Listener;
use crate::{Error, Hub, Permit};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{UpdateId, UpdateKinds, UserId};
use contactgram_store::ops::consumers::{self, Consumer};
use contactgram_store::ops::counters;
use contactgram_store::ops::updates::{self, Seen, Span};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Streams of an account at a time.
const MOST: usize = 20;
/// Updates read at once: what a slow reader holds in memory.
const CHUNK: i64 = 50;

/// The streams that are open, by account.
#[derive(Debug, Default)]
pub struct Streams(Mutex<HashMap<UserId, usize>>);

/// A place among them; left when it is dropped.
#[derive(Debug)]
struct Place {
    streams: Arc<Streams>,
    account: UserId,
}

/// One reader.
#[derive(Debug)]
pub struct UpdateStream {
    account: UserId,
    view: View,
    kinds: UpdateKinds,
    next: UpdateId,
    listener: Listener,
    _place: Place,
}

/// What a reader meets next.
#[derive(Debug)]
pub enum Streamed {
    /// Updates, each with its number.
    Updates(Vec<(i64, String)>),
    /// Nothing for a while.
    Quiet,
    /// The server stops.
    End,
}

impl Streams {
    fn enter(self: &Arc<Self>, account: UserId) -> Result<Place, Error> {
        let mut open = self.lock();
        let here = open.entry(account).or_default();
        if *here >= MOST {
            return Err(Error::TooMany { retry_after: 5 });
        }
        *here += 1;
        Ok(Place { streams: Arc::clone(self), account })
    }

    /// How many are open.
    pub(crate) fn open(&self) -> u64 {
        self.lock().values().map(|here| *here as u64).sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        if let Some(here) = open.get_mut(&self.account) {
            *here -= 1;
            if *here == 0 {
                open.remove(&self.account);
            }
        }
    }
}

impl Hub {
    /// Opens a stream of an account's updates, behind the one that was seen last, or from now on.
    ///
    /// # Errors
    /// [`Error::TooMany`] where the account has too many.
    pub async fn stream_updates(
        &self,
        permit: &Permit<UpdatesRead>,
        kinds: Option<UpdateKinds>,
        last: Option<i64>,
    ) -> Result<UpdateStream, Error> {
        let (account, kinds) = (permit.account(), kinds.unwrap_or_default());
        let place = self.streams.enter(account)?;
        // Before the end of the log is looked for: what is logged in between rings.
        let listener = self.bells.listen(account);
        self.have_logged(account, kinds).await?;
        let newest = self.store.read(move |tx| Ok::<_, Error>(counters::get(tx, account)?.update_id)).await?;
        let next = UpdateId(last.map_or(newest, |last| last.min(newest)) + 1);
        Ok(UpdateStream { account, view: permit.view(), kinds, next, listener, _place: place })
    }

    /// What a stream's reader meets next, within this time.
    ///
    /// # Errors
    /// What the store says.
    pub async fn next_of(&self, stream: &mut UpdateStream, most: Duration) -> Result<Streamed, Error> {
        let deadline = tokio::time::sleep(most);
        let mut deadline = std::pin::pin!(deadline);
        loop {
            let mut rung = std::pin::pin!(stream.listener.rung());
            rung.as_mut().enable();
            let (account, since) = (stream.account, self.clock.now() - self.retention_s);
            let span = Span { from: stream.next, since, limit: CHUNK, seen: Seen::Kinds(stream.kinds) };
            let rows = self.store.read(move |tx| Ok::<_, Error>(updates::read(tx, account, span)?)).await?;
            if let Some((last, _)) = rows.last() {
                stream.next = UpdateId(last.0 + 1);
                self.counts.streamed.add(rows.len() as u64);
                let shown = |(id, body): (UpdateId, String)| Ok((id.0, stream.view.updates(body)?));
                return Ok(Streamed::Updates(rows.into_iter().map(shown).collect::<Result<_, Error>>()?));
            }
            tokio::select! {
                () = rung.as_mut() => {}
                () = deadline.as_mut() => {
                    // Another process may have begun anew meanwhile.
                    self.have_logged(account, stream.kinds).await?;
                    return Ok(Streamed::Quiet);
                }
                () = self.shutdown.cancelled() => return Ok(Streamed::End),
            }
        }
    }

    /// Has these kinds logged, if nobody else wants them. The streams of an account are together one consumer, which stands
    /// behind the end of any log and so keeps nothing of it.
    async fn have_logged(&self, account: UserId, kinds: UpdateKinds) -> Result<(), Error> {
        let wanted = self.store.read(move |tx| Ok::<_, Error>(consumers::wants(tx, account)?)).await?;
        if wanted.has_all(kinds) {
            return Ok(());
        }
        self.change(account, move |tx, _| {
            counters::lock(tx, account)?;
            let name = ConsumerName::STREAMS;
            match consumers::get(tx, account, &name)? {
                Some(there) => consumers::allow(tx, account, &name, there.allowed.with(kinds))?,
                None => {
                    let new = Consumer { position: UpdateId(i64::MAX), allowed: kinds };
                    consumers::add(tx, account, &name, new)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Forgets what streams asked for before this process began: those that are open elsewhere ask again.
    pub(crate) async fn forget_streams(&self) -> Result<(), Error> {
        let name = ConsumerName::STREAMS;
        for account in self.store.read(move |tx| Ok::<_, Error>(consumers::having(tx, &name)?)).await? {
            self.change(account, move |tx, _| {
                counters::lock(tx, account)?;
                consumers::remove(tx, account, &ConsumerName::STREAMS)?;
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}
