//! What goes on beside requests: forgetting what is past its time, noticing other processes' writes, and
//! the webhook dispatchers.

use crate::{Error, Hub};
use contactgram_model::UserId;
use contactgram_store::ops::{callbacks, contact_list, idempotency, updates};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often old rows are looked for; the official server collects its queue as often.
const EVERY: Duration = Duration::from_secs(60);
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
        self.start_dispatchers().await?;
        self.tasks.spawn(Arc::clone(self).keep_house());
        self.tasks.spawn(Arc::clone(self).hear_others(changes));
        Ok(())
    }

    /// Waits until the background work has ended, which the shutdown token asks it to: within 3 seconds.
    /// Whoever closes the store without waiting makes webhooks repeat their last deliveries.
    pub async fn stopped(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn keep_house(self: Arc<Self>) {
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.shutdown.cancelled() => return,
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
        }
    }

    /// Forgets what is past its time, everywhere.
    pub async fn forget_old(&self) -> Result<(), Error> {
        let now = self.clock.now();
        for id in self.store.scan(|tx| Ok::<_, Error>(updates::with_confirmed(tx)?)).await? {
            while self.change(id, move |tx, _| Ok(updates::forget_confirmed(tx, id)?)).await? > 0 {}
        }
        self.change(UserId(0), move |tx, _| {
            updates::forget_old(tx, now)?;
            idempotency::forget_old(tx, now)?;
            callbacks::forget_old(tx, now - PRESSES_S)?;
            contact_list::forget_old(tx, now - TOMBSTONES_S)?;
            Ok(())
        })
        .await
    }
}
