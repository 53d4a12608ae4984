//! `/admin/people`: added, listed, changed, refused.

use crate::kit::number;
use crate::messages::bad;
use contactgram_testkit::{Client, Options, TestServer, json};

#[tokio::test]
async fn people_are_added_read_listed_and_changed() {
    let server = TestServer::start(Options::default()).await;
    let admin = server.admin();
    let about = json!({
        "first_name": "Ann", "last_name": "Lee", "username": "@Ann_Example", "phone_number": "+44 7700 900123",
        "email": "ann@example.com", "language_code": "en",
    });
    let made = admin.post("people", about).await;
    assert_eq!(made.status, 200);
    let ann = made.result();
    let id = number(&ann["id"]);
    let kept = json!({
        "id": id, "kind": "person", "first_name": "Ann", "last_name": "Lee", "username": "Ann_Example",
        "phone_number": "+447700900123", "email": "ann@example.com", "language_code": "en",
    });
    assert_eq!(ann, kept);
    assert_eq!(admin.get(&format!("people/{id}")).await.result(), kept);
    let ben = number(&admin.post("people", json!({"first_name": "Ben"})).await.result()["id"]);

    let list = admin.get("people").await.result();
    let ids: Vec<i64> = list.as_array().unwrap().iter().map(|person| number(&person["id"])).collect();
    assert!(ids.is_sorted() && ids.contains(&id) && ids.contains(&ben), "{ids:?}");
    let rest = admin.get(&format!("people?limit=1&after={}", ids[0])).await.result();
    assert_eq!(rest[0]["id"], ids[1]);

    let change = json!({"last_name": null, "email": "ann@example.org", "username": "ann_lee"});
    let changed = admin.patch(&format!("people/{id}"), change).await.result();
    assert_eq!((changed.get("last_name"), &changed["email"]), (None, &"ann@example.org".into()));
    assert_eq!((&changed["first_name"], &changed["username"]), (&"Ann".into(), &"ann_lee".into()));
}

#[tokio::test]
async fn what_is_wrong_with_a_person_is_named() {
    let server = TestServer::start(Options::default()).await;
    let admin = server.admin();
    let ann = json!({"first_name": "Ann", "username": "ann_example", "phone_number": "+447700900123"});
    let ann = number(&admin.post("people", ann).await.result()["id"]);
    server.account_with("Shop", &["--username", "the_shop_bot"]).await;
    for (about, text) in [
        (json!({}), "parameter \"first_name\" is required"),
        (json!({"first_name": "x".repeat(65)}), "first_name must have 1 to 64 characters"),
        (json!({"first_name": "A", "username": "a b"}), "username must have 4 to 32 characters"),
        (json!({"first_name": "A", "username": "ANN_example"}), "username belongs to somebody else"),
        (json!({"first_name": "A", "username": "the_shop_bot"}), "username belongs to somebody else"),
        (
            json!({"first_name": "A", "phone_number": "+44 7700 900 123"}),
            "phone_number belongs to somebody else",
        ),
        (
            json!({"first_name": "A", "phone_number": "nine"}),
            "phone_number must be + and 7 to 15 digits, such as +14155550100",
        ),
    ] {
        bad(&admin.post("people", about).await, text);
    }
    bad(
        &admin.patch(&format!("people/{ann}"), json!({"first_name": [5]})).await,
        "first_name must be a string",
    );
    bad(&admin.get("people?limit=0").await, "limit must be a whole number from 1 to 1000, not \"0\"");
    let missing = admin.get("people/42").await;
    assert_eq!(missing.refusal(), (404, "Not Found: no such person".to_owned()));
    let verb = admin.delete(&format!("people/{ann}")).await;
    assert_eq!(verb.refusal().0, 405);
}

#[tokio::test]
async fn the_operators_door_opens_to_the_admin_token_alone() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    for client in [
        Client::new(format!("{}/admin", server.url())),
        Client::new(format!("{}/admin", server.url())).bearer("wrong"),
        Client::new(format!("{}/admin", server.url())).bearer(&shop.token),
    ] {
        let refused = client.get("people").await;
        assert_eq!(refused.refusal(), (401, "Unauthorized".to_owned()));
        assert!(refused.header("www-authenticate").is_some());
        assert_eq!(client.post("people", json!({"first_name": "Ann"})).await.refusal().0, 401);
    }
    // An account is nobody whom the operator makes act.
    let act = json!({"to": shop.id, "text": "x"});
    let refused = server.admin().post(&format!("people/{}/write", shop.id), act).await;
    assert_eq!(refused.refusal(), (404, "Not Found: no such person".to_owned()));
}
