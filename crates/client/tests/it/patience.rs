//! Where patience ends: tries, deadline, retry budget, circuit breaker. And that a server that comes back is noticed.

use std::time::{Duration, Instant};

use contactgram_client::{BreakerOptions, BreakerState, BudgetOptions, Error, NewMessage};
use contactgram_testkit::{ProxyFault, json};

use crate::kit::{Stage, quick};

#[tokio::test]
async fn a_server_that_fails_for_ever_is_asked_a_few_times_and_then_left_alone() {
    // Long enough that nobody is let through while the test runs.
    let breaker = BreakerOptions { first_wait: Duration::from_secs(100), ..BreakerOptions::default() };
    let stage = Stage::with(|builder| builder.breaker(breaker)).await;
    let (client, proxy) = (&stage.client, &stage.proxy);
    let mut states = client.watch_breaker();
    assert_eq!(client.breaker_state(), BreakerState::Closed);
    proxy.fail_always("*", ProxyFault::refusal(500, "Internal Server Error"));

    let asked = Instant::now();
    let failed = client.contacts().list(&Default::default()).await.unwrap_err();
    assert!(matches!(failed, Error::Unavailable { status: 500, .. }) && failed.is_retryable(), "{failed:?}");
    assert!(asked.elapsed() < quick().deadline);
    assert_eq!(proxy.journal().len(), 5);

    // Five in a row opened it: nothing more is sent.
    states.changed().await.unwrap();
    assert_eq!(
        (*states.borrow_and_update(), client.breaker_state()),
        (BreakerState::Open, BreakerState::Open)
    );
    for _ in 0..10 {
        let refused = client.messages().send(NewMessage::text(1, "x")).await.unwrap_err();
        let Error::CircuitOpen { retry_after } = refused else { panic!("{refused:?}") };
        assert!(refused.retry_after() == Some(retry_after) && retry_after <= Duration::from_secs(100));
    }
    assert_eq!(proxy.journal().len(), 5);
}

#[tokio::test]
async fn the_policy_bounds_tries_and_time() {
    let stage = Stage::new().await;
    stage.proxy.fail_always("*", ProxyFault::unavailable(0));
    for tries in [1, 2, 3] {
        let before = stage.proxy.journal().len();
        let failed = stage.client.with_policy(quick().tries(tries)).me().await.unwrap_err();
        assert_eq!((failed.status(), stage.proxy.journal().len() - before), (Some(503), tries as usize));
    }
    // A wait that would end after the deadline is not begun: the failure is told at once.
    stage.proxy.fail_always("*", ProxyFault::unavailable(100));
    let before = stage.proxy.journal().len();
    let hasty = stage.client.with_policy(quick().deadline(Duration::from_secs(50)));
    let failed = hasty.me().await.unwrap_err();
    assert_eq!(failed.retry_after(), Some(Duration::from_secs(100)));
    assert_eq!(stage.proxy.journal().len() - before, 1);
}

#[tokio::test]
async fn a_spent_budget_ends_retries_and_not_calls() {
    let budget = BudgetOptions { per_100_calls: 0, per_s: 0, at_hand: 3 };
    let stage = Stage::with(|builder| builder.retry_budget(budget)).await;
    stage.proxy.fail_times(20, "*", ProxyFault::refusal(500, "Internal Server Error"));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let before = stage.proxy.journal().len();
        assert_eq!(stage.client.me().await.unwrap_err().status(), Some(500));
        seen.push(stage.proxy.journal().len() - before);
    }
    assert_eq!(seen, [4, 1, 1, 1]);
    stage.proxy.heal();
    stage.client.me().await.unwrap();
}

#[tokio::test]
async fn many_calls_at_once_share_the_budget() {
    let stage = Stage::new().await;
    stage.proxy.fail_always("*", ProxyFault::refusal(500, "Internal Server Error"));
    let asked = Instant::now();
    let calls = (0..100).map(|_| stage.client.me());
    let failed = futures_util::future::join_all(calls).await;
    let s = asked.elapsed().as_secs() as usize + 1;
    assert!(failed.iter().all(Result::is_err));
    let seen = stage.proxy.journal().len();
    assert!((100..=100 + 10 + 20 + 10 * s).contains(&seen), "{seen} requests in {s} s");
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_probe_to_the_next() {
    let breaker = BreakerOptions {
        failures_in_a_row: 1,
        first_wait: Duration::from_millis(50),
        longest_wait: Duration::from_millis(50),
        ..BreakerOptions::default()
    };
    let stage = Stage::with(|builder| builder.breaker(breaker)).await;
    stage.proxy.fail_times(2, "*", ProxyFault::page(503));
    stage.proxy.fail_next("*", ProxyFault::Hang);
    // The second is a probe, and fails.
    for _ in 0..2 {
        assert_eq!(stage.client.me().await.unwrap_err().status(), Some(503));
        assert_eq!(stage.client.breaker_state(), BreakerState::Open);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let probe = tokio::spawn({
        let client = stage.client.clone();
        async move { client.me().await }
    });
    stage.proxy.until_seen("getMe", 3).await;
    assert_eq!(stage.client.breaker_state(), BreakerState::HalfOpen);
    probe.abort();
    let _ = probe.await;
    stage.client.me().await.unwrap();
    assert_eq!(stage.client.breaker_state(), BreakerState::Closed);
}

#[tokio::test]
async fn a_server_that_restarts_is_waited_for() {
    let mut stage = Stage::with(|builder| {
        builder
            .policy(quick().tries(500).backoff(Duration::from_millis(50), Duration::from_millis(200)))
            .retry_budget(BudgetOptions { per_100_calls: 100, per_s: 100, at_hand: 1000 })
            .breaker(BreakerOptions {
                failures_in_a_row: 10_000,
                window_calls: 100_000,
                ..BreakerOptions::default()
            })
    })
    .await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    ann.write(stage.account.id, "hello").await;
    stage.server.kill().await;
    let (client, to) = (stage.client.clone(), ann.id);
    let sending =
        tokio::spawn(async move { client.messages().send(NewMessage::text(to, "still here")).await });
    stage.proxy.until_seen("sendMessage", 2).await;
    stage.server.start_again().await;
    sending.await.unwrap().unwrap();
    assert_eq!(stage.messages().await, 2);
}
