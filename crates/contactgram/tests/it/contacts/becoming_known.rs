//! Contacts whose user isn't known yet, and what happens when it becomes known: the contact takes the user's
//! id, and the id it had keeps working.

use contactgram_testkit::{Client, TestServer, Value, json};

use super::{add, ids, route};
use crate::kit::{number, on_each_engine, text};

fn is_own(contact: &Value) -> bool {
    ((1 << 39)..(1 << 40)).contains(&number(&contact["id"]))
}

#[tokio::test]
async fn a_username_that_somebody_takes_gives_the_contact_its_id_and_the_old_one_keeps_working() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let body =
            json!({"first_name": "Support", "username": "help_desk", "note": "ours", "labels": ["b2b"]});
        let waiting = add(&client, body).await;
        assert!(is_own(&waiting) && waiting.get("user_id").is_none(), "{waiting}");
        let token = text(&client.get("/contacts").await.result()["next_sync_token"]);

        let desk = server.account_with("Desk", &["--username", "Help_Desk", "--kind", "user"]).await;
        let known = client.get(&format!("/contacts/{}", desk.id)).await.result();
        assert_eq!((number(&known["id"]), number(&known["user_id"])), (desk.id, desk.id));
        let kept = (known["first_name"].as_str(), known["note"].as_str(), &known["labels"]);
        assert_eq!(kept, (Some("Support"), Some("ours"), &json!(["b2b"])), "what the caller saved stays");
        assert_eq!(known["created_at"], waiting["created_at"]);

        let changes = client.get(&format!("/contacts?sync_token={token}")).await.result();
        assert_eq!(changes["contacts"], json!([{"id": waiting["id"], "deleted": true}, known]));
        old_id_works(&client, &waiting, desk.id).await;
        assert_eq!(desk.bot().call("getUpdates", json!({})).await.result()[0]["message"]["text"], "Hello");
        old_id_ends_with_the_contact(&client, &waiting, desk.id).await;
    })
    .await;
}

async fn old_id_works(client: &Client, waiting: &Value, now: i64) {
    let old = route(waiting);
    assert_eq!(number(&client.get(&old).await.result()["id"]), now);
    let patched = client.patch(&old, json!({"note": "by the old id"})).await.result();
    assert_eq!((number(&patched["id"]), patched["note"].as_str()), (now, Some("by the old id")));
    let edited = json!({"contact_id": waiting["id"], "note": "by a method"});
    assert_eq!(number(&client.call("editContact", edited).await.result()["id"]), now);
    for key in ["chat_id", "contact_id"] {
        let sent = client.call("sendMessage", json!({key: waiting["id"], "text": "Hello"})).await.result();
        assert_eq!(number(&sent["chat"]["id"]), now, "{key}");
    }
    let sent = client.post(&format!("{old}/messages"), json!({"text": "Hello"})).await.result();
    assert_eq!(number(&sent["chat"]["id"]), now);
    let history = client.get(&format!("{old}/messages")).await.json();
    assert_eq!(history.as_array().map(Vec::len), Some(3));
    assert_eq!(client.get("/contacts").await.result()["total_count"], 1, "it is one contact");
}

async fn old_id_ends_with_the_contact(client: &Client, waiting: &Value, now: i64) {
    assert_eq!(client.delete(&route(waiting)).await.result(), true);
    super::is_missing(&client.get(&route(waiting)).await);
    super::is_missing(&client.get(&format!("/contacts/{now}")).await);
    super::is_missing(&client.delete(&route(waiting)).await);
}

#[tokio::test]
async fn a_number_that_somebody_registers_keeps_its_id_and_is_known_from_then_on() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let waiting = add(&shop, json!({"first_name": "Ann", "phone_number": "+447900000001"})).await;
        assert!(is_own(&waiting) && waiting.get("user_id").is_none(), "{waiting}");
        let sent =
            shop.call("sendMessage", json!({"chat_id": waiting["id"], "text": "Are you there?"})).await;
        assert_eq!(sent.result()["chat"]["id"], waiting["id"]);

        let ann = server.account_with("Ann", &["--phone", "+44 7900 000001", "--kind", "user"]).await;
        assert_eq!(json!(ann.id), waiting["id"]);
        let known = shop.get(&route(&waiting)).await.result();
        assert_eq!((number(&known["user_id"]), known["first_name"].as_str()), (ann.id, Some("Ann")));
        let updates = ann.bot().call("getUpdates", json!({})).await.result();
        assert_eq!(updates[0]["message"]["text"], "Are you there?");
    })
    .await;
}

