//! Updates as server-sent events.

use contactgram_testkit::{Account, Line, Options, TestServer, Value, json};

use super::{SETTLE, ids, kind, poll};
use crate::kit::{another_token, number, on_each_engine, text};

/// A stream that is open, and what it has said so far.
struct Events {
    line: Line,
    said: String,
}

impl Events {
    /// Opens a stream, with further lines of the request's head.
    async fn open(server: &TestServer, token: &str, query: &str, head: &str) -> Events {
        let mut line = Line::open(server.url()).await;
        let request = format!(
            "GET /v1/updates/stream?{query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{head}\r\n"
        );
        assert!(line.send(request).await);
        let mut events = Events { line, said: String::new() };
        events.until(|said| said.contains("\r\n\r\n")).await;
        events
    }

    /// Reads until this holds for what was said, or the stream has ended.
    async fn until(&mut self, holds: impl Fn(&str) -> bool) {
        let read = async {
            while !holds(&self.said) {
                let before = self.said.len();
                let wait = tokio::time::Duration::from_millis(50);
                let ended = tokio::time::timeout(wait, self.line.listen(&mut self.said)).await.is_ok();
                if ended && self.said.len() == before {
                    return;
                }
            }
        };
        tokio::time::timeout(tokio::time::Duration::from_secs(60), read).await.expect("it comes to hold");
    }

    /// The updates that came, once there are so many; each under its own number.
    async fn updates(&mut self, count: usize) -> Vec<Value> {
        self.until(|said| said.matches("\ndata: ").count() >= count).await;
        let lines: Vec<&str> = self.said.lines().collect();
        let pairs = lines
            .windows(2)
            .filter_map(|pair| Some((pair[0].strip_prefix("id: ")?, pair[1].strip_prefix("data: ")?)));
        pairs
            .map(|(id, data)| {
                let update: Value = serde_json::from_str(data).expect("an event has JSON");
                assert_eq!(update["update_id"].to_string(), id);
                update
            })
            .collect()
    }
}

fn said(update: &Value) -> &str {
    update["message"]["text"].as_str().unwrap_or_default()
}

async fn open(server: &TestServer, shop: &Account, query: &str) -> Events {
    Events::open(server, &shop.token, query, "").await
}

#[tokio::test]
async fn a_stream_shows_what_happens_and_confirms_nothing() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "before").await;
        let (mut one, mut two) = (open(&server, &shop, "").await, open(&server, &shop, "").await);
        assert!(one.said.contains("content-type: text/event-stream"), "{}", one.said);
        for text in ["one", "two"] {
            ann.write(shop.id, text).await;
        }
        for events in [&mut one, &mut two] {
            let updates = events.updates(2).await;
            assert_eq!(updates.iter().map(said).collect::<Vec<_>>(), ["one", "two"]);
        }
        assert_eq!(poll(&shop, json!({})).await.len(), 3, "the default consumer has all of it");
    })
    .await;
}

#[tokio::test]
async fn whoever_comes_back_gets_what_came_in_between() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    for text in ["one", "two", "three"] {
        ann.write(shop.id, text).await;
    }
    let first = ids(&poll(&shop, json!({})).await)[0];
    let head = format!("Last-Event-ID: {first}\r\n");
    let mut by_header = Events::open(&server, &shop.token, "", &head).await;
    let mut by_query = open(&server, &shop, &format!("last_event_id={first}")).await;
    for events in [&mut by_header, &mut by_query] {
        let updates = events.updates(2).await;
        assert_eq!(updates.iter().map(said).collect::<Vec<_>>(), ["two", "three"]);
    }
    let refused = shop.v1().get("updates/stream?last_event_id=x").await;
    assert_eq!(refused.refusal(), (400, "Bad Request: Last-Event-ID must be an update_id".to_owned()));
}

#[tokio::test]
async fn a_stream_shows_the_kinds_that_it_asks_for_also_where_nobody_else_does() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let mut events = open(&server, &shop, "allowed_updates=%5B%22contact_added%22%5D").await;
        // The stream says something once it is there.
        events.until(|said| said.contains(":\n\n")).await;
        ann.write(shop.id, "hello").await;
        let updates = events.updates(1).await;
        assert_eq!(updates.iter().map(kind).collect::<Vec<_>>(), ["contact_added"]);
        let seen = poll(&shop, json!({})).await;
        assert_eq!(seen.iter().map(kind).collect::<Vec<_>>(), ["message"]);
        assert_eq!(shop.v1().get("consumers").await.result(), json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_with_its_credential_and_with_the_server() {
    let mut server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let made = another_token(&server, &shop, &[]).await;
    let mut events = Events::open(&server, &text(&made["token"]), "", "").await;
    let mut other = open(&server, &shop, "").await;
    let (account, number) = (shop.id.to_string(), number(&made["token_id"]).to_string());
    server.cli_json(&["token", "revoke", &account, &number, "--json"]).await;
    tokio::time::sleep(3 * SETTLE).await;
    ann.write(shop.id, "hello").await;
    assert_eq!(other.updates(1).await.len(), 1);
    events.line.listen(&mut events.said).await;
    assert!(!events.said.contains("data: "), "{}", events.said);
    let ended = tokio::spawn(async move {
        other.line.listen(&mut other.said).await;
    });
    server.restart().await;
    ended.await.unwrap();
}

#[tokio::test]
async fn there_are_so_many_streams_of_an_account_and_no_more() {
    let server = TestServer::start(Options::default()).await;
    let (shop, other) = (server.account("Shop").await, server.account("Other").await);
    let mut all = Vec::new();
    for _ in 0..20 {
        all.push(open(&server, &shop, "").await);
    }
    let refused = shop.v1().get("updates/stream").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("5")));
    assert!(open(&server, &other, "").await.said.starts_with("HTTP/1.1 200"), "another account has its own");
    drop(all);
    // The places are left when the server sees that the connections are closed.
    let mut left = 429;
    for _ in 0..100 {
        left = open(&server, &shop, "")
            .await
            .said
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        if left == 200 {
            break;
        }
        tokio::time::sleep(SETTLE).await;
    }
    assert_eq!(left, 200);
}
