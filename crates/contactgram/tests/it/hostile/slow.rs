//! Whoever keeps a connection without getting on is closed by the server itself, whatever they send meanwhile.

use std::time::{Duration, Instant};

use contactgram_testkit::{Account, Line, Options, TestServer, json};
use tokio::task::JoinSet;

use super::{head, memory};

/// Between two drips: far less than any limit.
const DRIP: Duration = Duration::from_millis(400);
/// Only a server that never closes makes a client give up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a client behaves: what it says at first, then again and again.
struct Slow {
    what: &'static str,
    first: String,
    drip: &'static str,
    /// The status that it must be told; none for those who are closed without a word.
    told: Option<u16>,
}

fn slow_clients(shop: &Account) -> Vec<Slow> {
    let slow = |what, first: String, drip, told| Slow { what, first, drip, told };
    let (length, chunked) = ("content-length: 100000\r\n", "transfer-encoding: chunked\r\n");
    vec![
        slow("a connection without a word", String::new(), "", None),
        slow("half a request line", "GET /bot".into(), "", Some(408)),
        slow("a request line by drips", "GET /".into(), "x", Some(408)),
        slow("half a header", "GET /livez HTTP/1.1\r\nhost".into(), "", Some(408)),
        slow("headers by drips", "GET /livez HTTP/1.1\r\nhost: x\r\n".into(), "a: b\r\n", Some(408)),
        slow("empty lines", String::new(), "\r\n", Some(408)),
        slow("no body", head(shop, length), "", Some(408)),
        slow("a body that stops", head(shop, length) + "{\"chat_id\":", "", Some(408)),
        slow("a body by drips", head(shop, length) + "{", " ", Some(408)),
        slow(
            "a body that waits to be asked for",
            head(shop, "expect: 100-continue\r\ncontent-length: 9\r\n"),
            "",
            Some(408),
        ),
        slow("no chunk", head(shop, chunked), "", Some(408)),
        slow("chunks by drips", head(shop, chunked), "1\r\n \r\n", Some(408)),
        slow("half a chunk", head(shop, chunked) + "ff\r\n{", "", Some(408)),
        slow("a chunk's size by drips", head(shop, chunked), "0", None),
        slow("a chunk's extension by drips", head(shop, chunked) + "1;", "x", None),
        slow("trailers by drips", head(shop, chunked) + "2\r\n{}\r\n0\r\n", "a: b\r\n", None),
    ]
}

/// Behaves so until the server closes; answers what the server said and after how long it was over.
async fn behave(url: String, slow: Slow) -> (Slow, String, Duration) {
    let mut line = Line::open(&url).await;
    let begun = Instant::now();
    line.send(&slow.first).await;
    let mut said = String::new();
    while begun.elapsed() < PATIENCE {
        if tokio::time::timeout(DRIP, line.listen(&mut said)).await.is_ok() {
            return (slow, said, begun.elapsed());
        }
        line.send(slow.drip).await;
    }
    panic!("{}: never closed, told {said:?}", slow.what);
}

#[tokio::test]
async fn slow_clients_are_closed_by_the_server() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let url = server.url().to_owned();
    let mut clients: JoinSet<_> =
        slow_clients(&shop).into_iter().map(|slow| behave(url.clone(), slow)).collect();
    while let Some(closed) = clients.join_next().await {
        let (slow, said, took) = closed.unwrap();
        report(slow.what, took);
        let Some(status) = slow.told else { continue };
        let (_, last) = said.rsplit_once("HTTP/1.1 ").unwrap_or_else(|| panic!("{}: {said:?}", slow.what));
        assert!(last.starts_with(&format!("{status} ")), "{}: {said}", slow.what);
        assert!(last.contains(&format!("\"error_code\":{status}")), "{}: {said}", slow.what);
    }
    assert_eq!(shop.bot().call("getMe", json!({})).await.status, 200);
}

#[tokio::test]
async fn who_asks_and_asks_and_never_reads_is_dropped_and_fills_no_memory() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let before = memory(&server);
    // Half a megabyte each: soon more than lies between the server and a client that doesn't read.
    let request = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    let asking = (0..20).map(|_| {
        let (url, request) = (server.url().to_owned(), request.clone());
        async move {
            let mut line = Line::open(&url).await;
            let begun = Instant::now();
            // Once the server is gone, writing fails.
            while line.send(&request).await {
                tokio::time::sleep(DRIP).await;
            }
            begun.elapsed()
        }
    });
    let asking = tokio::time::timeout(PATIENCE, asking.collect::<JoinSet<_>>().join_all()).await;
    report(
        "pipelining without reading",
        asking.expect("all are dropped").into_iter().max().unwrap_or_default(),
    );
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
    assert_eq!(shop.bot().call("getMe", json!({})).await.status, 200);
}

#[allow(clippy::print_stderr)]
fn report(what: &str, took: Duration) {
    eprintln!("{what}: closed after {took:.1?}");
}
