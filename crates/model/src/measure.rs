//! What a part of the program counts about its own work: counters, gauges and histograms. To count is an atomic addition,
//! without a lock and in no order with anything else; whoever wants to know reads a [`Snapshot`]. Made by the part that counts,
//! read when metrics are asked for. It knows no names of metrics and no text form.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// None yet.
    pub const fn new() -> Counter {
        Counter(AtomicU64::new(0))
    }

    /// One more.
    pub fn one(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What there is now.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// So many more, or less.
    pub fn add(&self, count: i64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// One less.
    pub fn down(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    /// How many there are.
    pub fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// How large things were, in `N` buckets and one beyond them. The unit is the owner's.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    buckets: [AtomicU64; N],
    beyond: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    /// `bounds` rise; each is the largest value of its bucket.
    pub const fn new(bounds: &'static [u64; N]) -> Histogram<N> {
        Histogram {
            bounds,
            buckets: [const { AtomicU64::new(0) }; N],
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    /// One of this size.
    pub fn note(&self, value: u64) {
        let bucket = self.bounds.iter().position(|bound| value <= *bound);
        bucket.map_or(&self.beyond, |bucket| &self.buckets[bucket]).fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    /// One that took so long, where the unit is a microsecond.
    pub fn note_time(&self, took: Duration) {
        self.note(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// What was noted so far.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            bounds: self.bounds,
            counts: self.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect(),
            beyond: self.beyond.load(Relaxed),
            sum: self.sum.load(Relaxed),
        }
    }
}

/// A histogram as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The largest value of each bucket.
    pub bounds: &'static [u64],
    /// How many were in each bucket alone.
    pub counts: Vec<u64>,
    /// How many were larger than all bounds.
    pub beyond: u64,
    /// All values together.
    pub sum: u64,
}

impl Snapshot {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_in_the_first_bucket_that_holds_it() {
        static BOUNDS: [u64; 3] = [1, 10, 1000];
        let sizes = Histogram::new(&BOUNDS);
        for value in [0, 1, 2, 10, 11, 5000] {
            sizes.note(value);
        }
        sizes.note_time(Duration::from_millis(1));
        let seen = sizes.snapshot();
        assert_eq!((seen.counts.as_slice(), seen.beyond), (&[2, 2, 2][..], 1));
        assert_eq!((seen.count(), seen.sum), (7, 6024));
    }

    #[test]
    fn counters_grow_and_gauges_go_both_ways() {
        let (counter, gauge) = (Counter::new(), Gauge::default());
        counter.one();
        counter.add(4);
        gauge.up();
        gauge.down();
        gauge.down();
        assert_eq!((counter.get(), gauge.get()), (5, -1));
    }
}
