//! How long to wait after a failure: full jitter for upstreams, Telegram's own schedule for webhooks.
//! Called by whoever owns the retry loop, with the number of failures and 64 random bits.
//! It never decides *whether* an error may be retried; that depends on what was sent.

use std::time::Duration;

use crate::pick;

/// The longest wait that a `Retry-After` may ask for: one hour, as Telegram's webhook sender has it.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Exponential backoff with full jitter: a wait between nothing and a ceiling that doubles with each
/// failure, so that many callers who failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exponential {
    /// The ceiling after the first failure.
    pub base: Duration,
    /// The ceiling never grows beyond this.
    pub cap: Duration,
}

impl Exponential {
    /// The longest wait after `failures` failures in a row (1 is the first).
    pub fn ceiling(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }

    /// How long to wait after `failures` failures in a row, somewhere in `0..=ceiling`.
    ///
    /// A `retry_after` from the other side is kept exactly instead, up to [`MAX_RETRY_AFTER`].
    pub fn delay(&self, failures: u32, retry_after: Option<Duration>, random: u64) -> Duration {
        if let Some(asked) = retry_after {
            return asked.min(MAX_RETRY_AFTER);
        }
        let ceiling = u64::try_from(self.ceiling(failures).as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(pick(random, ceiling))
    }
}

/// The doubling of a webhook's waits ends at a random number of seconds from here…
const WEBHOOK_CAP_FROM: u64 = 60;
/// …to here.
const WEBHOOK_CAP_TO: u64 = 120;

/// How long an update waits after its `failures`-th failed delivery in a row (1 is the first).
///
/// The Bot API server's schedule: the first failure is retried at once, later ones after 2, 4, 8 … s, doubling
/// to a random cap of 60–120 s. A positive `retry_after` (seconds, from the receiver's `Retry-After`) is kept
/// instead, up to [`MAX_RETRY_AFTER`]; zero counts as none.
pub fn webhook_delay(failures: u32, retry_after: Option<u64>, random: u64) -> Duration {
    if let Some(asked) = retry_after.filter(|&seconds| seconds > 0) {
        return Duration::from_secs(asked).min(MAX_RETRY_AFTER);
    }
    if failures <= 1 {
        return Duration::ZERO;
    }
    let doubled = 1u64 << (failures - 1).min(7);
    let cap = WEBHOOK_CAP_FROM + pick(random, WEBHOOK_CAP_TO - WEBHOOK_CAP_FROM);
    Duration::from_secs(doubled.min(cap))
}

/// The doubling of an endpoint's waits ends here, in seconds.
const ENDPOINT_CAP: u64 = 3600;

/// How long an update waits after its `failures`-th failed delivery in a row to an endpoint that gives up after so many.
///
/// As [`webhook_delay`] at first; the waits go on doubling to an hour, less up to a fifth, so that 35 tries last for about a
/// day.
pub fn endpoint_delay(failures: u32, retry_after: Option<u64>, random: u64) -> Duration {
    if failures <= 6 || retry_after.is_some_and(|seconds| seconds > 0) {
        return webhook_delay(failures, retry_after, random);
    }
    let longest = (1u64 << (failures - 1).min(12)).min(ENDPOINT_CAP);
    Duration::from_secs(longest - pick(random, longest / 5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UPSTREAM: Exponential =
        Exponential { base: Duration::from_millis(100), cap: Duration::from_secs(10) };

    fn webhook_schedule(random: u64) -> Vec<u64> {
        (1..=9).map(|failures| webhook_delay(failures, None, random).as_secs()).collect()
    }

    #[test]
    fn a_webhook_is_retried_at_once_and_then_after_doubling_waits() {
        assert_eq!(webhook_schedule(0), [0, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(webhook_schedule(u64::MAX), [0, 2, 4, 8, 16, 32, 64, 120, 120]);
    }

    #[test]
    fn an_endpoint_is_tried_for_about_a_day() {
        let waits = |random| (1..35).map(move |failures| endpoint_delay(failures, None, random).as_secs());
        assert_eq!(
            waits(0).take(14).collect::<Vec<_>>(),
            [0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
        );
        let (longest, shortest) = (waits(0).sum::<u64>(), waits(u64::MAX).sum::<u64>());
        assert!(
            (18 * 3600..=24 * 3600).contains(&longest) && shortest >= 18 * 3600,
            "{shortest} to {longest} s"
        );
        assert_eq!(endpoint_delay(9, Some(7), 0), Duration::from_secs(7));
    }

    #[test]
    fn a_webhook_may_ask_for_up_to_an_hour() {
        assert_eq!(webhook_delay(1, Some(7), 0), Duration::from_secs(7));
        assert_eq!(webhook_delay(9, Some(1), 0), Duration::from_secs(1));
        assert_eq!(webhook_delay(9, Some(u64::MAX), 0), Duration::from_secs(3600));
        assert_eq!(webhook_delay(3, Some(0), 0), Duration::from_secs(4));
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let ceilings: Vec<u128> = (1..=9).map(|n| UPSTREAM.ceiling(n).as_millis()).collect();
        assert_eq!(ceilings, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    }

    #[test]
    fn full_jitter_uses_the_whole_range() {
        assert_eq!(UPSTREAM.delay(3, None, 0), Duration::ZERO);
        assert_eq!(UPSTREAM.delay(3, None, u64::MAX), Duration::from_millis(400));
    }

    #[test]
    fn an_upstream_that_names_a_wait_gets_exactly_that() {
        assert_eq!(UPSTREAM.delay(1, Some(Duration::from_secs(30)), 9), Duration::from_secs(30));
        assert_eq!(UPSTREAM.delay(1, Some(Duration::from_secs(9999)), 9), MAX_RETRY_AFTER);
    }

    proptest! {
        #[test]
        fn no_wait_leaves_its_bounds(failures: u32, random: u64, asked in proptest::option::of(any::<u64>())) {
            let wait = webhook_delay(failures, asked, random);
            prop_assert!(wait <= MAX_RETRY_AFTER);
            prop_assert!(asked.is_some_and(|seconds| seconds > 0) || wait <= Duration::from_secs(120));
            prop_assert!(UPSTREAM.delay(failures, None, random) <= UPSTREAM.ceiling(failures));
            prop_assert!(UPSTREAM.ceiling(failures) <= UPSTREAM.cap);
        }
    }
}
