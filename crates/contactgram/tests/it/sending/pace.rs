//! Flood control: a send waits for its turn or is told when to come back, and a wait that the upstream asks for holds back
//! what it belongs to and nothing else.

use super::{scene, upload};
use contactgram_testkit::{Fault, Method, Options, json};
use std::time::Duration;

#[tokio::test]
async fn a_send_whose_turn_is_too_far_away_is_told_when_to_come_back_unless_it_asks_for_no_control() {
    let scene = scene(Options::default().variable("CONTACTGRAM_FLOOD_WAIT_S", "1")).await;
    for text in ["1", "2", "3"] {
        scene.send(7, text).await.result();
    }
    let refused = scene.send(7, "4").await;
    let wait = refused.json()["parameters"]["retry_after"].as_i64().unwrap();
    assert!((1..=3).contains(&wait), "{}", refused.text);
    assert_eq!(refused.refusal(), (429, format!("Too Many Requests: retry after {wait}")));
    assert_eq!(refused.header("retry-after"), Some(wait.to_string().as_str()));
    scene.send(8, "to another chat").await.result();
    scene.bot.call("editMessageText", json!({"chat_id": 7, "message_id": 1, "text": "x"})).await.result();
    let params = json!({"chat_id": 7, "text": "5"});
    scene.with(("X-Flood-Control", "off"), "sendMessage", params).await.result();
    assert_eq!(scene.texts(7), ["1", "2", "3", "5"]);
    let seen = scene.upstream.seen("sendMessage");
    assert!(seen.iter().all(|seen| seen.header("x-flood-control").is_none()));
}

#[tokio::test]
async fn who_waits_for_a_turn_gets_it_in_order_and_who_hangs_up_leaves_it_to_others() {
    let scene = scene(Options::default()).await;
    for text in ["1", "2", "3"] {
        scene.send(7, text).await.result();
    }
    let gone = scene.bot.request(Method::POST, "sendMessage").json(&json!({"chat_id": 7, "text": "gone"}));
    assert!(gone.timeout(Duration::from_millis(300)).send().await.is_err());
    scene.send(7, "4").await.result();
    scene.send(7, "5").await.result();
    assert_eq!(scene.texts(7), ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_short_wait_of_the_upstreams_is_waited_for_and_the_send_goes_again() {
    let scene = scene(Options::default()).await;
    scene.upstream.fail_next("sendMessage", Fault::too_many(1));
    assert_eq!(scene.send(7, "hello").await.result()["text"], "hello");
    assert_eq!((scene.upstream.seen("sendMessage").len(), scene.upstream.acted("sendMessage")), (2, 1));
    let path = "contacts/7/messages";
    scene.meet(7).await;
    scene.upstream.fail_next("sendMessage", Fault::too_many(1));
    assert_eq!(scene.bot.post(path, json!({"text": "again"})).await.result()["text"], "again");
    assert_eq!(scene.texts(7), ["hello", "again"]);
}

#[tokio::test]
async fn a_long_wait_holds_its_chat_alone_also_after_a_crash() {
    let mut scene = scene(Options::default()).await;
    scene.upstream.fail_next("sendPhoto", Fault::too_many(600));
    let (kind, body) = upload("x", "png");
    let request = scene.bot.request(Method::POST, "sendPhoto").header("content-type", kind).body(body);
    let refused = scene.bot.send(request).await;
    assert_eq!(refused.refusal(), (429, "Too Many Requests: retry after 600".to_owned()), "its own answer");
    scene.upstream.fail_next("setMyCommands", Fault::too_many(500));
    assert_eq!(scene.bot.call("setMyCommands", json!({"commands": []})).await.status, 429);
    for _ in 0..2 {
        let held = scene.send(7, "held").await;
        let wait = held.json()["parameters"]["retry_after"].as_i64().unwrap();
        assert!(held.status == 429 && (500..=602).contains(&wait), "{}", held.text);
        assert_eq!(scene.bot.call("setMyCommands", json!({"commands": []})).await.status, 429);
        scene.send(8, "free").await.result();
        scene.bot.call("setMyName", json!({})).await.result();
        scene.crash().await;
    }
    assert_eq!((scene.texts(7).len(), scene.texts(8).len()), (0, 2));
    assert_eq!(scene.upstream.seen("setMyCommands").len(), 1);
}
