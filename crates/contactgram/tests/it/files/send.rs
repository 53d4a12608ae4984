//! Every method that sends a file, what each answers, and what is refused in which words.

use super::{Part, cast, document, fetch, png, received, upload};
use crate::kit::on_each_engine;
use crate::messages::bad;
use contactgram_testkit::{Method, Options, TestServer, Value, json};

/// A method, its parameter, the file's name and bytes, the fields of its object, and the folder and ending of its path.
type Kind<'a> = (&'a str, &'a str, &'a str, &'a [u8], &'a [&'a str], (&'a str, &'a str));

/// Keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_document_reaches_both_sides_under_a_name_of_their_own() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let bytes: Vec<u8> = (0..1_300_000_u32).map(|at| (at % 251) as u8).collect();
        let parts = [
            Part::Text("chat_id", cast.desk.id.to_string()),
            Part::Text("caption", "<b>The plan</b>".to_owned()),
            Part::Text("parse_mode", "HTML".to_owned()),
            Part::File("document", "../plan of ours.pdf", &bytes),
            Part::Text(
                "reply_markup",
                r#"{"inline_keyboard":[[{"text":"x","callback_data":"y"}]]}"#.to_owned(),
            ),
        ];
        let sent = upload(&cast.shop.bot(), "sendDocument", &parts).await.result();
        assert_eq!(
            (&sent["caption"], &sent["caption_entities"][0]["type"]),
            (&json!("The plan"), &json!("bold"))
        );
        assert!(sent.get("text").is_none() && sent["reply_markup"].is_object(), "{sent}");
        let file = &sent["document"];
        assert_eq!((&file["file_name"], &file["file_size"]), (&json!("plan of ours.pdf"), &json!(1_300_000)));
        assert!(fetch(&server, &cast.shop, file).await == bytes, "the sender has it");
        let got = received(&cast.desk).await;
        assert_eq!(got["document"]["file_unique_id"], file["file_unique_id"]);
        assert_ne!(got["document"]["file_id"], file["file_id"]);
        assert_eq!((&got["caption"], &got["document"]["file_name"]), (&sent["caption"], &file["file_name"]));
        assert!(fetch(&server, &cast.desk, &got["document"]).await == bytes, "the other has it");
        let history = cast.desk.v1().get("messages").await.json();
        assert_eq!(history[0], got, "history shows what the update did");
        let found = cast.desk.v1().get("messages?q=plan").await.json();
        assert_eq!(found[0], got, "a caption is searched");
    })
    .await;
}

