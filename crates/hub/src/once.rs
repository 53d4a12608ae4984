//! Acting once: a request with an `Idempotency-Key` leaves its answer in the transaction of its effect,
//! and is answered from there when it comes again.

use crate::{Answer, Error, Hub, Once, Rings};
use contactgram_model::UserId;
use contactgram_store::Tx;
use contactgram_store::ops::idempotency::{self, Kept};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Keys whose first request is still running.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashSet<(UserId, String)>>);

struct Entry<'a> {
    running: &'a Running,
    key: (UserId, String),
}

impl Running {
    fn enter(&self, account: UserId, key: &str) -> Result<Entry<'_>, Error> {
        let key = (account, key.to_owned());
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        if !new {
            return Err(Error::Conflict("a request with this Idempotency-Key is still running".into()));
        }
        Ok(Entry { running: self, key })
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Hub {
    /// Runs a change that answers, at most once for a key.
    pub(crate) async fn change_once(
        &self,
        account: UserId,
        once: Option<Once>,
        f: impl Fn(&mut dyn Tx, &mut Rings) -> Result<Answer, Error> + Send + 'static,
    ) -> Result<Answer, Error> {
        let Some(once) = once else { return self.change(account, f).await };
        let _entry = self.running.enter(account, &once.key)?;
        let now = self.clock.now();
        self.change(account, move |tx, rings| {
            // Other processes write too: wait for theirs before looking.
            contactgram_store::ops::counters::lock(tx, account)?;
            if let Some((fingerprint, kept)) = idempotency::get(tx, account, &once.key, now)? {
                if fingerprint != once.fingerprint {
                    let text = "the Idempotency-Key was used before with another request";
                    return Err(Error::Unprocessable(text.into()));
                }
                return serde_json::from_str(&kept).map_err(Error::internal);
            }
            let answer = f(tx, rings)?;
            let text = serde_json::to_string(&answer).map_err(Error::internal)?;
            let kept = Kept { key: &once.key, fingerprint: &once.fingerprint, answer: &text };
            idempotency::put(tx, account, &kept, now)?;
            Ok(answer)
        })
        .await
    }
}
