//! Nobody works for a client that is gone.

use tokio::io::AsyncWriteExt;

use crate::kit::{ample, once, start};

#[tokio::test]
async fn a_long_poll_whose_client_hangs_up_is_dropped() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    once(&server.stage.begun).await;
    drop(client);
    once(&server.stage.dropped).await;
}

#[tokio::test]
async fn a_client_that_closes_only_its_writing_side_has_hung_up_too() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.get("/wait").await;
    once(&server.stage.begun).await;
    client.stream.shutdown().await.unwrap();
    once(&server.stage.dropped).await;
    client.is_gone().await;
}

#[tokio::test]
async fn a_long_poll_with_a_body_is_dropped_as_well_when_it_is_not_the_first_request() {
    let server = start(ample()).await;
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").await;
    assert_eq!(client.answer().await.body, "{}");
    client.get("/wait").await;
    once(&server.stage.begun).await;
    drop(client);
    once(&server.stage.dropped).await;
}
