//! One contact: made, read, changed, replaced and removed, with the tags that keep two writers apart.

use contactgram_testkit::{Client, Method, Options, TestServer, Value, json};

use super::{add, bad_request, is_missing, route};
use crate::kit::{number, on_each_engine, text};

async fn get_with(client: &Client, path: &str, header: &str, value: &str) -> contactgram_testkit::Answer {
    client.send(client.request(Method::GET, path).header(header, value)).await
}

#[tokio::test]
async fn a_new_contact_is_a_201_with_its_place_and_the_same_person_again_a_200() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann", "username": "ann_smith"})).await;
        let client = shop.v1();

        let new =
            client.post("/contacts", json!({"phone_number": "+44 7900-000 001", "first_name": "Bob"})).await;
        let bob = new.result();
        assert_eq!((new.status, bob["phone_number"].as_str()), (201, Some("+447900000001")));
        assert_eq!(new.header("location"), Some(format!("contacts/{}", bob["id"]).as_str()));
        assert!(((1 << 39)..(1 << 40)).contains(&number(&bob["id"])), "nobody is known behind it: {bob}");
        assert!(bob.get("user_id").is_none(), "{bob}");
        assert_eq!((bob["source"].as_str(), &bob["created_at"]), (Some("manual"), &bob["updated_at"]));
        let tag = new.header("etag").map(str::to_owned);
        assert!(tag.is_some(), "{new:?}");

        // The same number in another spelling, by another way in.
        let body = json!({"phone_number": "+44(7900)000001", "last_name": "Brown"});
        let known = shop.bot().post("/contacts", body).await;
        assert_eq!((known.status, known.header("location")), (200, None));
        assert_eq!((&known.result()["id"], known.result()["first_name"].as_str()), (&bob["id"], Some("Bob")));
        assert_ne!(known.header("etag").map(str::to_owned), tag);

        // By username and by id it is the user that there is, whose name need not be given.
        let by_name = client.post("/contacts", json!({"username": "@Ann_Smith"})).await;
        assert_eq!(by_name.status, 201);
        let made = by_name.result();
        assert_eq!((number(&made["id"]), number(&made["user_id"])), (ann.id, ann.id));
        assert_eq!(
            (made["first_name"].as_str(), made["username"].as_str()),
            (Some("Ann"), Some("ann_smith"))
        );
        let by_id = client.post("/contacts", json!({"user_id": ann.id.to_string(), "note": "met"})).await;
        assert_eq!((by_id.status, by_id.result()["note"].as_str()), (200, Some("met")));
        assert_eq!(client.get("/contacts").await.result()["total_count"], 2);
    })
    .await;
}

#[tokio::test]
async fn what_says_nothing_of_anybody_is_refused_by_its_name() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await.v1();
    let who = "parameter \"phone_number\", \"user_id\", \"username\" or \"email\" is required";
    let phone = "phone_number must be + and 7 to 15 digits, such as +14155550100";
    let refused = [
        (json!({}), who),
        (json!({"first_name": "Ann"}), who),
        (json!({"phone_number": "+447900000001"}), "parameter \"first_name\" is required"),
        (json!({"phone_number": "+12", "first_name": "Ann"}), phone),
        (json!({"phone_number": "+0123456789", "first_name": "Ann"}), phone),
        (json!({"phone_number": true, "first_name": "Ann"}), "phone_number must be a string"),
        (json!({"user_id": 4_999_999_999_i64}), "user not found"),
        (json!({"user_id": "me"}), "user_id must be a positive whole number"),
        (json!({"username": "nobody_here"}), "parameter \"first_name\" is required"),
        (
            json!({"username": "a b c", "first_name": "Ann"}),
            "username may hold only letters, digits and underscores",
        ),
        (json!({"email": "nobody", "first_name": "Ann"}), "email must look like name@example.com"),
        (
            json!({"email": "a@b.c", "first_name": "x".repeat(65)}),
            "first_name must have at most 64 characters",
        ),
        (
            json!({"email": "a@b.c", "first_name": "A", "note": "x".repeat(4097)}),
            "note must have at most 4096 characters",
        ),
        (
            json!({"email": "a@b.c", "first_name": "A", "labels": [1]}),
            "labels must be a list of strings of 1 to 64 characters",
        ),
        (json!({"email": "a@b.c", "first_name": "A", "attributes": 5}), "attributes must be a JSON object"),
    ];
    for (body, text) in refused {
        let answer = shop.post("/contacts", body.clone()).await;
        assert_eq!(bad_request(&answer), text, "{body}");
    }
    assert_eq!(shop.get("/contacts").await.result()["total_count"], 0);
}

