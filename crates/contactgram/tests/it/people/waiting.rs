//! Numbers that nobody has yet: messages to them wait for whoever comes.

use crate::kit::{number, on_each_engine};
use crate::messages::{Inbox, id, send, texts};
use contactgram_testkit::json;

#[tokio::test]
async fn an_account_takes_over_what_waited_for_its_number() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let contact = json!({"phone_number": "+447700900123", "first_name": "Ann"});
        let contact = shop.bot().post("contacts", contact).await.result();
        let own = number(&contact["id"]);
        assert!((1 << 39..1 << 40).contains(&own) && contact.get("user_id").is_none(), "{contact}");
        assert_eq!(id(&send(&shop, own, "are you there?").await), 1);
        desk.bot()
            .post("contacts", json!({"phone_number": "+447700900123", "first_name": "A. Lee"}))
            .await
            .result();
        let card = json!({"phone_number": "+447700900123", "text": "so am I, свободно"});
        desk.bot().call("sendMessage", card).await.result();

        let ann = server.account_with("Ann Lee", &["--kind", "user", "--phone", "+44 7700 900123"]).await;
        assert_eq!(ann.id, own);
        let updates = Inbox::of(&ann).fresh().await;
        let waited: Vec<_> = updates.iter().map(|update| &update["message"]).collect();
        assert_eq!((waited.len(), &waited[0]["text"]), (2, &"are you there?".into()));
        assert_eq!((number(&waited[1]["from"]["id"]), id(waited[1])), (desk.id, 2));
        let history = ann.bot().get("messages?order=asc").await.json();
        assert_eq!(texts(&history), ["are you there?", "so am I, свободно"]);
        assert_eq!(texts(&ann.bot().get("messages?q=свободно").await.json()), ["so am I, свободно"]);
        assert_eq!(
            ann.bot().get("contacts").await.result()["total_count"],
            2,
            "its writers are its contacts"
        );

        // The writers see who it is now, and keep what they called it.
        let known = shop.bot().get(&format!("contacts/{own}")).await.result();
        assert_eq!((number(&known["user_id"]), &known["first_name"]), (own, &"Ann".into()));
        send(&ann, shop.id, "now I am").await;
        assert_eq!(number(&Inbox::of(&shop).one("message").await["chat"]["id"]), own);
        assert_eq!(shop.bot().get("contacts").await.result()["total_count"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_person_takes_over_what_waited_and_becomes_known() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let mut inbox = Inbox::asking_for(&shop, &["contact_changed", "message"]).await;
        let contact = json!({"phone_number": "+447700900123", "first_name": "Mum", "note": "call her"});
        let contact = shop.bot().post("contacts", contact).await.result();
        send(&shop, number(&contact["id"]), "hello?").await;
        let about = json!({"first_name": "Ann", "phone_number": "+447700900123", "username": "ann_example"});
        let ann = server.person(about).await;
        assert_eq!(ann.id, number(&contact["id"]));
        assert_eq!(ann.screen(shop.id).await[0]["text"], "hello?");
        let changed = inbox.one("contact_changed").await;
        assert_eq!((number(&changed["user_id"]), &changed["username"]), (ann.id, &"ann_example".into()));
        assert_eq!((&changed["first_name"], &changed["note"]), (&"Mum".into(), &"call her".into()));
        ann.write(shop.id, "hi").await;
        assert_eq!(inbox.one("message").await["from"]["first_name"], "Ann");
    })
    .await;
}

#[tokio::test]
async fn a_waiting_number_that_is_made_to_act_becomes_known() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let contact = json!({"phone_number": "+447700900123", "first_name": "Ann"});
        let contact = shop.bot().post("contacts", contact).await.result();
        let own = number(&contact["id"]);
        let listed = server.admin().get(&format!("people/{own}")).await.result();
        assert_eq!(listed["kind"], "placeholder");
        let body = json!({"to": shop.id, "text": "it's me"});
        server.admin().post(&format!("people/{own}/write"), body).await.result();
        let known = shop.bot().get(&format!("contacts/{own}")).await.result();
        assert_eq!((number(&known["user_id"]), &known["source"]), (own, &"manual".into()));
        assert_eq!(server.admin().get(&format!("people/{own}")).await.result()["kind"], "person");
    })
    .await;
}

#[tokio::test]
async fn a_contact_by_username_takes_the_users_id_once_there_is_one() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let contact = json!({"username": "@ann_example", "first_name": "Ann", "labels": ["vip"]});
        let contact = shop.bot().post("contacts", contact).await.result();
        let old = number(&contact["id"]);
        let body = json!({"contact_id": old, "text": "hello"});
        assert_eq!(shop.bot().call("sendMessage", body.clone()).await.status, 400, "nobody is there yet");
        let ann = server.person(json!({"first_name": "Ann", "username": "Ann_Example"})).await;
        assert_ne!(ann.id, old);
        for path in [old, ann.id].map(|id| format!("contacts/{id}")) {
            let known = shop.bot().get(&path).await.result();
            assert_eq!((number(&known["id"]), &known["labels"]), (ann.id, &json!(["vip"])), "{path}");
        }
        for to in [body, json!({"chat_id": old, "text": "hello"})] {
            assert_eq!(shop.bot().call("sendMessage", to).await.result()["chat"]["id"], ann.id);
        }
        assert_eq!(
            shop.bot().get(&format!("messages?chat_id={old}")).await.header("x-total-count"),
            Some("2")
        );
    })
    .await;
}
