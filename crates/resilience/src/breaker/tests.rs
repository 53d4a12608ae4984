//! Tests of the circuit breaker: each rule by an example, then all of them under random histories.
//! Compiled as `breaker::tests`. They never read the clock beyond one starting point.

use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// A breaker with a clock that only the test moves.
struct Bench {
    breaker: Breaker,
    now: Instant,
}

impl Bench {
    fn new() -> Bench {
        Bench { breaker: Breaker::new(BreakerOptions::default()), now: Instant::now() }
    }

    fn call(&mut self, verdict: Verdict) -> Result<(), Refused> {
        let pass = self.breaker.admit(self.now)?;
        self.breaker.report(pass, verdict, self.now, 0);
        Ok(())
    }

    fn fail_until_open(&mut self) {
        while self.call(Verdict::Failed).is_ok() {}
    }

    fn wait_before_the_probe(&mut self) -> Duration {
        self.breaker.admit(self.now).expect_err("the breaker should be open").retry_after
    }
}

#[test]
fn it_says_where_it_stands() {
    let mut bench = Bench::new();
    assert_eq!(bench.breaker.phase(), Phase::Closed);
    bench.fail_until_open();
    assert_eq!(bench.breaker.phase(), Phase::Open);
    let wait = bench.wait_before_the_probe();
    bench.now += wait;
    // Its wait is over, and nobody has asked yet.
    assert_eq!(bench.breaker.phase(), Phase::Open);
    let probe = bench.breaker.admit(bench.now).expect("the probe goes");
    assert_eq!(bench.breaker.phase(), Phase::HalfOpen);
    bench.breaker.report(probe, Verdict::Healthy, bench.now, 0);
    assert_eq!(bench.breaker.phase(), Phase::Closed);
}

#[test]
fn five_failures_in_a_row_open_it_for_five_seconds() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        assert_eq!(bench.call(Verdict::Failed), Ok(()));
    }
    assert_eq!(bench.call(Verdict::Healthy), Err(Refused { retry_after: SECOND * 5 }));
}

#[test]
fn a_success_starts_the_count_again() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        let _ = bench.call(Verdict::Failed);
    }
    let _ = bench.call(Verdict::Healthy);
    for _ in 0..4 {
        let _ = bench.call(Verdict::Failed);
    }
    assert!(bench.breaker.is_closed());
}

#[test]
fn half_of_twenty_failures_in_ten_seconds_open_it() {
    let mut bench = Bench::new();
    for _ in 0..9 {
        let _ = bench.call(Verdict::Healthy);
        let _ = bench.call(Verdict::Failed);
    }
    let _ = bench.call(Verdict::Healthy);
    assert!(bench.breaker.is_closed());
    let _ = bench.call(Verdict::Failed);
    assert!(!bench.breaker.is_closed());
}

#[test]
fn failures_older_than_ten_seconds_are_forgotten() {
    let mut bench = Bench::new();
    for _ in 0..200 {
        let _ = bench.call(Verdict::Healthy);
        let _ = bench.call(Verdict::Failed);
        bench.now += SECOND * 2;
    }
    assert!(bench.breaker.is_closed());
}

#[test]
fn answers_that_blame_the_request_never_count() {
    let mut bench = Bench::new();
    for _ in 0..1000 {
        let _ = bench.call(Verdict::Answered);
    }
    for _ in 0..4 {
        let _ = bench.call(Verdict::Failed);
        let _ = bench.call(Verdict::Answered);
    }
    assert!(bench.breaker.is_closed());
    let _ = bench.call(Verdict::Failed);
    assert!(!bench.breaker.is_closed());
}

#[test]
fn exactly_one_of_a_thousand_callers_is_the_probe() {
    let mut bench = Bench::new();
    bench.fail_until_open();
    bench.now += SECOND * 5;
    let passes: Vec<Pass> = (0..1000).filter_map(|_| bench.breaker.admit(bench.now).ok()).collect();
    assert_eq!(passes.len(), 1);
}

#[test]
fn a_good_probe_closes_it_and_a_bad_one_doubles_the_wait_up_to_two_minutes() {
    let mut bench = Bench::new();
    bench.fail_until_open();
    let mut waits = Vec::new();
    for _ in 0..7 {
        let wait = bench.wait_before_the_probe();
        waits.push(wait.as_secs());
        bench.now += wait;
        assert_eq!(bench.call(Verdict::Failed), Ok(()));
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 120, 120]);

    bench.now += SECOND * 120;
    assert_eq!(bench.call(Verdict::Healthy), Ok(()));
    assert!(bench.breaker.is_closed());
    bench.fail_until_open();
    assert_eq!(bench.wait_before_the_probe(), SECOND * 5);
}

