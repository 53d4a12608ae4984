//! Bells: one per account that somebody listens at. Ringing only wakes; the log is the truth, so a lost
//! ring costs time and never an update.

use crate::watch::Watchers;
use contactgram_model::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// All bells of the server.
#[derive(Debug, Default)]
pub struct Bells(Mutex<HashMap<UserId, Arc<Notify>>>);

/// Accounts to be woken once a transaction is on disk.
pub type Rings = Vec<UserId>;

/// Rings when it is dropped. The store drops what a transaction returns only after its commit, also where
/// the caller has stopped waiting: so whoever hangs up early makes nobody miss an update.
#[derive(Debug)]
pub struct Ringing {
    bells: Arc<Bells>,
    accounts: Rings,
    /// Whose change it was, and who looks at accounts.
    watched: Option<(UserId, Arc<Watchers>)>,
}

impl Bells {
    /// The bell of an account. Take it before reading the log, or a ring in between is missed.
    pub fn listen(self: &Arc<Self>, account: UserId) -> Listener {
        let bell = Arc::clone(self.lock().entry(account).or_default());
        Listener { account, bell, bells: Arc::clone(self) }
    }

    /// Wakes whoever listens for these accounts when what this returns is dropped.
    pub fn ring_after(self: &Arc<Self>, accounts: Rings) -> Ringing {
        Ringing { bells: Arc::clone(self), accounts, watched: None }
    }

    /// Wakes whoever listens for these accounts.
    fn ring(&self, accounts: &[UserId]) {
        if accounts.is_empty() {
            return;
        }
        let bells = self.lock();
        for bell in accounts.iter().filter_map(|account| bells.get(account)) {
            bell.notify_waiters();
        }
    }

    /// Wakes everybody: somebody else wrote to the store.
    pub fn ring_all(&self) {
        for bell in self.lock().values() {
            bell.notify_waiters();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UserId, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Ringing {
    /// Tells also whoever looks at these accounts, or at the one whose change it was.
    pub fn and_tell(mut self, changed: UserId, watchers: Arc<Watchers>) -> Ringing {
        self.watched = Some((changed, watchers));
        self
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        self.bells.ring(&self.accounts);
        if let Some((changed, watchers)) = &self.watched {
            watchers.tell(self.accounts.iter().copied().chain([*changed]));
        }
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
        let ringing = bells.ring_after(vec![UserId(1), UserId(3)]);
        assert!(!first.as_mut().enable(), "not yet");
        drop(ringing);
        assert!(first.as_mut().enable(), "rung");
        assert!(!second.as_mut().enable(), "another account's");
        bells.ring_all();
        assert!(second.as_mut().enable());
        drop((first, second));
        drop((one, two));
        assert!(bells.lock().is_empty());
    }
}
