//! Ids for contacts whose user isn't known: from a range of their own, and growing with time. Rows that are
//! made together then lie together on the disk, where random ids would touch a page each. Steps are random, so
//! that an id tells roughly when its contact was made, and of other accounts' numbers nothing exact. Whether
//! an id is free, the store says: other processes give ids of the same range.

use contactgram_model::{ContactId, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};

/// When ids begin, in Unix seconds: before the first contact was made.
const EPOCH: Timestamp = 1_750_000_000;
/// Ids that a second takes of the range, if no more are needed: it lasts 68 years, and then begins anew.
const PER_SECOND: i64 = 256;
/// The longest step from one id to the next.
const STEP: u64 = 64;

/// Where this process is in the range.
#[derive(Debug, Default)]
pub struct OwnIds(AtomicI64);

impl OwnIds {
    /// The next id; `random` chooses the step. Time only ever moves it forward.
    pub fn next(&self, now: Timestamp, random: u64) -> ContactId {
        let at_least = (now - EPOCH).max(0).saturating_mul(PER_SECOND);
        let step = 1 + (random % STEP) as i64;
        let next = |last: i64| last.max(at_least).wrapping_add(step);
        let (Ok(last) | Err(last)) =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        ContactId(wrap(next(last)))
    }
}

/// The id to try when `id` is taken.
pub(super) fn after(id: ContactId, random: u64) -> ContactId {
    ContactId(wrap(id.0 - ContactId::OWN.start + 1 + (random % STEP) as i64))
}

fn wrap(place: i64) -> i64 {
    ContactId::OWN.start + place.rem_euclid(ContactId::OWN.end - ContactId::OWN.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = EPOCH + 1_000;

    #[test]
    fn ids_grow_by_small_steps_and_stay_in_their_range() {
        let ids = OwnIds::default();
        let mut last = ids.next(NOW, 7);
        for random in 0..1000 {
            let next = ids.next(NOW, random);
            assert!(next.is_own());
            assert!((1..=STEP as i64).contains(&(next.0 - last.0)), "{last} {next}");
            last = next;
        }
        assert!(ids.next(NOW - 500, 0) > last, "the clock went back");
        assert!(ids.next(NOW + 500_000, 0).0 > last.0 + 1_000_000, "time has passed");
    }

    #[test]
    fn the_range_begins_anew_at_its_end() {
        let ids = OwnIds::default();
        let end = EPOCH + (ContactId::OWN.end - ContactId::OWN.start) / PER_SECOND;
        assert!(ids.next(end, 0).is_own());
        assert!(ids.next(Timestamp::MAX, 0).is_own());
        assert!(after(ContactId(ContactId::OWN.end - 1), 5).is_own());
    }
}