#[tokio::test]
async fn every_kind_answers_with_its_own_object() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let picture = png(640, 480);
    let table: [Kind<'_>; 8] = [
        (
            "sendDocument",
            "document",
            "a.pdf",
            b"x",
            &["file_id", "file_name", "file_size", "file_unique_id"],
            ("documents", "pdf"),
        ),
        (
            "sendPhoto",
            "photo",
            "a.png",
            &picture,
            &["file_id", "file_size", "file_unique_id", "height", "width"],
            ("photos", "png"),
        ),
        (
            "sendVideo",
            "video",
            "a.mp4",
            b"x",
            &[
                "duration",
                "file_id",
                "file_name",
                "file_size",
                "file_unique_id",
                "height",
                "mime_type",
                "width",
            ],
            ("videos", "mp4"),
        ),
        (
            "sendAudio",
            "audio",
            "a.mp3",
            b"x",
            &[
                "duration",
                "file_id",
                "file_name",
                "file_size",
                "file_unique_id",
                "mime_type",
                "performer",
                "title",
            ],
            ("music", "mp3"),
        ),
        (
            "sendVoice",
            "voice",
            "a.ogg",
            b"x",
            &["duration", "file_id", "file_size", "file_unique_id", "mime_type"],
            ("voice", "oga"),
        ),
        (
            "sendAnimation",
            "animation",
            "a.gif",
            b"x",
            &[
                "duration",
                "file_id",
                "file_name",
                "file_size",
                "file_unique_id",
                "height",
                "mime_type",
                "width",
            ],
            ("animations", "gif"),
        ),
        (
            "sendVideoNote",
            "video_note",
            "a.mp4",
            b"x",
            &["duration", "file_id", "file_size", "file_unique_id", "length"],
            ("video_notes", "mp4"),
        ),
        (
            "sendSticker",
            "sticker",
            "a.webp",
            b"x",
            &[
                "emoji",
                "file_id",
                "file_size",
                "file_unique_id",
                "height",
                "is_animated",
                "is_video",
                "type",
                "width",
            ],
            ("stickers", "webp"),
        ),
    ];
    for (method, field, name, bytes, expected, (folder, ending)) in table {
        let details = [
            ("duration", "7"),
            ("width", "320"),
            ("height", "240"),
            ("length", "99"),
            ("title", "T"),
            ("performer", "P"),
            ("emoji", "👍"),
        ];
        let mut parts = vec![Part::Text("chat_id", cast.ann.id.to_string()), Part::File(field, name, bytes)];
        parts.extend(details.map(|(name, text)| Part::Text(name, text.to_owned())));
        let sent = upload(&cast.shop.bot(), method, &parts).await.result();
        let object = if field == "photo" { &sent["photo"][0] } else { &sent[field] };
        assert_eq!(keys(object), expected, "{method}");
        if object.get("duration").is_some() {
            assert_eq!(object["duration"], 7, "{method}");
        }
        let file = cast.shop.bot().call("getFile", json!({"file_id": object["file_id"]})).await.result();
        assert_eq!(keys(&file), ["file_id", "file_path", "file_size", "file_unique_id"]);
        let path = format!("{folder}/file_{}.{ending}", sent["message_id"]);
        assert_eq!((&file["file_path"], &file["file_size"]), (&json!(path), &json!(bytes.len())), "{method}");
        // The same again, by its file_id, in three encodings.
        let again = json!({"chat_id": cast.ann.id, field: object["file_id"]});
        let by_json = cast.shop.bot().call(method, again).await.result();
        let id = object["file_id"].as_str().expect("a file_id");
        let by_query =
            cast.shop.bot().get(&format!("{method}?chat_id={}&{field}={id}", cast.ann.id)).await.result();
        let by_form = cast
            .shop
            .bot()
            .request(Method::POST, method)
            .body(format!("chat_id={}&{field}={id}", cast.ann.id));
        let by_form = cast
            .shop
            .bot()
            .send(by_form.header("content-type", "application/x-www-form-urlencoded"))
            .await
            .result();
        for other in [by_json, by_query, by_form] {
            let other = if field == "photo" { &other["photo"][0] } else { &other[field] };
            assert_eq!(other, object, "{method}");
        }
    }
    let seen = cast.shop.v1().get("messages").await.json();
    let animation =
        seen.as_array().expect("a list").iter().find(|message| message.get("animation").is_some());
    let animation = animation.expect("it is in the history");
    assert_eq!(
        animation["document"]["file_id"], animation["animation"]["file_id"],
        "for whoever doesn't know it"
    );
    assert_eq!(
        (&animation["animation"]["width"], &animation["animation"]["height"]),
        (&json!(320), &json!(240))
    );
}

#[tokio::test]
async fn a_photo_says_what_its_bytes_say() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let send = async |bytes: &[u8]| {
        let parts = [Part::Text("chat_id", cast.ann.id.to_string()), Part::File("photo", "x", bytes)];
        upload(&cast.shop.bot(), "sendPhoto", &parts).await
    };
    let sent = send(&png(1280, 720)).await.result();
    assert_eq!((&sent["photo"][0]["width"], &sent["photo"][0]["height"]), (&json!(1280), &json!(720)));
    bad(&send(b"no picture at all").await, "IMAGE_PROCESS_FAILED");
    bad(&send(&png(6000, 4001)).await, "PHOTO_INVALID_DIMENSIONS");
    bad(&send(&png(2100, 100)).await, "PHOTO_INVALID_DIMENSIONS");
    let mut large = png(10, 10);
    large.resize((10 << 20) + 1, 0);
    bad(
        &send(&large).await,
        "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
    );
    large.pop();
    assert_eq!(send(&large).await.result()["photo"][0]["file_size"], 10 << 20);
}

