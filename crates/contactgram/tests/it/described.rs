//! What the description promises of parameters, where requests made up from it once found the server to do otherwise.

use crate::kit::number;
use contactgram_testkit::{Method, Options, TestServer, Value, json};

/// The address of a webhook that nobody listens at.
const NOWHERE: &str = "http://127.0.0.1:9/hook";

#[tokio::test]
async fn a_whole_number_is_one_however_json_writes_it() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let v1 = shop.v1();
    // In the text of a body: a value would be written as it was read.
    let sent = |path: &str, body: String| {
        let request = v1.request(Method::POST, path).header("content-type", "application/json").body(body);
        v1.send(request)
    };
    let hook = sent("webhooks", format!(r#"{{"url":"{NOWHERE}","max_attempts":52.0,"chats":[5.0]}}"#)).await;
    assert_eq!(hook.status, 201, "{}", hook.text);
    assert_eq!((&hook.result()["max_attempts"], &hook.result()["chats"]), (&json!(52), &json!([5])));
    let refused = sent("webhooks", format!(r#"{{"url":"{NOWHERE}","max_attempts":52.5}}"#)).await;
    let text = "Bad Request: max_attempts must be a whole number from 1 to 100, not 52.5";
    assert_eq!(refused.refusal(), (400, text.to_owned()));

    let contact =
        sent("contacts", format!(r#"{{"user_id":{}.0,"first_name":"Ann"}}"#, ann.id)).await.result();
    assert_eq!(number(&contact["id"]), ann.id);
    let cast = format!(r#"{{"text":"Hello","to":{{"contact_ids":[{}.0]}}}}"#, ann.id);
    assert_eq!(sent("broadcasts", cast).await.result()["total"], 1);

    let below = sent("broadcasts", r#"{"text":"Hello","to":{"contact_ids":[-1]}}"#.to_owned()).await;
    let text = "Bad Request: contact_ids in to must be a list of positive whole numbers";
    assert_eq!(below.refusal(), (400, text.to_owned()));
    let same = json!({"phone_number": "+14155550100", "first_name": "A", "labels": vec!["vip"; 51]});
    let refused = v1.post("contacts", same).await;
    assert_eq!(refused.refusal(), (400, "Bad Request: labels must be at most 50".to_owned()));

    let admin = server.admin();
    let group = json!({"title": "Team", "creator": ann.id, "members": [shop.id as f64]});
    let group = admin.post("groups", group).await.result();
    assert!(group["members"].as_array().unwrap().contains(&json!(shop.id)), "{group}");
}

#[tokio::test]
async fn a_value_of_another_kind_is_refused_by_its_name() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let v1 = shop.v1();
    let id = v1.post("webhooks", json!({"url": NOWHERE})).await.result()["id"].clone();
    for (wrong, text) in [
        (json!({"paused": {}}), "paused must be true or false"),
        (json!({"paused": "perhaps"}), "paused must be true or false"),
        (json!({"secret_token": false}), "secret_token must be a string"),
        (json!({"description": {}}), "description must be a string"),
        (json!({"url": ["x"]}), "url must be a string"),
    ] {
        let refused = v1.patch(&format!("webhooks/{id}"), wrong.clone()).await;
        assert_eq!(refused.refusal(), (400, format!("Bad Request: {text}")), "{wrong}");
    }
    let shown = v1.get(&format!("webhooks/{id}")).await.result();
    assert_eq!((&shown["paused"], &shown["url"]), (&json!(false), &json!(NOWHERE)));
    let paused = v1.patch(&format!("webhooks/{id}"), json!({"paused": "yes"})).await.result();
    assert_eq!(paused["paused"], true);

    let admin = server.admin();
    let ann =
        admin.post("people", json!({"first_name": "Ann", "last_name": "Lee"})).await.result()["id"].clone();
    for (wrong, text) in [
        (json!({"first_name": {}}), "first_name must be a string"),
        (json!({"first_name": "A", "email": true}), "email must be a string"),
    ] {
        let refused = admin.post("people", wrong.clone()).await;
        assert_eq!(refused.refusal(), (400, format!("Bad Request: {text}")), "{wrong}");
    }
    for nothing in ["", " "] {
        let refused = admin.patch(&format!("people/{ann}"), json!({"first_name": nothing})).await;
        assert_eq!(refused.status, 400, "{nothing:?}: {}", refused.text);
    }
    let blank = json!({"first_name": "Ben", "phone_number": " \n", "email": " "});
    let ben = admin.post("people", blank).await.result();
    assert_eq!((ben.get("phone_number"), ben.get("email")), (None, None), "{ben}");
    let refused = admin.patch(&format!("people/{ann}"), json!({"first_name": Value::Null})).await;
    assert_eq!(refused.refusal(), (400, "Bad Request: first_name can't be removed".to_owned()));
}

#[tokio::test]
async fn what_is_kept_as_given_is_of_the_kind_that_is_described() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let send = async |options: Value| {
        shop.v1()
            .call("sendMessage", json!({"chat_id": ann.id, "text": "x", "link_preview_options": options}))
            .await
    };
    let kept =
        send(json!({"is_disabled": true, "url": "https://example.com", "new_one": [1]})).await.result();
    assert_eq!(kept["link_preview_options"]["is_disabled"], true);
    for (options, field) in [
        (json!({"show_above_text": ["null"]}), "\"show_above_text\" must be of type Boolean"),
        (json!({"url": 5}), "\"url\" must be of type String"),
    ] {
        let text = format!("Bad Request: can't parse link preview options: Field {field}");
        assert_eq!(send(options).await.refusal(), (400, text));
    }
    let v1 = shop.v1();
    assert_eq!(v1.get("updates/stream?allowed_updates=[").await.status, 400);
    let refused = v1.call("getContacts", json!({"label": {}})).await;
    assert_eq!(refused.refusal(), (400, "Bad Request: label must be a string".to_owned()));
}

#[tokio::test]
async fn an_empty_value_of_a_form_removes_as_null_does() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let v1 = shop.v1();
    let made = json!({
        "phone_number": "+14155550100", "first_name": "Ann", "attributes": {"a": 1}, "labels": ["vip"], "note": "x",
    });
    let id = v1.post("contacts", made).await.result()["id"].clone();
    let request = v1
        .request(Method::PATCH, &format!("contacts/{id}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("attributes=&labels=&note=&user_id=");
    let left = v1.send(request).await.result();
    for field in ["attributes", "labels", "note"] {
        assert_eq!(left.get(field), None, "{left}");
    }
    assert_eq!(left["phone_number"], "+14155550100");
}
