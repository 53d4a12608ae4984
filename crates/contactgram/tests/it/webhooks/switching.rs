//! Webhooks that are set, deleted and moved while deliveries run.

use std::time::Duration;

use contactgram_testkit::{Options, TestServer, json};

use super::hook::{Do, Hook};
use super::{drained, info, set};

#[tokio::test]
async fn a_webhook_that_moves_takes_along_what_was_not_taken() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let ben = server.person(json!({"first_name": "Ben"})).await;
    let stuck = Hook::start(|_| Do::Later(Duration::from_secs(3600), 200)).await;
    set(&shop, &stuck, json!({"max_connections": 2})).await;
    for number in 0..10 {
        ann.write(shop.id, &number.to_string()).await;
        ben.write(shop.id, &number.to_string()).await;
    }
    // Both places are taken by deliveries that will not end.
    while stuck.most_under_way() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let hook = Hook::start(|_| Do::ok()).await;
    assert_eq!(set(&shop, &hook, json!({"max_connections": 2})).await, "Webhook was set");
    let seen = hook.until_accepted(20).await;
    assert_eq!(seen.len(), 20, "each once");
    for person in [&ann, &ben] {
        let texts: Vec<_> =
            seen.iter().filter(|seen| seen.chat == person.id).map(|seen| seen.text.clone()).collect();
        assert_eq!(texts, (0..10).map(|number| number.to_string()).collect::<Vec<_>>());
    }
    drained(&shop).await;
    assert!(stuck.seen().is_empty());
}

#[tokio::test]
async fn a_webhook_set_right_after_its_deletion_is_served() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::ok()).await;
    for round in 1..=30 {
        set(&shop, &hook, json!({})).await;
        shop.bot().call("deleteWebhook", json!({})).await.result();
        set(&shop, &hook, json!({})).await;
        ann.write(shop.id, &round.to_string()).await;
        hook.until_accepted(round).await;
    }
    drained(&shop).await;
    let ids: Vec<_> = hook.accepted().iter().map(|seen| seen.update_id).collect();
    assert!(ids.is_sorted(), "in order: {ids:?}");
    assert_eq!(hook.most_under_way(), 1, "one dispatcher, one chat");
}

#[tokio::test]
async fn what_a_deleted_webhook_left_is_polled() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|seen| if seen.text == "two" { Do::status(500) } else { Do::ok() }).await;
    set(&shop, &hook, json!({})).await;
    for text in ["one", "two", "three"] {
        ann.write(shop.id, text).await;
    }
    hook.until(|seen| seen.iter().any(|seen| seen.text == "two")).await;
    while info(&shop).await["pending_update_count"] != 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    shop.bot().call("deleteWebhook", json!({})).await.result();
    let updates = shop.bot().call("getUpdates", json!({})).await.result();
    let texts: Vec<_> =
        updates.as_array().unwrap().iter().map(|update| update["message"]["text"].clone()).collect();
    assert_eq!(texts, [json!("two"), json!("three")]);
}

#[tokio::test]
async fn an_account_that_is_removed_is_delivered_no_more() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::status(500)).await;
    set(&shop, &hook, json!({})).await;
    ann.write(shop.id, "hello").await;
    hook.until(|seen| seen.len() >= 2).await;
    let id = shop.id.to_string();
    server.cli(&["account", "remove", &id, "--yes"]).await;
    assert_eq!(shop.bot().call("getMe", json!({})).await.status, 401);
    let seen = hook.seen().len();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(hook.seen().len() <= seen + 1, "the next try would have come");
}
