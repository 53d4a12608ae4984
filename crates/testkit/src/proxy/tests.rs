//! Tests of the fault proxy itself: what other tests rely on.
//! Compiled as `proxy::tests`.

use serde_json::json;

use std::time::Instant;

use super::*;
use crate::{Client, FakeUpstream};
use http::Method;

async fn before_a_bot() -> (FakeUpstream, FaultProxy, Client) {
    let upstream = FakeUpstream::start().await;
    let token = upstream.bot(123_456);
    let proxy = FaultProxy::start(&upstream.url()).await;
    let client = Client::new(format!("{}/bot{token}", proxy.url()));
    (upstream, proxy, client)
}

#[tokio::test]
async fn what_is_not_failed_passes_as_it_is() {
    let (upstream, proxy, bot) = before_a_bot().await;
    let sent = bot.post("/sendMessage?x=a%20b", json!({"chat_id": 5, "text": "hi"})).await.result();
    assert_eq!(sent["text"], "hi");
    assert_eq!(bot.get("/getMe").await.result()["id"], 123_456);
    let seen = upstream.seen("sendMessage");
    assert_eq!(seen[0].json(), json!({"chat_id": 5, "text": "hi"}));
    assert!(seen[0].path.ends_with("/sendMessage?x=a%20b"), "{}", seen[0].path);
    // The server knows where the client went.
    assert_eq!(seen[0].header("host"), proxy.url().strip_prefix("http://"));
    let journal = proxy.journal();
    assert_eq!(journal.len(), 2);
    assert_eq!((journal[0].served, journal[0].told, journal[0].fault.as_ref()), (Some(200), Some(200), None));
    assert_eq!((journal[0].json()["text"].as_str(), journal[1].verb.as_str()), (Some("hi"), "GET"));
    assert!(journal[0].at <= journal[1].at);
}

#[tokio::test]
async fn it_answers_in_the_servers_place() {
    let (upstream, proxy, bot) = before_a_bot().await;
    proxy.fail_next("getMe", ProxyFault::too_many(2));
    proxy.fail_times(2, "GET getMe", ProxyFault::unavailable(1));
    proxy.fail_next("*", ProxyFault::page(502));
    let refused = bot.get("/getMe").await;
    assert_eq!(refused.refusal(), (429, "Too Many Requests: retry after 2".to_owned()));
    assert_eq!(
        (refused.header("retry-after"), &refused.json()["parameters"]["retry_after"]),
        (Some("2"), &json!(2))
    );
    assert_eq!([bot.get("/getMe").await.status, bot.get("/getMe").await.status], [503, 503]);
    assert_eq!(bot.get("/getMe").await.status, 502);
    assert_eq!(upstream.journal().len(), 0);
    assert_eq!(bot.get("/getMe").await.status, 200);
    let told: Vec<_> = proxy.seen("getMe").iter().map(|one| (one.served, one.told)).collect();
    assert_eq!(told[0], (None, Some(429)));
    assert_eq!(told[4], (Some(200), Some(200)));
}

#[tokio::test]
async fn it_cuts_before_and_after_the_server_acted() {
    let (upstream, proxy, bot) = before_a_bot().await;
    for (fault, acted) in [(ProxyFault::CutBefore, 0), (ProxyFault::CutAfter, 1), (ProxyFault::CutWithin, 2)]
    {
        proxy.fail_next("sendMessage", fault.clone());
        let request = bot.request(Method::POST, "/sendMessage").header("Idempotency-Key", "k1");
        let lost = bot.try_send(request.json(&json!({"chat_id": 5, "text": "hi"}))).await;
        assert!(lost.is_err(), "{fault:?}: {lost:?}");
        assert_eq!(upstream.acted("sendMessage"), acted, "{fault:?}");
    }
    let seen = proxy.until_seen("POST sendMessage", 3).await;
    assert!(seen.iter().all(|one| one.idempotency_key.as_deref() == Some("k1")));
    assert_eq!((seen[0].served, seen[1].served, seen[1].told), (None, Some(200), None));
}

#[tokio::test]
async fn it_delays_and_hangs_until_it_is_healed() {
    let (upstream, proxy, bot) = before_a_bot().await;
    let asked = Instant::now();
    proxy.fail_next("getMe", ProxyFault::Delay(Duration::from_millis(60)));
    proxy.fail_next("getMe", ProxyFault::DelayReply(Duration::from_millis(60)));
    assert_eq!([bot.get("/getMe").await.status, bot.get("/getMe").await.status], [200, 200]);
    assert!(asked.elapsed() >= Duration::from_millis(120));

    proxy.fail_always("getMe", ProxyFault::Hang);
    let hanging = {
        let bot = bot.clone();
        tokio::spawn(async move { bot.get("/getMe").await })
    };
    proxy.until_seen("getMe", 3).await;
    assert_eq!((hanging.is_finished(), upstream.seen("getMe").len()), (false, 2));
    hanging.abort();
    proxy.heal();
    assert_eq!(bot.get("/getMe").await.status, 200);
}

#[tokio::test]
async fn a_stopped_proxy_refuses_connections_and_knows_what_it_knew_when_it_is_back() {
    let (_upstream, mut proxy, bot) = before_a_bot().await;
    proxy.stop();
    let mut refused = bot.try_send(bot.request(Method::GET, "/getMe")).await;
    while refused.is_ok() {
        // The listener ends when its task is dropped, which takes a moment.
        tokio::task::yield_now().await;
        refused = bot.try_send(bot.request(Method::GET, "/getMe")).await;
    }
    proxy.fail_next("getMe", ProxyFault::page(502));
    proxy.start_again().await;
    assert_eq!(bot.get("/getMe").await.status, 502);
    assert_eq!((bot.get("/getMe").await.status, proxy.seen("getMe").len() >= 2), (200, true));
}
