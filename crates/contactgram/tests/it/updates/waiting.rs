//! Long polling: who is woken, and by what.

use contactgram_testkit::{Options, TestServer, json};

use super::{SETTLE, ids, kinds, poll, texts, waiting};
use crate::kit::on_each_engine;

#[tokio::test]
async fn a_message_wakes_the_call_that_waits_for_it_and_no_other() {
    on_each_engine(async |server| {
        let (shop, other) = (server.account("Shop").await, server.account("Other").await);
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let call = waiting(shop.bot(), json!({"timeout": 40})).await;
        let idle = waiting(other.bot(), json!({"timeout": 40})).await;
        ann.write(shop.id, "hello").await;
        let updates = call.await.unwrap().result();
        assert_eq!(updates[0]["message"]["text"], "hello");
        assert!(!idle.is_finished());
        idle.abort();
    })
    .await;
}

#[tokio::test]
async fn accounts_wake_each_other() {
    let server = TestServer::start(Options::default()).await;
    let (shop, other) = (server.account("Shop").await, server.account("Other").await);
    let call = waiting(other.bot(), json!({"timeout": 40})).await;
    // Telegram's rule between bots does not hold here unless an account is strict.
    let sent = shop.bot().call("sendMessage", json!({"chat_id": other.id, "text": "hello"})).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(call.await.unwrap().result()[0]["message"]["text"], "hello");
}

#[tokio::test]
async fn a_call_that_waited_for_nothing_answers_an_empty_list() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    for timeout in [json!(1), json!("1"), json!(0), json!(-3), json!("abc")] {
        assert!(poll(&shop, json!({"timeout": timeout})).await.is_empty(), "{timeout}");
    }
}

#[tokio::test]
async fn a_timeout_beyond_what_is_allowed_still_waits() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let call = waiting(shop.bot(), json!({"timeout": 1_000_000})).await;
    ann.write(shop.id, "hello").await;
    assert_eq!(call.await.unwrap().result()[0]["message"]["text"], "hello");
}

#[tokio::test]
async fn a_count_from_the_end_passes_over_nothing_that_comes_while_it_waits() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let asked = json!(["message", "contact_added"]);
    let call = waiting(shop.bot(), json!({"offset": -1, "timeout": 40, "allowed_updates": asked})).await;
    // One transaction, two updates.
    ann.write(shop.id, "hello").await;
    let updates = call.await.unwrap().result();
    assert_eq!(kinds(updates.as_array().unwrap()), ["contact_added", "message"]);
}

#[tokio::test]
async fn whoever_hangs_up_leaves_the_next_call_in_peace() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    for _ in 0..5 {
        let dropped = waiting(shop.bot(), json!({"timeout": 40})).await;
        dropped.abort();
        let next = waiting(shop.bot(), json!({"timeout": 40})).await;
        tokio::time::sleep(SETTLE).await;
        ann.write(shop.id, "hello").await;
        let updates = next.await.unwrap().result();
        let updates = updates.as_array().unwrap();
        assert_eq!(texts(updates), ["hello"]);
        assert!(poll(&shop, json!({"offset": ids(updates)[0] + 1})).await.is_empty());
    }
}

#[tokio::test]
async fn other_processes_wake_a_call_too() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let call = waiting(shop.bot(), json!({"timeout": 40})).await;
        let (person, to) = (ann.id.to_string(), shop.id.to_string());
        server
            .cli_json(&["people", "write", &person, "--to", &to, "--text", "from the command line", "--json"])
            .await;
        let updates = call.await.unwrap().result();
        assert_eq!(updates[0]["message"]["text"], "from the command line");
    })
    .await;
}
