//! Replies: by reply_parameters and in the older form; each side sees its own ids.

use super::{Inbox, bad, id, send};
use crate::kit::on_each_engine;
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn a_reply_points_at_each_sides_own_ids() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        send(&desk, desk.id, "so that the ids differ").await;
        let asked = send(&shop, desk.id, "question").await;
        let mut inbox = Inbox::of(&desk);
        let seen = inbox.one("message").await;
        assert_eq!((id(&asked), id(&seen)), (1, 2));

        let body =
            json!({"chat_id": shop.id, "text": "answer", "reply_parameters": {"message_id": id(&seen)}});
        let answered = desk.bot().call("sendMessage", body).await.result();
        assert_eq!(answered["reply_to_message"]["message_id"], id(&seen));
        let got = Inbox::of(&shop).one("message").await;
        let quoted = &got["reply_to_message"];
        assert_eq!((id(quoted), &quoted["text"]), (id(&asked), &"question".into()));
        assert_eq!(quoted["chat"]["id"], desk.id, "the chat as the shop sees it");

        // One level deep, however long the thread.
        let body = json!({"chat_id": desk.id, "text": "thanks", "reply_to_message_id": id(&got)});
        let thanks = shop.bot().call("sendMessage", body).await.result();
        assert_eq!(thanks["reply_to_message"]["text"], "answer");
        assert!(thanks["reply_to_message"].get("reply_to_message").is_none(), "{thanks}");
    })
    .await;
}

#[tokio::test]
async fn a_reply_to_nothing_is_refused_unless_that_is_allowed() {
    let server = TestServer::start(Options::default()).await;
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let elsewhere = send(&shop, shop.id, "another chat").await;
    let say = async |extra: Value| {
        let mut body = json!({"chat_id": desk.id, "text": "x"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        shop.bot().call("sendMessage", body).await
    };
    for target in [99, id(&elsewhere)] {
        bad(&say(json!({"reply_to_message_id": target})).await, "message to be replied not found");
        let parameters = json!({"reply_parameters": {"message_id": target}});
        bad(&say(parameters).await, "message to be replied not found");
        for allowed in [
            json!({"reply_to_message_id": target, "allow_sending_without_reply": true}),
            json!({"reply_parameters": {"message_id": target, "allow_sending_without_reply": true}}),
            json!({"reply_parameters": format!("{{\"message_id\":\"{target}\",\"allow_sending_without_reply\":true}}")}),
        ] {
            let sent = say(allowed).await.result();
            assert!(sent.get("reply_to_message").is_none(), "{sent}");
        }
    }
    for none in [json!({"reply_to_message_id": 0}), json!({"reply_to_message_id": ""})] {
        assert!(say(none).await.result().get("reply_to_message").is_none());
    }
    let broken = say(json!({"reply_parameters": "{"})).await;
    assert!(broken.refusal().1.starts_with("Bad Request: can't parse reply parameters"), "{broken:?}");
}
