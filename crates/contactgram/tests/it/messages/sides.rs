//! One message, two mailboxes: what account A sends is what account B receives.

use super::{Inbox, id, send};
use crate::kit::{number, on_each_engine};
use contactgram_testkit::{Options, TestServer, json};

#[tokio::test]
async fn what_one_account_sends_the_other_receives_with_a_contact() {
    on_each_engine(async |server| {
        let shop = server.account_with("Shop", &["--username", "the_shop_bot"]).await;
        let desk = server.account("Desk").await;
        for n in 1..=3 {
            let sent = send(&shop, desk.id, &format!("no. {n}")).await;
            assert_eq!(id(&sent), n, "ids count from 1");
        }
        let updates = Inbox::of(&desk).fresh().await;
        let ids: Vec<i64> = updates.iter().map(|update| number(&update["update_id"])).collect();
        assert_eq!(ids, [ids[0], ids[0] + 1, ids[0] + 2]);
        let got = &updates[0]["message"];
        assert_eq!((id(got), &got["text"]), (1, &"no. 1".into()));
        assert_eq!(
            got["from"],
            json!({"id": shop.id, "is_bot": true, "first_name": "Shop", "username": "the_shop_bot"})
        );
        let chat =
            json!({"id": shop.id, "first_name": "Shop", "username": "the_shop_bot", "type": "private"});
        assert_eq!(got["chat"], chat);

        let contacts = desk.bot().get("contacts").await.result();
        assert_eq!(contacts["total_count"], 1);
        let contact = &contacts["contacts"][0];
        assert_eq!(
            (&contact["id"], &contact["user_id"], &contact["source"]),
            (&shop.id.into(), &shop.id.into(), &"message".into())
        );
        assert_eq!((&contact["is_bot"], &contact["username"]), (&true.into(), &"the_shop_bot".into()));
        assert!(contact.get("phone_number").is_none(), "a number is not given away by writing");
        assert_eq!(
            shop.bot().get("contacts").await.result()["total_count"],
            0,
            "whom one writes to is no contact"
        );
    })
    .await;
}

#[tokio::test]
async fn history_holds_the_same_message_as_the_update() {
    let server = TestServer::start(Options::default()).await;
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let keyboard = json!({"inline_keyboard": [[{"text": "Ok", "callback_data": "ok"}]]});
    let body = json!({"chat_id": desk.id, "text": "<b>hi</b> @nobody", "parse_mode": "HTML", "reply_markup": keyboard});
    let sent = shop.bot().call("sendMessage", body).await;
    let update = Inbox::of(&desk).one("message").await;
    assert_eq!(desk.bot().get("messages").await.json(), json!([update]));
    assert_eq!(shop.bot().get("messages").await.json(), json!([sent.result()]));
    let stored = shop.bot().get(&format!("messages/{}/1", desk.id)).await;
    assert_eq!(stored.text, sent.text, "to the byte");
}

#[tokio::test]
async fn many_writers_at_once_lose_nothing_and_repeat_no_id() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..40 {
            let (from, to) = if writer % 2 == 0 { (&shop, desk.id) } else { (&desk, shop.id) };
            let bot = from.bot();
            writers.spawn(async move {
                let body = json!({"chat_id": to, "text": format!("writer {writer}")});
                bot.call("sendMessage", body).await.result();
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
        for account in [&shop, &desk] {
            let history = account.bot().get("messages?limit=100&order=asc").await.json();
            let history = history.as_array().unwrap();
            let ids: Vec<i64> = history.iter().map(id).collect();
            assert_eq!(ids, (1..=40).collect::<Vec<i64>>());
            let mut dates: Vec<i64> = history.iter().map(|message| number(&message["date"])).collect();
            let told = dates.clone();
            dates.sort_unstable();
            assert_eq!(told, dates, "dates never fall");
            let updates = Inbox::of(account).fresh().await;
            let ids: Vec<i64> = updates.iter().map(|update| number(&update["update_id"])).collect();
            assert_eq!(ids, (ids[0]..ids[0] + 20).collect::<Vec<i64>>(), "no gap");
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_of_kind_user_is_no_bot() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let me = server.account_with("Ann Lee", &["--kind", "user", "--phone", "+447700900123"]).await;
    send(&me, shop.id, "hello").await;
    let got = Inbox::of(&shop).one("message").await;
    assert_eq!(got["from"], json!({"id": me.id, "is_bot": false, "first_name": "Ann Lee"}));
    let contact = shop.bot().get(&format!("contacts/{}", me.id)).await.result();
    assert_eq!((contact.get("is_bot"), contact.get("phone_number")), (None, None));
}
