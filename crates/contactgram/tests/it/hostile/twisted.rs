//! Requests that are built to be misread: by their length, their chunks, their size. Each gets one answer that
//! says so, in the envelope, and nothing of it becomes a request of its own.

use contactgram_testkit::{Account, Line, Options, TestServer, json};

use super::{get_me, head};

/// The statuses of what comes back until the server closes.
async fn statuses(line: &mut Line) -> Vec<u16> {
    let mut statuses = Vec::new();
    while let Some(answer) = line.answer().await {
        assert!(answer.body.starts_with("{\"ok\":"), "{answer:?}");
        statuses.push(answer.status);
    }
    statuses
}

/// The same for a client that says this and then waits.
async fn told(server: &TestServer, bytes: impl AsRef<[u8]>) -> Vec<u16> {
    let mut line = Line::open(server.url()).await;
    line.send(bytes).await;
    statuses(&mut line).await
}

async fn messages(shop: &Account) -> usize {
    let all = shop.bot().get("messages?limit=100").await.json();
    all.as_array().map_or_else(|| panic!("a list: {all}"), Vec::len)
}

#[tokio::test]
async fn lengths_and_chunks_that_disagree_are_refused_and_hide_nothing() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let body = json!({"chat_id": ann.id, "text": "hidden"}).to_string();
    let hidden = head(&shop, &format!("content-length: {}\r\n", body.len())) + &body;
    let chunked = "transfer-encoding: chunked\r\n";
    let cases = [
        ("two lengths", head(&shop, "content-length: 5\r\ncontent-length: 6\r\n") + &hidden),
        ("a list of lengths", head(&shop, "content-length: 5, 6\r\n") + &hidden),
        ("a negative length", head(&shop, "content-length: -1\r\n") + &hidden),
        ("a length with a plus", head(&shop, "content-length: +5\r\n") + &hidden),
        ("a length beyond all numbers", head(&shop, "content-length: 99999999999999999999\r\n") + &hidden),
        ("another coding last", head(&shop, "transfer-encoding: chunked, gzip\r\n") + "0\r\n\r\n" + &hidden),
        ("an unknown coding", head(&shop, "transfer-encoding: xchunked\r\n") + "0\r\n\r\n" + &hidden),
        ("a space before the colon", head(&shop, "transfer-encoding : chunked\r\n") + "0\r\n\r\n" + &hidden),
        ("a folded header", head(&shop, "a: b\r\n  transfer-encoding: chunked\r\n") + "0\r\n\r\n" + &hidden),
        ("a chunk without a size", head(&shop, chunked) + "\r\n" + &hidden),
        ("a chunk's size in letters", head(&shop, chunked) + "zz\r\n" + &hidden),
        ("a negative chunk", head(&shop, chunked) + "-1\r\n" + &hidden),
        ("a chunk beyond all numbers", head(&shop, chunked) + "fffffffffffffffff\r\n" + &hidden),
        ("a chunk longer than it says", head(&shop, chunked) + "1\r\n{}\r\n0\r\n\r\n" + &hidden),
        ("a chunk's size with 0x", head(&shop, chunked) + "0x2\r\n{}\r\n0\r\n\r\n" + &hidden),
    ];
    for (what, bytes) in cases {
        let told = told(&server, bytes).await;
        assert!(matches!(told[..], [400 | 413 | 501]), "{what}: {told:?}");
        assert_eq!(messages(&shop).await, 0, "{what}");
    }
    // Both kinds of length at once: chunks count (RFC 9112, 6.3). The body is empty, and what follows is a
    // request of its own, be it served or not.
    let both = head(&shop, &format!("content-length: 4\r\n{chunked}")) + "0\r\n\r\n" + &hidden;
    let mut line = Line::open(server.url()).await;
    let first = line.ask(both).await;
    assert_eq!(first.status, 400, "an empty body is no message: {first:?}");
    line.end().await;
    let others = statuses(&mut line).await;
    assert!(others.is_empty() || others == [200], "{others:?}");
}

#[tokio::test]
async fn a_body_that_is_shorter_than_it_said_does_nothing() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let body = json!({"chat_id": ann.id, "text": "hello"}).to_string();
    let whole = |length: usize| head(&shop, &format!("content-length: {length}\r\n")) + &body;
    for short in [
        whole(body.len() + 1),
        head(&shop, "transfer-encoding: chunked\r\n") + &format!("{:x}\r\n{body}", body.len()),
    ] {
        // A client that has hung up need not be told, but if it is, then this.
        let mut line = Line::open(server.url()).await;
        line.send(&short).await;
        line.end().await;
        let told = statuses(&mut line).await;
        assert!(told.is_empty() || told == [400], "{told:?}");
        assert_eq!(messages(&shop).await, 0);
    }
    // What exceeds the length is the next request, and no good one.
    assert_eq!(told(&server, whole(body.len()) + "}}}\r\n\r\n").await, [200, 400]);
    assert_eq!(messages(&shop).await, 1);
}

#[tokio::test]
async fn heads_that_are_too_much_are_refused_once() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let lines = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let cases = [
        ("a giant header", head(&shop, &format!("x: {}\r\n", "y".repeat(1 << 20))), 431),
        ("a giant name", head(&shop, &format!("{}: y\r\n", "x".repeat(1 << 20))), 431),
        ("a giant target", format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20)), 431),
        ("a giant method", format!("{} / HTTP/1.1\r\n\r\n", "X".repeat(1 << 20)), 431),
        ("a flood of headers", head(&shop, &lines(100_000)), 431),
        ("a flood of empty lines", "\r\n".repeat(1 << 20), 431),
        ("a greeting of TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned(), 400),
        ("zeros", "\0".repeat(1000), 400),
        ("a header with a zero", head(&shop, "x: a\0b\r\n"), 400),
        ("another protocol", "EHLO example.com\r\n\r\n".to_owned(), 400),
    ];
    for (what, bytes, status) in cases {
        assert_eq!(told(&server, bytes).await, [status], "{what}");
    }
    assert_eq!(Line::open(server.url()).await.ask(get_me(&shop)).await.status, 200);
}
