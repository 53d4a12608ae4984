//! Messages: sending, reading, changing, removing, and history as a stream.

use contactgram_client::wire::file::Media;
use contactgram_client::{
    Client, Direction, Error, InputFile, Message, MessageId, MessageQuery, NewMessage, StreamExt,
    TryStreamExt,
};
use contactgram_testkit::{Method, ProxyFault, json};
use serde_json::Value;

use crate::kit::Stage;

#[tokio::test]
async fn a_message_is_sent_read_changed_and_removed() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann", "username": "ann_example"})).await;
    ann.write(stage.account.id, "Are you open?").await;
    let messages = stage.client.messages();
    let sent =
        messages.send(NewMessage::html("@ann_example", "<b>Yes</b>, till six.").silent()).await.unwrap();
    assert_eq!((sent.text.as_deref(), sent.chat.id.0), (Some("Yes, till six."), ann.id));
    assert!(sent.more.contains_key("entities"), "{sent:?}");
    let reply =
        messages.send(NewMessage::text(ann.id, "And tomorrow").reply_to(sent.message_id)).await.unwrap();
    assert_eq!(reply.reply_to_message.as_ref().map(|one| one.message_id), Some(sent.message_id));

    let page = messages.list(&MessageQuery::default()).await.unwrap();
    let texts: Vec<_> = page.messages.iter().filter_map(|one| one.text.as_deref()).collect();
    assert_eq!(texts, ["And tomorrow", "Yes, till six.", "Are you open?"]);
    assert_eq!((page.total_count, page.has_more), (Some(3), false));
    let received = messages.list(&MessageQuery::default().direction(Direction::In)).await.unwrap();
    assert_eq!(received.messages[0].from.as_ref().map(|from| from.first_name.as_str()), Some("Ann"));
    assert_eq!(messages.search("till").await.unwrap().messages.len(), 1);
    assert_eq!(messages.get(ann.id, sent.message_id).await.unwrap().text, sent.text);

    let edited = messages.edit_text(ann.id, sent.message_id, "Till seven.").await.unwrap();
    assert_eq!((edited.text.as_deref(), edited.edit_date.is_some()), (Some("Till seven."), true));
    messages.delete(ann.id, sent.message_id).await.unwrap();
    let gone = messages.get(ann.id, sent.message_id).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound { .. }), "{gone:?}");
    let nobody = messages.send(NewMessage::text(999, "Hello?")).await.unwrap_err();
    assert!(matches!(&nobody, Error::BadRequest { field: None, .. }), "{nobody:?}");
}

#[tokio::test]
async fn history_is_a_stream_that_shows_nothing_twice() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    for at in 0..12 {
        ann.write(stage.account.id, &format!("m{at}")).await;
    }
    let query = MessageQuery::default().chat(ann.id).limit(5);
    let mut history = std::pin::pin!(stage.client.messages().all(query.clone()));
    let mut texts = Vec::new();
    for _ in 0..3 {
        texts.push(history.next().await.unwrap().unwrap().text.unwrap());
    }
    // Two that push the end of the first page onto the second.
    ann.write(stage.account.id, "late").await;
    ann.write(stage.account.id, "later").await;
    while let Some(message) = history.try_next().await.unwrap() {
        texts.push(message.text.unwrap());
    }
    let expected: Vec<String> = (0..12).rev().map(|at| format!("m{at}")).collect();
    assert_eq!(texts, expected);
    let first = stage.client.messages().list(&query.oldest_first()).await.unwrap();
    assert_eq!((first.messages[0].text.as_deref(), first.has_more), (Some("m0"), true));
    let after = MessageQuery::default().chat(ann.id).after(MessageId(first.messages[4].message_id.0));
    assert_eq!(stage.client.messages().list(&after).await.unwrap().messages.len(), 9);
}

