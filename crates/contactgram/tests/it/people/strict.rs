//! Accounts that hold to Telegram's rules where the default is kinder.

use crate::kit::on_each_engine;
use crate::messages::{Inbox, send};
use contactgram_testkit::json;

#[tokio::test]
async fn a_strict_bot_writes_only_to_people_who_wrote_first() {
    on_each_engine(async |server| {
        let shop = server.account_with("Shop", &["--strict"]).await;
        let desk = server.account("Desk").await;
        let me = server.account_with("Me", &["--kind", "user"]).await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let write = async |to: i64| shop.bot().call("sendMessage", json!({"chat_id": to, "text": "x"})).await;
        let uninvited = (403, "Forbidden: bot can't initiate conversation with a user".to_owned());
        assert_eq!(write(ann.id).await.refusal(), uninvited);
        assert_eq!(write(me.id).await.refusal(), uninvited);
        let to_bot = (403, "Forbidden: bot can't send messages to bots".to_owned());
        assert_eq!(write(desk.id).await.refusal(), to_bot);
        assert_eq!(write(shop.id).await.refusal(), to_bot);

        ann.write(shop.id, "/start").await;
        send(&me, shop.id, "/start").await;
        assert_eq!(write(ann.id).await.status, 200);
        assert_eq!(write(me.id).await.status, 200);
        // An account that isn't strict is bound by nothing.
        send(&desk, shop.id, "from bot to bot").await;
        assert_eq!(write(desk.id).await.refusal(), to_bot);
    })
    .await;
}

#[tokio::test]
async fn a_strict_bot_is_not_heard_by_other_bots_in_a_group() {
    on_each_engine(async |server| {
        let shop = server.account_with("Shop", &["--strict"]).await;
        let desk = server.account("Desk").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let group = server.group("Team", &[ann.id, shop.id, desk.id]).await;
        let mut inbox = Inbox::of(&desk);
        inbox.fresh().await;
        send(&shop, group, "hello people").await;
        assert_eq!(ann.screen(group).await[0]["text"], "hello people");
        assert!(inbox.fresh().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn unblocking_counts_as_starting_the_chat() {
    on_each_engine(async |server| {
        let shop = server.account_with("Shop", &["--strict"]).await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.act("block", json!({"account_id": shop.id})).await.result();
        ann.act("unblock", json!({"account_id": shop.id})).await.result();
        send(&shop, ann.id, "hello").await;
    })
    .await;
}
