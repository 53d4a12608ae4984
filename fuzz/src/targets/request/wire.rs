//! A request's way to the server and back: HTTP/1 through a pipe in memory, since the server takes bodies only as they
//! come from a connection. Called by the world; each request has a connection of its own.

use bytes::Bytes;
use contactgram_http::Api;
use contactgram_http::server::Serve as _;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;

/// Larger than any request, so that writing one never waits for who reads.
const PIPE: usize = 256 * 1024;

/// What a header of this name says is between two ends of a connection, and ours say it themselves.
pub const FRAMING: [&str; 7] =
    ["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

pub async fn answer(api: &Api, request: Request<Bytes>) -> Response<Bytes> {
    let (ours, theirs) = tokio::io::duplex(PIPE);
    let api = api.clone();
    let answering = service_fn(move |request: Request<Incoming>| {
        let answer = api.answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), answering);
    let serving = tokio::spawn(serving);
    let (mut client, talking) =
        hyper::client::conn::http1::handshake(TokioIo::new(ours)).await.expect("a pipe opens");
    let talking = tokio::spawn(talking);
    let answer = client.send_request(request.map(Full::new)).await.expect("an answer");
    let (head, body) = answer.into_parts();
    let body = body.collect().await.expect("a body that ends well").to_bytes();
    drop(client);
    // Both end with the connection; how, is of no interest once the answer is here.
    let _ = talking.await;
    serving.abort();
    Response::from_parts(head, body)
}
