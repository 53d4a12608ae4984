//! Tokens that were good a moment ago, so that not every request asks the store. `access` asks here first.
//! A revoked token opens nothing once its revocation was answered, and within a second where another
//! process revoked it: entries are no older than that, and none survives a change of tokens.

use super::Caller;
use contactgram_model::{PlainToken, Timestamp};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a token is good without asking again, and so how long another process's revocation may take.
pub const KNOWN_FOR: Duration = Duration::from_secs(1);
/// Entries at most, about 100 bytes each.
const MOST: usize = 16_384;

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct KnownTokens {
    known: Mutex<Known>,
    /// Secret, and other in each process.
    key: RandomState,
}

/// What a token is known by here: 128 bits of SipHash under the secret key. Nobody can look for another text
/// with the same mark without the key, it costs a tenth of the digest that the store keeps, and the token
/// itself is not kept.
type Mark = [u64; 2];

#[derive(Debug, Default)]
struct Known {
    entries: HashMap<Mark, Entry>,
    /// Changes with each forgetting: what was read from the store before one is not remembered after it.
    generation: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    caller: Caller,
    expires_at: Option<Timestamp>,
    /// From before the store was asked.
    asked_at: Instant,
}

/// The moment before the store is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    mark: Mark,
    at: Instant,
    generation: u64,
}

/// Forgets when it is dropped. The store drops what a transaction returns only after its commit, also where
/// the caller has stopped waiting.
#[derive(Debug)]
pub(crate) struct Forgetting(Arc<KnownTokens>);

impl KnownTokens {
    /// Whose a token is that is known to be good.
    pub fn get(&self, token: &PlainToken, now: Timestamp) -> Option<Caller> {
        self.get_at(token, now, Instant::now())
    }

    fn get_at(&self, token: &PlainToken, now: Timestamp, at: Instant) -> Option<Caller> {
        let mark = self.mark(token);
        let known = self.lock();
        known.entries.get(&mark).filter(|entry| entry.is_good(now, at)).map(|entry| entry.caller)
    }

    /// To be taken before the store is asked, and given to [`put`](KnownTokens::put).
    pub fn before_asking(&self, token: &PlainToken) -> Asked {
        Asked { mark: self.mark(token), at: Instant::now(), generation: self.lock().generation }
    }

    /// Remembers what the store said, unless tokens have changed since it was asked.
    pub fn put(&self, asked: Asked, (caller, expires_at): (Caller, Option<Timestamp>)) {
        let mut known = self.lock();
        if known.generation != asked.generation {
            return;
        }
        if known.entries.len() >= MOST {
            known.entries.clear();
        }
        known.entries.insert(asked.mark, Entry { caller, expires_at, asked_at: asked.at });
    }

    /// Forgets everything.
    pub fn forget(&self) {
        let mut known = self.lock();
        known.generation += 1;
        known.entries.clear();
    }

    /// Forgets everything when what this returns is dropped.
    pub fn forget_after(self: &Arc<Self>) -> Forgetting {
        Forgetting(Arc::clone(self))
    }

    fn mark(&self, token: &PlainToken) -> Mark {
        [0u8, 1].map(|half| self.key.hash_one((half, token.reveal())))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_good(&self, now: Timestamp, at: Instant) -> bool {
        at.saturating_duration_since(self.asked_at) < KNOWN_FOR && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Drop for Forgetting {
    fn drop(&mut self) {
        self.0.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactgram_model::scope::Scopes;
    use contactgram_model::{Actor, UserId};

    fn ann() -> Caller {
        Caller {
            account: UserId(5),
            scopes: Scopes::all(),
            narrow: None,
            token: 1,
            actor: Actor::Token(1),
            at_upstream: false,
        }
    }

    fn token(n: usize) -> PlainToken {
        PlainToken::parse(&format!("5:AA{n:033}")).unwrap()
    }

    #[test]
    fn a_token_is_known_until_it_expires_or_a_second_has_passed() {
        let known = KnownTokens::default();
        let asked = known.before_asking(&token(1));
        known.put(asked, (ann(), Some(100)));
        let get = |now, at| known.get_at(&token(1), now, at);
        assert_eq!(get(99, asked.at), Some(ann()));
        assert_eq!(get(100, asked.at), None, "expired");
        assert_eq!(get(99, asked.at + KNOWN_FOR - Duration::from_millis(1)), Some(ann()));
        assert_eq!(get(99, asked.at + KNOWN_FOR), None, "too old");
        assert_eq!(known.get_at(&token(2), 0, asked.at), None, "another token");
    }

    #[test]
    fn what_was_read_before_a_revocation_is_not_remembered_after_it() {
        let known = Arc::new(KnownTokens::default());
        let before = known.before_asking(&token(1));
        drop(known.forget_after());
        known.put(before, (ann(), None));
        assert_eq!(known.get(&token(1), 0), None);

        let after = known.before_asking(&token(1));
        known.put(after, (ann(), None));
        assert_eq!(known.get(&token(1), 0), Some(ann()));
        known.forget();
        assert_eq!(known.get(&token(1), 0), None);
    }

    #[test]
    fn there_are_never_more_entries_than_allowed() {
        let known = KnownTokens::default();
        for n in 0..MOST + 10 {
            let asked = known.before_asking(&token(n));
            known.put(asked, (ann(), None));
            assert!(known.lock().entries.len() <= MOST);
        }
        assert_eq!(known.get(&token(MOST + 9), 0), Some(ann()));
    }
}
