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

#[tokio::test]
async fn a_number_that_is_given_up_takes_along_nothing_that_others_wait_with_or_that_was_sent_to_it() {
    on_each_engine(async |server| {
        let (shop, other) = (server.account("Shop").await.v1(), server.account("Other").await.v1());
        let shared = json!({"first_name": "Shared", "phone_number": "+447900000001"});
        let (ours, theirs) = (add(&shop, shared.clone()).await, add(&other, shared).await);
        let written = add(&shop, json!({"first_name": "Written", "phone_number": "+447900000002"})).await;
        shop.call("sendMessage", json!({"chat_id": written["id"], "text": "for 2"})).await.result();

        let moved = shop.patch(&route(&ours), json!({"phone_number": "+447900000003"})).await.result();
        let bare = shop.patch(&route(&written), json!({"phone_number": null})).await.result();
        assert!(is_own(&moved) && moved["id"] != ours["id"], "the other account waits under the old one");
        assert!(is_own(&bare) && bare["id"] != written["id"], "a message waits under the old one");
        assert_eq!(shop.get(&route(&ours)).await.result(), moved, "the old id leads to the contact");
        assert_eq!(shop.get(&route(&written)).await.result(), bare);
        assert_eq!(other.get(&route(&theirs)).await.result(), theirs);
        let unreachable = shop.call("sendMessage", json!({"contact_id": bare["id"], "text": "x"})).await;
        assert_eq!(super::bad_request(&unreachable), "chat not found");

        for (phone, texts) in
            [("+447900000001", vec![]), ("+447900000002", vec!["for 2"]), ("+447900000003", vec![])]
        {
            let person = server.account_with("Person", &["--phone", phone, "--kind", "user"]).await;
            let updates = person.bot().call("getUpdates", json!({})).await.result();
            let updates = updates.as_array().expect("a list of updates");
            let received: Vec<&str> =
                updates.iter().filter_map(|update| update["message"]["text"].as_str()).collect();
            assert_eq!(received, texts, "{phone}");
            match phone {
                "+447900000001" => assert_eq!(json!(person.id), theirs["id"]),
                "+447900000003" => assert_eq!(json!(person.id), moved["id"]),
                _ => assert!(shop.get(&route(&bare)).await.result().get("user_id").is_none()),
            }
        }
        assert_eq!(shop.get("/contacts").await.result()["total_count"], 2);
    })
    .await;
}

#[tokio::test]
async fn every_id_that_a_contact_had_leads_to_it() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let phone = |at: i64| format!("+44790000000{at}");
        let body = json!({"first_name": "Ann", "phone_number": phone(0), "username": "ann_smith"});
        let mut had = vec![number(&add(&shop, body).await["id"])];
        for at in 1..4 {
            shop.call("sendMessage", json!({"chat_id": had[0], "text": "held"})).await.result();
            let path = format!("/contacts/{}", had[0]);
            let moved = shop.patch(&path, json!({"phone_number": phone(at)})).await.result();
            had.push(number(&moved["id"]));
        }
        let ann = server.person(json!({"first_name": "A.", "username": "ann_smith"})).await;
        had.push(ann.id);
        for id in &had {
            let read = shop.get(&format!("/contacts/{id}")).await.result();
            assert_eq!(
                (number(&read["id"]), read["phone_number"].as_str()),
                (ann.id, Some(phone(3).as_str()))
            );
        }
        // An id that becomes somebody else's leads there, and to nobody when they are removed.
        let other = add(&shop, json!({"first_name": "Other", "phone_number": phone(0)})).await;
        assert_eq!(number(&other["id"]), had[0]);
        assert_eq!(shop.get(&route(&other)).await.result(), other);
        assert_eq!(shop.delete(&route(&other)).await.result(), true);
        super::is_missing(&shop.get(&route(&other)).await);
        assert_eq!(number(&shop.get(&format!("/contacts/{}", had[1])).await.result()["id"]), ann.id);
    })
    .await;
}

#[tokio::test]
async fn two_contacts_that_swap_numbers_stay_two() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let (first, second) = ("+447900000001", "+447900000002");
        let ann = add(&shop, json!({"first_name": "Ann", "phone_number": first})).await;
        let bob = add(&shop, json!({"first_name": "Bob", "phone_number": second})).await;
        shop.patch(&route(&ann), json!({"phone_number": null})).await.result();
        shop.patch(&route(&bob), json!({"phone_number": first})).await.result();
        shop.patch(&route(&ann), json!({"phone_number": second})).await.result();
        for (contact, name, phone) in [(&ann, "Ann", second), (&bob, "Bob", first)] {
            let read = shop.get(&route(contact)).await.result();
            let seen = (&read["id"], read["first_name"].as_str(), read["phone_number"].as_str());
            assert_eq!(seen, (&contact["id"], Some(name), Some(phone)));
            let sent = shop.call("sendMessage", json!({"phone_number": phone, "text": name})).await.result();
            assert_eq!(sent["chat"]["id"], contact["id"]);
        }
        assert_eq!(shop.get("/contacts").await.result()["total_count"], 2);
    })
    .await;
}
