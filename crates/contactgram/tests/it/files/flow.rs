//! What becomes of a message with a file: quoted, edited, forwarded, copied, scheduled, deleted.

use super::{Part, asked, cast, document, downloads, fetch, received, upload};
use crate::kit::{number, on_each_engine, text};
use crate::messages::{Inbox, bad, id};
use contactgram_testkit::{Options, TestServer, json};
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn forwards_and_copies_carry_the_file() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let sent = document(&cast.shop, cast.desk.id, "a.txt", b"carried").await;
        let got = received(&cast.desk).await;
        let on =
            json!({"chat_id": cast.shop.id, "from_chat_id": cast.shop.id, "message_id": got["message_id"]});
        let forwarded = cast.desk.bot().call("forwardMessage", on.clone()).await.result();
        assert_eq!(
            (&forwarded["document"], forwarded["forward_origin"]["sender_user"]["id"].as_i64()),
            (&got["document"], Some(cast.shop.id))
        );
        cast.desk.bot().call("copyMessage", on).await.result();
        let back = cast.shop.bot().call("getUpdates", json!({})).await.result();
        let (forward, copy) = (&back[0]["message"]["document"], &back[1]["message"]["document"]);
        for file in [forward, copy] {
            assert_eq!(file["file_unique_id"], sent["document"]["file_unique_id"]);
            assert_eq!(fetch(&server, &cast.shop, file).await, b"carried");
        }
    })
    .await;
}

#[tokio::test]
async fn a_caption_is_changed_for_both_and_the_file_stays() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let sent = document(&cast.shop, cast.desk.id, "a.txt", b"stays").await;
        let mut inbox = Inbox::of(&cast.desk);
        let got = inbox.one("message").await;
        let target = json!({"chat_id": cast.desk.id, "message_id": sent["message_id"]});
        let change = |method: &'static str, name: &'static str, value: &'static str| {
            let mut body = target.clone();
            body[name] = json!(value);
            let bot = cast.shop.bot();
            async move { bot.call(method, body).await }
        };
        let edited = change("editMessageCaption", "caption", "new").await.result();
        assert_eq!((&edited["caption"], &edited["document"]), (&json!("new"), &sent["document"]));
        let told = inbox.one("edited_message").await;
        assert_eq!((&told["caption"], &told["document"]), (&json!("new"), &got["document"]));
        bad(&change("editMessageText", "text", "x").await, "there is no text in the message to edit");
        let same = change("editMessageCaption", "caption", "new").await.refusal().1;
        assert!(same.starts_with("Bad Request: message is not modified"), "{same}");
        assert!(change("editMessageCaption", "caption", "").await.result().get("caption").is_none());
        let plain =
            cast.shop.bot().call("sendMessage", json!({"chat_id": cast.desk.id, "text": "x"})).await.result();
        let no = json!({"chat_id": cast.desk.id, "message_id": plain["message_id"], "caption": "y"});
        bad(
            &cast.shop.bot().call("editMessageCaption", no).await,
            "there is no caption in the message to edit",
        );
        assert_eq!(fetch(&server, &cast.desk, &got["document"]).await, b"stays");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_message_takes_its_file_along_for_both_unless_another_carries_it() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let sent = document(&cast.shop, cast.desk.id, "a.txt", b"gone").await;
        let got = received(&cast.desk).await;
        let again = json!({"chat_id": cast.ann.id, "document": sent["document"]["file_id"]});
        let again = cast.shop.bot().call("sendDocument", again).await.result();
        assert_eq!(again["document"], sent["document"]);
        let delete = async |chat: i64, id: i64| {
            let target = json!({"chat_id": chat, "message_id": id});
            cast.shop.bot().call("deleteMessage", target).await.result()
        };
        delete(cast.desk.id, id(&sent)).await;
        let theirs = cast.desk.bot().call("getFile", json!({"file_id": got["document"]["file_id"]})).await;
        bad(&theirs, "wrong file_id or the file is temporarily unavailable");
        assert_eq!(
            fetch(&server, &cast.shop, &sent["document"]).await,
            b"gone",
            "the second message has it still"
        );
        let path = text(&asked(&cast.shop, &sent["document"]).await["file_path"]);
        delete(cast.ann.id, id(&again)).await;
        let own = cast.shop.bot().call("getFile", json!({"file_id": sent["document"]["file_id"]})).await;
        bad(&own, "wrong file_id or the file is temporarily unavailable");
        assert_eq!(downloads(&server, &cast.shop.token).get(&path).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn everybody_in_a_group_gets_the_file_and_replies_quote_it() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let group = server.group("Team", &[cast.shop.id, cast.desk.id, cast.ann.id]).await;
    let mut inbox = Inbox::of(&cast.desk);
    inbox.fresh().await;
    document(&cast.shop, group, "a.txt", b"for all").await;
    let got = inbox.one("message").await;
    assert_eq!(fetch(&server, &cast.desk, &got["document"]).await, b"for all");
    let reply =
        json!({"chat_id": group, "text": "seen", "reply_parameters": {"message_id": got["message_id"]}});
    let reply = cast.desk.bot().call("sendMessage", reply).await.result();
    assert_eq!(reply["reply_to_message"]["document"], got["document"]);
    let screen = cast.ann.screen(group).await;
    let shown = screen.iter().find(|message| message.get("document").is_some()).expect("on her screen too");
    assert_eq!(shown["document"]["file_unique_id"], got["document"]["file_unique_id"]);
}

