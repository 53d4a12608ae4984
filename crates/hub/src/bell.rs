//! Bells: one per account that somebody listens at. Ringing only wakes; the log is the truth, so a lost
//! ring costs time and never an update. Pollers wait for updates; whoever looks at an account hears of those and of
//! what the account itself wrote.

use crate::watch::{Watch, Watchers};
use contactgram_model::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// All bells of the server.
#[derive(Debug, Default)]
pub struct Bells {
    pollers: Mutex<HashMap<UserId, Arc<Notify>>>,
    watchers: Arc<Watchers>,
    outbox: Notify,
}

/// Who is to be woken once a transaction is on disk.
#[derive(Debug, Default)]
pub struct Rings {
    waiting: Vec<UserId>,
    shown: Vec<UserId>,
    outbox: bool,
    logged: u64,
}

/// Rings when it is dropped. The store drops what a transaction returns only after its commit, also where
/// the caller has stopped waiting: so whoever hangs up early makes nobody miss an update.
#[derive(Debug)]
pub struct Ringing {
    bells: Arc<Bells>,
    rings: Rings,
}

impl Rings {
    /// An update may wait for the account: its pollers and whoever looks at it wake.
    pub fn push(&mut self, account: UserId) {
        self.waiting.push(account);
    }

    /// An update was logged for the account: the same, and it is counted.
    pub fn log(&mut self, account: UserId) {
        self.logged += 1;
        self.push(account);
    }

    /// How many updates were logged.
    pub fn logged(&self) -> u64 {
        self.logged
    }

    /// What the account's pages show is another: whoever looks at it wakes, and no poller.
    pub fn show(&mut self, account: UserId) {
        self.shown.push(account);
    }

    /// Something may be due in the outbox: whoever brings it out looks.
    pub fn outbox(&mut self) {
        self.outbox = true;
    }
}

impl Bells {
    /// The bell of an account. Take it before reading the log, or a ring in between is missed.
    pub fn listen(self: &Arc<Self>, account: UserId) -> Listener {
        let bell = Arc::clone(self.lock().entry(account).or_default());
        Listener { account, bell, bells: Arc::clone(self) }
    }

    /// Hears of what an account's pages show from now on.
    pub fn watch(&self, account: UserId, shutdown: CancellationToken) -> Watch {
        self.watchers.watch(account, shutdown)
    }

    /// Wakes them when what this returns is dropped.
    pub fn ring_after(self: &Arc<Self>, rings: Rings) -> Ringing {
        Ringing { bells: Arc::clone(self), rings }
    }

    /// Rung when something may be due in the outbox. One listens; a ring before that is not missed.
    pub fn outbox(&self) -> &Notify {
        &self.outbox
    }

    fn ring(&self, rings: &Rings) {
        if rings.outbox {
            self.outbox.notify_one();
        }
        if !rings.waiting.is_empty() {
            let bells = self.lock();
            for bell in rings.waiting.iter().filter_map(|account| bells.get(account)) {
                bell.notify_waiters();
            }
        }
        if !rings.waiting.is_empty() || !rings.shown.is_empty() {
            self.watchers.tell(rings.waiting.iter().chain(&rings.shown));
        }
    }

    /// Wakes everybody: somebody else wrote to the store.
    pub fn ring_all(&self) {
        for bell in self.lock().values() {
            bell.notify_waiters();
        }
        self.watchers.tell_all();
        self.outbox.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, Arc<Notify>>> {
        self.pollers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who listens at a bell; the bell goes with the last of them.
#[derive(Debug)]
pub struct Listener {
    account: UserId,
    bell: Arc<Notify>,
    bells: Arc<Bells>,
}

impl Listener {
    /// A future that ends with the next ring after its first poll (or `enable`).
    pub fn rung(&self) -> tokio::sync::futures::Notified<'_> {
        self.bell.notified()
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        self.bells.ring(&self.rings);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut bells = self.bells.lock();
        // The map's, and this one.
        if Arc::strong_count(&self.bell) == 2 {
            bells.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ring_wakes_the_listener_of_that_account_and_the_bell_goes_with_it() {
        let bells = Arc::new(Bells::default());
        let (one, two) = (bells.listen(UserId(1)), bells.listen(UserId(2)));
        let (mut first, mut second) = (Box::pin(one.rung()), Box::pin(two.rung()));
        assert!(!first.as_mut().enable() && !second.as_mut().enable());
        let mut rings = Rings::default();
        rings.push(UserId(1));
        rings.push(UserId(3));
        rings.show(UserId(2));
        let ringing = bells.ring_after(rings);
        assert!(!first.as_mut().enable(), "not yet");
        drop(ringing);
        assert!(first.as_mut().enable(), "rung");
        assert!(!second.as_mut().enable(), "only shown");
        bells.ring_all();
        assert!(second.as_mut().enable());
        drop((first, second));
        drop((one, two));
        assert!(bells.lock().is_empty());
    }
}
