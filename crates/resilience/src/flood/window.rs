//! A pace, and how far it is used: at most so many in any stretch of time.
//! Used by flood control for each account, chat and group. It knows nothing of what is sent.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// At most `count` within any `per`. A `count` of zero counts as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So many, all at once if need be.
    pub count: u32,
    /// Within this.
    pub per: Duration,
}

impl Pace {
    fn most(&self) -> usize {
        usize::try_from(self.count.max(1)).unwrap_or(usize::MAX)
    }

    /// How long `more` take beyond what may go at once, on average.
    pub(super) fn time_for(&self, more: usize) -> Duration {
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        (self.per / self.count.max(1)).saturating_mul(more)
    }
}

/// When the last ones went: as many as the pace counts.
#[derive(Debug, Default)]
pub(super) struct Window {
    went: VecDeque<Instant>,
}

impl Window {
    /// When the next may go; none if that is long past.
    pub fn free_at(&self, pace: Pace) -> Option<Instant> {
        let blocking = self.went.len().checked_sub(pace.most())?;
        Some(*self.went.get(blocking)? + pace.per)
    }

    pub fn go(&mut self, pace: Pace, now: Instant) {
        self.went.push_back(now);
        while self.went.len() > pace.most() {
            self.went.pop_front();
        }
    }

    /// Whether it says no more than an empty one would.
    pub fn is_over(&self, pace: Pace, now: Instant) -> bool {
        self.went.back().is_none_or(|last| *last + pace.per <= now)
    }
}
