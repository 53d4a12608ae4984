//! A person blocks an account and lets it write again.

use crate::kit::on_each_engine;
use crate::messages::{Inbox, bad, send};
use contactgram_testkit::json;

#[tokio::test]
async fn a_blocked_account_is_told_so_and_can_write_again_afterwards() {
    on_each_engine(async |server| {
        let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
        ann.write(shop.id, "hello").await;
        let mut inbox = Inbox::of(&shop);
        inbox.one("message").await;
        let contact = async || shop.bot().get(&format!("contacts/{}", ann.id)).await.result();
        let account = json!({"account_id": shop.id});

        assert_eq!(ann.act("block", account.clone()).await.result(), true);
        let told = inbox.one("my_chat_member").await;
        let standing = |member: &str| (told[member]["status"].clone(), told[member]["user"]["id"].clone());
        assert_eq!(standing("old_chat_member"), ("member".into(), shop.id.into()));
        assert_eq!(standing("new_chat_member"), ("kicked".into(), shop.id.into()));
        assert_eq!((&told["from"]["id"], &told["chat"]["id"]), (&ann.id.into(), &ann.id.into()));
        assert_eq!(
            (&told["chat"]["type"], &told["new_chat_member"]["until_date"]),
            (&"private".into(), &0.into())
        );
        assert_eq!(contact().await["is_blocked"], true);
        let refused = (403, "Forbidden: bot was blocked by the user".to_owned());
        let body = json!({"chat_id": ann.id, "text": "?"});
        assert_eq!(shop.bot().call("sendMessage", body.clone()).await.refusal(), refused);
        let action = json!({"chat_id": ann.id, "action": "typing"});
        assert_eq!(shop.bot().call("sendChatAction", action).await.refusal(), refused);
        bad(&ann.act("write", json!({"to": shop.id, "text": "x"})).await, "YOU_BLOCKED_USER");

        // Blocking twice tells nothing twice.
        assert_eq!(ann.act("block", account.clone()).await.result(), true);
        assert_eq!(ann.act("unblock", account.clone()).await.result(), true);
        assert_eq!(ann.act("unblock", account).await.result(), true);
        let told = inbox.one("my_chat_member").await;
        assert_eq!(
            (&told["old_chat_member"]["status"], &told["new_chat_member"]["status"]),
            (&"kicked".into(), &"member".into())
        );
        assert!(contact().await.get("is_blocked").is_none());
        send(&shop, ann.id, "welcome back").await;
        assert_eq!(ann.screen(shop.id).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn whoever_is_added_after_blocking_is_known_as_blocking() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann", "phone_number": "+447700900123"})).await;
        ann.act("block", json!({"account_id": shop.id})).await.result();
        let added = json!({"phone_number": "+447700900123", "first_name": "Ann"});
        assert_eq!(shop.bot().post("contacts", added).await.result()["is_blocked"], true);
        let nobody = ann.act("block", json!({"account_id": 42})).await;
        assert_eq!(nobody.refusal(), (404, "Not Found: no such account".to_owned()));
    })
    .await;
}
