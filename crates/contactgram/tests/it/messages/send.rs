//! sendMessage and sendContact: whom they reach, what they keep, what they refuse.

use super::{bad, id, send};
use crate::kit::{number, on_each_engine};
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn a_chat_is_named_by_number_string_username_contact_or_phone() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let about = json!({"first_name": "Ann", "username": "Ann_Example", "phone_number": "+447700900123"});
        let ann = server.person(about).await;
        let contact = json!({"phone_number": "+44 7700 900123", "first_name": "Ann"});
        let contact = shop.bot().post("contacts", contact).await.result();
        assert_eq!(contact["id"], ann.id, "a known number gives the user's id");

        for (place, to) in [
            json!({"chat_id": ann.id}),
            json!({"chat_id": ann.id.to_string()}),
            json!({"chat_id": "@ann_example"}),
            json!({"chat_id": "@ANN_EXAMPLE"}),
            json!({"contact_id": ann.id}),
            json!({"contact_id": ann.id.to_string()}),
            json!({"phone_number": "+447700900123"}),
            json!({"phone_number": "+44 (7700) 900-123"}),
        ]
        .into_iter()
        .enumerate()
        {
            let mut body = to.clone();
            body["text"] = format!("no. {place}").into();
            let sent = shop.bot().call("sendMessage", body).await.result();
            assert_eq!((number(&sent["chat"]["id"]), id(&sent)), (ann.id, place as i64 + 1), "{to}");
            assert_eq!(sent["chat"]["type"], "private");
            assert_eq!(sent["from"]["id"], shop.id);
        }
        assert_eq!(ann.screen(shop.id).await.len(), 8);
        let path = format!("contacts/{}/messages", ann.id);
        let sent = shop.bot().post(&path, json!({"text": "by its resource"})).await.result();
        assert_eq!(sent["chat"]["id"], ann.id);
    })
    .await;
}

#[tokio::test]
async fn a_chat_that_is_not_there_is_refused_in_telegrams_words() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let say = async |to: Value| {
        let mut body = to;
        body["text"] = "x".into();
        shop.bot().call("sendMessage", body).await
    };
    for to in [
        json!({"chat_id": 42}),
        json!({"chat_id": -42}),
        json!({"chat_id": "42x"}),
        json!({"chat_id": "@nobody_here"}),
        json!({"chat_id": 549_755_813_999_i64}),
        json!({"contact_id": 549_755_813_999_i64}),
        json!({"contact_id": 7}),
        json!({"phone_number": "+447700900999"}),
    ] {
        bad(&say(to).await, "chat not found");
    }
    bad(&say(json!({})).await, "chat_id is empty");
    bad(&say(json!({"chat_id": ""})).await, "chat_id is empty");
    bad(&say(json!({"contact_id": "ann"})).await, "contact_id must be a whole number");
    let both = say(json!({"chat_id": 1, "phone_number": "+447700900999"})).await;
    bad(&both, "only one of chat_id, contact_id and phone_number may be given");
    let national = say(json!({"phone_number": "07700 900999"})).await;
    assert!(national.refusal().1.starts_with("Bad Request: phone_number must begin with +"), "{national:?}");
}

#[tokio::test]
async fn a_national_number_is_read_with_the_accounts_region() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account_with("Shop", &["--region", "GB"]).await;
    let contact = json!({"phone_number": "+442079460123", "first_name": "Ann"});
    let contact = shop.bot().post("contacts", contact).await.result();
    let sent = shop.bot().call("sendMessage", json!({"phone_number": "020 7946 0123", "text": "hi"})).await;
    assert_eq!(sent.result()["chat"]["id"], contact["id"]);
}

#[tokio::test]
async fn the_text_is_checked_before_the_chat() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let say = async |text: Value| shop.bot().call("sendMessage", json!({"chat_id": 42, "text": text})).await;
    bad(&shop.bot().call("sendMessage", json!({})).await, "message text is empty");
    bad(&say("".into()).await, "message text is empty");
    bad(&say(" \n ".into()).await, "text must be non-empty");
    bad(&say("x".repeat(4097).into()).await, "message is too long");
    bad(&say("x".repeat(32_769).into()).await, "text is too long");
    bad(&say("x".repeat(4096).into()).await, "chat not found");
    bad(&say("🙂".repeat(4096).into()).await, "chat not found");
}

