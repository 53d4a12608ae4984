//! Acting once: a request with an `Idempotency-Key` leaves its answer in the transaction of its effect,
//! and is answered from there when it comes again. What goes up to a bot's server has no such transaction: its key is
//! written down before, and as long as no answer stands beside it nobody does it again.

use crate::{Answer, Error, Hub, Once, Rings};
use contactgram_model::UserId;
use contactgram_store::Tx;
use contactgram_store::ops::idempotency::{self, Kept};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Keys whose first request is still running.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashSet<(UserId, String)>>);

#[derive(Debug)]
struct Entry {
    running: Arc<Running>,
    key: (UserId, String),
}

/// A request that goes up to a bot's server, under its key: it is the one who runs until this is dropped, which must be
/// before it is answered, and so no closure's to do.
#[derive(Debug)]
pub struct Begun {
    entry: Entry,
}

/// What is known of a key.
#[derive(Debug)]
pub enum Known {
    /// Nothing: the request is to be made now.
    First(Begun),
    /// It was made before: what the request was, and what was answered.
    Before {
        /// Digest of verb, route and body.
        fingerprint: Vec<u8>,
        /// As it was kept.
        answer: String,
    },
}

/// A request that takes many transactions: it holds its key while it runs, and its answer is kept with the last of them.
/// What it does has to be harmless when it is begun anew.
#[derive(Debug)]
pub(crate) struct Slow {
    entry: Entry,
    kept: Option<(Vec<u8>, Answer)>,
}

impl Slow {
    /// Whether it was answered before: nothing is to be done then.
    pub fn is_answered(&self) -> bool {
        self.kept.is_some()
    }

    /// What was answered before, now that it is known what the request is.
    pub fn answered(self, fingerprint: &[u8]) -> Result<Option<Answer>, Error> {
        match self.kept {
            Some((known, _)) if known != fingerprint => Err(REUSED),
            kept => Ok(kept.map(|(_, answer)| answer)),
        }
    }

    /// Keeps the answer. Where another process was quicker, its answer stands.
    pub fn keep(
        &self,
        tx: &mut dyn Tx,
        (fingerprint, now): (&[u8], contactgram_model::Timestamp),
        answer: Answer,
    ) -> Result<Answer, Error> {
        let (account, key) = &self.entry.key;
        if let Some((known, kept)) = idempotency::get(tx, *account, key, now)? {
            return match known == fingerprint {
                true => serde_json::from_str(&kept).map_err(Error::internal),
                false => Err(REUSED),
            };
        }
        let text = serde_json::to_string(&answer).map_err(Error::internal)?;
        idempotency::put(tx, *account, &Kept { key, fingerprint, answer: &text }, now)?;
        Ok(answer)
    }
}

/// A request that was done, with its answer.
#[derive(Debug)]
pub struct Ended {
    key: (UserId, String),
    fingerprint: [u8; 32],
    answer: String,
}

impl Begun {
    /// It was done: what it was, by its digest, and what is repeated to those who ask again.
    pub fn ended(&self, fingerprint: [u8; 32], answer: String) -> Ended {
        Ended { key: self.entry.key.clone(), fingerprint, answer }
    }
}

impl Ended {
    /// Keeps the answer, in the transaction of what came of the request.
    pub(crate) fn keep(&self, tx: &mut dyn Tx, now: contactgram_model::Timestamp) -> Result<(), Error> {
        let (account, key) = &self.key;
        let kept = Kept { key, fingerprint: &self.fingerprint, answer: &self.answer };
        Ok(idempotency::put(tx, *account, &kept, now)?)
    }
}

/// Another request came under the key.
pub const REUSED: Error = Error::Unprocessable(std::borrow::Cow::Borrowed(
    "the Idempotency-Key was used before with another request",
));
const FATE_UNKNOWN: Error = Error::Conflict(std::borrow::Cow::Borrowed(
    "the first request with this Idempotency-Key has no answer: it is under way elsewhere, or its fate is unknown. It is \
     not made again",
));

impl Running {
    fn enter(self: &Arc<Self>, account: UserId, key: &str) -> Result<Entry, Error> {
        let key = (account, key.to_owned());
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        if !new {
            return Err(Error::Conflict("a request with this Idempotency-Key is still running".into()));
        }
        Ok(Entry { running: Arc::clone(self), key })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Hub {
    /// Writes a key down, before its request goes up to a bot's server. A fingerprint that is known only when the body
    /// has passed is left out.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the first request is still running, or its fate is unknown; [`Error::Unprocessable`] when it
    /// was another one.
    pub async fn begin_once(
        &self,
        account: UserId,
        key: String,
        fingerprint: Option<[u8; 32]>,
    ) -> Result<Known, Error> {
        let entry = self.running.enter(account, &key)?;
        let now = self.clock.now();
        let begun = self.change(account, move |tx, _| {
            contactgram_store::ops::counters::lock(tx, account)?;
            let Some((known, answer)) = idempotency::get(tx, account, &key, now)? else {
                let fingerprint = fingerprint.as_ref().map_or(&[][..], |known| &known[..]);
                let kept = Kept { key: &key, fingerprint, answer: "" };
                idempotency::put(tx, account, &kept, now)?;
                return Ok(None);
            };
            let differs = fingerprint.is_some_and(|given| !known.is_empty() && known != given);
            match (differs, answer.is_empty()) {
                (true, _) => Err(REUSED),
                (false, true) => Err(FATE_UNKNOWN),
                (false, false) => Ok(Some((known, answer))),
            }
        });
        Ok(match begun.await? {
            None => Known::First(Begun { entry }),
            Some((fingerprint, answer)) => Known::Before { fingerprint, answer },
        })
    }

    /// Forgets a key whose request had no effect: it may be made again.
    pub async fn forget_once(&self, begun: Begun) {
        let (account, key) = begun.entry.key.clone();
        let forgetting = self.change(account, move |tx, _| Ok(idempotency::delete(tx, account, &key)?));
        if let Err(error) = forgetting.await {
            tracing::warn!(account.id = account.0, ?error, "an idempotency key stays without an answer");
        }
    }

    /// Begins a request that takes many transactions.
    pub(crate) async fn begin_slow(&self, account: UserId, key: String) -> Result<Slow, Error> {
        let (entry, now) = (self.running.enter(account, &key)?, self.clock.now());
        let looking = self.store.read(move |tx| Ok::<_, Error>(idempotency::get(tx, account, &key, now)?));
        let kept = match looking.await? {
            Some((fingerprint, text)) => {
                Some((fingerprint, serde_json::from_str(&text).map_err(Error::internal)?))
            }
            None => None,
        };
        Ok(Slow { entry, kept })
    }

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
                    return Err(REUSED);
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
