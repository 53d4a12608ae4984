//! A shutdown accepts nothing more, lets requests finish, and ends in any case.

use std::sync::atomic::Ordering;

use contactgram_http::server::Limits;
use tokio::net::TcpStream;

use crate::kit::{SHORT, ample, once, start};

#[tokio::test]
async fn idle_and_silent_connections_close_at_once() {
    let server = start(ample()).await;
    let mut silent = server.connect().await;
    let mut idle = server.connect().await;
    idle.get("/hello").await;
    assert_eq!(idle.answer().await.body, "hello");
    server.stop.cancel();
    idle.is_closed().await;
    silent.is_closed().await;
    server.stopped().await;
}

#[tokio::test]
async fn a_request_in_progress_is_answered_and_told_that_it_was_the_last() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    once(&server.stage.begun).await;
    let mut idle = server.connect().await;
    server.stop.cancel();
    // When the idle one is closed, the shutdown has reached the connections.
    idle.is_closed().await;
    server.stage.go.add_permits(1);
    let answer = client.answer().await;
    assert_eq!(answer.body, "at last");
    assert!(answer.head.contains("\r\nconnection: close\r\n"), "{answer:?}");
    client.is_closed().await;
    server.stopped().await;
}

#[tokio::test]
async fn nothing_is_accepted_after_the_shutdown() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    once(&server.stage.begun).await;
    let mut idle = server.connect().await;
    server.stop.cancel();
    idle.is_closed().await;
    assert!(TcpStream::connect(server.addr).await.is_err());
    server.stage.go.add_permits(1);
    assert_eq!(client.answer().await.body, "at last");
    server.stopped().await;
}

#[tokio::test]
async fn what_outlasts_the_drain_is_dropped_and_the_server_returns() {
    let server = start(Limits { drain: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    once(&server.stage.begun).await;
    server.stop.cancel();
    once(&server.stage.dropped).await;
    client.is_gone().await;
    let stage = server.stage.clone();
    server.stopped().await;
    assert_eq!(stage.finished.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_half_sent_head_does_not_hold_up_the_shutdown_beyond_the_drain() {
    let server = start(Limits { drain: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    client.send("GET /hello HT").await;
    server.stop.cancel();
    client.is_gone().await;
    server.stopped().await;
}

#[tokio::test]
async fn a_client_that_was_answered_and_does_not_close_is_not_waited_for() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "hello");
    client.is_closed().await;
    server.stop.cancel();
    server.stopped().await;
}

#[tokio::test]
async fn a_token_cancelled_before_the_start_serves_nobody() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    let served = contactgram_http::server::serve(listener, axum::Router::new(), ample(), stop);
    crate::kit::within(served).await.unwrap();
}
