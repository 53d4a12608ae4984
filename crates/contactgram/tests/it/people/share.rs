//! Shared contacts: one's own proves a number, another's is only told.

use crate::kit::{number, on_each_engine};
use crate::messages::{Inbox, bad};
use contactgram_testkit::{Options, TestServer, json};

#[tokio::test]
async fn a_persons_own_contact_proves_the_number_and_brings_the_email() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let about = json!({"first_name": "Ann", "last_name": "Lee", "phone_number": "+447700900123", "email": "ann@example.com"});
        let ann = server.person(about).await;
        let mut inbox = Inbox::asking_for(&shop, &["message", "contact_added", "contact_changed"]).await;
        ann.write(shop.id, "hello").await;
        let new = inbox.fresh().await;
        let added = &new[0]["contact_added"];
        assert_eq!((&added["source"], added.get("phone_number")), (&"message".into(), None));
        assert_eq!(new[1]["message"]["text"], "hello");

        ann.act("share", json!({"to": shop.id})).await.result();
        let new = inbox.fresh().await;
        let changed = &new[0]["contact_changed"];
        assert_eq!((&changed["phone_number"], &changed["phone_verified"]), (&"+447700900123".into(), &true.into()));
        let message = &new[1]["message"];
        let shared = &message["contact"];
        assert_eq!((&shared["user_id"], &shared["first_name"]), (&message["from"]["id"], &"Ann".into()));
        let card = shared["vcard"].as_str().expect("a vCard");
        assert!(card.contains("ann@example.com") && card.starts_with("BEGIN:VCARD\r\n"), "{card}");

        let contact = shop.bot().get(&format!("contacts/{}", ann.id)).await.result();
        assert_eq!(contact, *changed);
        assert_eq!((&contact["email"], &contact["phone_verified"]), (&"ann@example.com".into(), &true.into()));
        assert_eq!(contact["source"], "message", "how it became known first");

        // Saying another number by hand takes the proof away.
        let patch = json!({"phone_number": "+447700900124"});
        let patched = shop.bot().patch(&format!("contacts/{}", ann.id), patch).await.result();
        assert!(patched.get("phone_verified").is_none(), "{patched}");
    })
    .await;
}

#[tokio::test]
async fn anothers_contact_becomes_known_without_proof() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann", "phone_number": "+447700900123"})).await;
        let ben = json!({"first_name": "Ben", "phone_number": "+447700900456", "email": "ben@example.com"});
        let ben = server.person(ben).await;
        ann.act("share", json!({"to": shop.id, "user_id": ben.id})).await.result();
        let message = Inbox::of(&shop).one("message").await;
        assert_eq!(
            (number(&message["from"]["id"]), number(&message["contact"]["user_id"])),
            (ann.id, ben.id)
        );
        let contact = shop.bot().get(&format!("contacts/{}", ben.id)).await.result();
        assert_eq!(
            (&contact["source"], &contact["phone_number"]),
            (&"shared".into(), &"+447700900456".into())
        );
        assert!(contact.get("phone_verified").is_none(), "{contact}");

        // A number that nobody has: known by the number, until somebody has it.
        let dan =
            json!({"to": shop.id, "phone_number": "+447700900789", "first_name": "Dan", "last_name": "D."});
        let told = ann.act("share", dan).await.result();
        assert!(told["contact"].get("user_id").is_none(), "{told}");
        let found = shop.bot().get("contacts?q=Dan").await.result()["contacts"][0].clone();
        assert_eq!((&found["source"], &found["phone_number"]), (&"shared".into(), &"+447700900789".into()));
        assert!(found.get("user_id").is_none(), "{found}");
        let sent =
            shop.bot().call("sendMessage", json!({"contact_id": found["id"], "text": "hello Dan"})).await;
        assert_eq!(sent.result()["chat"]["id"], found["id"]);

        // What the account saved by hand is not overwritten.
        let saved =
            json!({"phone_number": "+447700900999", "first_name": "Plumber", "email": "p@example.com"});
        let saved = shop.bot().post("contacts", saved).await.result();
        let again = json!({"to": shop.id, "phone_number": "+447700900999", "first_name": "Eve"});
        ann.act("share", again).await.result();
        let kept = shop.bot().get(&format!("contacts/{}", saved["id"])).await.result();
        assert_eq!((&kept["first_name"], &kept["email"]), (&"Plumber".into(), &"p@example.com".into()));
    })
    .await;
}

#[tokio::test]
async fn claiming_anothers_number_proves_nothing() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ben = server.person(json!({"first_name": "Ben", "phone_number": "+447700900456"})).await;
    let eve = server.person(json!({"first_name": "Eve"})).await;
    bad(&eve.act("share", json!({"to": shop.id})).await, "phone_number is not known of who is shared");
    bad(&eve.act("share", json!({"to": shop.id, "user_id": 42})).await, "user not found");
    let claim = json!({"to": shop.id, "phone_number": "+447700900456", "first_name": "Eve"});
    let told = eve.act("share", claim).await.result();
    assert_eq!(told["contact"]["user_id"], ben.id, "the server says whose it is");
    let contact = shop.bot().get(&format!("contacts/{}", eve.id)).await.result();
    assert_eq!((contact.get("phone_number"), contact.get("phone_verified")), (None, None));
}
