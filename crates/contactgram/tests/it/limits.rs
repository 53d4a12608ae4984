//! What a server allows, and how it ends: slow clients, too many of them, stopping in the middle of requests,
//! a second server on the same data.

use crate::kit::{Raw, raw};
use crate::messages::texts;
use contactgram_testkit::{Account, Client, Engine, Options, TestServer, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

/// Only a server that hangs makes a test wait for this.
const PATIENCE: Duration = Duration::from_secs(60);

async fn connect(server: &TestServer) -> TcpStream {
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket's option");
    stream.flush().await.expect("nothing is buffered");
    stream
}

/// All that comes until the server closes.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // A reset closes as well.
    let _ = read.expect("the server closes");
    String::from_utf8(answer).expect("answers are text")
}

/// The head of a sendMessage with a body of this length.
fn head(account: &Account, length: usize) -> String {
    format!(
        "POST /bot{}/sendMessage HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n",
        account.token
    )
}

async fn impatient() -> TestServer {
    let options = Options::default()
        .variable("CONTACTGRAM_HEAD_TIMEOUT_S", "1")
        .variable("CONTACTGRAM_BODY_TIMEOUT_S", "1")
        .variable("CONTACTGRAM_IDLE_TIMEOUT_S", "1");
    TestServer::start(options).await
}

#[tokio::test]
async fn whoever_is_slow_with_a_head_or_a_body_is_told_and_closed() {
    let server = impatient().await;
    let shop = server.account("Shop").await;
    for (what, bytes) in [
        ("half a request line", format!("GET /bot{}/get", shop.token)),
        ("half a head", format!("GET /bot{}/getMe HTTP/1.1\r\nHost: x\r\nX-Slow", shop.token)),
        ("half a body", head(&shop, 100) + "{\"chat_id\":"),
        ("no body", head(&shop, 100)),
    ] {
        let mut stream = connect(&server).await;
        stream.write_all(bytes.as_bytes()).await.expect("it listens");
        let answer = to_the_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{what}: {answer}");
        assert!(answer.contains(r#""error_code":408"#), "{what}: {answer}");
    }
    let mut silent = connect(&server).await;
    assert_eq!(to_the_end(&mut silent).await, "", "whoever says nothing is closed without a word");
    let mut kept = connect(&server).await;
    kept.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it listens");
    let answer = to_the_end(&mut kept).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "answered, then closed as idle: {answer}");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_waiting_poll_is_neither_slow_nor_idle() {
    let server = impatient().await;
    let shop = server.account("Shop").await;
    let poll = format!(
        "GET /bot{}/getUpdates?timeout=3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        shop.token
    );
    let answer: Raw = raw(&server, poll).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"ok":true,"result":[]}"#));
}

#[tokio::test]
async fn connections_beyond_the_cap_are_told_when_to_come_back() {
    let options = Options::default().variable("CONTACTGRAM_MAX_CONNECTIONS", "2");
    let server = TestServer::start(options).await;
    let shop = server.account("Shop").await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it listens");
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("it answers");
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    let mut third = connect(&server).await;
    let answer = to_the_end(&mut third).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(answer.contains(r#""parameters":{"retry_after":1}"#), "{answer}");
    drop(held);
    // The places are free once the server has seen their holders go.
    let free = async {
        loop {
            let request = shop.bot().request(contactgram_testkit::Method::GET, "getMe");
            if shop.bot().try_send(request).await.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, free).await.expect("places become free");
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_answers_what_is_in_flight() {
    let mut server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let body = json!({"chat_id": ann.id, "text": "sent while stopping"}).to_string();
    let (early, late) = body.split_at(10);
    let mut slow = connect(&server).await;
    slow.write_all((head(&shop, body.len()) + early).as_bytes()).await.expect("it listens");
    let poll = tokio::spawn({
        let bot = shop.bot();
        async move { bot.call("getUpdates", json!({"timeout": 50})).await }
    });
    // Only what has arrived is in flight: the poll's request and the slow one's beginning.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answers = async {
        // Its answer says that the stopping has begun.
        let polled = poll.await.expect("it is answered").result();
        slow.write_all(late.as_bytes()).await.expect("it still listens");
        (polled, to_the_end(&mut slow).await)
    };
    let (ended, (polled, answer)) = tokio::join!(server.stop(), answers);
    assert_eq!(polled, json!([]));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("sent while stopping"), "{answer}");
    assert!(ended.success(), "{ended}: {}", server.log());
    server.start_again().await;
    assert_eq!(texts(&shop.bot().get("messages").await.json()), ["sent while stopping"]);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_waits_for_nobody_for_ever() {
    let mut server = TestServer::start(Options::default().variable("CONTACTGRAM_DRAIN_S", "2")).await;
    let shop = server.account("Shop").await;
    let mut stuck = connect(&server).await;
    stuck.write_all((head(&shop, 100) + "{").as_bytes()).await.expect("it listens");
    let mut idle = connect(&server).await;
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it listens");
    let ended = server.stop().await;
    assert!(ended.success(), "{ended}: {}", server.log());
    to_the_end(&mut idle).await;
    to_the_end(&mut stuck).await;
}

#[tokio::test]
async fn a_second_server_on_the_same_data_serves_the_same_accounts() {
    let server = TestServer::start(Options::on(Engine::Sqlite)).await;
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let mut second = Command::new(env!("CARGO_BIN_EXE_contactgram"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(server.data().join("data"))
        .current_dir(server.data())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(second.stdout.take().expect("stdout is piped")).lines();
    let url = loop {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it says where it listens");
        let line = line.expect("text").expect("it listens");
        if let Some(url) = line.strip_prefix("listening on ") {
            break url.to_owned();
        }
    };
    let there = Client::new(format!("{url}/bot{}", shop.token));
    let waiting = tokio::spawn({
        let bot = desk.bot();
        async move { bot.call("getUpdates", json!({"timeout": 50})).await.result() }
    });
    for n in 0..20 {
        let body = json!({"chat_id": desk.id, "text": format!("no. {n}")});
        let client = if n % 2 == 0 { there.clone() } else { shop.bot() };
        assert_eq!(client.call("sendMessage", body).await.result()["message_id"], n + 1);
    }
    let woken = waiting.await.expect("the poll ends");
    assert_eq!(woken[0]["message"]["text"], "no. 0", "one server's message wakes the other's poll");
    assert_eq!(there.get("messages?limit=1000").await.text, shop.bot().get("messages?limit=1000").await.text);
}
