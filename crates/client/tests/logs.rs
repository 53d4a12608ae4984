//! What the client logs: each retry with its try, its wait and why, and never who or what. A program of its own, since
//! whoever listens to events listens to all of a process.

#![allow(clippy::unwrap_used)]

use std::io;
use std::sync::{Arc, Mutex};

use contactgram_client::{Client, MessageId, NewMessage};
use contactgram_testkit::{FaultProxy, Options, ProxyFault, TestServer, json};

#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<u8>>>);

impl io::Write for Book {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn retries_are_logged_and_people_are_not() {
    let book = Book::default();
    let writer = book.clone();
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter("contactgram_client=trace")
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(log).unwrap();

    let server = TestServer::start(Options::default()).await;
    let account = server.account("Shop").await;
    let proxy = FaultProxy::start(server.url()).await;
    let client = Client::builder(proxy.url()).token(&account.token).build().unwrap();
    let ann = server.person(json!({"first_name": "Ann", "username": "ann_secret"})).await;
    ann.write(account.id, "hello").await;
    proxy.fail_next("sendMessage", ProxyFault::CutAfter);
    proxy.fail_next("sendMessage", ProxyFault::unavailable(0));
    let message = NewMessage::text("@ann_secret", "between us").idempotency_key("key-of-ours");
    client.messages().send(message).await.unwrap();
    client.contacts().get("@ann_secret").await.unwrap();
    let _ = client.messages().get(ann.id, MessageId(1)).await;

    let written = String::from_utf8(book.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let retries: Vec<_> = lines.iter().filter(|line| line["message"] == "will try again").collect();
    assert_eq!(retries.len(), 2, "{written}");
    let told = |line: &serde_json::Value| {
        assert!(
            line["wait_ms"].is_number() && line["target"].as_str().unwrap().starts_with("contactgram_client")
        );
        (line["level"].clone(), line["http.route"].clone(), line["attempt"].clone(), line["why"].clone())
    };
    assert_eq!(told(retries[0]), (json!("WARN"), json!("sendMessage"), json!(1), json!("lost_reply")));
    assert_eq!(told(retries[1]), (json!("WARN"), json!("sendMessage"), json!(2), json!("503")));
    let id = ann.id.to_string();
    let secret = account.token.split_once(':').unwrap().1;
    for private in [secret, "ann_secret", "between us", "key-of-ours", id.as_str()] {
        assert!(!written.contains(private), "{private} is in the log: {written}");
    }
}
