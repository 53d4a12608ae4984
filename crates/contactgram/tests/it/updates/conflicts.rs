//! 409: two who poll one account, and polls against webhooks.

use contactgram_testkit::{Options, TestServer, json};

use super::{SETTLE, conflict, newer_call, nowhere, poll, texts, waiting};
use crate::kit::on_each_engine;

const WEBHOOK_ACTIVE: &str =
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

#[tokio::test]
async fn a_newer_waiting_call_ends_the_older() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let older = waiting(shop.bot(), json!({"timeout": 40})).await;
    let newer = waiting(shop.bot(), json!({"timeout": 40})).await;
    assert_eq!(older.await.unwrap().refusal(), newer_call());
    ann.write(shop.id, "hello").await;
    let updates = newer.await.unwrap().result();
    assert_eq!(texts(updates.as_array().unwrap()), ["hello"]);
}

#[tokio::test]
async fn a_call_that_does_not_wait_ends_nobody() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let waits = waiting(shop.bot(), json!({"timeout": 40})).await;
    assert!(poll(&shop, json!({})).await.is_empty());
    assert!(poll(&shop, json!({"timeout": 0, "offset": -1})).await.is_empty());
    tokio::time::sleep(SETTLE).await;
    assert!(!waits.is_finished());
    ann.write(shop.id, "hello").await;
    // One that finds updates does not wait either, whatever its timeout.
    assert_eq!(texts(&poll(&shop, json!({"timeout": 40})).await), ["hello"]);
    let updates = waits.await.unwrap().result();
    assert_eq!(texts(updates.as_array().unwrap()), ["hello"]);
}

#[tokio::test]
async fn a_conflict_soon_after_another_is_told_late() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let first = waiting(shop.bot(), json!({"timeout": 40})).await;
    let second = waiting(shop.bot(), json!({"timeout": 40})).await;
    assert_eq!(first.await.unwrap().refusal(), newer_call());
    let third = waiting(shop.bot(), json!({"timeout": 40})).await;
    assert!(!second.is_finished(), "told 3 s later");
    assert_eq!(second.await.unwrap().refusal(), newer_call());
    assert!(!third.is_finished(), "it goes on waiting");
    third.abort();
}

#[tokio::test]
async fn while_there_is_a_webhook_nobody_may_poll() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        shop.bot().call("setWebhook", nowhere()).await.result();
        for parameters in [json!({}), json!({"timeout": 40})] {
            let refused = shop.bot().call("getUpdates", parameters).await;
            assert_eq!(refused.refusal(), conflict(WEBHOOK_ACTIVE));
        }
        shop.bot().call("deleteWebhook", json!({})).await.result();
        assert!(poll(&shop, json!({})).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn setting_a_webhook_ends_the_call_that_waits() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let waits = waiting(shop.bot(), json!({"timeout": 40})).await;
        shop.bot().call("setWebhook", nowhere()).await.result();
        assert_eq!(waits.await.unwrap().refusal(), conflict("terminated by setWebhook request"));
    })
    .await;
}

#[tokio::test]
async fn a_webhook_that_is_refused_ends_nobody() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let waits = waiting(shop.bot(), json!({"timeout": 40})).await;
    let refused = shop.bot().call("setWebhook", json!({"url": "ftp://example.com/"})).await;
    assert_eq!(refused.refusal(), (400, "Bad Request: invalid webhook URL specified".to_owned()));
    shop.bot().call("deleteWebhook", json!({})).await.result();
    tokio::time::sleep(SETTLE).await;
    assert!(!waits.is_finished());
    waits.abort();
}
