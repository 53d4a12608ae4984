//! Clients that failed to prove themselves, counted for a minute each: whoever guesses is told to wait, and the log of
//! a proxy shows who it is. Called by `client`; in memory alone, and bounded.

use contactgram_oauth::ClientId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures of one client within [`WINDOW`] that are answered as usual.
const FREE: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);
/// Clients that are counted at most.
const MOST: usize = 4096;

/// When a client's window began, and how often it has failed in it.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<ClientId, (Instant, u32)>>);

impl Failures {
    /// Counts a failure; answers the seconds to wait, if there were too many.
    pub fn one_more(&self, client: &ClientId) -> Option<i64> {
        self.one_more_at(client, Instant::now())
    }

    fn one_more_at(&self, client: &ClientId, now: Instant) -> Option<i64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST && !counted.contains_key(client) {
            counted.retain(|_, (begun, _)| now.saturating_duration_since(*begun) < WINDOW);
            if counted.len() >= MOST {
                counted.clear();
            }
        }
        let (begun, failures) = counted.entry(client.clone()).or_insert((now, 0));
        if now.saturating_duration_since(*begun) >= WINDOW {
            (*begun, *failures) = (now, 0);
        }
        *failures = failures.saturating_add(1);
        let left = WINDOW.saturating_sub(now.saturating_duration_since(*begun));
        (*failures > FREE).then(|| left.as_secs() as i64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_fails_too_often_is_told_to_wait_for_the_rest_of_its_minute() {
        let (failures, now) = (Failures::default(), Instant::now());
        let (one, other) = (ClientId::create(&[1; 12]), ClientId::create(&[2; 12]));
        for _ in 0..FREE {
            assert_eq!(failures.one_more_at(&one, now), None);
        }
        assert_eq!(failures.one_more_at(&one, now + Duration::from_secs(20)), Some(41));
        assert_eq!(failures.one_more_at(&other, now), None, "each by itself");
        assert_eq!(failures.one_more_at(&one, now + WINDOW), None, "a new minute");
    }

    #[test]
    fn no_number_of_names_takes_more_than_its_room() {
        let (failures, now) = (Failures::default(), Instant::now());
        for n in 0..(MOST as u32 + 10) {
            let mut id = [0; 12];
            id[..4].copy_from_slice(&n.to_be_bytes());
            failures.one_more_at(&ClientId::create(&id), now);
            assert!(failures.0.lock().unwrap().len() <= MOST);
        }
    }
}
