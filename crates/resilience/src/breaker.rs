//! A circuit breaker: after enough failures nothing is sent upstream for a while, then one probe decides.
//! One per upstream, owned by the connector that calls it; asked before each call and told after it.
//! It never calls anything itself, and it never counts an answer that blames the request.

use std::time::{Duration, Instant};

use crate::pick;

/// When a breaker opens and how long it stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerOptions {
    /// Opens after this many failures in a row.
    pub failures_in_a_row: u32,
    /// Opens when at least half of this many or more calls within ten seconds failed.
    pub window_calls: u32,
    /// How long it stays open the first time; doubles each time a probe fails.
    pub first_wait: Duration,
    /// The longest it stays open before the next probe.
    pub longest_wait: Duration,
    /// A probe that has not reported for this long is given up, and another may go.
    pub probe_patience: Duration,
}

impl Default for BreakerOptions {
    fn default() -> BreakerOptions {
        BreakerOptions {
            failures_in_a_row: 5,
            window_calls: 20,
            first_wait: Duration::from_secs(5),
            longest_wait: Duration::from_secs(120),
            probe_patience: Duration::from_secs(60),
        }
    }
}

/// How a call went, as far as the upstream's health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It answered as it should.
    Healthy,
    /// It could not be reached, timed out, or answered with a 5xx.
    Failed,
    /// It answered, and blamed the request (4xx, 429): alive, but this neither helps nor harms its record.
    Answered,
}

/// Leave for one call; handed back with its [`Verdict`].
#[derive(Debug)]
#[must_use = "a pass that is not reported keeps a half-open breaker waiting"]
pub struct Pass {
    epoch: u64,
}

/// The breaker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// When to ask again, at the earliest.
    pub retry_after: Duration,
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Calls go through.
    Closed,
    /// None does; when its wait is over, the next who asks is the probe.
    Open,
    /// A probe is under way, and decides.
    HalfOpen,
}

/// The breaker of one upstream.
#[derive(Debug)]
pub struct Breaker {
    options: BreakerOptions,
    state: State,
    /// Changes with every state: a call that began in an earlier one says nothing about this one.
    epoch: u64,
}

#[derive(Debug)]
enum State {
    Closed { in_a_row: u32, window: Window },
    Open { until: Instant, trips: u32 },
    HalfOpen { give_up_at: Instant, trips: u32 },
}

impl Breaker {
    /// A closed breaker.
    pub fn new(options: BreakerOptions) -> Breaker {
        Breaker { options, state: State::Closed { in_a_row: 0, window: Window::default() }, epoch: 0 }
    }

    /// Asks leave for one call. An open breaker whose wait is over lets exactly one through: the probe.
    pub fn admit(&mut self, now: Instant) -> Result<Pass, Refused> {
        let (free_at, trips) = match self.state {
            State::Closed { .. } => return Ok(Pass { epoch: self.epoch }),
            State::Open { until, trips } => (until, trips),
            State::HalfOpen { give_up_at, trips } => (give_up_at, trips),
        };
        if now < free_at {
            return Err(Refused { retry_after: free_at - now });
        }
        self.enter(State::HalfOpen { give_up_at: now + self.options.probe_patience, trips });
        Ok(Pass { epoch: self.epoch })
    }

    /// Reports how a call went. `random` (64 bits) jitters the wait when this opens the breaker.
    pub fn report(&mut self, pass: Pass, verdict: Verdict, now: Instant, random: u64) {
        if pass.epoch != self.epoch {
            return;
        }
        let options = self.options;
        match &mut self.state {
            State::Closed { in_a_row, window } => {
                match verdict {
                    Verdict::Answered => return,
                    Verdict::Healthy => *in_a_row = 0,
                    Verdict::Failed => *in_a_row += 1,
                }
                window.add(now, verdict == Verdict::Failed);
                let broken =
                    *in_a_row >= options.failures_in_a_row || window.half_failed(options.window_calls);
                if verdict == Verdict::Failed && broken {
                    self.trip(1, now, random);
                }
            }
            State::HalfOpen { trips, .. } => {
                let trips = trips.saturating_add(1);
                match verdict {
                    Verdict::Failed => self.trip(trips, now, random),
                    Verdict::Healthy | Verdict::Answered => {
                        self.enter(State::Closed { in_a_row: 0, window: Window::default() });
                    }
                }
            }
            // Nothing is let through an open breaker, so no pass carries its epoch.
            State::Open { .. } => {}
        }
    }

    /// Takes back a pass whose call was given up by its caller, so that it says nothing of the upstream: a probe's turn
    /// goes to the next who asks.
    pub fn cancel(&mut self, pass: Pass, now: Instant) {
        if pass.epoch != self.epoch {
            return;
        }
        if let State::HalfOpen { trips, .. } = self.state {
            self.enter(State::Open { until: now, trips });
        }
    }

    /// Whether calls go through without being probes.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }

    /// Where it stands. An open one stays open until somebody asks after its wait.
    pub fn phase(&self) -> Phase {
        match self.state {
            State::Closed { .. } => Phase::Closed,
            State::Open { .. } => Phase::Open,
            State::HalfOpen { .. } => Phase::HalfOpen,
        }
    }

    fn trip(&mut self, trips: u32, now: Instant, random: u64) {
        let doublings = trips.saturating_sub(1).min(16);
        let wait = self.options.first_wait.saturating_mul(1 << doublings).min(self.options.longest_wait);
        self.enter(State::Open { until: now + jittered(wait, random), trips });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

/// Between 80 and 100 % of `wait`: enough to part callers, and never above the promised longest wait.
fn jittered(wait: Duration, random: u64) -> Duration {
    let spread = u64::try_from((wait / 5).as_nanos()).unwrap_or(u64::MAX);
    wait - Duration::from_nanos(pick(random, spread))
}

const BUCKETS: usize = 10;

/// The calls of the last ten seconds, in buckets of a second: bounded however busy the upstream is.
#[derive(Debug, Default)]
struct Window {
    start: Option<Instant>,
    buckets: [Bucket; BUCKETS],
}

#[derive(Debug, Default, Clone, Copy)]
struct Bucket {
    second: u64,
    calls: u32,
    failed: u32,
}

impl Window {
    fn add(&mut self, now: Instant, failed: bool) {
        let second = now.saturating_duration_since(*self.start.get_or_insert(now)).as_secs();
        for bucket in &mut self.buckets {
            if bucket.second + (BUCKETS as u64) <= second {
                *bucket = Bucket::default();
            }
        }
        let bucket = &mut self.buckets[(second % BUCKETS as u64) as usize];
        bucket.second = second;
        bucket.calls = bucket.calls.saturating_add(1);
        bucket.failed = bucket.failed.saturating_add(u32::from(failed));
    }

    fn half_failed(&self, at_least: u32) -> bool {
        let calls: u64 = self.buckets.iter().map(|bucket| u64::from(bucket.calls)).sum();
        let failed: u64 = self.buckets.iter().map(|bucket| u64::from(bucket.failed)).sum();
        calls >= u64::from(at_least) && failed * 2 >= calls
    }
}

#[cfg(test)]
mod tests;
