//! What a webhook is sent, in which order, and how much at once.

use std::time::Duration;

use contactgram_testkit::{Options, Person, TestServer, json};

use super::hook::{Do, Hook, Seen};
use super::{drained, info, set};
use crate::kit::on_each_engine;

async fn people(server: &TestServer, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(server.person(json!({"first_name": "Ann"})).await);
    }
    people
}

fn texts_of(seen: &[Seen], person: &Person) -> Vec<String> {
    seen.iter().filter(|seen| seen.chat == person.id).map(|seen| seen.text.clone()).collect()
}

#[tokio::test]
async fn an_update_is_posted_as_json_with_the_secret_token() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "before").await;
        let hook = Hook::start(|_| Do::ok()).await;
        set(&shop, &hook, json!({"secret_token": "S3cret_-"})).await;
        ann.write(shop.id, "after").await;
        let seen = hook.until_accepted(2).await;
        assert_eq!(texts_of(&seen, &ann), ["before", "after"]);
        for request in &seen {
            assert!(request.head.starts_with("POST /hook HTTP/1.1\r\n"), "{}", request.head);
            assert_eq!(request.header("content-type"), Some("application/json"));
            assert_eq!(request.header("x-telegram-bot-api-secret-token"), Some("S3cret_-"));
            assert!(request.body.starts_with("{\"update_id\":"), "{}", request.body);
            assert_eq!(request.json()["message"]["from"]["id"], ann.id);
        }
        assert_eq!(seen[1].update_id, seen[0].update_id + 1);
        let info = drained(&shop).await;
        assert_eq!(info.get("last_error_date"), None, "{info}");
    })
    .await;
}

#[tokio::test]
async fn user_and_password_of_the_url_are_sent_as_basic_authentication() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::ok()).await;
    let url = hook.url().replace("http://", "http://user:pass@");
    shop.bot().call("setWebhook", json!({"url": url})).await.result();
    ann.write(shop.id, "hello").await;
    let seen = hook.until_accepted(1).await;
    assert_eq!(seen[0].header("authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!(seen[0].header("x-telegram-bot-api-secret-token"), None);
}

#[tokio::test]
async fn a_slow_chat_keeps_its_order_and_holds_up_no_other() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let people = people(&server, 2).await;
    let slow = people[0].id;
    let hook = Hook::start(move |seen| if seen.chat == slow { Do::After(30) } else { Do::ok() }).await;
    set(&shop, &hook, json!({})).await;
    for number in 0..2 {
        people[0].write(shop.id, &format!("{number}")).await;
    }
    for number in 0..30 {
        people[1].write(shop.id, &format!("{number}")).await;
    }
    let seen = hook.until_accepted(32).await;
    let numbers = |count: i32| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    assert_eq!(texts_of(&seen, &people[0]), numbers(2));
    assert_eq!(texts_of(&seen, &people[1]), numbers(30));
    // The slow chat was answered after the other's last, and so held up none of it.
    assert_eq!(hook.accepted().len(), 32);
}

#[tokio::test]
async fn deliveries_are_parallel_up_to_max_connections_and_never_more() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    for person in people(&server, 12).await {
        for text in ["one", "two"] {
            person.write(shop.id, text).await;
        }
    }
    let hook = Hook::start(|_| Do::Later(Duration::from_millis(150), 200)).await;
    set(&shop, &hook, json!({"max_connections": 3})).await;
    hook.until_accepted(24).await;
    assert_eq!(hook.most_under_way(), 3);
    drained(&shop).await;
}

#[tokio::test]
async fn one_connection_delivers_everything_in_turn() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    for person in people(&server, 4).await {
        person.write(shop.id, "hello").await;
    }
    // While one delivery takes its time, another chat's retry is due: it has to wait for its place.
    let hook = Hook::start(|seen| match seen.earlier {
        0 => Do::status(500),
        _ => Do::Later(Duration::from_millis(300), 200),
    })
    .await;
    set(&shop, &hook, json!({"max_connections": 1})).await;
    hook.until_accepted(4).await;
    assert_eq!(hook.most_under_way(), 1);
    drained(&shop).await;
}

#[tokio::test]
async fn only_what_is_allowed_is_delivered_from_then_on() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::ok()).await;
    set(&shop, &hook, json!({"allowed_updates": ["edited_message"]})).await;
    let written = ann.write(shop.id, "unwanted").await;
    let edit = json!({"to": shop.id, "message_id": written["message_id"], "text": "changed"});
    ann.act("edit", edit).await.result();
    hook.until_accepted(1).await;
    set(&shop, &hook, json!({"allowed_updates": []})).await;
    ann.write(shop.id, "wanted").await;
    let seen = hook.until_accepted(2).await;
    assert_eq!(texts_of(&seen, &ann), ["changed", "wanted"]);
    assert_eq!(info(&shop).await.get("allowed_updates"), None);
}

#[tokio::test]
async fn what_is_written_by_another_process_is_delivered_too() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let hook = Hook::start(|_| Do::ok()).await;
        set(&shop, &hook, json!({})).await;
        let (person, to) = (ann.id.to_string(), shop.id.to_string());
        server.cli_json(&["people", "write", &person, "--to", &to, "--text", "by hand", "--json"]).await;
        assert_eq!(hook.until_accepted(1).await[0].text, "by hand");
    })
    .await;
}
