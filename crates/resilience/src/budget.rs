//! How many retries an upstream may see: a fifth of the calls made to it, and ten a second besides, or what else is set.
//! One per upstream, owned by the layer that retries; told of each call, asked before each retry.
//! It never decides whether an error may be retried; that is `verdict`'s.

use std::time::{Duration, Instant};

/// What a retry costs, in thousandths.
const RETRY: u64 = 1000;

/// How many retries there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetOptions {
    /// For each hundred calls.
    pub per_100_calls: u32,
    /// A second, besides.
    pub per_s: u32,
    /// No more than these are kept for later: what a healthy upstream saves up must not hit it at once when it fails.
    pub at_hand: u32,
}

impl Default for BudgetOptions {
    fn default() -> BudgetOptions {
        BudgetOptions { per_100_calls: 20, per_s: 10, at_hand: 10 }
    }
}

/// The retry budget of one upstream.
///
/// Over any time, it sees at most 1.2 times the calls, ten retries a second, and the ten that may be in hand.
#[derive(Debug)]
pub struct Budget {
    options: BudgetOptions,
    /// In thousandths of a retry.
    in_hand: u64,
    counted_to: Instant,
}

impl Budget {
    /// A full budget of the usual size.
    pub fn new(now: Instant) -> Budget {
        Budget::with(BudgetOptions::default(), now)
    }

    /// A full budget of another size.
    pub fn with(options: BudgetOptions, now: Instant) -> Budget {
        Budget { options, in_hand: u64::from(options.at_hand) * RETRY, counted_to: now }
    }

    /// Counts a call, a first try.
    pub fn call(&mut self) {
        // A hundredth of a retry is ten thousandths.
        self.add(u64::from(self.options.per_100_calls) * 10);
    }

    /// Asks for one retry. When it is refused, the failure is the answer.
    #[must_use]
    pub fn retry(&mut self, now: Instant) -> bool {
        self.accrue(now);
        let granted = self.in_hand >= RETRY;
        if granted {
            self.in_hand -= RETRY;
        }
        granted
    }

    fn add(&mut self, thousandths: u64) {
        let most = u64::from(self.options.at_hand) * RETRY;
        self.in_hand = self.in_hand.saturating_add(thousandths).min(most);
    }

    fn accrue(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted_to);
        let ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        // One a second is a thousandth in a millisecond.
        self.add(ms.saturating_mul(u64::from(self.options.per_s)));
        // Only whole milliseconds were counted; the rest is for the next time.
        self.counted_to += Duration::from_millis(ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What an upstream sees that fails every request, when each call would retry twice.
    fn seen_while_failing(budget: &mut Budget, start: Instant, calls_per_s: u64, seconds: u64) -> u64 {
        let mut seen = 0;
        for call in 0..calls_per_s * seconds {
            let now = start + Duration::from_micros(call * 1_000_000 / calls_per_s);
            budget.call();
            seen += 1;
            for _ in 0..2 {
                seen += u64::from(budget.retry(now));
            }
        }
        seen
    }

    #[test]
    fn an_upstream_that_fails_at_500_calls_a_second_sees_a_fifth_and_ten_a_second_more() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let seen = seen_while_failing(&mut budget, start, 500, 60);
        assert!(seen <= 500 * 60 * 12 / 10 + 10 * 60 + 10, "{seen}");
        assert!(seen >= 500 * 60 * 12 / 10 + 10 * 59, "the budget is there to be used: {seen}");
    }

    #[test]
    fn what_a_healthy_hour_saved_up_is_ten_retries() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        for _ in 0..1_000_000 {
            budget.call();
        }
        let later = start + Duration::from_secs(3600);
        let granted = (0..1000).filter(|_| budget.retry(later)).count();
        assert_eq!(granted, 10);
    }

    #[test]
    fn a_budget_of_another_size_gives_what_it_says() {
        let start = Instant::now();
        let mut budget = Budget::with(BudgetOptions { per_100_calls: 50, per_s: 0, at_hand: 3 }, start);
        let later = start + Duration::from_secs(3600);
        let granted = |budget: &mut Budget| (0..100).filter(|_| budget.retry(later)).count();
        assert_eq!(granted(&mut budget), 3);
        for _ in 0..4 {
            budget.call();
        }
        assert_eq!((granted(&mut budget), granted(&mut budget)), (2, 0));
    }

    #[test]
    fn a_rare_call_may_always_be_retried() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        for second in 0..1000 {
            budget.call();
            assert!(budget.retry(start + Duration::from_secs(second)));
        }
    }

    proptest! {
        #[test]
        fn no_history_gets_more_than_its_share(steps in proptest::collection::vec((0u64..400, any::<bool>()), 1..500)) {
            let start = Instant::now();
            let (mut budget, mut now, mut calls, mut retries) = (Budget::new(start), start, 0u64, 0u64);
            for (wait_us, is_call) in steps {
                now += Duration::from_micros(wait_us * 100);
                if is_call {
                    budget.call();
                    calls += 1;
                } else {
                    retries += u64::from(budget.retry(now));
                }
            }
            let passed_ms = u64::try_from((now - start).as_millis()).unwrap();
            prop_assert!(retries * 1000 <= calls * 200 + passed_ms * 10 + 10_000);
        }
    }
}
