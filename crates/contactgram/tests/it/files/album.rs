//! Albums: all or none, in order, one update each, told apart by what they have in common.

use super::{Part, cast, document, fetch, png, upload};
use crate::kit::on_each_engine;
use crate::messages::bad;
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn an_album_comes_as_messages_with_one_group() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let (one, two) = (png(10, 20), png(30, 40));
        let known = [Part::Text("chat_id", cast.ann.id.to_string()), Part::File("photo", "k.png", &one)];
        let known = upload(&cast.shop.bot(), "sendPhoto", &known).await.result()["photo"][0]["file_id"].clone();
        let media = json!([
            {"type": "photo", "media": "attach://first", "caption": "*one*", "parse_mode": "MarkdownV2", "has_spoiler": true},
            {"type": "photo", "media": known},
            {"type": "video", "media": "attach://film", "duration": 9, "caption": "b",
             "caption_entities": [{"type": "bold", "offset": 0, "length": 1}]},
        ]);
        let parts = [
            Part::Text("chat_id", cast.desk.id.to_string()),
            Part::Text("media", media.to_string()),
            Part::File("film", "f.mp4", b"film"),
            Part::File("first", "1.png", &two),
        ];
        let sent = upload(&cast.shop.bot(), "sendMediaGroup", &parts).await.result();
        let sent = sent.as_array().expect("a list").clone();
        assert_eq!(sent.len(), 3);
        let group = sent[0]["media_group_id"].as_str().expect("a group").to_owned();
        assert!(sent.iter().all(|message| message["media_group_id"] == group.as_str()));
        assert_eq!((&sent[0]["caption"], &sent[0]["photo"][0]["width"]), (&json!("one"), &json!(30)));
        assert_eq!((&sent[0]["has_media_spoiler"], sent[1].get("caption")), (&json!(true), None));
        assert_eq!((&sent[1]["photo"][0]["file_id"], &sent[2]["video"]["duration"]), (&known, &json!(9)));
        assert_eq!(sent[2]["caption_entities"][0]["type"], "bold");
        let updates = cast.desk.bot().call("getUpdates", json!({})).await.result();
        let got: Vec<&Value> =
            updates.as_array().expect("a list").iter().map(|update| &update["message"]).collect();
        assert_eq!(got.len(), 3, "one update each");
        assert!(got.iter().all(|message| message["media_group_id"] == group.as_str()));
        assert_eq!(fetch(&server, &cast.desk, &got[0]["photo"][0]).await, two);
        assert_eq!(fetch(&server, &cast.desk, &got[1]["photo"][0]).await, one);
        assert_eq!(fetch(&server, &cast.desk, &got[2]["video"]).await, b"film");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_album_is_refused_and_nothing_of_it_is_sent() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let known = document(&cast.shop, cast.shop.id, "a.txt", b"x").await["document"]["file_id"].clone();
    let send = async |media: Value| {
        let parts = [
            Part::Text("chat_id", cast.ann.id.to_string()),
            Part::Text("media", media.to_string()),
            Part::File("p", "p.png", &png(5, 5)),
            Part::File("t", "t.txt", b"text"),
        ];
        upload(&cast.shop.bot(), "sendMediaGroup", &parts).await
    };
    let photo = json!({"type": "photo", "media": "attach://p"});
    let text = json!({"type": "document", "media": known});
    bad(&send(json!([])).await, "there are no messages to send");
    bad(&send(json!(vec![photo.clone(); 11])).await, "too many messages to send as an album");
    bad(&send(json!({})).await, "can't parse media JSON object");
    bad(&send(json!([photo, text])).await, "document can't be mixed with other media types");
    bad(
        &send(json!([photo, {"type": "audio", "media": "attach://t"}])).await,
        "audio can't be mixed with other media types",
    );
    bad(
        &send(json!([photo, {"type": "photo", "media": "attach://nothing"}])).await,
        "can't parse InputMedia: media not found",
    );
    bad(
        &send(json!([photo, {"type": "hologram", "media": "x"}])).await,
        "can't parse InputMedia: type \"hologram\" is unsupported",
    );
    bad(
        &send(json!([photo, {"type": "animation", "media": "attach://t"}])).await,
        "can't parse InputMedia: type \"animation\" can't be used in sendMediaGroup",
    );
    bad(
        &send(json!([photo, {"type": "photo", "media": "attach://t"}])).await,
        "failed to send message #2 with the error message \"IMAGE_PROCESS_FAILED\"",
    );
    bad(
        &send(json!([photo, {"type": "photo", "media": "nonsense"}])).await,
        "wrong file identifier/HTTP URL specified",
    );
    assert_eq!(cast.ann.screen(cast.shop.id).await.len(), 0, "nothing was sent");
    let alone = send(json!([photo])).await.result();
    assert!(alone[0].get("media_group_id").is_none(), "{alone}");
}