#[test]
fn a_probe_that_never_reports_is_given_up() {
    let mut bench = Bench::new();
    bench.fail_until_open();
    bench.now += SECOND * 5;
    let lost = bench.breaker.admit(bench.now).expect("the probe");
    bench.now += SECOND * 59;
    assert_eq!(bench.wait_before_the_probe(), SECOND);
    bench.now += SECOND;
    let second = bench.breaker.admit(bench.now).expect("another probe");
    bench.breaker.report(lost, Verdict::Healthy, bench.now, 0);
    assert!(!bench.breaker.is_closed(), "the lost probe no longer decides");
    bench.breaker.report(second, Verdict::Healthy, bench.now, 0);
    assert!(bench.breaker.is_closed());
}

#[test]
fn a_call_begun_before_it_opened_does_not_close_it() {
    let mut bench = Bench::new();
    let early = bench.breaker.admit(bench.now).expect("closed");
    bench.fail_until_open();
    bench.breaker.report(early, Verdict::Healthy, bench.now, 0);
    assert!(!bench.breaker.is_closed());
}

#[test]
fn jitter_shortens_the_wait_by_at_most_a_fifth() {
    assert_eq!(jittered(SECOND * 10, 0), SECOND * 10);
    assert_eq!(jittered(SECOND * 10, u64::MAX), SECOND * 8);
}

#[derive(Debug, Clone)]
enum Step {
    Ask,
    Report { which: usize, verdict: Verdict, random: u64 },
    Wait { millis: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop_oneof![Just(Verdict::Healthy), Just(Verdict::Failed), Just(Verdict::Answered)];
    let step = prop_oneof![
        4 => Just(Step::Ask),
        4 => (any::<usize>(), verdict, any::<u64>())
            .prop_map(|(which, verdict, random)| Step::Report { which, verdict, random }),
        1 => (0u64..30_000).prop_map(|millis| Step::Wait { millis }),
    ];
    proptest::collection::vec(step, 1..400)
}

proptest! {
    /// Calls overlap, report late, out of order or never; whatever happens, an open breaker lets nothing
    /// through before its wait is over, and a refusal never names a wait beyond the promised longest.
    #[test]
    fn whatever_happens_an_open_breaker_keeps_shut_until_its_time(steps in steps()) {
        let mut breaker = Breaker::new(BreakerOptions::default());
        let mut now = Instant::now();
        let mut under_way = Vec::new();
        let mut shut_until = None;
        for step in steps {
            match step {
                Step::Wait { millis } => now += Duration::from_millis(millis),
                Step::Ask => match breaker.admit(now) {
                    Ok(pass) => {
                        prop_assert!(shut_until.is_none_or(|until| now >= until));
                        shut_until = None;
                        under_way.push(pass);
                    }
                    Err(refused) => {
                        prop_assert!(!breaker.is_closed());
                        prop_assert!(refused.retry_after > Duration::ZERO);
                        prop_assert!(refused.retry_after <= SECOND * 120);
                    }
                },
                Step::Report { which, verdict, random } if !under_way.is_empty() => {
                    let was_closed = breaker.is_closed();
                    let pass = under_way.swap_remove(which % under_way.len());
                    breaker.report(pass, verdict, now, random);
                    if was_closed && !breaker.is_closed() {
                        prop_assert_eq!(verdict, Verdict::Failed);
                        shut_until = Some(now + SECOND * 4);
                    }
                }
                Step::Report { .. } => {}
            }
        }
    }
}

#[test]
fn a_probe_that_its_caller_gave_up_lets_the_next_one_probe() {
    let mut bench = Bench::new();
    bench.fail_until_open();
    let wait = bench.wait_before_the_probe();
    bench.now += wait;
    let probe = bench.breaker.admit(bench.now).expect("the wait is over");
    assert!(bench.breaker.admit(bench.now).is_err());
    bench.breaker.cancel(probe, bench.now);
    assert_eq!(bench.call(Verdict::Healthy), Ok(()));
    assert!(bench.breaker.is_closed());
}

#[test]
fn a_call_that_its_caller_gave_up_changes_nothing_while_closed() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        let _ = bench.call(Verdict::Failed);
    }
    let given_up = bench.breaker.admit(bench.now).expect("it is closed");
    bench.breaker.cancel(given_up, bench.now);
    assert!(bench.breaker.is_closed());
    let _ = bench.call(Verdict::Failed);
    assert!(!bench.breaker.is_closed());
}