#[tokio::test]
async fn a_file_that_is_known_is_sent_later_and_an_upload_is_not() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let file = document(&cast.shop, cast.shop.id, "a.txt", b"later").await["document"]["file_id"].clone();
    let call = json!({"chat_id": cast.desk.id, "document": file, "caption": "now"});
    let request = cast.shop.bot().request(contactgram_testkit::Method::POST, "sendDocument");
    let answer = cast.shop.bot().send(request.header("prefer", "respond-async").json(&call)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert!(number(&answer.result()["id"]) > 0);
    let got = cast.desk.bot().call("getUpdates", json!({"timeout": 30})).await.result();
    assert_eq!(fetch(&server, &cast.desk, &got[0]["message"]["document"]).await, b"later");
    let parts = [
        Part::Text("chat_id", cast.desk.id.to_string()),
        Part::Text("send_at", "4000000000".to_owned()),
        Part::File("document", "a.txt", b"x"),
    ];
    let refused = upload(&cast.shop.bot(), "sendDocument", &parts).await.refusal();
    assert!(refused.1.contains("is an uploaded file"), "{refused:?}");
}

#[tokio::test]
async fn files_are_there_after_a_restart() {
    on_each_engine(async |mut server| {
        let cast = cast(&server).await;
        let bytes: Vec<u8> = (0..700_000_u32).map(|at| (at % 247) as u8).collect();
        let sent = document(&cast.shop, cast.ann.id, "a.bin", &bytes).await;
        server.kill().await;
        server.start_again().await;
        let client = contactgram_testkit::Client::new(format!("{}/bot{}", server.url(), cast.shop.token));
        let file = client.call("getFile", json!({"file_id": sent["document"]["file_id"]})).await.result();
        let answer = downloads(&server, &cast.shop.token).get(&text(&file["file_path"])).await;
        assert!(answer.body == bytes, "byte for byte");
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_sends_nothing_and_the_next_one_goes_through() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let bytes = vec![9; 2 << 20];
    let parts = [Part::Text("chat_id", cast.ann.id.to_string()), Part::File("document", "a.bin", &bytes)];
    let whole = super::body(&parts);
    let head = format!(
        "POST /bot{}/sendDocument HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=b0undary\r\n\r\n",
        cast.shop.token,
        whole.len()
    );
    let address = server.url().trim_start_matches("http://");
    for sent in [100, 300_000, whole.len() - 20] {
        let mut line = tokio::net::TcpStream::connect(address).await.expect("the server accepts");
        line.write_all(head.as_bytes()).await.expect("it reads the head");
        line.write_all(&whole[..sent]).await.expect("it reads the body");
        drop(line);
    }
    // Told in full, and cut all the same: the last boundary is missing.
    let cut = cast.shop.bot().request(contactgram_testkit::Method::POST, "sendDocument");
    let cut = cut.header("content-type", "multipart/form-data; boundary=b0undary");
    let (status, why) = cast.shop.bot().send(cut.body(whole[..whole.len() - 20].to_vec())).await.refusal();
    assert!(status == 400 && why.starts_with("Bad Request: can't parse multipart body"), "{status} {why}");
    document(&cast.shop, cast.ann.id, "whole.txt", b"whole").await;
    let output = server.cli(&["people", "messages", &cast.ann.id.to_string()]).await;
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!((shown.lines().count(), shown.contains("(document) whole.txt")), (1, true), "{shown}");
}