#[tokio::test]
async fn what_names_no_file_is_refused_in_telegrams_words() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let mine = document(&cast.shop, cast.ann.id, "a.txt", b"mine").await["document"]["file_id"].clone();
    let theirs = document(&cast.desk, cast.ann.id, "a.txt", b"theirs").await["document"]["file_id"].clone();
    let bot = cast.shop.bot();
    let send = async |method: &str, field: &str, file: Value| {
        bot.call(method, json!({"chat_id": cast.ann.id, field: file})).await
    };
    let wrong = "wrong file identifier/HTTP URL specified";
    bad(&send("sendDocument", "document", theirs.clone()).await, wrong);
    bad(&send("sendDocument", "document", json!("nonsense")).await, wrong);
    bad(&send("sendDocument", "document", json!("AQAAAAAAAAABAAAAAAAAAAAAAAAAAAAA")).await, wrong);
    bad(
        &send("sendDocument", "document", json!("https://example.com/a.pdf")).await,
        "failed to get HTTP URL content",
    );
    bad(&send("sendDocument", "document", json!("attach://x")).await, "there is no document in the request");
    bad(&send("sendVideoNote", "other", json!("")).await, "there is no video note in the request");
    bad(&send("sendPhoto", "photo", mine.clone()).await, "can't use file of type Document as Photo");
    bad(&bot.call("getFile", json!({})).await, "file_id not specified");
    let unknown = "wrong file_id or the file is temporarily unavailable";
    bad(&bot.call("getFile", json!({"file_id": theirs})).await, unknown);
    bad(&bot.call("getFile", json!({"file_id": "x"})).await, unknown);
    let empty = [Part::Text("chat_id", cast.ann.id.to_string()), Part::File("document", "a.txt", b"")];
    bad(&upload(&bot, "sendDocument", &empty).await, "file must be non-empty");
    let long = [
        Part::Text("chat_id", cast.ann.id.to_string()),
        Part::Text("caption", "x".repeat(1025)),
        Part::File("document", "a.txt", b"x"),
    ];
    bad(&upload(&bot, "sendDocument", &long).await, "message caption is too long");
    let nobody = [Part::Text("chat_id", "4999999999".to_owned()), Part::File("document", "a.txt", b"x")];
    bad(&upload(&bot, "sendDocument", &nobody).await, "chat not found");
    let nowhere = [Part::File("document", "a.txt", b"x")];
    bad(&upload(&bot, "sendDocument", &nowhere).await, "chat_id is empty");
    let thread = [
        Part::Text("chat_id", cast.ann.id.to_string()),
        Part::Text("message_thread_id", "5".to_owned()),
        Part::File("document", "a.txt", b"x"),
    ];
    bad(&upload(&bot, "sendDocument", &thread).await, "message thread not found");
    assert_eq!(
        cast.shop.v1().get("messages").await.json().as_array().map(Vec::len),
        Some(1),
        "nothing was sent"
    );
}

#[tokio::test]
async fn what_is_too_large_is_a_413_and_what_just_fits_is_sent() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let bytes = vec![7_u8; (50 << 20) + 1];
        let parts =
            |bytes| [Part::Text("chat_id", cast.desk.id.to_string()), Part::File("document", "a.bin", bytes)];
        let refused = upload(&cast.shop.bot(), "sendDocument", &parts(&bytes)).await;
        assert_eq!(refused.refusal(), (413, "Request Entity Too Large".to_owned()));
        let sent = upload(&cast.shop.bot(), "sendDocument", &parts(&bytes[1..])).await.result();
        assert_eq!(sent["document"]["file_size"], 50 << 20);
        let asked = json!({"file_id": sent["document"]["file_id"]});
        bad(&cast.shop.bot().call("getFile", asked).await, "file is too big");
        // The bot that got it may send it on all the same.
        let got = received(&cast.desk).await;
        let on = json!({"chat_id": cast.ann.id, "document": got["document"]["file_id"]});
        assert_eq!(cast.desk.bot().call("sendDocument", on).await.result()["document"], got["document"]);
    })
    .await;
}

#[tokio::test]
async fn an_upload_with_a_key_is_sent_once() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let send = async |boundary: &str, bytes: &[u8]| {
        let parts = [Part::Text("chat_id", cast.ann.id.to_string()), Part::File("document", "a.txt", bytes)];
        let body = String::from_utf8(super::body(&parts)).expect("text").replace("b0undary", boundary);
        let request = cast.shop.bot().request(Method::POST, "sendDocument").body(body);
        let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        cast.shop.bot().send(request.header("idempotency-key", "k")).await
    };
    let first = send("one", b"the same").await;
    let second = send("another", b"the same").await;
    assert_eq!(first.result(), second.result(), "another boundary is no other request");
    assert_eq!(send("one", b"another").await.status, 422);
    assert_eq!(cast.ann.screen(cast.shop.id).await.len(), 1);
}

#[tokio::test]
async fn a_form_field_in_which_nothing_was_chosen_is_no_file() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let known = document(&cast.shop, cast.ann.id, "a.txt", b"x").await["document"]["file_id"].clone();
    let parts = [
        Part::File("document", "", b""),
        Part::Text("chat_id", cast.ann.id.to_string()),
        Part::Text("document", known.as_str().expect("a file_id").to_owned()),
    ];
    let sent = upload(&cast.shop.bot(), "sendDocument", &parts).await.result();
    assert_eq!(sent["document"]["file_id"], known);
}
