//! What happens to the accept loop when the process has no file descriptor left.
//! Alone in its process, because it lowers the limit of that process.

use std::fs::File;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use contactgram_http::server::{Limits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn connections_made_while_descriptors_were_short_are_served_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let router = Router::new().route("/hello", get(|| async { "hello" }));
    let server = tokio::spawn(serve(listener, router, Limits::default(), stop.clone()));

    let (_, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap();
    rlimit::setrlimit(rlimit::Resource::NOFILE, 64, hard).unwrap();

    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    // One descriptor for our end of a connection, none for the server's.
    files.pop();
    let mut client = TcpStream::connect(addr).await.unwrap();
    assert!(File::open("/dev/null").is_err());
    // Time for the server to fail a few times: without it, this test proves less, but never fails wrongly.
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(files);

    let talk = async {
        client.write_all(b"GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer}");
    };
    tokio::time::timeout(Duration::from_secs(30), talk).await.unwrap();

    stop.cancel();
    server.await.unwrap().unwrap();
}