#[tokio::test]
async fn markup_preview_and_protection_are_kept_and_the_unknown_is_ignored() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let inline = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}, {"text": "Site", "url": "https://example.com"}]]});
    let body = json!({
        "chat_id": ann.id, "text": "Coming? https://example.com", "reply_markup": inline, "protect_content": true,
        "link_preview_options": {"is_disabled": true}, "disable_notification": true, "no_such_parameter": {"a": [1]},
    });
    let sent = shop.bot().call("sendMessage", body).await.result();
    assert_eq!(sent["reply_markup"]["inline_keyboard"][0][0], json!({"text": "Yes", "callback_data": "y"}));
    assert_eq!(sent["has_protected_content"], true);
    assert_eq!(sent["link_preview_options"], json!({"is_disabled": true}));
    let seen = &ann.screen(shop.id).await[0];
    assert_eq!((&seen["reply_markup"], &seen["text"]), (&sent["reply_markup"], &sent["text"]));

    // A keyboard of the app is no part of the Message.
    for markup in [
        json!({"keyboard": [["A", "B"], [{"text": "Share", "request_contact": true}]], "resize_keyboard": true}),
        json!({"remove_keyboard": true}),
        json!({"force_reply": true}),
        json!({}),
    ] {
        let body = json!({"chat_id": ann.id, "text": "choose", "reply_markup": markup});
        let sent = shop.bot().call("sendMessage", body).await.result();
        assert!(sent.get("reply_markup").is_none(), "{sent}");
    }
    let old = json!({"chat_id": ann.id, "text": "old form", "disable_web_page_preview": "True"});
    let sent = shop.bot().call("sendMessage", old).await.result();
    assert_eq!(sent["link_preview_options"]["is_disabled"], true);
}

#[tokio::test]
async fn broken_markup_is_refused_in_telegrams_words() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let with = async |markup: Value| {
        shop.bot().call("sendMessage", json!({"chat_id": ann.id, "text": "x", "reply_markup": markup})).await
    };
    let button = |button: Value| json!({"inline_keyboard": [[button]]});
    let long = "d".repeat(65);
    bad(&with(button(json!({"text": "a", "callback_data": long}))).await, "BUTTON_DATA_INVALID");
    bad(&with("{".into()).await, "can't parse reply keyboard markup JSON object");
    bad(&with(json!([1])).await, "object expected as reply markup");
    let textless = with(button(json!({"callback_data": "a"}))).await;
    assert!(
        textless.refusal().1.starts_with("Bad Request: can't parse inline keyboard button:"),
        "{textless:?}"
    );
    let bare = with(button(json!({"text": "a"}))).await;
    bad(&bare, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
    let rows: Vec<_> =
        (0..300).map(|n| json!([{"text": "a", "callback_data": format!("{n:060}")}])).collect();
    bad(&with(json!({"inline_keyboard": rows})).await, "reply markup is too long");
    assert!(ann.screen(shop.id).await.is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_contact_is_sent_and_only_the_server_says_whose_number_it_is() {
    let server = TestServer::start(Options::default()).await;
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let ben = server.person(json!({"first_name": "Ben", "phone_number": "+447700900456"})).await;
    let body = json!({
        "chat_id": desk.id, "phone_number": "447700900456", "first_name": "Benjamin", "last_name": "B.",
        "user_id": 42, "vcard": "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ben\r\nEND:VCARD\r\n",
    });
    let sent = shop.bot().call("sendContact", body).await.result();
    assert_eq!(sent["contact"]["user_id"], ben.id);
    assert_eq!(sent["contact"]["phone_number"], "447700900456", "as it was given");
    assert_eq!((&sent["contact"]["first_name"], sent.get("text")), (&"Benjamin".into(), None));

    let unknown =
        json!({"chat_id": desk.id, "phone_number": "+447700900789", "first_name": "Cy", "user_id": ben.id});
    let unknown = shop.bot().call("sendContact", unknown).await.result();
    assert!(unknown["contact"].get("user_id").is_none(), "{unknown}");

    let call = async |body: Value| shop.bot().call("sendContact", body).await;
    bad(
        &call(json!({"chat_id": desk.id, "first_name": "x"})).await,
        "parameter \"phone_number\" is required",
    );
    bad(
        &call(json!({"chat_id": desk.id, "phone_number": "1"})).await,
        "parameter \"first_name\" is required",
    );
    let card = "x".repeat(2049);
    let long = call(json!({"chat_id": desk.id, "phone_number": "1", "first_name": "x", "vcard": card})).await;
    assert_eq!(long.status, 400, "{long:?}");
}

#[tokio::test]
async fn writing_to_oneself_keeps_one_copy() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let note = send(&shop, shop.id, "note to self").await;
    assert_eq!((number(&note["chat"]["id"]), id(&note)), (shop.id, 1));
    assert_eq!(send(&shop, shop.id, "another").await["message_id"], 2);
    let updates = shop.bot().call("getUpdates", json!({})).await.result();
    assert_eq!(updates, json!([]));
}
