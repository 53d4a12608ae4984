//! Idempotency keys of bots at an upstream: the same request acts once, uploads included, and one whose fate is unknown is
//! never made again.

use super::{Scene, scene, upload};
use crate::gateway::kit::until;
use contactgram_testkit::{Answer, Fault, Method, Options, json};
use std::time::Duration;

const KEY: &str = "Idempotency-Key";

async fn photo(scene: &Scene, key: &str, (kind, body): (String, String)) -> Answer {
    let request = scene.bot.request(Method::POST, "sendPhoto").header(KEY, key);
    scene.bot.send(request.header("content-type", kind).body(body)).await
}

#[tokio::test]
async fn the_same_request_is_sent_once_and_answered_alike_and_another_one_is_refused() {
    let mut scene = scene(Options::default()).await;
    let params = json!({"chat_id": 7, "text": "once"});
    let first = scene.with((KEY, "a"), "sendMessage", params.clone()).await;
    assert_eq!(first.result()["text"], "once");
    let other = scene.with((KEY, "a"), "sendMessage", json!({"chat_id": 7, "text": "other"})).await;
    let why = "Unprocessable Entity: the Idempotency-Key was used before with another request";
    assert_eq!(other.refusal(), (422, why.to_owned()));
    scene.crash().await;
    let again = scene.with((KEY, "a"), "sendMessage", params.clone()).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(scene.texts(7), ["once"]);
    scene.with((KEY, "b"), "sendMessage", params).await.result();
    assert_eq!(scene.texts(7), ["once", "once"]);
    assert_eq!(scene.bot.get("messages").await.json().as_array().map(Vec::len), Some(2));
    assert!(scene.upstream.seen("sendMessage").iter().all(|seen| seen.header("idempotency-key").is_none()));

    scene.meet(9).await;
    let path = "contacts/9/messages";
    let first = scene.with((KEY, "c"), path, json!({"text": "to Ann"})).await;
    let again = scene.with((KEY, "c"), path, json!({"text": "to Ann"})).await;
    assert_eq!((first.result(), scene.texts(9)), (again.result(), vec!["to Ann".to_owned()]));
}

#[tokio::test]
async fn a_request_without_an_answer_is_never_made_again() {
    let mut scene = scene(Options::default()).await;
    let params = json!({"chat_id": 7, "text": "once"});
    scene.upstream.fail_next("sendMessage", Fault::LostReply);
    assert_eq!(scene.with((KEY, "lost"), "sendMessage", params.clone()).await.status, 504);
    scene.upstream.fail_next("sendMessage", Fault::Slow(Duration::from_secs(20)));
    let request = scene.bot.request(Method::POST, "sendMessage").header(KEY, "crashed").json(&params);
    let crashed = tokio::spawn(request.send());
    scene.upstream.until_seen("sendMessage", 2).await;
    let running = scene.with((KEY, "crashed"), "sendMessage", params.clone()).await;
    let why = "Conflict: a request with this Idempotency-Key is still running";
    assert_eq!(running.refusal(), (409, why.to_owned()));
    scene.crash().await;
    assert!(crashed.await.unwrap().is_err());
    for key in ["lost", "crashed", "lost"] {
        let (status, text) = scene.with((KEY, key), "sendMessage", params.clone()).await.refusal();
        assert!(status == 409 && text.contains("its fate is unknown"), "{text}");
    }
    assert_eq!(scene.upstream.acted("sendMessage"), 2);
}

#[tokio::test]
async fn a_request_that_had_no_effect_may_come_again() {
    let mut scene = scene(Options::default()).await;
    let params = json!({"chat_id": 7, "text": "once"});
    let send = async |scene: &Scene| scene.with((KEY, "a"), "sendMessage", params.clone()).await;
    scene.upstream.fail_next("sendMessage", Fault::error(400, "Bad Request: chat not found"));
    assert_eq!(send(&scene).await.refusal(), (400, "Bad Request: chat not found".to_owned()));
    scene.upstream.stop();
    assert_eq!(send(&scene).await.status, 503);
    scene.upstream.start_again().await;
    let sent = until(async || Some(send(&scene).await).filter(|answer| answer.status == 200)).await;
    assert_eq!(send(&scene).await.text, sent.text);
    assert_eq!(scene.texts(7), ["once"]);
}

#[tokio::test]
async fn an_upload_acts_once_whatever_its_boundary() {
    let scene = scene(Options::default()).await;
    let file = "png".repeat(50_000);
    let first = photo(&scene, "a", upload("one", &file)).await;
    assert_eq!(first.result()["photo"]["file_size"], file.len());
    let again = photo(&scene, "a", upload("another", &file)).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    let other = photo(&scene, "a", upload("one", "another file")).await;
    assert_eq!(other.status, 422, "{}", other.text);
    assert_eq!(scene.upstream.acted("sendPhoto"), 1);
    scene.upstream.fail_next("sendPhoto", Fault::LostReply);
    assert_eq!(photo(&scene, "b", upload("one", &file)).await.status, 504);
    assert_eq!(photo(&scene, "b", upload("two", &file)).await.status, 409);
    assert_eq!(scene.upstream.acted("sendPhoto"), 2);
}
