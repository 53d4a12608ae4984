//! editMessageText and editMessageReplyMarkup, as the writer and as the other side see them.

use super::{Inbox, bad, id, send};
use crate::kit::on_each_engine;
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn an_edit_reaches_the_other_side_once_the_text_differs() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let sent = send(&shop, desk.id, "price: 5").await;
        let mut inbox = Inbox::of(&desk);
        let seen = inbox.one("message").await;
        let keyboard = json!({"inline_keyboard": [[{"text": "Buy", "callback_data": "buy"}]]});
        let at = |text: &str| json!({"chat_id": desk.id, "message_id": id(&sent), "text": text});

        let edited = shop.bot().call("editMessageText", at("price: 6")).await.result();
        assert_eq!((&edited["text"], &edited["date"]), (&"price: 6".into(), &sent["date"]));
        assert!(edited["edit_date"].as_i64() >= sent["date"].as_i64(), "{edited}");
        let told = inbox.one("edited_message").await;
        assert_eq!((id(&told), &told["text"], &told["from"]["id"]), (id(&seen), &"price: 6".into(), &shop.id.into()));

        let unchanged = shop.bot().call("editMessageText", at("price: 6")).await;
        bad(
            &unchanged,
            "message is not modified: specified new message content and reply markup are exactly the same as a current \
             content and reply markup of the message",
        );
        // The same text with a keyboard is a change, but none that a bot is told of.
        let mut with_keyboard = at("price: 6");
        with_keyboard["reply_markup"] = keyboard.clone();
        let edited = shop.bot().call("editMessageText", with_keyboard).await.result();
        assert_eq!(edited["reply_markup"], keyboard);
        let markup = json!({"chat_id": desk.id, "message_id": id(&sent)});
        let bare = shop.bot().call("editMessageReplyMarkup", markup.clone()).await.result();
        assert_eq!((bare.get("reply_markup"), &bare["text"]), (None, &"price: 6".into()));
        assert!(shop.bot().call("editMessageReplyMarkup", markup).await.refusal().1.contains("is not modified"));
        assert!(inbox.fresh().await.is_empty());

        let path = format!("messages/{}/{}", shop.id, id(&seen));
        assert_eq!(desk.bot().get(&path).await.result()["text"], "price: 6");
        let found = desk.bot().get("messages?q=price+6").await.json();
        assert_eq!(found.as_array().unwrap().len(), 1, "the new text is found");
        assert_eq!(desk.bot().get("messages?q=5").await.json(), json!([]), "the old one is not");
    })
    .await;
}

#[tokio::test]
async fn an_edit_to_the_same_mention_changes_nothing_and_one_to_another_is_completed() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann", "username": "ann_example"})).await;
    let mention = |text: &str| {
        json!({
            "chat_id": ann.id, "text": format!("<a href=\"tg://user?id={}\">{text}</a>", ann.id), "parse_mode": "HTML",
        })
    };
    let sent = shop.bot().call("sendMessage", mention("you")).await.result();
    let edit = async |mut body: Value| {
        body["message_id"] = sent["message_id"].clone();
        shop.bot().call("editMessageText", body).await
    };
    assert!(edit(mention("you")).await.refusal().1.contains("is not modified"));
    let edited = edit(mention("thou")).await.result();
    assert_eq!(edited["entities"][0]["user"], sent["entities"][0]["user"]);
    assert_eq!(edited["entities"][0]["user"]["username"], "ann_example");
}

#[tokio::test]
async fn edits_that_telegram_refuses_are_refused_in_its_words() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    ann.write(shop.id, "hers").await;
    let hers = id(&Inbox::of(&shop).one("message").await);
    let own = id(&send(&shop, ann.id, "own").await);
    let card = json!({"chat_id": ann.id, "phone_number": "+447700900456", "first_name": "Ben"});
    let card = id(&shop.bot().call("sendContact", card).await.result());
    let edit = async |body: Value| shop.bot().call("editMessageText", body).await;
    let at = |chat: i64, id: i64, text: &str| json!({"chat_id": chat, "message_id": id, "text": text});

    bad(&edit(at(ann.id, hers, "mine")).await, "message can't be edited");
    bad(&edit(at(ann.id, 99, "x")).await, "message to edit not found");
    bad(&edit(at(shop.id, own, "x")).await, "message to edit not found");
    bad(&edit(at(42, own, "x")).await, "chat not found");
    bad(&edit(at(ann.id, 0, "x")).await, "message identifier is not specified");
    bad(&edit(at(ann.id, own, "")).await, "message text is empty");
    bad(&edit(at(ann.id, card, "x")).await, "there is no text in the message to edit");
    bad(&edit(json!({"inline_message_id": "abc", "text": "x"})).await, "MESSAGE_ID_INVALID");
    let mut keyboard = at(ann.id, own, "x");
    keyboard["reply_markup"] = json!({"keyboard": [["A"]]});
    bad(&edit(keyboard).await, "inline keyboard expected");
    let kept = shop.bot().get(&format!("messages/{}/{own}", ann.id)).await.result();
    assert_eq!(kept["text"], "own");
}
