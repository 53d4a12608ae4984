//! forwardMessage(s) and copyMessage(s).

use super::{Inbox, bad, id, send, texts};
use crate::kit::{number, on_each_engine};
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn a_forward_names_its_origin_and_a_copy_does_not() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "my order").await;
        let got = Inbox::of(&shop).one("message").await;
        let body = json!({"chat_id": desk.id, "from_chat_id": ann.id, "message_id": id(&got)});

        let forwarded = shop.bot().call("forwardMessage", body.clone()).await.result();
        assert_eq!((&forwarded["text"], &forwarded["from"]["id"]), (&"my order".into(), &shop.id.into()));
        let origin = &forwarded["forward_origin"];
        assert_eq!((&origin["type"], number(&origin["sender_user"]["id"])), (&"user".into(), ann.id));
        assert_eq!(origin["date"], got["date"]);
        assert_eq!(
            (number(&forwarded["forward_from"]["id"]), &forwarded["forward_date"]),
            (ann.id, &got["date"])
        );

        let copied = shop.bot().call("copyMessage", body).await.result();
        assert_eq!(copied, json!({"message_id": id(&forwarded) + 1}), "only the id");
        let seen = Inbox::of(&desk).fresh().await;
        assert_eq!(seen[0]["message"]["forward_origin"]["sender_user"]["id"], ann.id);
        let copy = &seen[1]["message"];
        assert_eq!((&copy["text"], copy.get("forward_origin")), (&"my order".into(), None));

        // What is passed on once more still names who wrote it first.
        let body =
            json!({"chat_id": desk.id, "from_chat_id": shop.id, "message_id": id(&seen[0]["message"])});
        let again = desk.bot().call("forwardMessage", body).await.result();
        assert_eq!(again["forward_from"]["id"], ann.id);
    })
    .await;
}

#[tokio::test]
async fn several_are_passed_on_in_order_and_missing_ones_skipped() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let mut ids: Vec<i64> = Vec::new();
    for text in ["one", "two", "three"] {
        ids.push(id(&send(&shop, shop.id, text).await));
    }
    ids.insert(1, 999);
    for (method, done) in [("forwardMessages", 4), ("copyMessages", 7)] {
        let body = json!({"chat_id": ann.id, "from_chat_id": shop.id, "message_ids": ids});
        let sent = shop.bot().call(method, body).await.result();
        let expected: Vec<Value> = (0..3).map(|n| json!({"message_id": done + n})).collect();
        assert_eq!(sent, Value::from(expected), "{method}");
    }
    let screen = Value::from(ann.screen(shop.id).await);
    assert_eq!(texts(&screen), ["three", "two", "one", "three", "two", "one"]);
}

#[tokio::test]
async fn what_can_not_be_passed_on_is_refused_in_telegrams_words() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let secret = json!({"chat_id": shop.id, "text": "secret", "protect_content": true});
    let secret = id(&shop.bot().call("sendMessage", secret).await.result());
    let group = server.group("Team", &[ann.id, shop.id]).await;
    let history = shop.bot().get(&format!("messages?chat_id={group}")).await.json();
    let joined =
        id(history.as_array().unwrap().iter().find(|m| m.get("new_chat_members").is_some()).unwrap());
    let call = async |method: &str, body: Value| shop.bot().call(method, body).await;
    let one = |from: i64, id: i64| json!({"chat_id": ann.id, "from_chat_id": from, "message_id": id});
    let many = |ids: Value| json!({"chat_id": ann.id, "from_chat_id": shop.id, "message_ids": ids});

    bad(&call("forwardMessage", one(shop.id, 99)).await, "message to forward not found");
    bad(&call("copyMessage", one(shop.id, 99)).await, "message to copy not found");
    bad(&call("forwardMessage", one(shop.id, secret)).await, "message can't be forwarded");
    bad(&call("copyMessage", one(shop.id, secret)).await, "message can't be copied");
    bad(&call("forwardMessage", one(group, joined)).await, "message can't be forwarded");
    bad(&call("copyMessage", one(shop.id, 0)).await, "message identifier is not specified");
    let nowhere = json!({"chat_id": 42, "from_chat_id": shop.id, "message_id": secret});
    assert_eq!(call("forwardMessage", nowhere).await.status, 400);
    bad(&call("forwardMessages", many(json!([98, 99]))).await, "there are no messages to forward");
    bad(&call("copyMessages", many(json!([98, secret]))).await, "there are no messages to copy");
    bad(&call("copyMessages", many(json!([]))).await, "message identifiers are not specified");
    bad(
        &call("copyMessages", many(Value::from(vec![1; 101]))).await,
        "too many message identifiers specified",
    );
    bad(&call("copyMessages", many(json!(["a"]))).await, "invalid message identifier specified");
    assert!(ann.screen(shop.id).await.is_empty());
}

#[tokio::test]
async fn a_forward_takes_neither_keyboard_nor_reply_and_a_copy_takes_both() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let first = id(&send(&shop, ann.id, "first").await);
    let keyboard = json!({"inline_keyboard": [[{"text": "Ok", "callback_data": "ok"}]]});
    let body = json!({
        "chat_id": ann.id, "from_chat_id": ann.id, "message_id": first, "reply_markup": keyboard,
        "reply_to_message_id": first,
    });
    let forwarded = shop.bot().call("forwardMessage", body.clone()).await.result();
    assert_eq!((forwarded.get("reply_markup"), forwarded.get("reply_to_message")), (None, None));
    shop.bot().call("copyMessage", body).await.result();
    let copy = &ann.screen(shop.id).await[0];
    assert_eq!((&copy["reply_markup"], &copy["reply_to_message"]["text"]), (&keyboard, &"first".into()));
}
