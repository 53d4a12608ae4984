//! When credentials were used last, to a minute. Written beside the request, which never waits for it; what a crash
//! loses is a minute. `access` notes each use that it asks the store about.

use super::Caller;
use crate::{Error, Hub};
use contactgram_model::{Timestamp, UserId};
use contactgram_store::ops::tokens;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A use is written when the one before is so long ago, in seconds.
const EVERY_S: i64 = 60;
/// Credentials that are remembered at most.
const MOST: usize = 16_384;

/// Which uses this process has written, so that many requests at a time write one.
#[derive(Debug, Default)]
pub(crate) struct LastUses(Mutex<HashMap<(UserId, i64), Timestamp>>);

impl LastUses {
    /// Whether a use at `now` is to be written; then it counts as written.
    pub(crate) fn begin(&self, token: (UserId, i64), now: Timestamp) -> bool {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(&token).is_some_and(|at| now < at + EVERY_S) {
            return false;
        }
        if written.len() >= MOST {
            written.clear();
        }
        written.insert(token, now);
        true
    }

    /// Whether this process has seen a use of a credential lately; it may not be written yet.
    pub fn has_seen(&self, account: UserId, token: i64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&(account, token))
    }
}

impl Hub {
    /// Has the use of a credential written, if the last one that is known is old.
    pub(super) fn note_use(&self, caller: &Caller, (last, now): (Option<Timestamp>, Timestamp)) {
        let (account, token) = (caller.account, caller.token);
        if last.is_some_and(|last| now < last + EVERY_S) || !self.last_uses.begin((account, token), now) {
            return;
        }
        let store = self.store.clone();
        self.tasks.spawn(async move {
            let written =
                store.write(account.0, move |tx| Ok::<_, Error>(tokens::used(tx, account, token, now)?));
            if let Err(error) = written.await {
                tracing::debug!(account.id = account.0, ?error, "the use of a credential is not noted");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_written_once_a_minute() {
        let (uses, token) = (LastUses::default(), (UserId(1), 1));
        assert!(uses.begin(token, 100) && !uses.begin(token, 100 + EVERY_S - 1));
        assert!(uses.begin((UserId(1), 2), 100) && uses.begin((UserId(2), 1), 100));
        assert!(uses.begin(token, 100 + EVERY_S));
    }
}
