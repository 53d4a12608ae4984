//! The accept loop: HTTP/1.1 over TCP around whatever answers requests, with every timer and bound a public server needs.
//! The binary calls `serve` once a listener; handlers use `body` and `request_id`.
//! It never routes, never authenticates, and never lets a failure leave without the JSON envelope.

mod accept;
pub mod body;
mod connection;
mod connections;
mod envelope;
mod linger;
mod pulse;
pub mod request_id;
mod room;
mod service;
mod wire;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use accept::raise_open_files;
pub use body::{BodyError, BodyLimits, Paced, read_body};
pub(crate) use connection::Peer;
pub use connections::Connections;
pub use request_id::{in_hand, named, request_id};
pub use room::Room;
pub use service::Serve;

/// What one listener allows. `Default` is meant for a server that strangers can reach.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From the first byte of a request (or from the connection, if none comes) to the end of its head.
    pub head_timeout: Duration,
    /// The longest gap between two pieces of a body, in either direction.
    pub body_idle_timeout: Duration,
    /// How long a kept-alive connection may wait for its next request. A long poll is not idle.
    pub idle_timeout: Duration,
    /// Connections served at once; those beyond are told 503 and closed.
    pub max_connections: usize,
    /// How many there are, for whoever wants to know.
    pub connections: Connections,
    /// Request line and headers together, in bytes; never below 8 KiB. Beyond is 431.
    pub max_head_bytes: usize,
    /// A request's body outside uploads, in bytes. `read_body` enforces it: see [`Limits::body`].
    pub max_body: usize,
    /// How much of bodies is held at a time, in all.
    pub room: Room,
    /// How long requests in progress may go on after the shutdown was asked for.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            body_idle_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            max_connections: 16_384,
            connections: Connections::default(),
            max_head_bytes: 64 * 1024,
            max_body: 1024 * 1024,
            room: Room::default(),
            drain: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// The bounds for an ordinary body, as [`read_body`] wants them.
    pub fn body(&self) -> BodyLimits {
        BodyLimits { max_bytes: self.max_body, room: self.room.clone(), idle: self.body_idle_timeout }
    }
}

/// Serves `service` on `listener` until `shutdown` is cancelled and the connections are finished.
///
/// After `shutdown` nothing is accepted, idle connections close at once, requests in progress have `limits.drain`, and
/// what is left is dropped: the future returns within `drain` and one second.
///
/// # Errors
/// Only a listener that can never accept again. Passing troubles (no descriptor left, a client gone before it was
/// accepted) are waited out.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    shutdown: CancellationToken,
) -> io::Result<()>
where
    S: Serve,
{
    accept::run(listener, service, Arc::new(House::new(limits)), shutdown).await
}

/// What the connections of one listener share.
struct House {
    limits: Limits,
    /// Set up once; a connection costs no more than reading it.
    http: http1::Builder,
    /// The truth about the shutdown. An atomic, because each connection looks at it on each poll.
    closing: AtomicBool,
    /// Only wakes the connections, so that they look at `closing`.
    bell: Notify,
}

impl House {
    fn new(limits: Limits) -> Self {
        let max_head = limits.max_head_bytes.max(MIN_HEAD_BYTES);
        let mut http = http1::Builder::new();
        // The timers are ours (see `connection`): hyper's one for heads can't tell an idle connection from a slow one.
        http.header_read_timeout(None).half_close(false).max_header_size(max_head).max_buf_size(max_head);
        Self { limits, http, closing: AtomicBool::new(false), bell: Notify::new() }
    }

    fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.bell.notify_waiters();
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

/// hyper refuses to run with less.
const MIN_HEAD_BYTES: usize = 8 * 1024;