#[tokio::test]
async fn every_field_comes_back_as_it_was_given_and_absent_ones_are_left_out() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let given = json!({
            "first_name": "Zoë", "last_name": "O’Neil 🦊", "username": "zoe_oneil", "phone_number": "+447900000009",
            "email": "zoe@example.org", "language_code": "fr-CA", "labels": ["vip", "été"],
            "note": "line one\nline two\t\"quoted\" \\ 'x'; --",
            "attributes": {"crm": {"id": 12_345_678_901_234_i64, "tags": [1, 2.5, null, true]}, "ключ": "значение"},
        });
        let mut made = add(&shop, given.clone()).await;
        let read = shop.get(&route(&made)).await.result();
        assert_eq!(read, made, "what was answered is what is kept");
        let made = made.as_object_mut().expect("a contact is an object");
        for ours in ["id", "source", "created_at", "updated_at"] {
            assert!(made.remove(ours).is_some(), "{ours}");
        }
        assert_eq!(Value::Object(made.clone()), given);

        let bare = add(&shop, json!({"first_name": "Bare", "email": "bare@example.org"})).await;
        let fields: Vec<&String> = bare.as_object().expect("an object").keys().collect();
        let mut fields: Vec<&str> = fields.into_iter().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["created_at", "email", "first_name", "id", "source", "updated_at"]);
    })
    .await;
}

#[tokio::test]
async fn a_tag_saves_the_body_until_the_contact_changes() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await.v1();
    let path = route(&add(&shop, json!({"first_name": "Ann", "phone_number": "+447900000001"})).await);
    let read = shop.get(&path).await;
    let tag = read.header("etag").expect("a contact has a tag").to_owned();
    for same in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let answer = get_with(&shop, &path, "If-None-Match", &same).await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{same}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(get_with(&shop, &path, "If-None-Match", "\"other\"").await.result(), read.result());

    shop.patch(&path, json!({"note": "new"})).await.result();
    let changed = get_with(&shop, &path, "If-None-Match", &tag).await;
    assert_eq!((changed.status, changed.result()["note"].as_str()), (200, Some("new")));
    // A change that changes nothing is none.
    let tag = changed.header("etag").map(str::to_owned);
    assert_eq!(shop.patch(&path, json!({"note": "new"})).await.header("etag").map(str::to_owned), tag);
}

#[tokio::test]
async fn a_patch_is_a_merge_patch() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let ann = json!({
            "first_name": "Ann", "last_name": "Lee", "phone_number": "+447900000001", "email": "ann@example.org",
            "labels": ["a", "b"], "note": "old", "attributes": {"keep": 1, "drop": 2, "deep": {"keep": 3, "drop": 4}},
        });
        let path = route(&add(&shop, ann).await);
        let patch = json!({
            "last_name": null, "note": "new", "labels": ["c", "b", "c"],
            "attributes": {"drop": null, "deep": {"drop": null, "new": 5}, "list": [1, null]},
            "id": 5, "source": "sync", "created_at": 1, "phone_verified": true, "unknown": {"field": []},
        });
        let patched = shop.patch(&path, patch).await.result();
        assert!(patched.get("last_name").is_none(), "{patched}");
        assert_eq!((patched["first_name"].as_str(), patched["note"].as_str()), (Some("Ann"), Some("new")));
        assert_eq!(patched["labels"], json!(["b", "c"]));
        assert_eq!(patched["attributes"], json!({"keep": 1, "deep": {"keep": 3, "new": 5}, "list": [1, null]}));
        assert_eq!((patched["source"].as_str(), patched.get("phone_verified")), (Some("manual"), None));
        assert_eq!(shop.get(&path).await.result(), patched);
        assert_eq!(shop.get("/contacts?label=a").await.result()["total_count"], 0, "the label is gone");

        let emptied = json!({"labels": null, "attributes": null, "note": null, "email": null});
        let patched = shop.patch(&path, emptied).await.result();
        for field in ["labels", "attributes", "note", "email"] {
            assert!(patched.get(field).is_none(), "{field} of {patched}");
        }
        let text = bad_request(&shop.patch(&path, json!({"first_name": null})).await);
        assert_eq!(text, "first_name can't be removed");
        assert_eq!(shop.patch(&path, json!({})).await.result(), patched, "an empty patch changes nothing");
    })
    .await;
}

