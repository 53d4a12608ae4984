//! A server with handlers that wait on command, and a client that writes and reads bytes.
//! Used by every file of this test.
//! It never hides a failure: whatever takes longer than `BOUND` panics.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use contactgram_http::server::{BodyError, Limits, read_body, serve};
use http::StatusCode;
use hyper::body::{Body as HttpBody, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const BOUND: Duration = Duration::from_secs(30);

/// Limits that nothing in a test meets by accident.
pub fn ample() -> Limits {
    Limits {
        head_timeout: BOUND,
        body_idle_timeout: BOUND,
        idle_timeout: BOUND,
        max_body: 64 * 1024,
        drain: BOUND,
        ..Limits::default()
    }
}

/// Far below `BOUND`, far above what a busy machine needs for a round trip.
pub const SHORT: Duration = Duration::from_millis(300);

pub struct Server {
    pub addr: SocketAddr,
    pub stop: CancellationToken,
    pub task: JoinHandle<std::io::Result<()>>,
    pub stage: Arc<Stage>,
}

/// What the handlers tell the test, and what they wait for.
pub struct Stage {
    /// A permit for each call of `/wait` that has begun.
    pub begun: Semaphore,
    /// A permit for each call of `/wait` that was dropped unanswered, and each `/flood` that was not sent whole.
    pub dropped: Semaphore,
    /// Permits that let calls of `/wait` answer.
    pub go: Semaphore,
    pub finished: AtomicUsize,
    limits: Limits,
}

pub async fn start(limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stage = Arc::new(Stage {
        begun: Semaphore::new(0),
        dropped: Semaphore::new(0),
        go: Semaphore::new(0),
        finished: AtomicUsize::new(0),
        limits: limits.clone(),
    });
    let router = Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/refused", get(|| async { StatusCode::UNAUTHORIZED }))
        .route("/crash", get(crash))
        .route("/lookalike", get(lookalike))
        .route("/flood", get(flood))
        .route("/wait", get(wait))
        .route("/echo", post(echo))
        .with_state(Arc::clone(&stage));
    let stop = CancellationToken::new();
    let task = tokio::spawn(serve(listener, router, limits, stop.clone()));
    Server { addr, stop, task, stage }
}

impl Server {
    pub async fn connect(&self) -> Client {
        Client { stream: TcpStream::connect(self.addr).await.unwrap(), seen: Vec::new() }
    }

    pub async fn stopped(self) {
        within(self.task).await.unwrap().unwrap();
    }
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, future).await.expect("took too long")
}

/// Waits for one permit and keeps it.
pub async fn once(semaphore: &Semaphore) {
    within(semaphore.acquire()).await.unwrap().forget();
}

async fn crash() -> StatusCode {
    panic!("on purpose");
}

/// What hyper would write by itself about a malformed head.
pub const BARE: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// A body of known length in two pieces, each just like a failure of hyper's own, and each sent on the test's command.
async fn lookalike(State(stage): State<Arc<Stage>>) -> Response {
    let (pieces, body) = piecewise();
    tokio::spawn(async move {
        for _ in 0..2 {
            once(&stage.go).await;
            pieces.send(Bytes::from_static(BARE.as_bytes())).await.unwrap();
        }
    });
    Response::builder().header("content-length", 2 * BARE.len()).body(body).unwrap()
}

/// A body without an end, for a client that stops reading.
async fn flood(State(stage): State<Arc<Stage>>) -> Body {
    let (pieces, body) = piecewise();
    tokio::spawn(async move {
        while pieces.send(Bytes::from(vec![b'x'; 64 * 1024])).await.is_ok() {}
        stage.dropped.add_permits(1);
    });
    body
}

/// A long poll: answers on command, and tells the test when it was dropped before.
async fn wait(State(stage): State<Arc<Stage>>) -> &'static str {
    struct Guard(Arc<Stage>, bool);
    impl Drop for Guard {
        fn drop(&mut self) {
            if !self.1 {
                self.0.dropped.add_permits(1);
            }
        }
    }
    let mut guard = Guard(Arc::clone(&stage), false);
    stage.begun.add_permits(1);
    stage.go.acquire().await.unwrap().forget();
    guard.1 = true;
    stage.finished.fetch_add(1, Ordering::SeqCst);
    "at last"
}

async fn echo(State(stage): State<Arc<Stage>>, request: Request) -> Response {
    let (status, body) = match read_body(request.into_body(), stage.limits.body()).await {
        Ok(body) => (StatusCode::OK, Body::from(body)),
        Err(BodyError::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, Body::from("too large")),
        Err(BodyError::Timeout) => (StatusCode::REQUEST_TIMEOUT, Body::from("too slow")),
        Err(BodyError::Broken) => (StatusCode::BAD_REQUEST, Body::from("broken")),
        Err(BodyError::Crowded) => (StatusCode::SERVICE_UNAVAILABLE, Body::from("crowded")),
    };
    Response::builder().status(status).body(body).unwrap()
}

fn piecewise() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Body::new(Pieces(receiver)))
}

struct Pieces(mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// A client that knows just enough HTTP to find where an answer ends.
pub struct Client {
    pub stream: TcpStream,
    seen: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In lower case, as written.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// Asserts that this is a failure as the API contract has it, after which the connection closes.
    #[track_caller]
    pub fn is_refusal(&self, status: u16, description: &str) {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(body["ok"], false, "{self:?}");
        assert_eq!(body["error_code"], status, "{self:?}");
        assert_eq!(body["description"], description, "{self:?}");
        for line in
            ["\r\ncontent-type: application/json\r\n", "\r\nconnection: close\r\n", "\r\nx-request-id: "]
        {
            assert!(self.head.contains(line), "{line:?} in {self:?}");
        }
    }
}

impl Client {
    pub async fn send(&mut self, text: &str) {
        within(self.stream.write_all(text.as_bytes())).await.unwrap();
    }

    pub async fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: t\r\n\r\n")).await;
    }

    /// The next answer; its body ends where its content-length says.
    pub async fn answer(&mut self) -> Answer {
        let head = loop {
            if let Some(end) = find(&self.seen, b"\r\n\r\n") {
                break self.take(end + 4).to_lowercase();
            }
            assert!(self.more().await > 0, "closed within a head: {:?}", String::from_utf8_lossy(&self.seen));
        };
        let status = head[9..12].parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let body = self.exactly(length).await;
        Answer { status, head, body }
    }

    pub async fn exactly(&mut self, length: usize) -> String {
        while self.seen.len() < length {
            assert!(self.more().await > 0, "closed after {} of {length} bytes", self.seen.len());
        }
        self.take(length)
    }

    /// Waits for the orderly end of the connection and asserts that nothing came before it.
    pub async fn is_closed(&mut self) {
        let n = self.more().await;
        assert_eq!((n, self.seen.len()), (0, 0), "{:?}", String::from_utf8_lossy(&self.seen));
    }

    /// Waits for the end of the connection, be it a reset.
    pub async fn is_gone(&mut self) {
        let mut scratch = vec![0; 64 * 1024];
        while !matches!(within(self.stream.read(&mut scratch)).await, Ok(0) | Err(_)) {}
    }

    async fn more(&mut self) -> usize {
        within(self.stream.read_buf(&mut self.seen)).await.unwrap()
    }

    fn take(&mut self, length: usize) -> String {
        let rest = self.seen.split_off(length);
        String::from_utf8(std::mem::replace(&mut self.seen, rest)).unwrap()
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}
