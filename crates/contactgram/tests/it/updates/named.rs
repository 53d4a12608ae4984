//! Named consumers: each reads the one log for itself, and the default one is as if there were no other.

use contactgram_testkit::{Account, Options, TestServer, Value, json};

use super::{conflict, ids, kinds, newer_call, nowhere, poll, texts, waiting};
use crate::kit::on_each_engine;

/// What a named consumer is answered.
async fn poll_as(account: &Account, consumer: &str, mut parameters: Value) -> Vec<Value> {
    parameters["consumer"] = json!(consumer);
    poll(account, parameters).await
}

async fn listed(account: &Account) -> Value {
    account.v1().get("consumers").await.result()
}

#[tokio::test]
async fn a_named_consumer_begins_at_the_end_and_confirms_for_itself_alone() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "before").await;
        assert!(poll_as(&shop, "desk", json!({})).await.is_empty(), "it begins now");
        for text in ["one", "two"] {
            ann.write(shop.id, text).await;
        }
        let desk = poll_as(&shop, "desk", json!({})).await;
        assert_eq!(texts(&desk), ["one", "two"]);
        let all = poll(&shop, json!({})).await;
        assert_eq!(texts(&all), ["before", "one", "two"]);
        let first = ids(&desk)[0];
        assert_eq!(texts(&poll_as(&shop, "desk", json!({"offset": first + 1})).await), ["two"]);
        let mut shown = listed(&shop).await;
        let oldest = shown[0].as_object_mut().and_then(|desk| desk.remove("oldest_pending_date"));
        assert_eq!(oldest, Some(desk[1]["message"]["date"].clone()), "when the second came");
        assert_eq!(shown, json!([{"name": "desk", "next_update_id": first + 1, "pending_update_count": 1}]));
        let info = shop.bot().call("getWebhookInfo", json!({})).await.result();
        assert_eq!(info["pending_update_count"], 3, "the default consumer has confirmed nothing");
        poll(&shop, json!({"offset": first + 2})).await;
        assert_eq!(texts(&poll_as(&shop, "desk", json!({})).await), ["two"]);
        assert_eq!(
            texts(&poll_as(&shop, "late", json!({"offset": -2})).await),
            ["one", "two"],
            "what is kept"
        );
    })
    .await;
}

#[tokio::test]
async fn each_consumer_asks_for_kinds_of_its_own() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        poll_as(&shop, "crm", json!({"allowed_updates": ["contact_added", "contact_changed"]})).await;
        poll_as(&shop, "desk", json!({})).await;
        ann.write(shop.id, "hello").await;
        let ben = json!({"phone_number": "+14155550123", "first_name": "Ben"});
        assert_eq!(shop.v1().post("contacts", ben).await.status, 201);
        assert_eq!(kinds(&poll_as(&shop, "crm", json!({})).await), ["contact_added", "contact_added"]);
        assert_eq!(kinds(&poll_as(&shop, "desk", json!({})).await), ["message"]);
        assert_eq!(
            kinds(&poll(&shop, json!({})).await),
            ["message"],
            "the default consumer asked for no contacts"
        );
        let info = shop.bot().call("getWebhookInfo", json!({})).await.result();
        assert_eq!(info["pending_update_count"], 1);
        assert_eq!(listed(&shop).await[0]["allowed_updates"], json!(["contact_added", "contact_changed"]));
        assert_eq!(shop.v1().delete("consumers/crm").await.result(), true);
        assert_eq!(
            shop.v1().delete("consumers/crm").await.refusal(),
            (404, "Not Found: consumer not found".to_owned())
        );
        let end = ids(&poll_as(&shop, "desk", json!({})).await)[0];
        shop.v1()
            .post("contacts", json!({"phone_number": "+14155550124", "first_name": "Cy"}))
            .await
            .result();
        ann.write(shop.id, "again").await;
        let ids = ids(&poll_as(&shop, "desk", json!({"offset": end + 1})).await);
        assert!(
            ids == [end + 1] || ids == [end + 2],
            "nobody asks for contacts any more: {ids:?} after {end}"
        );
    })
    .await;
}

#[tokio::test]
async fn two_who_poll_as_one_are_in_conflict_and_two_consumers_are_not() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let default = waiting(shop.bot(), json!({"timeout": 40})).await;
    let older = waiting(shop.bot(), json!({"timeout": 40, "consumer": "desk"})).await;
    let other = waiting(shop.bot(), json!({"timeout": 40, "consumer": "crm"})).await;
    let newer = waiting(shop.bot(), json!({"timeout": 40, "consumer": "desk"})).await;
    assert_eq!(older.await.unwrap().refusal(), newer_call());
    ann.write(shop.id, "hello").await;
    for call in [default, other, newer] {
        let updates = call.await.unwrap().result();
        assert_eq!(texts(updates.as_array().unwrap()), ["hello"]);
    }
}

#[tokio::test]
async fn a_webhook_takes_the_default_consumers_updates_and_no_others() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let waits = waiting(shop.bot(), json!({"timeout": 40, "consumer": "desk"})).await;
    shop.bot().call("setWebhook", nowhere()).await.result();
    assert_eq!(shop.bot().call("getUpdates", json!({})).await.status, 409);
    ann.write(shop.id, "hello").await;
    assert_eq!(texts(waits.await.unwrap().result().as_array().unwrap()), ["hello"]);
}

#[tokio::test]
async fn whoever_waits_as_a_consumer_that_is_removed_is_told() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let waits = waiting(shop.bot(), json!({"timeout": 40, "consumer": "desk"})).await;
    shop.bot().delete("consumers/desk").await.result();
    assert_eq!(waits.await.unwrap().refusal(), conflict("the consumer was removed"));
    assert_eq!(listed(&shop).await, json!([]));
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_by_its_field() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    for name in ["", "a b", "#1", "ü", &"x".repeat(65)] {
        let refused = shop.bot().call("getUpdates", json!({"consumer": name})).await;
        let text = "Bad Request: consumer must have 1 to 64 of the characters A-Z a-z 0-9 _ . -";
        assert_eq!(refused.refusal(), (400, text.to_owned()), "{name}");
    }
    assert_eq!(listed(&shop).await, json!([]));
}

#[tokio::test]
async fn consumers_stand_where_they_stood_after_a_kill() {
    on_each_engine(async |mut server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        poll_as(&shop, "desk", json!({})).await;
        for text in ["one", "two"] {
            ann.write(shop.id, text).await;
        }
        let first = ids(&poll_as(&shop, "desk", json!({})).await)[0];
        poll_as(&shop, "desk", json!({"offset": first + 1})).await;
        server.kill().await;
        server.start_again().await;
        assert_eq!(texts(&poll_as(&shop, "desk", json!({})).await), ["two"]);
    })
    .await;
}
