//! What passes through, both ways: nothing is added, nothing is lost, nothing is held.

use std::pin::Pin;
use std::task::{Context, Poll};

use contactgram_testkit::{checksum, file_bytes};
use http_body::{Body, Frame};
use http_body_util::BodyExt;

use super::*;

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_and_its_answer_as_it_was_given() {
    let world = World::new().await;
    let requests = [
        (Door::Method("GetMe"), None, get()),
        (
            Door::Method("methodOfTomorrow"),
            Some("a=%20+&b=%5B1%5D"),
            post("application/json", r#"{"c": [1 ,2]}"#),
        ),
        (
            Door::Method("sendMessage"),
            None,
            post("application/x-www-form-urlencoded", "chat_id=5&text=a+%26"),
        ),
        (
            Door::Method("sendPhoto"),
            Some("chat_id=1"),
            post(
                "multipart/form-data; boundary=E",
                "--E\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"p\"\r\n\r\n\0\x01\x02\r\n--E--\r\n",
            ),
        ),
        (Door::Method("sendMessage"), Some("chat_id=5"), post("application/json", "")),
    ];
    for (door, query, request) in requests {
        let sent = request.body().clone().collect().await.unwrap().to_bytes();
        let (verb, kind) = (request.method().clone(), request.headers().get("content-type").cloned());
        let answer = world.upstream.pass(door, query, request).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        let Door::Method(method) = door else { unreachable!() };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let seen = world.fake.seen(method).pop().unwrap();
        assert_eq!(seen.path, format!("/bot{}/{method}{query}", world.token));
        assert_eq!((&seen.verb, &seen.body, seen.headers.get("content-type")), (&verb, &sent, kind.as_ref()));
        assert!(text(answer).await.starts_with(r#"{"ok":true,"result":"#));
    }
}

#[tokio::test]
async fn credentials_and_the_connections_own_headers_stay_here() {
    let world = World::new().await;
    let mut request = post("application/json", "{}");
    for (name, value) in [
        ("authorization", "Bearer canary"),
        ("cookie", "session=canary"),
        ("connection", "keep-alive, X-Private, Content-Length"),
        ("x-private", "canary"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("expect", "100-continue"),
        ("host", "gateway.example"),
        ("x-mine", "stays"),
        ("user-agent", "bot/1"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = world.upstream.pass(Door::Method("getMe"), None, request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let seen = world.fake.seen("getMe").pop().unwrap();
    assert_eq!(seen.header("host"), world.fake.url().strip_prefix("http://"));
    assert_eq!((seen.header("x-mine"), seen.header("user-agent")), (Some("stays"), Some("bot/1")));
    assert_eq!(seen.header("content-length"), Some("2"));
    for gone in ["authorization", "cookie", "connection", "x-private", "keep-alive", "te", "expect"] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
}

/// A body that makes itself up as it goes, of unknown length.
struct Generated {
    left: usize,
    piece: Bytes,
}

impl Body for Generated {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))))
    }
}

#[tokio::test]
async fn an_upload_of_any_size_arrives_whole() {
    let world = World::new().await;
    let piece = Bytes::from(file_bytes(64 * 1024));
    let body = Generated { left: 160, piece: piece.clone() };
    let answer =
        world.upstream.pass(Door::Method("sendDocument"), None, Request::post("/").body(body).unwrap());
    assert_eq!(answer.await.unwrap().status(), 200);
    let seen = world.fake.seen("sendDocument").pop().unwrap();
    let sum = (0..160).fold(0, |sum, _| checksum(sum, &piece));
    assert_eq!((seen.is_whole, seen.body_len, seen.body_sum), (true, 160 * 64 * 1024, sum));
    assert_eq!((seen.header("transfer-encoding"), seen.header("content-length")), (Some("chunked"), None));
}

#[tokio::test]
async fn a_download_of_any_size_arrives_whole() {
    let world = World::new().await;
    world.fake.put_file(&world.token, "documents/big file", 10_000_019);
    let door = Door::File("documents/big%20file");
    assert_eq!(world.upstream.pass(door, None, get()).await.unwrap().status(), 404);
    world.fake.put_file(&world.token, "documents/big", 10_000_019);
    let answer = world.upstream.pass(Door::File("documents/big"), None, get()).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "10000019");
    let mut body = answer.into_body();
    let (mut sum, mut length) = (0, 0);
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        assert!(data.len() <= 256 * 1024, "a body comes in pieces: {}", data.len());
        (sum, length) = (checksum(sum, &data), length + data.len());
    }
    assert_eq!((length, sum), (10_000_019, checksum(0, &file_bytes(10_000_019))));
}

#[tokio::test]
async fn one_connection_serves_one_request_after_another_of_all_accounts() {
    let fake = FakeUpstream::start().await;
    let uplinks = Uplinks::new(UplinkOptions::default()).unwrap();
    let base = BaseUrl::read(&fake.url()).unwrap();
    let bots = (1..=20).map(|id| UpstreamToken::read(&fake.bot(id)).unwrap());
    let upstreams: Vec<Upstream> = bots.map(|token| uplinks.upstream(&base, &token)).collect();
    for upstream in &upstreams {
        let answer = upstream.pass(Door::Method("sendMessage"), Some("chat_id=1"), get()).await.unwrap();
        assert!(text(answer).await.contains(r#""chat":"#));
        assert!(upstream.get_me().await.is_ok());
    }
    assert_eq!((fake.acted("sendMessage"), fake.connections()), (20, 1));
}

#[tokio::test]
async fn an_answer_that_nobody_reads_to_its_end_spoils_no_other() {
    let world = World::new().await;
    world.fake.put_file(&world.token, "f", 5_000_000);
    for _ in 0..3 {
        let answer = world.upstream.pass(Door::File("f"), None, get()).await.unwrap();
        drop(answer);
        assert_eq!(world.send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn no_path_but_the_bots_own_is_asked_for() {
    let world = World::new().await;
    for door in
        [Door::Method("../bot1:x/getMe"), Door::Method(""), Door::File("../../secret"), Door::File("")]
    {
        let refused = world.upstream.pass(door, None, get()).await.map(drop);
        assert_eq!(refused, Err(PassError::NoSuchPath), "{door:?}");
    }
    assert!(world.fake.journal().is_empty());
}

#[tokio::test]
async fn a_base_url_may_have_a_path_of_its_own() {
    let fake = FakeUpstream::start().await;
    let token = fake.bot(7);
    let base = BaseUrl::read(&format!("{}/api/v1/", fake.url())).unwrap();
    let uplinks = Uplinks::new(UplinkOptions::default()).unwrap();
    let upstream = uplinks.upstream(&base, &UpstreamToken::read(&token).unwrap());
    // The fake knows no such path, which is how it shows.
    assert_eq!(upstream.pass(Door::Method("getMe"), None, get()).await.unwrap().status(), 404);
}
