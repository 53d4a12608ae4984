//! Which dispatchers run: one task for each account with a webhook, started by setWebhook, at the server's
//! start, and when another process has written. All that counts is in the store: a dispatcher that dies is
//! started again and at worst delivers an update twice. What a dispatcher does is in `dispatcher`.

use super::MethodRunner;
use super::dispatcher::Dispatcher;
use crate::{Error, Hub};
use contactgram_model::UserId;
use contactgram_store::ops::webhooks;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// How soon a dispatcher that died is started again.
const AFTER_DEATH: Duration = Duration::from_secs(1);

/// The dispatchers that run.
#[derive(Default)]
pub struct Dispatchers {
    /// By account, with whether it was asked for again: what the dispatcher saw last may be out of date.
    running: Mutex<HashMap<UserId, bool>>,
    runner: OnceLock<MethodRunner>,
    hub: OnceLock<Weak<Hub>>,
}

impl Dispatchers {
    pub(super) fn set_runner(&self, runner: MethodRunner) {
        let _first_wins = self.runner.set(runner);
    }

    pub(super) fn runner(&self) -> Option<&MethodRunner> {
        self.runner.get()
    }

    /// `true` when the caller is to start the account's dispatcher; else the one that runs is told.
    fn enter(&self, account: UserId) -> bool {
        match self.lock().entry(account) {
            Entry::Vacant(entry) => {
                entry.insert(false);
                true
            }
            Entry::Occupied(mut entry) => {
                entry.insert(true);
                false
            }
        }
    }

    /// A dispatcher looks at the store from here on: it sees whatever it was asked for until now.
    fn begin(&self, account: UserId) {
        self.lock().insert(account, false);
    }

    /// A dispatcher ended. `false` when it was asked for again meanwhile, and must begin anew.
    fn leave(&self, account: UserId) -> bool {
        let mut running = self.lock();
        let asked_again = running.get(&account).copied().unwrap_or_default();
        if !asked_again {
            running.remove(&account);
        }
        !asked_again
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, bool>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// Starts a dispatcher for each account that has a webhook and no dispatcher.
    pub(crate) async fn start_dispatchers(self: &Arc<Self>) -> Result<(), Error> {
        let _once = self.dispatchers.hub.set(Arc::downgrade(self));
        let accounts = self.store.read(|tx| Ok::<_, Error>(webhooks::accounts(tx)?)).await?;
        accounts.into_iter().for_each(|account| self.start_dispatcher(account));
        Ok(())
    }

    /// Starts an account's dispatcher, unless it runs already or this process dispatches nothing.
    pub(crate) fn start_dispatcher(&self, account: UserId) {
        let Some(hub) = self.dispatchers.hub.get().and_then(Weak::upgrade) else { return };
        if self.dispatchers.enter(account) {
            self.tasks.spawn(dispatch(hub, account));
        }
    }
}

/// Runs an account's dispatcher for as long as the account has a webhook.
async fn dispatch(hub: Arc<Hub>, account: UserId) {
    loop {
        hub.dispatchers.begin(account);
        // A task of its own, so that a panic ends in an error here.
        let ended = tokio::spawn(Dispatcher::new(Arc::clone(&hub), account).run()).await;
        if hub.shutdown.is_cancelled() {
            return;
        }
        match ended {
            Ok(()) if hub.dispatchers.leave(account) => return,
            Ok(()) => {}
            Err(error) => {
                tracing::error!(account.id = account.0, %error, "a webhook's dispatcher died");
                tokio::select! {
                    () = tokio::time::sleep(AFTER_DEATH) => {}
                    () = hub.shutdown.cancelled() => return,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: UserId = UserId(1);

    #[test]
    fn there_is_one_dispatcher_and_it_misses_no_request() {
        let dispatchers = Dispatchers::default();
        assert!(dispatchers.enter(ACCOUNT), "the first starts it");
        assert!(!dispatchers.enter(ACCOUNT), "the second tells it");
        assert!(!dispatchers.leave(ACCOUNT), "so it may not go");
        dispatchers.begin(ACCOUNT);
        assert!(dispatchers.leave(ACCOUNT));
        assert!(dispatchers.lock().is_empty());
        assert!(dispatchers.enter(ACCOUNT), "and is started again when it is gone");
    }
}
