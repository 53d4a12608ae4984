//! Whoever looks at an account hears of each change of what its pages show. A change between two looks is not missed,
//! and several of them are one. Told by `bell`; the portal watches; nothing depends on it.

use contactgram_model::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Everybody who looks at an account.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<HashMap<UserId, watch::Sender<()>>>);

/// Wakes whoever shows an account, when something changed there or the server stops.
#[derive(Debug)]
pub struct Watch {
    account: UserId,
    changes: watch::Receiver<()>,
    watchers: Arc<Watchers>,
    shutdown: CancellationToken,
}

impl Watchers {
    /// Hears of an account's changes from now on.
    pub fn watch(self: &Arc<Self>, account: UserId, shutdown: CancellationToken) -> Watch {
        let changes = self.lock().entry(account).or_default().subscribe();
        Watch { account, changes, watchers: Arc::clone(self), shutdown }
    }

    /// Something changed for these accounts.
    pub fn tell<'a>(&self, accounts: impl IntoIterator<Item = &'a UserId>) {
        let watched = self.lock();
        if watched.is_empty() {
            return;
        }
        accounts
            .into_iter()
            .filter_map(|account| watched.get(account))
            .for_each(|told| told.send_replace(()));
    }

    /// Somebody else wrote to the store.
    pub fn tell_all(&self) {
        self.lock().values().for_each(|told| told.send_replace(()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Waits until something changed since the last time, or until `most` has passed; `false` when the server stops.
    pub async fn changed(&mut self, most: Duration) -> bool {
        let changed = async {
            // The sender is there as long as this is.
            if self.changes.changed().await.is_err() {
                std::future::pending().await
            }
        };
        tokio::select! {
            () = changed => true,
            () = tokio::time::sleep(most) => true,
            () = self.shutdown.cancelled() => false,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.watchers.lock();
        // Receivers are made under this lock: the last one is this.
        if watched.get(&self.account).is_some_and(|told| told.receiver_count() == 1) {
            watched.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_change_between_two_looks_is_not_missed_and_two_are_one() {
        let watchers = Arc::new(Watchers::default());
        let shutdown = CancellationToken::new();
        let mut one = watchers.watch(UserId(1), shutdown.clone());
        watchers.tell(&[UserId(1), UserId(2)]);
        watchers.tell(&[UserId(1)]);
        let begun = tokio::time::Instant::now();
        assert!(one.changed(LONG).await);
        assert_eq!(begun.elapsed(), Duration::ZERO);
        watchers.tell(&[UserId(2)]);
        assert!(one.changed(LONG).await, "another account's changes are no news");
        assert_eq!(begun.elapsed(), LONG);
        watchers.tell_all();
        assert!(one.changed(LONG).await);
        assert_eq!(begun.elapsed(), LONG);
        shutdown.cancel();
        assert!(!one.changed(LONG).await);
        drop(one);
        assert!(watchers.lock().is_empty());
    }
}
