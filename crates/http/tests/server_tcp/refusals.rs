//! Failures that no handler sees still have the JSON envelope, and what handlers say is left alone.

use crate::kit::{BARE, ample, start};

#[tokio::test]
async fn a_malformed_head_is_a_400() {
    let server = start(ample()).await;
    let heads = [
        "what is this\r\n\r\n",
        "\u{1}\u{2}\u{3}\r\n\r\n",
        "GET /hello HTTP/9.9\r\nHost: t\r\n\r\n",
        "GET /hello HTTP/1.1\r\nno colon here\r\n\r\n",
        "GET /he\"<llo HTTP/1.1\r\nHost: t\r\nbad name: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    ];
    for head in heads {
        let mut client = server.connect().await;
        client.send(head).await;
        client.answer().await.is_refusal(400, "Bad Request: malformed HTTP request");
        client.is_closed().await;
    }
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_a_431_even_to_a_client_that_is_still_sending() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    let head = format!("GET /hello HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(1024 * 1024));
    client.send(&head).await;
    client.answer().await.is_refusal(431, "Request Header Fields Too Large");
    client.is_closed().await;
}

#[tokio::test]
async fn a_long_target_is_refused_like_a_long_header() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.get(&format!("/{}", "x".repeat(70_000))).await;
    client.answer().await.is_refusal(431, "Request Header Fields Too Large");
}

#[tokio::test]
async fn a_head_just_below_the_limit_is_served() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send(&format!("GET /hello HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(60_000))).await;
    assert_eq!(client.answer().await.body, "hello");
}

#[tokio::test]
async fn too_many_headers_are_a_431() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send(&format!("GET /hello HTTP/1.1\r\n{}\r\n", "X-A: b\r\n".repeat(500))).await;
    client.answer().await.is_refusal(431, "Request Header Fields Too Large");
}

#[tokio::test]
async fn a_client_that_insists_on_http2_is_told_so() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.answer().await.is_refusal(505, "HTTP Version Not Supported");
    client.is_closed().await;
}

#[tokio::test]
async fn a_malformed_head_after_good_requests_is_refused_in_its_turn() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.get("/hello").await;
    assert_eq!(client.answer().await.body, "hello");
    client.send("GET /hello HTTP/1.1\r\n\r\nGET /refused HTTP/1.1\r\n\r\nnonsense\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "hello");
    assert_eq!(client.answer().await.status, 401);
    client.answer().await.is_refusal(400, "Bad Request: malformed HTTP request");
    client.is_closed().await;
}

#[tokio::test]
async fn a_malformed_head_behind_a_long_poll_waits_for_its_answer() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("GET /wait HTTP/1.1\r\n\r\nnonsense\r\n\r\n").await;
    crate::kit::once(&server.stage.begun).await;
    server.stage.go.add_permits(1);
    assert_eq!(client.answer().await.body, "at last");
    client.answer().await.is_refusal(400, "Bad Request: malformed HTTP request");
}

#[tokio::test]
async fn a_handlers_failure_without_a_body_is_left_alone() {
    let server = start(ample()).await;
    for method in ["GET", "HEAD"] {
        let mut client = server.connect().await;
        client.send(&format!("{method} /refused HTTP/1.1\r\nConnection: close\r\n\r\n")).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""));
        client.is_closed().await;
    }
}

#[tokio::test]
async fn a_body_that_reads_like_a_refusal_is_left_alone() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("GET /lookalike HTTP/1.1\r\n\r\nGET /hello HTTP/1.1\r\n\r\n").await;
    server.stage.go.add_permits(1);
    // The second piece leaves after the first has come, so each is a write of its own.
    let head = client.exactly(15).await;
    assert_eq!(head, "HTTP/1.1 200 OK");
    let mut text = head;
    while !text.ends_with(BARE) {
        text += &client.exactly(1).await;
    }
    server.stage.go.add_permits(1);
    assert_eq!(client.exactly(BARE.len()).await, BARE);
    assert_eq!(client.answer().await.body, "hello");
}

#[tokio::test]
async fn a_crashed_handler_answers_500_and_harms_nobody_else() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("GET /crash HTTP/1.1\r\nX-Request-Id: mine\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 500);
    assert!(answer.head.contains("\r\nx-request-id: mine\r\n"), "{answer:?}");
    assert_eq!(answer.body, r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#);
    client.get("/hello").await;
    assert_eq!(client.answer().await.body, "hello");
}
