//! Downloads: whole and in part, under headers that keep a browser from showing them, by nobody else.

use super::{Part, asked, cast, document, downloads, fetch, png, upload};
use crate::gateway::kit::{connect, until};
use crate::kit::{key, on_each_engine, text};
use contactgram_testkit::{Account, Client, Method, Options, TestServer, Value, json};

const PIECE: usize = 256 << 10;

#[tokio::test]
async fn a_part_is_sent_as_it_is_asked_for() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let bytes: Vec<u8> = (0..PIECE * 2 + 100).map(|at| (at % 253) as u8).collect();
        let sent = document(&cast.shop, cast.ann.id, "a.html", &bytes).await;
        let path = text(&asked(&cast.shop, &sent["document"]).await["file_path"]);
        let client = downloads(&server, &cast.shop.token);
        let whole = client.get(&path).await;
        assert_eq!((whole.status, whole.body.len()), (200, bytes.len()));
        assert_eq!(whole.header("content-length"), Some(bytes.len().to_string().as_str()));
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(whole.header("content-disposition"), Some("attachment; filename*=UTF-8''a.html"));
        assert!(whole.header("content-security-policy").is_some_and(|policy| policy.starts_with("sandbox")));
        let part =
            async |range: &str| client.send(client.request(Method::GET, &path).header("range", range)).await;
        let ends = bytes.len();
        let table = [
            ("bytes=0-0".to_owned(), 0..1),
            (format!("bytes={}-{}", PIECE - 1, PIECE), PIECE - 1..PIECE + 1),
            (format!("bytes={}-", PIECE * 2), PIECE * 2..ends),
            ("bytes=-100".to_owned(), ends - 100..ends),
            ("bytes=5-99999999".to_owned(), 5..ends),
        ];
        for (range, expected) in table {
            let answer = part(&range).await;
            assert_eq!(answer.status, 206, "{range}");
            let told = format!("bytes {}-{}/{ends}", expected.start, expected.end - 1);
            assert_eq!(answer.header("content-range"), Some(told.as_str()), "{range}");
            assert!(answer.body == bytes[expected], "{range}");
        }
        let beyond = part(&format!("bytes={ends}-")).await;
        assert_eq!(
            (beyond.status, beyond.header("content-range")),
            (416, Some(format!("bytes */{ends}").as_str()))
        );
        let tag = whole.header("etag").expect("a tag").to_owned();
        let since = |tag: &str| {
            client.request(Method::GET, &path).header("range", "bytes=0-0").header("if-range", tag)
        };
        assert_eq!(client.send(since(&tag)).await.status, 206);
        assert_eq!(client.send(since("\"other\"")).await.status, 200, "it is another file now");
        let head = client.send(client.request(Method::HEAD, &path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), whole.header("content-length"));
        assert_eq!(client.post(&path, json!({})).await.refusal().0, 405);
    })
    .await;
}

#[tokio::test]
async fn a_picture_is_said_to_be_one() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let parts = [Part::Text("chat_id", cast.ann.id.to_string()), Part::File("photo", "a", &png(3, 4))];
    let sent = upload(&cast.shop.bot(), "sendPhoto", &parts).await.result();
    let path = text(&asked(&cast.shop, &sent["photo"][0]).await["file_path"]);
    let answer = downloads(&server, &cast.shop.token).get(&path).await;
    assert_eq!((answer.header("content-type"), &answer.body[..]), (Some("image/png"), &png(3, 4)[..]));
}

