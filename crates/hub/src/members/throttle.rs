//! Guessing passwords is slowed down: after some failures a name and an address have to wait, each time longer. In
//! memory, so that it costs nobody a disk and a restart forgets it. Each attempt counts as a failure until it is
//! known to be none: many at a time get no more tries than one after the other.

use crate::Error;
use contactgram_model::Timestamp;
use contactgram_model::member::name_key;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Failures without a wait.
const FREE: u32 = 5;
/// The first wait and the longest, in seconds; each is twice the one before.
const WAITS_S: (i64, i64) = (15, 15 * 60);
/// How long after the last failure they count, in seconds.
const REMEMBERED_S: i64 = 3600;
/// Names and addresses that are remembered at most.
const MOST: usize = 20_000;

/// Failures of names and addresses.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<Key, Failures>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String),
    Address(String),
}

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: Timestamp,
    wait_until: Timestamp,
}

/// An attempt under way.
#[derive(Debug)]
pub(crate) struct Attempt([Option<Key>; 2]);

impl Throttle {
    /// Begins an attempt.
    ///
    /// # Errors
    /// [`Error::TooMany`] while the name or the address has to wait.
    pub fn begin(&self, name: &str, address: &str, now: Timestamp) -> Result<Attempt, Error> {
        let name: String = name_key(name).chars().take(80).collect();
        let address = (!address.is_empty()).then(|| Key::Address(neighbourhood(address)));
        let keys = [Some(Key::Name(name)), address];
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = keys.iter().flatten().filter_map(|key| all.get(key)).map(|failures| failures.wait_until);
        let wait = until.max().unwrap_or(0) - now;
        if wait > 0 {
            return Err(Error::TooMany { retry_after: wait });
        }
        if all.len() + keys.len() > MOST {
            make_room(&mut all, now);
        }
        for key in keys.iter().flatten() {
            all.entry(key.clone()).or_default().add(now);
        }
        Ok(Attempt(keys))
    }

    /// The password was right: the name begins anew. The address has what it had: whoever has one password may
    /// still be guessing others'.
    pub fn succeeded(&self, attempt: Attempt) {
        let [name, address] = attempt.0;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        name.map(|name| all.remove(&name));
        if let Some(failures) = address.and_then(|address| all.get_mut(&address)) {
            failures.take_back();
        }
    }

    /// It could not be said whether the password was right.
    pub fn undecided(&self, attempt: Attempt) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in attempt.0.iter().flatten() {
            if let Some(failures) = all.get_mut(key) {
                failures.take_back();
            }
        }
    }
}

impl Failures {
    fn add(&mut self, now: Timestamp) {
        if now > self.last + REMEMBERED_S {
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.last = now;
        if let Some(step) = self.count.checked_sub(FREE) {
            let wait = WAITS_S.0.saturating_mul(1 << step.min(16)).min(WAITS_S.1);
            self.wait_until = now + wait;
        }
    }

    fn take_back(&mut self) {
        self.count = self.count.saturating_sub(1);
        self.wait_until = 0;
    }
}

/// Forgets what no longer counts; if all does, those with the fewest failures.
fn make_room(all: &mut HashMap<Key, Failures>, now: Timestamp) {
    all.retain(|_, failures| now <= failures.last + REMEMBERED_S);
    let mut least = 1;
    while all.len() > MOST - MOST / 10 {
        all.retain(|_, failures| failures.count > least);
        least += 1;
    }
}

/// An address as far as one household or machine has it to itself: of IPv6 the first half.
fn neighbourhood(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => Ipv6Addr::from(u128::from(address) >> 64 << 64).to_string(),
        },
        _ => address.chars().take(64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = 1_800_000_000;

    fn wait(throttle: &Throttle, name: &str, address: &str, now: Timestamp) -> i64 {
        match throttle.begin(name, address, now) {
            Ok(_failed) => 0,
            Err(Error::TooMany { retry_after }) => retry_after,
            Err(error) => panic!("{error:?}"),
        }
    }

    #[test]
    fn after_five_failures_a_name_waits_each_time_twice_as_long_up_to_a_quarter_of_an_hour() {
        let throttle = Throttle::default();
        for n in 0..5 {
            assert_eq!(wait(&throttle, "Ann", &format!("10.0.0.{n}"), NOW), 0);
        }
        let (mut now, mut waits) = (NOW, Vec::new());
        for n in 0..8 {
            let wait_s = wait(&throttle, "aNN", &format!("10.0.1.{n}"), now);
            waits.push(wait_s);
            assert_eq!(wait(&throttle, "ann", "10.0.2.1", now + wait_s - 1), 1, "not a second early");
            now += wait_s;
            assert_eq!(wait(&throttle, "ann", &format!("10.0.3.{n}"), now), 0);
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(wait(&throttle, "ben", "10.0.4.1", now), 0, "another name");
        assert_eq!(wait(&throttle, "ann", "10.0.5.1", now + REMEMBERED_S + 1), 0);
        assert_eq!(wait(&throttle, "ann", "10.0.5.2", now + REMEMBERED_S + 2), 0, "it began anew");
    }

    #[test]
    fn an_address_waits_whatever_the_names_and_half_of_ipv6_is_one_address() {
        let throttle = Throttle::default();
        for n in 0..5 {
            assert_eq!(wait(&throttle, &format!("name{n}"), &format!("2001:db8::{n}"), NOW), 0);
        }
        assert_eq!(wait(&throttle, "other", "2001:db8::9999", NOW), 15);
        assert_eq!(wait(&throttle, "other", "2001:db8:0:1::1", NOW), 0);
        assert_eq!(wait(&throttle, "third", "", NOW), 0, "an address that isn't known has no failures");
    }

    #[test]
    fn a_success_frees_the_name_but_gives_the_address_no_new_tries() {
        let throttle = Throttle::default();
        for _ in 0..4 {
            wait(&throttle, "ann", "10.0.0.1", NOW);
        }
        throttle.succeeded(throttle.begin("ben", "10.0.0.1", NOW).unwrap());
        assert_eq!(wait(&throttle, "cid", "10.0.0.1", NOW), 0);
        assert_eq!(wait(&throttle, "dan", "10.0.0.1", NOW), 15);
        throttle.succeeded(throttle.begin("ann", "10.0.0.2", NOW).unwrap());
        for n in 0..5 {
            assert_eq!(wait(&throttle, "ann", &format!("10.0.1.{n}"), NOW), 0);
        }
        throttle.undecided(throttle.begin("eve", "10.0.9.9", NOW).unwrap());
        for n in 0..5 {
            assert_eq!(wait(&throttle, "eve", &format!("10.0.2.{n}"), NOW), 0);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_those_who_fail_most_stay() {
        let throttle = Throttle::default();
        for n in 0..5 {
            wait(&throttle, "ann", &format!("10.0.0.{n}"), NOW);
        }
        for n in 0..MOST {
            wait(&throttle, &format!("name{n}"), "", NOW);
            assert!(throttle.0.lock().unwrap().len() <= MOST);
        }
        assert_eq!(wait(&throttle, "ann", "10.0.9.1", NOW), 15);
    }
}