#[tokio::test]
async fn a_number_that_was_given_later_waits_like_one_given_at_first() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let by_mail = add(&shop, json!({"first_name": "Mail", "email": "mail@example.org"})).await;
        let moved = add(&shop, json!({"first_name": "Moved", "phone_number": "+447900000001"})).await;
        shop.patch(&route(&by_mail), json!({"phone_number": "+447900000002"})).await.result();
        shop.patch(&route(&moved), json!({"phone_number": "+447900000003"})).await.result();
        for (contact, phone) in [(&by_mail, "+447900000002"), (&moved, "+447900000003")] {
            let sent = shop.call("sendMessage", json!({"contact_id": contact["id"], "text": phone})).await;
            assert_eq!(sent.status, 200, "{phone}: {}", sent.text);
            let person = server.account_with("Person", &["--phone", phone, "--kind", "user"]).await;
            let known = shop.get(&route(contact)).await.result();
            let expected = (person.id, person.id, contact["first_name"].as_str());
            let found = (number(&known["id"]), number(&known["user_id"]), known["first_name"].as_str());
            assert_eq!(found, expected, "{phone}");
            let updates = person.bot().call("getUpdates", json!({})).await.result();
            assert_eq!(updates[0]["message"]["text"], phone, "what was sent to the number waits for it");
        }
        // Whoever registers the number that was given up gets nothing that was meant for another.
        let first = server.account_with("First", &["--phone", "+447900000001", "--kind", "user"]).await;
        assert_eq!(first.bot().call("getUpdates", json!({})).await.result(), json!([]));
        assert_eq!(shop.get("/contacts").await.result()["total_count"], 2);
    })
    .await;
}

#[tokio::test]
async fn somebody_met_under_two_contacts_becomes_one_and_loses_nothing() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let named = add(
            &client,
            json!({"first_name": "Saved", "username": "ann_smith", "note": "by name", "labels": ["a"]}),
        )
        .await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "Hi").await;
        let more = json!({"email": "ann@example.org", "labels": ["b"]});
        let met = client.patch(&format!("/contacts/{}", ann.id), more).await.result();
        assert_eq!(met["source"], "message");
        assert_eq!(client.get("/contacts").await.result()["total_count"], 2);

        // She takes the name that was waited for.
        server.admin().patch(&format!("people/{}", ann.id), json!({"username": "ann_smith"})).await.result();
        let page = client.get("/contacts").await.result();
        assert_eq!((ids(&page), &page["total_count"]), (vec![ann.id], &json!(1)), "{page}");
        let one = &page["contacts"][0];
        let kept = (one["first_name"].as_str(), one["note"].as_str(), one["email"].as_str(), &one["labels"]);
        assert_eq!(kept, (Some("Saved"), Some("by name"), Some("ann@example.org"), &json!(["a", "b"])));
        assert_eq!(number(&client.get(&route(&named)).await.result()["id"]), ann.id);
    })
    .await;
}

#[tokio::test]
async fn a_contact_learns_its_user_from_a_later_change() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let ann = server
            .person(json!({"first_name": "Ann", "username": "ann_smith", "phone_number": "+447900000001"}))
            .await;
        for change in [
            json!({"username": "ann_smith"}),
            json!({"phone_number": "+447900000001"}),
            json!({"user_id": ann.id}),
        ] {
            let waiting = add(&shop, json!({"first_name": "A.", "email": "ann@example.org"})).await;
            assert!(is_own(&waiting), "{waiting}");
            let known = shop.patch(&route(&waiting), change.clone()).await.result();
            assert_eq!((number(&known["id"]), number(&known["user_id"])), (ann.id, ann.id), "{change}");
            assert_eq!(
                (known["first_name"].as_str(), known["username"].as_str()),
                (Some("A."), Some("ann_smith"))
            );
            assert_eq!(number(&shop.get(&route(&waiting)).await.result()["id"]), ann.id);
            assert_eq!(shop.delete(&route(&waiting)).await.result(), true);
        }
    })
    .await;
}

#[tokio::test]
async fn what_became_known_is_still_known_after_a_restart() {
    on_each_engine(restarted).await;
}

async fn restarted(mut server: TestServer) {
    let shop = server.account("Shop").await.v1();
    let waiting = add(&shop, json!({"first_name": "Ann", "username": "ann_smith"})).await;
    let ann = server.person(json!({"first_name": "Ann", "username": "ann_smith"})).await;
    let before = shop.get(&route(&waiting)).await;
    server.restart().await;
    let after = shop.get(&route(&waiting)).await;
    assert_eq!((after.result(), after.header("etag")), (before.result(), before.header("etag")));
    assert_eq!(number(&after.result()["id"]), ann.id);
}
