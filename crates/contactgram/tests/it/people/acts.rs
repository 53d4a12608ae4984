//! People write, reply, edit and press; accounts answer.

use crate::kit::{number, on_each_engine};
use crate::messages::{Inbox, bad, id, send};
use contactgram_testkit::{Options, TestServer, json};

#[tokio::test]
async fn a_person_writes_replies_and_edits() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let about = json!({"first_name": "Ann", "last_name": "Lee", "username": "ann_example", "language_code": "en"});
        let ann = server.person(about).await;
        let mut inbox = Inbox::of(&shop);
        let wrote = json!({"to": shop.id, "text": "<i>Open</i> today?", "parse_mode": "HTML"});
        let wrote = ann.act("write", wrote).await.result();
        assert_eq!((number(&wrote["chat"]["id"]), &wrote["text"]), (shop.id, &"Open today?".into()));
        let got = inbox.one("message").await;
        let from = json!({
            "id": ann.id, "is_bot": false, "first_name": "Ann", "last_name": "Lee", "username": "ann_example",
            "language_code": "en",
        });
        assert_eq!((&got["from"], number(&got["chat"]["id"])), (&from, ann.id));
        assert_eq!(got["entities"], json!([{"type": "italic", "offset": 0, "length": 4}]));

        // A reply by the account's id, and one by the person's own.
        let sent = send(&shop, ann.id, "Yes").await;
        let reply = json!({"to": "@shop_bot", "text": "Good", "reply_to_message_id": id(&sent), "seen_by": shop.id});
        let replied = ann.act("write", reply).await.result();
        assert_eq!(replied["reply_to_message"]["text"], "Yes");
        assert_eq!(inbox.one("message").await["reply_to_message"]["message_id"], sent["message_id"]);
        let reply = json!({"to": shop.id, "text": "?", "reply_to_message_id": id(&wrote)});
        assert_eq!(ann.act("write", reply).await.result()["reply_to_message"]["text"], "Open today?");
        assert_eq!(inbox.one("message").await["reply_to_message"]["message_id"], got["message_id"]);

        let edit = json!({"to": shop.id, "message_id": id(&got), "text": "Open tomorrow?", "seen_by": shop.id});
        let edited = ann.act("edit", edit).await.result();
        assert_eq!((id(&edited), edited.get("edit_date").is_some()), (id(&wrote), true));
        let told = inbox.one("edited_message").await;
        assert_eq!((id(&told), &told["text"]), (id(&got), &"Open tomorrow?".into()));
        assert_eq!(ann.screen(shop.id).await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn what_a_person_can_not_do_is_refused() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let sent = send(&shop, ann.id, "hello").await;
    let sees_none = "message_id names no message that this person sees";
    for (deed, body, text) in [
        ("write", json!({"to": shop.id}), "message text is empty"),
        ("write", json!({"to": 42, "text": "x"}), "chat not found"),
        ("write", json!({"text": "x"}), "parameter \"to\" is required"),
        ("write", json!({"to": shop.id, "text": "x", "reply_to_message_id": 99}), sees_none),
        ("write", json!({"to": shop.id, "text": "*", "parse_mode": "X"}), "unsupported parse_mode"),
        ("edit", json!({"to": shop.id, "text": "x"}), "parameter \"message_id\" is required"),
        ("edit", json!({"to": shop.id, "text": "x", "message_id": 99}), sees_none),
        ("edit", json!({"to": shop.id, "text": "x", "message_id": 1}), "message can't be edited"),
        ("press", json!({"to": shop.id, "message_id": 1}), "parameter \"data\" is required"),
        ("press", json!({"to": shop.id, "message_id": 99, "data": "x"}), sees_none),
    ] {
        bad(&ann.act(deed, body).await, text);
    }
    assert_eq!(id(&sent), 1);
    assert_eq!(ann.screen(shop.id).await.len(), 1);
}

#[tokio::test]
async fn a_pressed_button_is_answered_once() {
    on_each_engine(async |server| {
        let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
        let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}], [{"text": "No", "callback_data": "no"}]]});
        let body = json!({"chat_id": ann.id, "text": "Coming?", "reply_markup": keyboard});
        let sent = shop.bot().call("sendMessage", body).await.result();
        let mut inbox = Inbox::of(&shop);

        let query = ann.press(shop.id, id(&sent), "yes").await;
        let told = inbox.one("callback_query").await;
        assert_eq!((&told["id"], &told["data"]), (&query.clone().into(), &"yes".into()));
        assert_eq!((number(&told["from"]["id"]), &told["message"]), (ann.id, &sent));
        let instance = told["chat_instance"].clone();
        assert!(instance.is_string(), "{told}");
        let path = format!("people/{}/presses/{}/{query}", ann.id, shop.id);
        assert_eq!(server.admin().get(&path).await.result(), json!({"answered": false}));

        let answer = json!({"callback_query_id": query, "text": "See you", "show_alert": true, "cache_time": 5});
        assert_eq!(shop.bot().call("answerCallbackQuery", answer.clone()).await.result(), true);
        let shown = server.admin().get(&path).await.result();
        assert_eq!(shown["answered"], true);
        assert_eq!(shown["answer"], json!({"text": "See you", "show_alert": true, "cache_time": 5}));
        let too_old = "query is too old and response timeout expired or query ID is invalid";
        bad(&shop.bot().call("answerCallbackQuery", answer).await, too_old);

        // The message can be edited in answer, and what it no longer carries can't be pressed.
        let own = id(&ann.screen(shop.id).await[0]);
        let press = async |data: &str| {
            ann.act("press", json!({"to": shop.id, "message_id": own, "data": data})).await
        };
        assert!(press("no").await.result()["callback_query_id"].is_string(), "by the person's own id");
        assert_eq!(inbox.one("callback_query").await["chat_instance"], instance);
        let no_button = "data is not that of a button below this message";
        bad(&press("maybe").await, no_button);
        let body = json!({"chat_id": ann.id, "message_id": id(&sent), "text": "Done"});
        shop.bot().call("editMessageText", body).await.result();
        bad(&press("no").await, no_button);
        assert!(inbox.fresh().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn presses_that_are_unknown_or_anothers_are_refused() {
    let server = TestServer::start(Options::default()).await;
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let (ann, ben) = (
        server.person(json!({"first_name": "Ann"})).await,
        server.person(json!({"first_name": "Ben"})).await,
    );
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    let body = json!({"chat_id": ann.id, "text": "Coming?", "reply_markup": keyboard});
    let sent = shop.bot().call("sendMessage", body).await.result();
    let query = ann.press(shop.id, id(&sent), "yes").await;
    let too_old = "query is too old and response timeout expired or query ID is invalid";
    for wrong in [json!({"callback_query_id": "17"}), json!({"callback_query_id": "x"}), json!({})] {
        bad(&shop.bot().call("answerCallbackQuery", wrong).await, too_old);
    }
    let answer = json!({"callback_query_id": query});
    bad(&desk.bot().call("answerCallbackQuery", answer).await, too_old);
    let long = json!({"callback_query_id": query, "text": "x".repeat(201)});
    bad(&shop.bot().call("answerCallbackQuery", long).await, "MESSAGE_TOO_LONG");
    for path in [
        format!("people/{}/presses/{}/{query}", ben.id, shop.id),
        format!("people/{}/presses/{}/{query}", ann.id, desk.id),
        format!("people/{}/presses/{}/x", ann.id, shop.id),
    ] {
        assert_eq!(server.admin().get(&path).await.refusal(), (404, "Not Found: no such press".to_owned()));
    }
}