#[tokio::test]
async fn if_match_keeps_two_writers_apart() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let path = route(&add(&shop, json!({"first_name": "Ann", "email": "ann@example.org"})).await);
        let tag = shop.get(&path).await.header("etag").expect("a contact has a tag").to_owned();
        let write = |method: Method, tag: &str, body: Value| {
            let request = shop.request(method, &path).header("If-Match", tag).json(&body);
            let shop = shop.clone();
            async move { shop.send(request).await }
        };
        let first = write(Method::PATCH, &tag, json!({"note": "first"})).await;
        assert_eq!(first.status, 200, "{}", first.text);
        let stale = (412, "Precondition Failed: the contact was changed since it was read".to_owned());
        assert_eq!(write(Method::PATCH, &tag, json!({"note": "second"})).await.refusal(), stale);
        assert_eq!(write(Method::PUT, &tag, json!({"first_name": "Eve"})).await.refusal(), stale);
        assert_eq!(write(Method::DELETE, &tag, json!({})).await.refusal(), stale);
        for never_given in ["\"x\"", "rubbish", "W/\"1\""] {
            assert_eq!(write(Method::PATCH, never_given, json!({"note": "x"})).await.refusal(), stale);
        }
        assert_eq!(shop.get(&path).await.result()["note"], "first");
        let tag = text(&json!(first.header("etag")));
        assert_eq!(write(Method::PATCH, &tag, json!({"note": "third"})).await.result()["note"], "third");
        assert_eq!(write(Method::PUT, "*", json!({"first_name": "Ann"})).await.status, 200);
        let tag = shop.get(&path).await.header("etag").expect("a contact has a tag").to_owned();
        assert_eq!(write(Method::DELETE, &tag, json!({})).await.result(), true);
        is_missing(&write(Method::PATCH, "*", json!({"note": "x"})).await);
    })
    .await;
}

#[tokio::test]
async fn a_put_leaves_only_what_it_says() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await.v1();
    let ann = json!({"first_name": "Ann", "last_name": "Lee", "phone_number": "+447900000001", "note": "x", "labels": ["a"]});
    let made = add(&shop, ann).await;
    let body = json!({"first_name": "Anna", "phone_number": "+447900000001"});
    let put = shop.put(&route(&made), body).await.result();
    assert_eq!((put["id"].clone(), put["first_name"].as_str()), (made["id"].clone(), Some("Anna")));
    for gone in ["last_name", "note", "labels"] {
        assert!(put.get(gone).is_none(), "{gone} of {put}");
    }
    let text = bad_request(&shop.put(&route(&made), json!({"last_name": "Lee"})).await);
    assert_eq!(text, "parameter \"first_name\" is required");
    // What was read can be sent back.
    let read = shop.get(&route(&made)).await;
    let same = shop.put(&route(&made), read.result()).await;
    assert_eq!((same.result(), same.header("etag")), (read.result(), read.header("etag")));
}

#[tokio::test]
async fn a_contact_is_removed_by_each_form_and_then_missing_everywhere() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        for (place, client) in [shop.v1(), shop.bot()].into_iter().enumerate() {
            for form in 0..5 {
                let phone = format!("+4479000001{place}{form}");
                let made = add(&client, json!({"first_name": "Ann", "phone_number": phone})).await;
                let path = route(&made);
                let removed = match form {
                    0 => client.delete(&path).await,
                    1 => client.delete(&format!("{path}/delete")).await,
                    2 => client.post(&format!("{path}/delete"), json!({})).await,
                    3 => client.call("deleteContact", json!({"contact_id": made["id"]})).await,
                    _ => client.call("DELETECONTACT", json!({"phone_number": phone})).await,
                };
                assert_eq!(removed.result(), true);
                is_missing(&client.get(&path).await);
                is_missing(&client.patch(&path, json!({"note": "x"})).await);
                is_missing(&client.put(&path, json!({"first_name": "x"})).await);
                is_missing(&client.delete(&path).await);
                is_missing(&client.post(&format!("{path}/delete"), json!({})).await);
                is_missing(&client.get(&format!("{path}/messages")).await);
                is_missing(&client.call("getContact", json!({"phone_number": phone})).await);
            }
        }
        assert_eq!(shop.v1().get("/contacts").await.result()["total_count"], 0);
    })
    .await;
}

#[tokio::test]
async fn what_can_be_no_id_leads_to_no_contact() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await.v1();
    for id in ["0", "-1", "12345", "abc", "1.5", "99999999999999999999", "%20", "..%2F..", "1'--", "٣"] {
        is_missing(&shop.get(&format!("/contacts/{id}")).await);
        is_missing(&shop.patch(&format!("/contacts/{id}"), json!({"note": "x"})).await);
        is_missing(&shop.delete(&format!("/contacts/{id}")).await);
    }
}

#[tokio::test]
async fn a_number_stands_with_one_contact_of_an_account() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let ann = add(&shop, json!({"first_name": "Ann", "phone_number": "+447900000001"})).await;
        let bob = add(&shop, json!({"first_name": "Bob", "email": "bob@example.org"})).await;
        let taken = shop.patch(&route(&bob), json!({"phone_number": "+447900000001"})).await;
        let text = format!("phone_number belongs to another contact, {}", ann["id"]);
        assert_eq!(bad_request(&taken), text);
        let moved = shop.patch(&route(&ann), json!({"phone_number": "+447900000002"})).await.result();
        assert_eq!(moved["phone_number"], "+447900000002");
        let given = shop.patch(&route(&bob), json!({"phone_number": "+447900000001"})).await.result();
        assert_eq!(given["phone_number"], "+447900000001");
        assert_eq!(shop.get("/contacts").await.result()["total_count"], 2);
    })
    .await;
}
