//! Deliveries that fail: tried again, told in getWebhookInfo, and dropped only when asked to.

use std::time::Duration;

use contactgram_testkit::{Options, TestServer, json};

use super::hook::{Do, Hook};
use super::{drained, info, set};

/// Time in which something that must not happen would have happened.
const WHILE: Duration = Duration::from_millis(800);

#[tokio::test]
async fn a_failed_delivery_is_tried_again_until_it_succeeds() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|seen| if seen.earlier < 2 { Do::status(500) } else { Do::ok() }).await;
    set(&shop, &hook, json!({})).await;
    ann.write(shop.id, "one").await;
    ann.write(shop.id, "two").await;
    hook.until(|seen| seen.len() >= 2).await;
    let failing = info(&shop).await;
    assert_eq!(failing["last_error_message"], "Wrong response from the webhook: 500 As Told", "{failing}");
    assert!(failing["last_error_date"].as_i64().is_some_and(|date| date > 1_600_000_000), "{failing}");
    assert_eq!(failing["pending_update_count"], 2);
    let seen = hook.until_accepted(2).await;
    assert_eq!(seen.iter().map(|seen| seen.text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    let order: Vec<_> = hook.seen().iter().map(|seen| seen.text.clone()).collect();
    assert_eq!(order, ["one", "one", "one", "two", "two", "two"], "nothing overtakes");
    let done = drained(&shop).await;
    assert_eq!(done["last_error_message"], failing["last_error_message"], "the last error stays");
}

#[tokio::test]
async fn every_sort_of_failure_is_told() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let cases = [
        (Do::status(404), "Wrong response from the webhook: 404 As Told"),
        (
            Do::Say(302, "location: http://127.0.0.1:9/\r\n".to_owned(), String::new()),
            "Wrong response from the webhook: 302 As Told",
        ),
        (Do::Reset, "Connection reset by peer"),
    ];
    for (act, message) in cases {
        let hook = Hook::start(move |_| act.clone()).await;
        set(&shop, &hook, json!({"drop_pending_updates": true})).await;
        ann.write(shop.id, "hello").await;
        hook.until(|seen| seen.len() >= 2).await;
        assert_eq!(info(&shop).await["last_error_message"], message);
    }
    let gone = json!({"url": "http://127.0.0.1:1/", "drop_pending_updates": true});
    shop.bot().call("setWebhook", gone).await.result();
    ann.write(shop.id, "hello").await;
    for _ in 0..100 {
        if info(&shop).await.get("last_error_message").is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(info(&shop).await["last_error_message"], "Connection refused");
}

#[tokio::test]
async fn a_receiver_says_when_to_come_again() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let ben = server.person(json!({"first_name": "Ben"})).await;
    let busy = ann.id;
    let hook = Hook::start(move |seen| match seen.chat == busy {
        true => Do::Say(503, "retry-after: 3600\r\n".to_owned(), String::new()),
        false => Do::ok(),
    })
    .await;
    set(&shop, &hook, json!({})).await;
    ann.write(shop.id, "later").await;
    ben.write(shop.id, "now").await;
    hook.until_accepted(1).await;
    tokio::time::sleep(WHILE).await;
    assert_eq!(hook.seen().iter().filter(|seen| seen.chat == busy).count(), 1, "not even once at once");
    assert_eq!(info(&shop).await["pending_update_count"], 1);
    // Other settings begin anew.
    hook.behave(|_| Do::ok());
    set(&shop, &hook, json!({"max_connections": 7})).await;
    assert_eq!(hook.until_accepted(2).await[1].text, "later");
    let info = drained(&shop).await;
    assert_eq!(info.get("last_error_message"), None, "and without an error: {info}");
}

#[tokio::test]
async fn dropped_updates_are_not_delivered_any_more() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::Say(503, "retry-after: 1\r\n".to_owned(), String::new())).await;
    set(&shop, &hook, json!({})).await;
    for text in ["one", "two", "three"] {
        ann.write(shop.id, text).await;
    }
    hook.until(|seen| !seen.is_empty()).await;
    assert_eq!(info(&shop).await["pending_update_count"], 3);
    let dropping = json!({"drop_pending_updates": true});
    assert_eq!(set(&shop, &hook, dropping).await, "Webhook is already set");
    assert_eq!(info(&shop).await["pending_update_count"], 0);
    hook.behave(|_| Do::ok());
    ann.write(shop.id, "four").await;
    hook.until_accepted(1).await;
    tokio::time::sleep(WHILE).await;
    let texts: Vec<_> = hook.accepted().into_iter().map(|seen| seen.text).collect();
    assert_eq!(texts, ["four"]);
    let deleted = shop.bot().call("deleteWebhook", json!({"drop_pending_updates": true})).await;
    assert_eq!(deleted.json()["description"], "Webhook was deleted");
}

#[tokio::test]
async fn a_chat_that_always_fails_stops_no_other_however_much_it_piles_up() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let ben = server.person(json!({"first_name": "Ben"})).await;
    let poison = ann.id;
    let write = |number: i64| {
        let (admin, to) = (server.admin(), shop.id);
        let body = json!({"to": to, "text": number.to_string()});
        tokio::spawn(async move { admin.post(&format!("people/{poison}/write"), body).await.result() })
    };
    // More than is read from the log at once.
    for chunk in 0..25 {
        let writes: Vec<_> = (0..50).map(|number| write(chunk * 50 + number)).collect();
        for write in writes {
            write.await.unwrap();
        }
    }
    let hook = Hook::start(move |seen| if seen.chat == poison { Do::status(500) } else { Do::ok() }).await;
    set(&shop, &hook, json!({})).await;
    hook.until(|seen| seen.len() >= 2).await;
    ben.write(shop.id, "hello").await;
    assert_eq!(hook.until_accepted(1).await[0].text, "hello");
    while info(&shop).await["pending_update_count"] != 1250 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
