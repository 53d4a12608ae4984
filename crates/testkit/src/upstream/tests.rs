//! Tests of the fake upstream itself: what other tests rely on.
//! Compiled as `upstream::tests`.

use serde_json::json;

use super::*;
use crate::Client;

async fn with_bot() -> (FakeUpstream, String, Client) {
    let upstream = FakeUpstream::start().await;
    let token = upstream.bot(123_456);
    let client = Client::new(format!("{}/bot{token}", upstream.url()));
    (upstream, token, client)
}

#[tokio::test]
async fn it_answers_the_usual_methods_in_any_encoding() {
    let (upstream, _, bot) = with_bot().await;
    assert_eq!(bot.get("/GetMe").await.result()["id"], 123_456);
    let sent = bot.post("/sendMessage", json!({"chat_id": 5, "text": "a b"})).await.result();
    assert_eq!(
        (&sent["message_id"], &sent["chat"]["id"], &sent["text"]),
        (&json!(1), &json!(5), &json!("a b"))
    );
    let sent = bot.get("/sendMessage?chat_id=-100&text=a+b").await.result();
    assert_eq!((&sent["message_id"], &sent["chat"]["type"]), (&json!(2), &json!("supergroup")));
    let unknown = bot.post("/methodOfTomorrow", json!({"a": [1]})).await.result();
    assert_eq!(unknown, json!({"method": "methodOfTomorrow", "parameters": {"a": "[1]"}, "files": 0}));
    assert_eq!(upstream.acted("sendmessage"), 2);
    assert_eq!(upstream.seen("sendMessage")[0].json(), json!({"chat_id": 5, "text": "a b"}));

    let stranger = Client::new(format!("{}/bot1:x", upstream.url()));
    assert_eq!(stranger.get("/getMe").await.refusal(), (401, "Unauthorized".to_owned()));
}

#[tokio::test]
async fn updates_wait_until_they_are_confirmed() {
    let (upstream, token, bot) = with_bot().await;
    let first = upstream.push(&token, json!({"message": {"text": "1"}}));
    upstream.push(&token, json!({"message": {"text": "2"}}));
    let updates = bot.get("/getUpdates").await.result();
    assert_eq!((&updates[0]["update_id"], &updates[1]["message"]["text"]), (&json!(first), &json!("2")));
    assert_eq!(bot.get("/getUpdates?limit=1").await.result().as_array().map(Vec::len), Some(1));
    let rest = bot.get(&format!("/getUpdates?offset={}", first + 1)).await.result();
    assert_eq!(rest.as_array().map(Vec::len), Some(1));
    assert_eq!(upstream.pending(&token), 1);
    bot.get(&format!("/getUpdates?offset={}", first + 2)).await.result();
    assert_eq!(upstream.pending(&token), 0);
}

#[tokio::test]
async fn a_poll_waits_for_an_update_and_yields_to_a_newer_poll() {
    let (upstream, token, _) = with_bot().await;
    let poll = |upstream: &FakeUpstream| {
        let bot = Client::new(format!("{}/bot{token}", upstream.url()));
        tokio::spawn(async move { bot.get("/getUpdates?timeout=50").await })
    };
    let older = poll(&upstream);
    upstream.until_polled(&token, 1).await;
    let newer = poll(&upstream);
    assert_eq!(older.await.unwrap().refusal().0, 409);
    upstream.until_polled(&token, 2).await;
    upstream.push(&token, json!({"message": {}}));
    assert_eq!(newer.await.unwrap().result().as_array().map(Vec::len), Some(1));

    let bot = Client::new(format!("{}/bot{token}", upstream.url()));
    bot.post("/setWebhook", json!({"url": "https://x.example/"})).await.result();
    assert_eq!(bot.get("/getUpdates").await.refusal().0, 409);
    assert_eq!(upstream.webhook(&token).unwrap()["url"], "https://x.example/");
    bot.post("/deleteWebhook", json!({})).await.result();
    assert_eq!(bot.get("/getUpdates").await.status, 200);
}

#[tokio::test]
async fn a_planned_error_comes_once_or_always_and_does_nothing() {
    let (upstream, _, bot) = with_bot().await;
    upstream.fail_next("sendMessage", Fault::too_many(7));
    upstream.fail_next("*", Fault::Page(502));
    let refused = bot.get("/sendMessage?chat_id=1&text=x").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("7")));
    assert_eq!(bot.get("/getMe").await.status, 502);
    assert_eq!(bot.get("/getMe").await.status, 200);
    upstream.fail_always("getme", Fault::error(403, "Forbidden: x"));
    assert_eq!(bot.get("/getMe").await.refusal(), (403, "Forbidden: x".to_owned()));
    assert_eq!(bot.get("/getMe").await.status, 403);
    upstream.heal();
    assert_eq!(bot.get("/getMe").await.status, 200);
    assert_eq!((upstream.acted("sendMessage"), upstream.acted("getMe")), (0, 2));
}

#[tokio::test]
async fn a_lost_reply_has_acted_and_an_unread_request_has_not() {
    let (upstream, token, _) = with_bot().await;
    let url = format!("{}/bot{token}/sendMessage?chat_id=1&text=x", upstream.url());
    upstream.fail_next("sendMessage", Fault::LostReply);
    upstream.fail_next("sendMessage", Fault::CloseUnread);
    assert!(reqwest::get(&url).await.is_err());
    assert!(reqwest::get(&url).await.is_err());
    let acts: Vec<Act> = upstream.seen("sendMessage").iter().map(|seen| seen.act).collect();
    assert_eq!(acts, [Act::Done, Act::Not]);
}

#[tokio::test]
async fn a_file_is_as_long_as_it_says() {
    let (upstream, token, bot) = with_bot().await;
    upstream.put_file(&token, "documents/1", 1_000_003);
    assert_eq!(bot.get("/getFile?file_id=documents/1").await.result()["file_size"], 1_000_003);
    let url = format!("{}/file/bot{token}/documents/1", upstream.url());
    let body = reqwest::get(&url).await.unwrap().bytes().await.unwrap();
    assert_eq!(checksum(0, &body), checksum(0, &file_bytes(1_000_003)));
    upstream.fail_next("documents/1", Fault::Cut);
    assert!(reqwest::get(&url).await.unwrap().bytes().await.is_err());
}

#[tokio::test]
async fn it_goes_down_and_comes_up_on_the_same_port() {
    let (mut upstream, token, bot) = with_bot().await;
    upstream.stop();
    let url = format!("{}/bot{token}/getMe", upstream.url());
    while reqwest::get(&url).await.is_ok() {}
    upstream.start_again().await;
    assert_eq!(bot.get("/getMe").await.status, 200);
}
