//! Slow and silent clients are closed; long polls are neither.

use contactgram_http::server::Limits;

use crate::kit::{SHORT, ample, once, start, within};

#[tokio::test]
async fn a_half_sent_head_is_a_408_and_closed() {
    let server = start(Limits { head_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    client.send("GET /hello HTTP/1.1\r\nHost:").await;
    client.answer().await.is_refusal(408, "Request Timeout");
    client.is_closed().await;
}

#[tokio::test]
async fn a_head_that_comes_by_drips_gets_no_more_time_for_it() {
    let server = start(Limits { head_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    let (mut reader, mut writer) = client.stream.split();
    client_drips(&mut writer, &mut reader).await;
}

/// Writes a byte each few milliseconds until the server closes; fails if it never does.
async fn client_drips(
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
    reader: &mut (impl tokio::io::AsyncRead + Unpin),
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let drip = async {
        loop {
            if writer.write_all(b"G").await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    let mut seen = Vec::new();
    let read = async { while !matches!(reader.read_buf(&mut seen).await, Ok(0) | Err(_)) {} };
    within(async {
        tokio::select! { () = drip => {}, () = read => {} }
    })
    .await;
    assert!(seen.starts_with(b"HTTP/1.1 408 "), "{:?}", String::from_utf8_lossy(&seen));
}

#[tokio::test]
async fn a_connection_that_never_speaks_is_closed_without_a_word() {
    let server = start(Limits { head_timeout: SHORT, ..ample() }).await;
    server.connect().await.is_closed().await;
}

#[tokio::test]
async fn a_kept_alive_connection_is_closed_when_idle() {
    let server = start(Limits { idle_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.get("/hello").await;
        assert_eq!(client.answer().await.body, "hello");
    }
    client.is_closed().await;
}

#[tokio::test]
async fn a_second_head_has_the_time_of_a_head_not_of_an_idle_connection() {
    let server = start(Limits { head_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    client.get("/hello").await;
    assert_eq!(client.answer().await.body, "hello");
    client.send("GET /hello HT").await;
    client.answer().await.is_refusal(408, "Request Timeout");
}

#[tokio::test]
async fn an_idle_connection_may_wait_longer_than_a_head() {
    let server = start(Limits { head_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    client.get("/hello").await;
    assert_eq!(client.answer().await.body, "hello");
    // Begun later, over earlier.
    server.connect().await.is_closed().await;
    server.connect().await.is_closed().await;
    client.get("/hello").await;
    assert_eq!(client.answer().await.body, "hello");
}

#[tokio::test]
async fn a_long_poll_outlasts_every_timer() {
    let limits = Limits { head_timeout: SHORT, idle_timeout: SHORT, body_idle_timeout: SHORT, ..ample() };
    let server = start(limits).await;
    let mut polling = server.connect().await;
    polling.get("/wait").await;
    once(&server.stage.begun).await;
    for _ in 0..3 {
        server.connect().await.is_closed().await;
    }
    server.stage.go.add_permits(1);
    assert_eq!(polling.answer().await.body, "at last");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_dropped() {
    let server = start(Limits { body_idle_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    client.get("/flood").await;
    once(&server.stage.dropped).await;
    client.is_gone().await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_but_steadily_is_served() {
    let server = start(Limits { body_idle_timeout: SHORT, ..ample() }).await;
    let mut client = server.connect().await;
    client.get("/flood").await;
    for _ in 0..200 {
        client.exactly(32 * 1024).await;
        tokio::time::sleep(SHORT / 100).await;
    }
    assert_eq!(server.stage.dropped.available_permits(), 0);
}
