//! What goes on beside requests: forgetting what is past its time, indexing what was written, noticing other
//! processes' writes, the webhook dispatchers and the outbox.

use crate::{Error, Hub};
use contactgram_model::UserId;
use contactgram_store::Dialect;
use contactgram_store::ops::updates::KEPT_S;
use contactgram_store::ops::{
    callbacks, contact_list, deliveries, idempotency, members, oauth, outbox, search, sessions, updates,
    upstreams,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// An upstream posts an update again for so long, in seconds: Telegram for a day.
const POSTED_AGAIN_S: i64 = 2 * KEPT_S;
/// How often old rows are looked for; the official server collects its queue as often.
const EVERY: Duration = Duration::from_secs(60);
/// After how many of these all files are looked at: once an hour.
const LEFTOVERS: u64 = 60;
/// How often rows that wait for the search index are counted.
const INDEXING: Duration = Duration::from_millis(200);
/// How often, at that, a few rows may be left to become many: indexing them together is cheaper.
const PATIENCE: u32 = 5;
/// How long removed contacts are remembered for sync tokens: 30 days, in seconds.
const TOMBSTONES_S: i64 = 30 * 24 * 3600;
/// How long a pressed button is remembered: a day, in seconds.
const PRESSES_S: i64 = 24 * 3600;

impl Hub {
    /// Starts the background work on the current runtime; it ends with the shutdown token.
    ///
    /// # Errors
    /// What the store says when asked which accounts have webhooks.
    pub async fn start(self: &Arc<Self>) -> Result<(), Error> {
        // Listen before looking: a webhook that another process sets in between must be noticed.
        let changes = self.store.on_outside_change();
        self.forget_streams().await?;
        self.look_for_leftovers(true).await?;
        self.start_dispatchers().await?;
        self.start_gateways().await?;
        self.tasks.spawn(Arc::clone(self).keep_house());
        self.tasks.spawn(Arc::clone(self).hear_others(changes));
        self.tasks.spawn(Arc::clone(self).work_on_outbox());
        if self.store.dialect() == Dialect::Sqlite {
            self.tasks.spawn(Arc::clone(self).keep_index());
        }
        Ok(())
    }

    /// Waits until the background work has ended, which the shutdown token asks it to: within 3 seconds.
    /// Whoever closes the store without waiting makes webhooks repeat their last deliveries.
    pub async fn stopped(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.leave_polling().await;
    }

    /// Goes on with what was begun, also when nobody waits for it any more; a server that stops waits for it as for its
    /// own work.
    pub fn see_through<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    async fn keep_house(self: Arc<Self>) {
        let mut tick = tokio::time::interval(EVERY);
        for round in 0_u64.. {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.shutdown.cancelled() => return,
            }
            if round % LEFTOVERS == LEFTOVERS - 1
                && let Err(error) = self.look_for_leftovers(false).await
            {
                tracing::warn!(?error, "files without a message are not looked for");
            }
            if let Err(error) = self.forget_old().await {
                tracing::warn!(?error, "old rows stay for now");
            }
            // One that could not be asked for at its time is started now.
            if let Err(error) = self.start_dispatchers().await {
                tracing::warn!(?error, "webhooks can't be looked for");
            }
            self.pollers.tidy();
        }
    }

    async fn keep_index(self: Arc<Self>) {
        let mut left = 0;
        loop {
            tokio::select! {
                () = tokio::time::sleep(INDEXING) => {}
                () = self.shutdown.cancelled() => return,
            }
            let indexed = match self.store.read(search::waiting).await {
                Ok(0) => continue,
                Ok(waiting) if waiting < search::BATCH && left < PATIENCE => {
                    left += 1;
                    continue;
                }
                Ok(_) => self.index_waiting().await,
                Err(error) => Err(error.into()),
            };
            left = 0;
            if let Err(error) = indexed {
                tracing::warn!(?error, "new rows are not indexed for now");
            }
        }
    }

    /// Puts what was written into the search index, in batches between which others write. What is not in it
    /// yet is found all the same, but more slowly.
    pub async fn index_waiting(&self) -> Result<(), Error> {
        while !self.shutdown.is_cancelled() {
            let indexed = self.change(UserId(0), |tx, _| Ok(search::index_batch(tx)?)).await?;
            if indexed < search::BATCH {
                break;
            }
        }
        Ok(())
    }

    async fn hear_others(self: Arc<Self>, mut changes: watch::Receiver<u64>) {
        loop {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = self.shutdown.cancelled() => return,
            }
            self.known.forget();
            self.bells.ring_all();
            if let Err(error) = self.start_dispatchers().await {
                tracing::warn!(?error, "webhooks set by another process are not known yet");
            }
            if let Err(error) = self.start_gateways().await {
                tracing::warn!(?error, "bots that another process connected are not known yet");
            }
        }
    }

    /// Forgets what is past its time, everywhere.
    pub async fn forget_old(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let since = now - KEPT_S;
        for id in self.store.scan(move |tx| Ok::<_, Error>(updates::with_expired(tx, since)?)).await? {
            self.change(id, move |tx, _| Ok(updates::pass_expired(tx, id, since)?)).await?;
        }
        for (id, name) in self.store.scan(|tx| Ok::<_, Error>(updates::at_unseen(tx)?)).await? {
            self.change(id, move |tx, _| Ok(updates::acknowledge(tx, id, &name, &[])?)).await?;
        }
        for id in self.store.scan(|tx| Ok::<_, Error>(updates::with_confirmed(tx)?)).await? {
            while self.change(id, move |tx, _| Ok(updates::forget_confirmed(tx, id)?)).await? > 0 {}
        }
        while self.change(UserId(0), move |tx, _| Ok(oauth::forget_old(tx, now)?)).await? {}
        let oldest = now - self.retention_s;
        self.change(UserId(0), move |tx, _| {
            updates::forget_old(tx, oldest)?;
            deliveries::forget_dead(tx, oldest)?;
            idempotency::forget_old(tx, now)?;
            upstreams::forget_received(tx, now - POSTED_AGAIN_S)?;
            callbacks::forget_old(tx, now - PRESSES_S)?;
            outbox::forget_old(tx, now)?;
            contact_list::forget_old(tx, now - TOMBSTONES_S)?;
            members::forget_old_links(tx, now)?;
            sessions::forget_old(tx, crate::members::good_at(now))?;
            Ok(())
        })
        .await?;
        self.erase_leftovers().await
    }
}
