//! An upstream that is down, slow to answer, or refuses: what callers are told, and that nothing is lost or done twice.

use contactgram_testkit::{Fault, Value, json};
use std::time::Duration;

use super::kit::{Faked, faked, known, message, scene, somebody, until};

#[tokio::test]
async fn while_the_upstream_is_down_callers_are_told_and_what_is_kept_is_read() {
    let mut scene = scene().await;
    known(&scene).await;
    scene.ann.write(scene.there.id, "hello").await;
    until(async || {
        let history = scene.here.get("messages").await.json();
        (history.as_array().map(Vec::len) == Some(1)).then_some(())
    })
    .await;
    assert!(scene.upstream.stop().await.success());
    let refused = scene.bot.call("sendMessage", json!({"chat_id": scene.ann.id, "text": "x"})).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(
        refused.json()["parameters"]["retry_after"].as_i64() >= Some(1)
            && refused.header("retry-after").is_some()
    );
    assert_eq!(scene.here.get("messages").await.json()[0]["text"], "hello");
    scene.upstream.start_again().await;
    let sent = until(async || {
        let answer = scene.bot.call("sendMessage", json!({"chat_id": scene.ann.id, "text": "again"})).await;
        (answer.status == 200).then(|| answer.result())
    })
    .await;
    assert_eq!(scene.here.get("messages").await.json()[0], sent);
}

#[tokio::test]
async fn a_reply_that_is_lost_is_a_504_and_nothing_is_sent_twice() {
    let Faked { upstream, bot, gateway: _gateway, .. } = faked().await;
    upstream.fail_next("sendMessage", Fault::LostReply);
    let answer = bot.call("sendMessage", json!({"chat_id": 7, "text": "once"})).await;
    let why = "Gateway Timeout: the upstream gave no answer, and may have done what it was asked";
    assert_eq!(answer.refusal(), (504, why.to_owned()));
    assert_eq!(upstream.acted("sendMessage"), 1);
    let sent = bot.call("sendMessage", json!({"chat_id": 7, "text": "twice"})).await.result();
    assert_eq!((upstream.acted("sendMessage"), &sent["text"]), (2, &json!("twice")));
}

#[tokio::test]
async fn what_was_taken_comes_again_when_the_upstream_did_not_hear_of_it_and_is_kept_once() {
    let Faked { upstream, token, bot, gateway: _gateway } = faked().await;
    let message = |number: i64| {
        json!({"message": {"message_id": number, "date": 1_800_000_000, "text": format!("no. {number}"),
            "chat": {"id": 7, "type": "private", "first_name": "Ann"},
            "from": {"id": 7, "is_bot": false, "first_name": "Ann"}}})
    };
    for number in 1..=5 {
        upstream.fail_next("getUpdates", Fault::LostReply);
        upstream.push(&token, message(number));
    }
    let count = async || bot.get("messages").await.json().as_array().map(Vec::len);
    until(async || (count().await == Some(5)).then_some(())).await;
    until(async || (upstream.pending(&token) == 0).then_some(())).await;
    let updates = bot.call("getUpdates", json!({})).await.result();
    let texts: Vec<&Value> =
        updates.as_array().unwrap().iter().map(|update| &update["message"]["text"]).collect();
    assert_eq!(texts, ["no. 1", "no. 2", "no. 3", "no. 4", "no. 5"]);
    assert_eq!(bot.get("contacts").await.result()["total_count"], 1);
}

#[tokio::test]
async fn a_token_that_the_upstream_refuses_stops_the_polling_until_it_is_connected_again() {
    let Faked { upstream, gateway, token, .. } = faked().await;
    // The poll that waits is woken; the next one is refused.
    upstream.push(&token, json!({"poll": {}}));
    upstream.revoke(&token);
    let show = ["account", "show", "4100000001", "--json"];
    until(async || gateway.cli_json(&show).await["stopped"].as_str().map(str::to_owned)).await;
    let polls = upstream.seen("getUpdates").len();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(upstream.seen("getUpdates").len(), polls, "it is left alone");
}

#[tokio::test]
async fn an_update_that_is_odd_stops_none_after_it() {
    let Faked { upstream, token, bot, gateway: _gateway } = faked().await;
    let ann = somebody(7, "A\u{0}nn");
    let odd = [
        json!({}),
        json!({"message": 5}),
        json!({"message": message(1, &ann, json!({"text": "a\u{0}b"}))}),
        json!({"message": {"message_id": i64::MAX, "date": -5, "chat": {"id": i64::MIN}, "from": {"id": i64::MAX}}}),
        json!({"something_new": {"from": ann}}),
        json!({"message": message(2, &ann, json!({"text": "the last"}))}),
    ];
    for update in odd {
        upstream.push(&token, update);
    }
    until(async || (bot.get("messages?q=last").await.json()[0]["text"] == "the last").then_some(())).await;
    assert_eq!(upstream.pending(&token), 0);
    assert_eq!(bot.get("contacts/7").await.result()["first_name"], "Ann");
    let texts = bot.call("getUpdates", json!({})).await.result();
    assert_eq!(
        texts.as_array().and_then(|all| all.last()).map(|last| &last["message"]["text"]),
        Some(&json!("the last"))
    );
}

#[tokio::test]
async fn a_second_update_with_a_place_that_is_taken_is_another_text_of_the_message() {
    let scene = faked().await;
    let ann = somebody(7, "Ann");
    scene.happens(json!({"message": message(1, &ann, json!({"text": "one"}))})).await;
    scene.happens(json!({"message": message(1, &ann, json!({"text": "two"}))})).await;
    let texts: Vec<Value> =
        scene.history().await.as_array().into_iter().flatten().map(|one| one["text"].clone()).collect();
    assert_eq!(texts, ["two"]);
}

#[tokio::test]
async fn what_is_sent_is_in_the_history_also_when_its_caller_hangs_up() {
    let Faked { upstream, bot, gateway: _gateway, .. } = faked().await;
    upstream.fail_next("sendMessage", Fault::Slow(Duration::from_millis(1500)));
    let impatient = bot.call("sendMessage", json!({"chat_id": 7, "text": "bye"}));
    tokio::select! {
        _ = impatient => panic!("nobody answers so soon"),
        _ = upstream.until_seen("sendMessage", 1) => {}
    }
    let history = until(async || {
        let history = bot.get("messages").await.json();
        (history.as_array().map(Vec::len) == Some(1)).then_some(history)
    })
    .await;
    assert_eq!(history[0]["text"], "bye");
    assert_eq!(upstream.acted("sendMessage"), 1);
}
