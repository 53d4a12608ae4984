//! allowed_updates: what it changes, from when on, and for how long.

use contactgram_testkit::{Account, Options, Person, TestServer, Value, json};

use super::{ids, kinds, nowhere, poll, texts};

async fn shop_and_ann(server: &TestServer) -> (Account, Person) {
    (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await)
}

/// Everything that waits, confirmed.
async fn take_all(shop: &Account) -> Vec<Value> {
    let updates = poll(shop, json!({})).await;
    if let Some(last) = ids(&updates).last() {
        assert!(poll(shop, json!({"offset": last + 1})).await.is_empty());
    }
    updates
}

async fn allowed(shop: &Account) -> Value {
    shop.bot().call("getWebhookInfo", json!({})).await.result()["allowed_updates"].take()
}

#[tokio::test]
async fn what_is_allowed_holds_for_later_updates_and_outlives_the_server() {
    let mut server = TestServer::start(Options::default()).await;
    let (shop, ann) = shop_and_ann(&server).await;
    ann.write(shop.id, "before").await;
    let updates = poll(&shop, json!({"allowed_updates": ["edited_message"]})).await;
    assert_eq!(texts(&updates), ["before"], "logged already");
    ann.write(shop.id, "unwanted").await;
    assert_eq!(texts(&take_all(&shop).await), ["before"]);
    server.restart().await;
    let written = ann.write(shop.id, "unwanted too").await;
    let edit = json!({"to": shop.id, "message_id": written["message_id"], "text": "changed"});
    ann.act("edit", edit).await.result();
    assert_eq!(
        kinds(&take_all(&shop).await),
        ["edited_message"],
        "a call without the parameter changes nothing"
    );
    assert_eq!(allowed(&shop).await, json!(["edited_message"]));

    poll(&shop, json!({"allowed_updates": []})).await;
    ann.write(shop.id, "wanted").await;
    assert_eq!(kinds(&take_all(&shop).await), ["message"], "an empty list is the usual set");
    assert_eq!(allowed(&shop).await, Value::Null);
}

#[tokio::test]
async fn names_that_nobody_knows_are_passed_over() {
    let server = TestServer::start(Options::default()).await;
    let (shop, _) = shop_and_ann(&server).await;
    poll(&shop, json!({"allowed_updates": ["callback_query", "no_such_thing"]})).await;
    assert_eq!(allowed(&shop).await, json!(["callback_query"]));
    poll(&shop, json!({"allowed_updates": ["no_such_thing"]})).await;
    assert_eq!(allowed(&shop).await, Value::Null, "none known is the usual set");
}

#[tokio::test]
async fn what_cannot_be_read_leaves_the_setting_as_it_is() {
    let server = TestServer::start(Options::default()).await;
    let (shop, _) = shop_and_ann(&server).await;
    poll(&shop, json!({"allowed_updates": "[\"callback_query\"]"})).await;
    assert_eq!(allowed(&shop).await, json!(["callback_query"]), "JSON in a string, as forms carry it");
    for unreadable in
        [json!("callback_query"), json!("[\"message\""), json!(""), json!([1, 2]), json!({"a": 1}), json!(7)]
    {
        poll(&shop, json!({"allowed_updates": unreadable})).await;
        assert_eq!(allowed(&shop).await, json!(["callback_query"]), "{unreadable}");
    }
}

#[tokio::test]
async fn changes_of_contacts_come_to_those_who_ask() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = shop_and_ann(&server).await;
    let contact = json!({"first_name": "Ben", "phone_number": "+447700900123"});
    shop.v1().post("contacts", contact).await.result();
    ann.write(shop.id, "hello").await;
    assert_eq!(kinds(&take_all(&shop).await), ["message"], "nobody asked");

    let asked = json!(["contact_added", "contact_changed", "contact_removed"]);
    poll(&shop, json!({"allowed_updates": asked})).await;
    let contact = json!({"first_name": "Cid", "phone_number": "+447700900124"});
    let id = shop.v1().post("contacts", contact).await.result()["id"].as_i64().unwrap();
    shop.v1().patch(&format!("contacts/{id}"), json!({"first_name": "Cyd"})).await.result();
    shop.v1().delete(&format!("contacts/{id}")).await.result();
    ann.write(shop.id, "unwanted").await;
    let updates = take_all(&shop).await;
    assert_eq!(kinds(&updates), ["contact_added", "contact_changed", "contact_removed"]);
    assert_eq!(updates[0]["contact_added"]["first_name"], "Cid");
    assert_eq!(updates[1]["contact_changed"]["first_name"], "Cyd");
    assert_eq!(updates[2]["contact_removed"]["id"], id);
}

#[tokio::test]
async fn comings_and_goings_of_others_come_to_those_who_ask() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = shop_and_ann(&server).await;
    let ben = server.person(json!({"first_name": "Ben"})).await;
    let group = server.group("Team", &[ann.id, shop.id]).await;
    let member = json!({"user_id": shop.id, "status": "administrator"});
    server.admin().post(&format!("groups/{group}/members"), member).await.result();
    take_all(&shop).await;
    ben.act("join", json!({"group_id": group})).await.result();
    assert!(!kinds(&take_all(&shop).await).contains(&"chat_member"), "nobody asked");
    poll(&shop, json!({"allowed_updates": ["chat_member"]})).await;
    ben.act("leave", json!({"group_id": group})).await.result();
    let updates = take_all(&shop).await;
    assert_eq!(kinds(&updates), ["chat_member"]);
    assert_eq!(updates[0]["chat_member"]["new_chat_member"]["status"], "left");
    assert_eq!(updates[0]["chat_member"]["new_chat_member"]["user"]["id"], ben.id);
}

#[tokio::test]
async fn a_refused_call_changes_no_setting() {
    let server = TestServer::start(Options::default()).await;
    let (shop, _) = shop_and_ann(&server).await;
    shop.bot().call("setWebhook", nowhere()).await.result();
    let refused = shop.bot().call("getUpdates", json!({"allowed_updates": ["callback_query"]})).await;
    assert_eq!(refused.status, 409);
    assert_eq!(allowed(&shop).await, Value::Null);
}