#[tokio::test]
async fn any_method_is_called_by_its_name() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    ann.write(stage.account.id, "hello").await;
    let chat: Value = stage.client.call("getChat", &json!({"chat_id": ann.id})).await.unwrap();
    assert_eq!(chat["first_name"], "Ann");
    let card = json!({"chat_id": ann.id, "phone_number": "+447900900123", "first_name": "Ben"});
    let sent: Value = stage.client.call_with_key("sendContact", &card, "mine-1").await.unwrap();
    let again: Value = stage.client.call_with_key("sendContact", &card, "mine-1").await.unwrap();
    assert_eq!((&sent, sent["contact"]["first_name"].as_str()), (&again, Some("Ben")));
    let other = json!({"chat_id": ann.id, "phone_number": "+447900900123", "first_name": "Bill"});
    let reused = stage.client.call_with_key::<Value>("sendContact", &other, "mine-1").await.unwrap_err();
    assert!(matches!(reused, Error::Refused { status: 422, .. }), "{reused:?}");
    let unknown = stage.client.call::<Value>("sendTelepathy", &()).await.unwrap_err();
    assert!(matches!(unknown, Error::NotFound { .. }), "{unknown:?}");
    let seen = stage.proxy.journal();
    let keys: Vec<_> = seen.iter().map(|one| one.idempotency_key.as_deref()).collect();
    assert_eq!(&keys[..3], [None, Some("mine-1"), Some("mine-1")]);
    assert!(keys[4].is_some_and(|key| key.len() == 32), "{keys:?}");
}

#[tokio::test]
async fn a_file_is_sent_once_even_when_the_reply_is_lost() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    ann.write(stage.account.id, "hello").await;
    let content: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    let file = InputFile::new("document", "what \"it\" is.bin", content.clone());
    stage.proxy.fail_next("sendDocument", ProxyFault::CutAfter);
    let params = json!({"chat_id": ann.id, "caption": "take this"});
    let sent: Message = stage.client.upload("sendDocument", &params, &[file]).await.unwrap();
    let document: Media = sent.field("document").unwrap().unwrap();
    assert_eq!((sent.caption.as_deref(), document.file_size), (Some("take this"), Some(200_000)));
    assert_eq!(stage.proxy.seen("sendDocument").len(), 2);
    assert_eq!(stage.messages().await, 2);
    let file: Value = stage.client.call("getFile", &json!({"file_id": document.file_id})).await.unwrap();
    let path = format!("/file/bot{}/{}", stage.account.token, file["file_path"].as_str().unwrap());
    assert_eq!(stage.server.get(&path).await.body, content);
}

#[tokio::test]
async fn any_resource_is_reached_by_its_path_and_nothing_beyond_the_server() {
    let stage = Stage::new().await;
    let list: Value = stage.client.resource(Method::GET, "consumers", None).await.unwrap();
    assert_eq!(list, json!([]));
    let to = json!({"text": "We are open again.", "to": {"label": "customer"}});
    let made: Value = stage.client.resource(Method::POST, "/broadcasts", Some(&to)).await.unwrap();
    let path = format!("broadcasts/{}", made["id"]);
    let shown: Value = stage.client.resource(Method::GET, &path, None).await.unwrap();
    assert_eq!((&shown["id"], &shown["total"]), (&made["id"], &json!(0)));
    assert!(stage.proxy.seen("POST broadcasts")[0].idempotency_key.is_some());
    let seen = stage.proxy.journal().len();
    for elsewhere in ["https://evil.example/x", "https:///evil.example", "ftp:x"] {
        let refused = stage.client.resource::<Value>(Method::GET, elsewhere, None).await;
        assert!(matches!(refused, Err(Error::Setup(_))), "{elsewhere}: {refused:?}");
    }
    assert_eq!(stage.proxy.journal().len(), seen);
}

#[tokio::test]
async fn each_credential_opens_the_account() {
    let stage = Stage::new().await;
    let url = stage.server.url();
    let (user, password) = stage.account.token.split_once(':').unwrap();
    for client in [
        Client::builder(url).bearer(&stage.account.token).build().unwrap(),
        Client::builder(url).basic(user, password).build().unwrap(),
    ] {
        let me = client.me().await.unwrap();
        assert_eq!((me.user.id.0, me.user.first_name.as_str()), (stage.account.id, "Shop"));
    }
    assert!(matches!(Client::builder(url).build(), Err(Error::Setup(_))));
    let builder = Client::builder(url).token(&stage.account.token);
    let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(shown.contains(url) && !shown.contains(password), "{shown}");
}
