//! What the hub counts of its own work: updates, deliveries, entries of the outbox. The verbs and the dispatchers count, each with
//! an atomic addition; `figures` reads. Nothing here is kept: a process begins with zeros.

use contactgram_model::measure::{Counter, Gauge, Histogram};
use contactgram_model::outbox::EntryState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Microseconds that a delivery took.
static TIMES: [u64; 10] =
    [5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 15_000_000, 60_000_000];
/// Seconds until a delivery is tried again.
static WAITS: [u64; 8] = [1, 5, 15, 60, 300, 900, 3600, 14_400];

/// All counts of a hub.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Updates written to logs.
    pub logged: Counter,
    /// Updates in answers to getUpdates.
    pub polled: Counter,
    /// Updates in streams.
    pub streamed: Counter,
    /// Updates that came from upstreams when they were asked, and unasked.
    pub taken: Counter,
    pub posted: Counter,
    pub webhooks: Webhooks,
    pub outbox: Outbox,
}

/// Of webhooks.
#[derive(Debug)]
pub(crate) struct Webhooks {
    pub delivered: Counter,
    pub failed: Counter,
    pub given_up: Counter,
    /// Deliveries under way.
    pub under_way: Gauge,
    /// Chats whose next update waits to be tried again.
    pub waiting: Gauge,
    pub took: Histogram<10>,
    pub waits: Histogram<8>,
}

/// Of the outbox: what became of entries.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub sent: Counter,
    pub failed: Counter,
    pub blocked: Counter,
    pub unknown: Counter,
    pub retries: Counter,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            logged: Counter::new(),
            polled: Counter::new(),
            streamed: Counter::new(),
            taken: Counter::new(),
            posted: Counter::new(),
            webhooks: Webhooks {
                delivered: Counter::new(),
                failed: Counter::new(),
                given_up: Counter::new(),
                under_way: Gauge::default(),
                waiting: Gauge::default(),
                took: Histogram::new(&TIMES),
                waits: Histogram::new(&WAITS),
            },
            outbox: Outbox::default(),
        }
    }
}

impl Outbox {
    /// An entry ended so.
    pub fn settled(&self, state: EntryState) {
        match state {
            EntryState::Sent => self.sent.one(),
            EntryState::Failed => self.failed.one(),
            EntryState::Blocked => self.blocked.one(),
            EntryState::Unknown => self.unknown.one(),
            _ => {}
        }
    }
}

/// The updates that one change logs: counted when its closure is dropped, which happens once, however often it ran and whether
/// or not somebody waits for it.
pub(crate) struct Logged {
    counts: Arc<Counts>,
    updates: AtomicU64,
}

impl Logged {
    pub fn by(counts: &Arc<Counts>) -> Logged {
        Logged { counts: Arc::clone(counts), updates: AtomicU64::new(0) }
    }

    /// What the run that counts logged.
    pub fn set(&self, updates: u64) {
        self.updates.store(updates, Relaxed);
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        match *self.updates.get_mut() {
            0 => {}
            updates => self.counts.logged.add(updates),
        }
    }
}

/// What one dispatcher adds to the gauges, and takes away with itself.
pub(crate) struct Share {
    counts: Arc<Counts>,
    under_way: i64,
    waiting: i64,
}

impl Share {
    pub fn of(counts: &Arc<Counts>) -> Share {
        Share { counts: Arc::clone(counts), under_way: 0, waiting: 0 }
    }

    /// So many deliveries are under way now, and so many chats wait.
    pub fn set(&mut self, under_way: usize, waiting: usize) {
        let (under_way, waiting) = (under_way as i64, waiting as i64);
        let webhooks = &self.counts.webhooks;
        webhooks.under_way.add(under_way - self.under_way);
        webhooks.waiting.add(waiting - self.waiting);
        (self.under_way, self.waiting) = (under_way, waiting);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_ran_twice_is_counted_once_and_one_that_failed_not_at_all() {
        let counts = Arc::<Counts>::default();
        let logged = Logged::by(&counts);
        for updates in [3, 0, 2] {
            logged.set(updates);
        }
        assert_eq!(counts.logged.get(), 0, "not before it is over");
        drop(logged);
        drop(Logged::by(&counts));
        assert_eq!(counts.logged.get(), 2);
    }

    #[test]
    fn a_dispatcher_that_ends_takes_its_share_with_it() {
        let counts = Arc::<Counts>::default();
        let (mut one, mut two) = (Share::of(&counts), Share::of(&counts));
        one.set(3, 1);
        two.set(2, 0);
        one.set(1, 4);
        let seen = || (counts.webhooks.under_way.get(), counts.webhooks.waiting.get());
        assert_eq!(seen(), (3, 4));
        drop(one);
        assert_eq!(seen(), (2, 0));
    }
}
