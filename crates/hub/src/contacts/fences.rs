//! Where every 128th row of a list stands, so that a page at a large offset begins near it instead of at the
//! beginning. `list` asks and fills it, as far as anybody asked; a page says itself which version it is of, so
//! fences of a version that has passed are never believed. While an account's contacts keep changing there are
//! no fences and a deep offset costs what passing over its rows costs; cursors are quick at all times.

use contactgram_model::UserId;
use contactgram_store::ops::contact_list::{self, Place, Sort, Start};
use contactgram_store::{R, Tx};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows from one fence to the next.
pub(super) const STRIDE: i64 = 128;
/// Fences at most, of all accounts together: about 10 MiB, for lists of 16 million rows.
const MOST_FENCES: usize = 1 << 17;
/// Lists that are remembered at most.
const MOST_LISTS: usize = 1024;

/// The fences of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Fences(Mutex<Lists>);

#[derive(Debug, Default)]
struct Lists {
    all: HashMap<(UserId, Sort), List>,
    /// Fences in all lists together.
    fences: usize,
    /// Counts what is asked.
    asked: u64,
}

/// One account's list in one order.
#[derive(Debug)]
struct List {
    version: i64,
    /// The last row of each stride.
    places: Vec<Place>,
    /// When it was asked for last, in [`Lists::asked`].
    used: u64,
}

impl Fences {
    /// Where to begin for a row that is so many rows in, and the version that this is true of; `None` when
    /// nothing is known of rows that deep.
    pub fn find(&self, key: (UserId, Sort), offset: i64) -> Option<(i64, Start)> {
        let mut lists = self.lock();
        lists.asked += 1;
        let now = lists.asked;
        let list = lists.all.get_mut(&key)?;
        list.used = now;
        let fences = strides(offset);
        let after = list.places.get(fences.checked_sub(1)?)?.clone();
        Some((list.version, Start { after: Some(after), skip: offset % STRIDE }))
    }

    /// As [`Fences::find`], for `version`, which `tx` sees; the second time it is asked of a version it puts up
    /// the fences up to there. Where they end early, so does the list.
    pub fn extend(
        &self,
        tx: &mut dyn Tx,
        (account, sort): (UserId, Sort),
        offset: i64,
        version: i64,
    ) -> R<Start> {
        let key = (account, sort);
        let Some((known, mut last)) = self.lock().known(key, version) else {
            return Ok(Start::offset(offset));
        };
        let (mut new, wanted) = (Vec::new(), strides(offset).min(MOST_FENCES));
        while known + new.len() < wanted {
            match contact_list::place(tx, account, sort, (last.as_ref(), STRIDE))? {
                Some(place) => {
                    last = Some(place.clone());
                    new.push(place);
                }
                None => break,
            }
        }
        let reached = i64::try_from(known + new.len()).unwrap_or(i64::MAX);
        self.lock().put(key, version, known, new);
        let start = Start { after: last, skip: offset - reached.saturating_mul(STRIDE) };
        Ok(if start.skip >= 0 { start } else { Start::offset(offset) })
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    /// How many fences this version has and the last of them; `None` when it is asked of for the first time.
    fn known(&mut self, key: (UserId, Sort), version: i64) -> Option<(usize, Option<Place>)> {
        self.asked += 1;
        let used = self.asked;
        if let Some(list) = self.all.get_mut(&key).filter(|list| list.version == version) {
            list.used = used;
            return Some((list.places.len(), list.places.last().cloned()));
        }
        if let Some(passed) = self.all.insert(key, List { version, places: Vec::new(), used }) {
            self.fences -= passed.places.len();
        }
        if self.all.len() > MOST_LISTS {
            self.forget_oldest(key);
        }
        None
    }

    /// Adds fences behind the `known` ones, unless somebody else did or the version has passed.
    fn put(&mut self, key: (UserId, Sort), version: i64, known: usize, new: Vec<Place>) {
        let Some(list) = self.all.get_mut(&key) else { return };
        if list.version != version || list.places.len() != known {
            return;
        }
        self.fences += new.len();
        list.places.extend(new);
        while self.fences > MOST_FENCES && self.forget_oldest(key) {}
    }

    /// Forgets the list that was asked for longest ago, but for `kept`; false when there is none.
    fn forget_oldest(&mut self, kept: (UserId, Sort)) -> bool {
        let others = self.all.iter().filter(|(key, _)| **key != kept);
        let Some(oldest) = others.min_by_key(|(_, list)| list.used).map(|(key, _)| *key) else {
            return false;
        };
        if let Some(list) = self.all.remove(&oldest) {
            self.fences -= list.places.len();
        }
        true
    }
}

fn strides(offset: i64) -> usize {
    usize::try_from(offset / STRIDE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: (UserId, Sort) = (UserId(1), Sort::Id);
    const BEN: (UserId, Sort) = (UserId(2), Sort::Id);

    fn places(from: i64, count: usize) -> Vec<Place> {
        (from..).take(count).map(|fence| Place::Number(fence * STRIDE)).collect()
    }

    /// Asks twice, as it takes, and puts up `count` fences.
    fn filled(fences: &Fences, key: (UserId, Sort), version: i64, count: usize) {
        let mut lists = fences.lock();
        assert_eq!(lists.known(key, version), None, "the first time");
        assert_eq!(lists.known(key, version), Some((0, None)));
        lists.put(key, version, 0, places(1, count));
    }

    #[test]
    fn a_row_is_found_from_the_fence_below_it() {
        let fences = Fences::default();
        filled(&fences, ANN, 7, 2);
        let start = |fence: i64, skip| Some((7, Start { after: Some(Place::Number(fence * STRIDE)), skip }));
        assert_eq!(fences.find(ANN, STRIDE), start(1, 0));
        assert_eq!(fences.find(ANN, 2 * STRIDE - 1), start(1, STRIDE - 1));
        assert_eq!(fences.find(ANN, 3 * STRIDE - 1), start(2, STRIDE - 1));
        assert_eq!(fences.find(ANN, STRIDE - 1), None, "the beginning is as near");
        assert_eq!(fences.find(ANN, 3 * STRIDE), None, "nobody asked so far down");
        assert_eq!(fences.find(BEN, STRIDE), None);
    }

    #[test]
    fn another_version_begins_anew_and_two_who_fill_at_once_do_not_add_up() {
        let fences = Fences::default();
        filled(&fences, ANN, 7, 2);
        let mut lists = fences.lock();
        lists.put(ANN, 7, 0, places(1, 3));
        assert_eq!(lists.known(ANN, 7), Some((2, places(2, 1).pop())));
        assert_eq!(lists.known(ANN, 8), None);
        lists.put(ANN, 7, 2, places(3, 1));
        assert_eq!((lists.known(ANN, 8), lists.fences), (Some((0, None)), 0));
    }

    #[test]
    fn the_list_that_was_asked_for_longest_ago_makes_room() {
        let fences = Fences::default();
        filled(&fences, ANN, 7, MOST_FENCES / 2);
        filled(&fences, BEN, 7, MOST_FENCES / 2);
        fences.find(ANN, STRIDE);
        filled(&fences, (UserId(3), Sort::Name), 7, 1);
        assert!(fences.find(ANN, STRIDE).is_some());
        assert_eq!(fences.find(BEN, STRIDE), None);
        assert_eq!(fences.lock().fences, MOST_FENCES / 2 + 1);
        for account in 10..10 + MOST_LISTS as i64 {
            fences.lock().known((UserId(account), Sort::Id), 1);
        }
        let lists = fences.lock();
        assert_eq!((lists.all.len(), lists.fences), (MOST_LISTS, 0));
    }
}
