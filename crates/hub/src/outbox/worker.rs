//! One task a process that brings the outbox out: it sleeps until something is due or somebody rings, hands what is due to
//! tasks of their own, and picks up what a process left behind that is gone. An account with nothing due costs nothing.

use super::deliver::deliver;
use crate::{Error, Hub};
use contactgram_model::outbox::EntryState;
use contactgram_model::{Timestamp, UserId};
use contactgram_store::Dialect;
use contactgram_store::ops::counters;
use contactgram_store::ops::outbox::{self as rows, Settled};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Entries of one account that are in hand at once. They wait for their turn there.
const AT_ONCE: usize = 32;
/// It looks again after this at the latest: another process may have queued something.
const AT_LATEST: Duration = Duration::from_secs(60);
/// Before it looks again at a store that could not be read.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Longer than any time that there is.
const EVER: Timestamp = i64::MAX;

impl Hub {
    /// Works on the outbox until the server stops.
    pub(crate) async fn work_on_outbox(self: Arc<Self>) {
        // On SQLite nobody else sends: what was begun was left behind by this server's own past.
        let mut left_until = match self.store.dialect() {
            Dialect::Sqlite => EVER,
            Dialect::Postgres => 0,
        };
        loop {
            let pause = match self.look_through_outbox(left_until).await {
                Ok(pause) => {
                    left_until = 0;
                    pause
                }
                Err(error) => {
                    tracing::warn!(?error, "the outbox pauses");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                () = self.bells.outbox().notified() => {}
                () = tokio::time::sleep(pause) => {}
                () = self.shutdown.cancelled() => return,
            }
        }
    }

    /// Does what is due and says how long there is nothing more to do.
    async fn look_through_outbox(self: &Arc<Self>, left_until: Timestamp) -> Result<Duration, Error> {
        let now = self.clock.now();
        let looking = self.store.read(move |tx| {
            let left = rows::left_behind(tx, now.max(left_until))?;
            Ok::<_, Error>((left, rows::due_accounts(tx, now)?, rows::next_due(tx, now)?))
        });
        let (left, due, next) = looking.await?;
        for (account, id) in left {
            self.pick_up(account, id).await?;
        }
        self.fill_broadcasts().await?;
        let due = match due.is_empty() {
            true => self.store.read(move |tx| Ok::<_, Error>(rows::due_accounts(tx, now)?)).await?,
            false => due,
        };
        for account in due {
            self.hand_out(account, now).await?;
        }
        let wait = next.map(|at| u64::try_from(at - now).unwrap_or(0));
        Ok(wait.map_or(AT_LATEST, |wait| Duration::from_secs(wait).min(AT_LATEST)))
    }

    /// Hands what is due of an account to tasks.
    async fn hand_out(self: &Arc<Self>, account: UserId, now: Timestamp) -> Result<(), Error> {
        let in_hand = self.busy().iter().filter(|(whose, _)| *whose == account).count();
        if in_hand >= AT_ONCE {
            return Ok(());
        }
        let limit = i64::try_from(AT_ONCE + in_hand).unwrap_or(i64::MAX);
        let heads = self.store.read(move |tx| Ok::<_, Error>(rows::heads(tx, account, now, limit)?)).await?;
        let mut room = AT_ONCE - in_hand;
        for id in heads {
            if room == 0 {
                break;
            }
            if self.busy().insert((account, id)) {
                room -= 1;
                let hub = Arc::clone(self);
                self.tasks.spawn(async move {
                    let _in_hand = InHand { hub: &hub, entry: (account, id) };
                    if let Err(error) = deliver(&hub, account, id).await {
                        tracing::warn!(
                            account.id = account.0,
                            entry.id = id,
                            ?error,
                            "an entry stays for now"
                        );
                        // What the store could not do now it can't do at once.
                        tokio::time::sleep(STORE_PAUSE).await;
                    }
                });
            }
        }
        Ok(())
    }

    /// An entry that was being sent when its process ended: the local connector answers it again by its key; what an
    /// upstream did with it nobody knows.
    async fn pick_up(&self, account: UserId, id: i64) -> Result<(), Error> {
        if self.busy().contains(&(account, id)) {
            return Ok(());
        }
        let (is_local, now) = (!self.is_at_upstream(account), self.clock.now());
        self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            let Some(entry) = rows::get(tx, account, id)?.filter(|entry| entry.state == EntryState::Sending)
            else {
                return Ok(());
            };
            rings.outbox();
            if is_local {
                rows::again(tx, &entry, (now, (None, "the server stopped while it was sent")), now)?;
                return Ok(());
            }
            let error = Some((None, "the server stopped while it was sent: it may be out".to_owned()));
            let settled = Settled { state: EntryState::Unknown, result: None, error };
            rows::settle(tx, account, id, (&settled, now))?;
            Ok(())
        })
        .await
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, std::collections::HashSet<(UserId, i64)>> {
        self.outbox.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry in somebody's hands, until this is dropped.
struct InHand<'h> {
    hub: &'h Hub,
    entry: (UserId, i64),
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.hub.busy().remove(&self.entry);
        // The next one of its chat may go.
        self.hub.bells.outbox().notify_one();
    }
}
