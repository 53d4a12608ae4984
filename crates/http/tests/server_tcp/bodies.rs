//! Bodies are bounded in bytes and in time while they are read.

use contactgram_http::server::{Limits, Room};

use crate::kit::{Client, SHORT, ample, start};

const MAX: usize = 64 * 1024;

async fn post(client: &mut Client, length: usize) {
    client.send(&format!("POST /echo HTTP/1.1\r\nContent-Length: {length}\r\n\r\n")).await;
}

#[tokio::test]
async fn a_body_as_long_as_the_limit_is_read_and_the_connection_lives_on() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    let body = "x".repeat(MAX);
    for _ in 0..2 {
        post(&mut client, MAX).await;
        client.send(&body).await;
        assert_eq!(client.answer().await.body, body);
    }
}

#[tokio::test]
async fn a_length_declared_beyond_the_limit_is_refused_before_the_body_is_sent() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    post(&mut client, MAX + 1).await;
    assert_eq!(client.answer().await.status, 413);
    client.is_closed().await;
}

#[tokio::test]
async fn the_413_reaches_a_client_that_sends_all_before_it_reads() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    post(&mut client, 64 * MAX).await;
    client.send(&"x".repeat(64 * MAX)).await;
    assert_eq!(client.answer().await.status, 413);
}

#[tokio::test]
async fn a_chunked_body_is_counted_while_it_comes() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for _ in 0..(MAX / 1024 + 1) {
        client.send(&format!("400\r\n{}\r\n", "x".repeat(1024))).await;
    }
    assert_eq!(client.answer().await.status, 413);
}

#[tokio::test]
async fn a_chunked_body_within_the_limit_is_put_together() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for chunk in ["3\r\nabc\r\n", "2\r\nde\r\n", "1\r\nf\r\n", "0\r\n\r\n"] {
        client.send(chunk).await;
    }
    assert_eq!(client.answer().await.body, "abcdef");
}

#[tokio::test]
async fn a_malformed_chunk_is_broken() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (400, "broken"));
    client.is_closed().await;
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let server = start(Limits { body_idle_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    post(&mut client, 100).await;
    client.send("x").await;
    assert_eq!(client.answer().await.status, 408);
    client.is_closed().await;
}

#[tokio::test]
async fn a_body_that_comes_by_drips_is_given_up_though_no_pause_is_long() {
    let server = start(Limits { body_idle_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    post(&mut client, 60_000).await;
    let mut drips = 0;
    let answer = loop {
        tokio::select! {
            biased;
            answer = client.answer() => break answer,
            () = tokio::time::sleep(SHORT / 20) => {}
        }
        client.send("x").await;
        drips += 1;
        assert!(drips < 10_000);
    };
    assert_eq!(answer.status, 408);
}

#[tokio::test]
async fn an_unread_body_does_not_become_the_next_request() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    let hidden = "GET /hello HTTP/1.1\r\n\r\n";
    client.send(&format!("GET /refused HTTP/1.1\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len())).await;
    assert_eq!(client.answer().await.status, 401);
    client.get("/refused").await;
    assert_eq!(client.answer().await.status, 401);
}

#[tokio::test]
async fn large_bodies_beyond_the_room_are_refused_and_small_ones_are_not() {
    let server = start(Limits { room: Room::of(MAX), ..ample() }).await;
    let mut hoarders = Vec::new();
    for _ in 0..2 {
        let mut hoarder = server.connect().await;
        post(&mut hoarder, MAX).await;
        hoarder.send(&"x".repeat(MAX - 1)).await;
        hoarders.push(hoarder);
    }
    // Which of them was first, nobody knows; the other is refused.
    let (mut one, mut two) = (hoarders.remove(0), hoarders.remove(0));
    let (refused, mut left) = tokio::select! {
        refused = one.answer() => (refused, two),
        refused = two.answer() => (refused, one),
    };
    assert_eq!((refused.status, refused.body.as_str()), (503, "crowded"));
    let mut other = server.connect().await;
    post(&mut other, 3).await;
    other.send("abc").await;
    assert_eq!(other.answer().await.body, "abc");
    left.send("x").await;
    assert_eq!(left.answer().await.status, 200);
    post(&mut other, MAX).await;
    other.send(&"y".repeat(MAX)).await;
    assert_eq!(other.answer().await.status, 200, "what was taken is given back");
}
