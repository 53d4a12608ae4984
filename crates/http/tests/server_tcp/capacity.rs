//! Beyond the connection cap a client is told when to come back, whatever it has sent already.

use contactgram_http::server::Limits;

use crate::kit::{Server, ample, once, start};

async fn full() -> (Server, crate::kit::Client) {
    let server = start(Limits { max_connections: 1, ..ample() }).await;
    let mut first = server.connect().await;
    first.get("/hello").await;
    assert_eq!(first.answer().await.status, 200);
    (server, first)
}

#[tokio::test]
async fn a_connection_beyond_the_cap_gets_503_and_when_to_come_back() {
    let (server, _first) = full().await;
    let mut second = server.connect().await;
    let answer = second.answer().await;
    answer.is_refusal(503, "Service Unavailable: too many connections");
    assert!(answer.head.contains("\r\nretry-after: 1\r\n"), "{answer:?}");
    assert!(answer.body.contains(r#""parameters":{"retry_after":1}"#), "{answer:?}");
    second.is_closed().await;
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_has_already_sent_its_request() {
    let (server, _first) = full().await;
    for _ in 0..50 {
        let mut client = server.connect().await;
        client
            .send(&format!("POST /echo HTTP/1.1\r\nContent-Length: 9999\r\n\r\n{}", "x".repeat(9999)))
            .await;
        client.answer().await.is_refusal(503, "Service Unavailable: too many connections");
        client.is_closed().await;
    }
}

#[tokio::test]
async fn a_refused_client_may_finish_its_sentence() {
    let (server, _first) = full().await;
    let mut client = server.connect().await;
    client.answer().await.is_refusal(503, "Service Unavailable: too many connections");
    // Into a reset connection the second of these would fail.
    client.get("/hello").await;
    server.connect().await.answer().await.is_refusal(503, "Service Unavailable: too many connections");
    client.get("/hello").await;
    client.is_closed().await;
}

#[tokio::test]
async fn those_within_the_cap_notice_nothing_and_a_freed_place_is_given_away() {
    let (server, mut first) = full().await;
    first.get("/wait").await;
    once(&server.stage.begun).await;
    server.connect().await.answer().await.is_refusal(503, "Service Unavailable: too many connections");
    server.stage.go.add_permits(1);
    assert_eq!(first.answer().await.body, "at last");

    drop(first);
    loop {
        let mut next = server.connect().await;
        next.get("/hello").await;
        match next.answer().await {
            answer if answer.status == 200 => break assert_eq!(answer.body, "hello"),
            answer => answer.is_refusal(503, "Service Unavailable: too many connections"),
        }
    }
}
