//! Which dispatchers run: one task for each webhook, started by setWebhook, at the server's
//! start, and when another process has written. All that counts is in the store: a dispatcher that dies is
//! started again and at worst delivers an update twice. What a dispatcher does is in `dispatcher`.

use super::MethodRunner;
use super::dispatcher::Dispatcher;
use crate::{Error, Hub};
use contactgram_model::UserId;
use contactgram_model::consumer::ConsumerName;
use contactgram_store::ops::webhooks;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// Whose webhook, and which of theirs.
type Which = (UserId, ConsumerName);

/// How soon a dispatcher that died is started again.
const AFTER_DEATH: Duration = Duration::from_secs(1);

/// The dispatchers that run.
#[derive(Default)]
pub struct Dispatchers {
    /// By webhook, with whether it was asked for again: what the dispatcher saw last may be out of date.
    running: Mutex<HashMap<Which, bool>>,
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

    /// `true` when the caller is to start the webhook's dispatcher; else the one that runs is told.
    fn enter(&self, which: &Which) -> bool {
        match self.lock().entry(which.clone()) {
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
    fn begin(&self, which: &Which) {
        self.lock().insert(which.clone(), false);
    }

    /// A dispatcher ended. `false` when it was asked for again meanwhile, and must begin anew.
    fn leave(&self, which: &Which) -> bool {
        let mut running = self.lock();
        let asked_again = running.get(which).copied().unwrap_or_default();
        if !asked_again {
            running.remove(which);
        }
        !asked_again
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Which, bool>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// Starts a dispatcher for each webhook that has none.
    pub(crate) async fn start_dispatchers(self: &Arc<Self>) -> Result<(), Error> {
        let _once = self.dispatchers.hub.set(Arc::downgrade(self));
        let all = self.store.read(|tx| Ok::<_, Error>(webhooks::all(tx)?)).await?;
        all.into_iter().for_each(|(account, name)| self.start_dispatcher(account, name));
        Ok(())
    }

    /// Starts a webhook's dispatcher, unless it runs already or this process dispatches nothing.
    pub(crate) fn start_dispatcher(&self, account: UserId, name: ConsumerName) {
        let Some(hub) = self.dispatchers.hub.get().and_then(Weak::upgrade) else { return };
        let which = (account, name);
        if self.dispatchers.enter(&which) {
            self.tasks.spawn(dispatch(hub, which));
        }
    }
}

/// Runs a webhook's dispatcher for as long as there is the webhook.
async fn dispatch(hub: Arc<Hub>, which: Which) {
    let account = which.0;
    loop {
        hub.dispatchers.begin(&which);
        // A task of its own, so that a panic ends in an error here.
        let ended = tokio::spawn(Dispatcher::new(Arc::clone(&hub), which.clone()).run()).await;
        if hub.shutdown.is_cancelled() {
            return;
        }
        match ended {
            Ok(()) if hub.dispatchers.leave(&which) => return,
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

    const FIRST: &Which = &(UserId(1), ConsumerName::DEFAULT);

    #[test]
    fn there_is_one_dispatcher_and_it_misses_no_request() {
        let dispatchers = Dispatchers::default();
        assert!(dispatchers.enter(FIRST), "the first starts it");
        assert!(!dispatchers.enter(FIRST), "the second tells it");
        let further = (UserId(1), ConsumerName::of_webhook(5));
        assert!(dispatchers.enter(&further) && dispatchers.leave(&further), "another webhook has its own");
        assert!(!dispatchers.leave(FIRST), "so it may not go");
        dispatchers.begin(FIRST);
        assert!(dispatchers.leave(FIRST));
        assert!(dispatchers.lock().is_empty());
        assert!(dispatchers.enter(FIRST), "and is started again when it is gone");
    }
}