#[tokio::test]
async fn what_is_not_the_accounts_is_not_there() {
    let server = TestServer::start(Options::default()).await;
    let cast = cast(&server).await;
    let sent = document(&cast.shop, cast.ann.id, "a.txt", b"mine").await;
    let path = text(&asked(&cast.shop, &sent["document"]).await["file_path"]);
    let not_there = (404, "Not Found: file not found".to_owned());
    assert_eq!(downloads(&server, &cast.desk.token).get(&path).await.refusal(), not_there);
    let client = downloads(&server, &cast.shop.token);
    for wrong in
        ["documents/file_1.pdf", "photos/file_1.txt", "documents/file_99.txt", "documents/", "a/b/file_1.txt"]
    {
        assert_eq!(client.get(wrong).await.refusal(), not_there, "{wrong}");
    }
    assert_eq!(client.get(&path.replace('_', "%5F")).await.status, 200, "encoded, it is the same path");
    let narrow = async |label: &str| {
        let words = ["--scope", "messages:read", "--only-label", label];
        text(&key(&server, &cast.shop, &words).await["key"])
    };
    let sees = async |key: &str| {
        let asked = server.bot(key).call("getFile", json!({"file_id": sent["document"]["file_id"]})).await;
        (asked.status, downloads(&server, key).get(&path).await.status)
    };
    let contact = json!({"user_id": cast.ann.id, "first_name": "Ann", "labels": ["hers"]});
    cast.shop.v1().post("contacts", contact).await.result();
    assert_eq!(sees(&narrow("hers").await).await, (200, 200));
    assert_eq!(sees(&narrow("others").await).await, (400, 404));
    for (scope, status) in [("messages:read", 200), ("messages:send", 403)] {
        let key = text(&key(&server, &cast.shop, &["--scope", scope]).await["key"]);
        assert_eq!(downloads(&server, &key).get(&path).await.status, status, "{scope}");
    }
}

/// The account at the second server, through the first.
async fn through(gateway: &TestServer, upstream: &TestServer, there: &Account) -> Client {
    connect(gateway, &there.token, upstream.url()).await;
    let bot = Client::new(format!("{}/bot{}", gateway.url(), there.token));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    bot
}

#[tokio::test]
async fn files_go_through_a_server_before_the_one_that_has_them() {
    let upstream = TestServer::start(Options::default()).await;
    let gateway = TestServer::start(Options::default()).await;
    let cast = cast(&upstream).await;
    let bot = through(&gateway, &upstream, &cast.shop).await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 249) as u8).collect();
    let parts = [
        Part::Text("chat_id", cast.desk.id.to_string()),
        Part::Text("caption", "through".to_owned()),
        Part::File("document", "a.bin", &bytes),
    ];
    let sent = upload(&bot, "sendDocument", &parts).await.result();
    let file = bot.call("getFile", json!({"file_id": sent["document"]["file_id"]})).await.result();
    let path = text(&file["file_path"]);
    let answer = downloads(&gateway, &cast.shop.token).get(&path).await;
    assert!(answer.status == 200 && answer.body == bytes, "{}", answer.status);
    let client = downloads(&gateway, &cast.shop.token);
    let part = client.send(client.request(Method::GET, &path).header("range", "bytes=10-19")).await;
    assert_eq!((part.status, &part.body[..]), (206, &bytes[10..20]));
    let again = bot
        .call("sendDocument", json!({"chat_id": cast.ann.id, "document": sent["document"]["file_id"]}))
        .await;
    assert_eq!(again.result()["document"], sent["document"]);
    let album = json!([{"type": "document", "media": "attach://a"}, {"type": "document", "media": sent["document"]["file_id"]}]);
    let parts = [
        Part::Text("chat_id", cast.desk.id.to_string()),
        Part::Text("media", album.to_string()),
        Part::File("a", "b.txt", b"second"),
    ];
    let album = upload(&bot, "sendMediaGroup", &parts).await.result();
    assert_eq!(album.as_array().map(Vec::len), Some(2));
    // What came of it is in both histories.
    let kept: Value =
        Client::new(format!("{}/bot{}", gateway.url(), cast.shop.token)).get("messages").await.json();
    let captions: Vec<&Value> =
        kept.as_array().expect("a list").iter().map(|message| &message["document"]["file_name"]).collect();
    assert_eq!(captions.len(), 4, "{kept}");
    assert!(captions.iter().all(|name| name.is_string()), "{kept}");
    let got = cast.desk.v1().get("messages?order=asc").await.json();
    assert!(
        fetch(&upstream, &cast.desk, &got[got.as_array().map_or(0, |all| all.len() - 1)]["document"])
            .await
            .len()
            > 1
    );
}
