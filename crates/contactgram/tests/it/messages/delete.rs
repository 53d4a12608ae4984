//! deleteMessage and deleteMessages: both copies go.

use super::{Inbox, bad, id, send};
use crate::kit::{number, on_each_engine};
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn a_deleted_message_is_gone_on_both_sides() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let sent = send(&shop, desk.id, "oops").await;
        send(&shop, desk.id, "kept").await;
        let target = json!({"chat_id": desk.id, "message_id": id(&sent)});
        assert_eq!(shop.bot().call("deleteMessage", target.clone()).await.result(), true);
        bad(&shop.bot().call("deleteMessage", target).await, "message to delete not found");
        for account in [&shop, &desk] {
            let history = account.bot().get("messages").await;
            assert_eq!(history.header("x-total-count"), Some("1"));
            assert_eq!(history.json()[0]["text"], "kept");
            assert_eq!(account.bot().get("messages?q=oops").await.json(), json!([]));
        }
        // Either side of a private chat may delete for both.
        let left = desk.bot().get("messages").await.json();
        let target = json!({"chat_id": shop.id, "message_ids": [id(&left[0]), 77]});
        assert_eq!(desk.bot().call("deleteMessages", target).await.result(), true);
        assert_eq!(shop.bot().get("messages").await.json(), json!([]));
        assert_eq!(number(&send(&shop, desk.id, "next").await["message_id"]), 3, "ids are not used again");
    })
    .await;
}

#[tokio::test]
async fn in_a_group_only_administrators_delete_what_others_wrote() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let group = server.group("Team", &[ann.id, shop.id]).await;
    let mut inbox = Inbox::of(&shop);
    inbox.fresh().await;
    ann.write(group, "hers").await;
    let hers = inbox.one("message").await;
    let target = json!({"chat_id": group, "message_id": id(&hers)});
    bad(&shop.bot().call("deleteMessage", target.clone()).await, "message can't be deleted");
    let raised = json!({"user_id": shop.id, "status": "administrator", "by": ann.id});
    server.admin().post(&format!("groups/{group}/members"), raised).await.result();
    assert_eq!(shop.bot().call("deleteMessage", target).await.result(), true);
    assert!(ann.screen(group).await.iter().all(|message| message["text"] != "hers"));
}

#[tokio::test]
async fn deletions_that_telegram_refuses_are_refused_in_its_words() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let own = id(&send(&shop, ann.id, "own").await);
    let delete = async |body: Value| shop.bot().call("deleteMessage", body).await;
    bad(&delete(json!({"chat_id": ann.id, "message_id": 99})).await, "message to delete not found");
    bad(&delete(json!({"chat_id": shop.id, "message_id": own})).await, "message to delete not found");
    bad(&delete(json!({"chat_id": 42, "message_id": own})).await, "chat not found");
    bad(&delete(json!({"chat_id": ann.id})).await, "message identifier is not specified");
    let several = async |body: Value| shop.bot().call("deleteMessages", body).await;
    bad(&several(json!({"chat_id": ann.id})).await, "message identifiers are not specified");
    bad(&several(json!({"chat_id": 42, "message_ids": [1]})).await, "chat not found");
    assert_eq!(several(json!({"chat_id": ann.id, "message_ids": [98, 99]})).await.result(), true);
    assert_eq!(ann.screen(shop.id).await.len(), 1);
}

#[tokio::test]
async fn deletions_and_edits_at_the_same_time_keep_the_count_right() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        for round in 0..5 {
            let target = json!({"chat_id": desk.id, "message_id": id(&send(&shop, desk.id, "x").await)});
            let mut edit = target.clone();
            edit["text"] = format!("round {round}").into();
            let bot = shop.bot();
            let answers = tokio::join!(
                bot.call("deleteMessage", target.clone()),
                bot.call("deleteMessage", target.clone()),
                bot.call("editMessageText", edit),
                bot.call("deleteMessage", target.clone()),
                bot.call("deleteMessage", target.clone()),
            );
            let deletions = [answers.0, answers.1, answers.3, answers.4];
            assert_eq!(deletions.iter().filter(|answer| answer.status == 200).count(), 1, "{deletions:?}");
            assert!([200, 400].contains(&answers.2.status), "{:?}", answers.2);
        }
        for account in [&shop, &desk] {
            let history = account.bot().get("messages").await;
            assert_eq!((history.header("x-total-count"), history.json()), (Some("0"), json!([])));
        }
    })
    .await;
}
