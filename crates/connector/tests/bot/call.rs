//! Calls of ours: what is tried again, how often, and what is left to the caller.

use contactgram_connector::bot::{CallError, GetUpdates, How, SetWebhook, Why};
use contactgram_testkit::{Fault, json};

use super::*;

async fn send(world: &World) -> Result<(), CallError> {
    let params = json!({"chat_id": 5, "text": "x"});
    world.upstream.call("sendMessage", &params, How::SEND).await.map(drop)
}

#[tokio::test]
async fn methods_ask_for_what_they_say() {
    let world = World::new().await;
    assert!(world.upstream.get_me().await.unwrap().get().contains(r#""id":123456"#));
    world.fake.put_file(&world.token, "f", 3);
    assert!(world.upstream.get_file("f").await.unwrap().get().contains(r#""file_path":"f""#));
    let first = world.fake.push(&world.token, json!({"message": {"text": "1"}}));
    let second = world.fake.push(&world.token, json!({"message": {"text": "2"}}));
    let all = world.upstream.get_updates(&GetUpdates::default()).await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].get().contains(&first.to_string()));
    let asked =
        GetUpdates { offset: Some(second), limit: Some(1), timeout: 1, allowed_updates: Some(vec![]) };
    assert_eq!(world.upstream.get_updates(&asked).await.unwrap().len(), 1);
    let seen = world.fake.seen("getUpdates").pop().unwrap();
    assert_eq!(seen.json(), json!({"offset": second, "limit": 1, "timeout": 1, "allowed_updates": []}));

    let webhook = SetWebhook {
        url: "https://x.example/".into(),
        secret_token: Some("s".into()),
        ..SetWebhook::default()
    };
    world.upstream.set_webhook(&webhook).await.unwrap();
    assert_eq!(world.fake.webhook(&world.token).unwrap()["secret_token"], "s");
    assert!(world.upstream.get_webhook_info().await.unwrap().get().contains("https://x.example/"));
    world.upstream.delete_webhook().await.unwrap();
    assert_eq!(world.fake.webhook(&world.token), None);
}

#[tokio::test]
async fn a_read_is_asked_again_whatever_went_wrong() {
    for fault in [
        Fault::LostReply,
        Fault::CloseUnread,
        Fault::Page(502),
        Fault::Page(503),
        Fault::error(500, "Internal Server Error: restart"),
        Fault::Malformed,
        Fault::Cut,
        Fault::too_many(0),
    ] {
        let world = World::new().await;
        world.fake.fail_next("getMe", fault.clone());
        assert!(world.upstream.get_me().await.is_ok(), "{fault:?}");
        assert_eq!(world.fake.seen("getMe").len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_send_that_may_have_acted_is_never_repeated() {
    for fault in [Fault::LostReply, Fault::Malformed, Fault::Cut] {
        let world = World::new().await;
        world.fake.fail_next("sendMessage", fault.clone());
        assert!(matches!(send(&world).await, Err(CallError::Unknown(_))), "{fault:?}");
        assert_eq!(
            (world.fake.seen("sendMessage").len(), world.fake.acted("sendMessage")),
            (1, 1),
            "{fault:?}"
        );
    }
    for status in [500, 502, 503, 504] {
        let world = World::new().await;
        world.fake.fail_next("sendMessage", Fault::Page(status));
        assert!(matches!(send(&world).await, Err(CallError::Failing(refusal)) if refusal.status == status));
        assert_eq!(world.fake.seen("sendMessage").len(), 1);
    }
}

#[tokio::test]
async fn a_send_that_the_server_says_it_did_not_do_is_repeated() {
    for fault in [
        Fault::error(500, "Internal Server Error"),
        Fault::error(503, "Service Unavailable"),
        Fault::too_many(1),
    ] {
        let world = World::new().await;
        world.fake.fail_next("sendMessage", fault);
        assert_eq!(send(&world).await, Ok(()));
        assert_eq!((world.fake.seen("sendMessage").len(), world.fake.acted("sendMessage")), (2, 1));
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_once() {
    let world = World::new().await;
    for fault in [
        Fault::error(400, "Bad Request: chat not found"),
        Fault::error(401, "Unauthorized"),
        Fault::error(403, "Forbidden: bot was blocked by the user"),
        Fault::error(404, "Not Found"),
        Fault::migrated(-100_123),
        Fault::too_many(3600),
    ] {
        world.fake.fail_next("sendMessage", fault);
    }
    assert!(matches!(send(&world).await, Err(CallError::Refused(refusal)) if refusal.status == 400));
    assert!(matches!(send(&world).await, Err(CallError::Stop(refusal)) if refusal.status == 401));
    assert!(matches!(send(&world).await, Err(CallError::Blocked(refusal)) if refusal.status == 403));
    assert!(matches!(send(&world).await, Err(CallError::Refused(refusal)) if refusal.status == 404));
    assert_eq!(send(&world).await, Err(CallError::Migrated(-100_123)));
    assert_eq!(send(&world).await, Err(CallError::Wait { retry_after: Duration::from_secs(3600) }));
    assert_eq!((world.fake.seen("sendMessage").len(), world.fake.acted("sendMessage")), (6, 0));
}

#[tokio::test]
async fn a_poller_is_told_of_another_one() {
    let world = World::new().await;
    world.fake.fail_next("getUpdates", Fault::error(409, "Conflict: terminated by other getUpdates request"));
    let met = world.upstream.get_updates(&GetUpdates::default()).await.err();
    assert!(matches!(met, Some(CallError::Conflict { at_least, .. }) if at_least == Duration::from_secs(3)));
    assert_eq!(world.fake.seen("getUpdates").len(), 1);
}

#[tokio::test]
async fn tries_are_bounded_and_the_last_failure_is_the_answer() {
    let world = World::new().await;
    world.fake.fail_always("getMe", Fault::Page(502));
    let how = How { tries: 3, ..How::READ };
    let failed = world.upstream.call("getMe", &json!({}), how).await.err();
    assert!(matches!(failed, Some(CallError::Failing(refusal)) if refusal.status == 502));
    assert_eq!(world.fake.seen("getMe").len(), 3);
    let again = world.upstream.call("getMe", &json!({}), how).await.err();
    assert!(matches!(again, Some(CallError::Open { .. })), "{again:?}");
    assert_eq!(world.fake.seen("getMe").len(), 5);
}

#[tokio::test]
async fn an_answer_longer_than_any_is_none() {
    let world = World::new().await;
    world.fake.fail_next("getMe", Fault::Huge(40 << 20));
    let how = How { tries: 1, ..How::READ };
    let failed = world.upstream.call("getMe", &json!({}), how).await.err();
    assert_eq!(failed, Some(CallError::Unknown(Why::TooLong)));
}

#[tokio::test]
async fn many_callers_of_a_failing_upstream_share_one_budget() {
    let world = World::new().await;
    // 429s don't open the breaker, so only the budget is in the way.
    world.fake.fail_always("getMe", Fault::too_many(0));
    let how = How { tries: 100, total: Duration::from_secs(5), ..How::READ };
    let start = std::time::Instant::now();
    let callers = (0..100).map(|_| {
        let upstream = world.upstream.clone();
        tokio::spawn(async move { upstream.call("getMe", &json!({}), how).await.is_err() })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert!(caller.await.unwrap());
    }
    let (seen, seconds) = (world.fake.seen("getMe").len(), start.elapsed().as_secs_f64());
    assert!(seen as f64 <= 120.0 + 10.0 * (seconds + 1.0), "{seen} in {seconds} s");
    assert!(seen > 100, "{seen}");
}
