//! The contestants: servers that do as little as can be done, each a mode of `contactgram-bench serve` and so a
//! process of its own. `hyper` answers the same bytes to everything, `floor` adds SQLite, `hub` wakes whoever
//! waits, `poll` lets everybody wait; `upstream` and `proxy` are what stands around a gateway. They check nothing, on purpose: they are the limit, not a server.

mod floor;
mod relay;

pub use relay::FILE;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::Failed;
use crate::fill::names::Somebody;

/// Longer than any measurement.
const HOLD: Duration = Duration::from_secs(300);

/// Serve as one of the contestants
#[derive(Args)]
pub struct Serve {
    mode: Mode,
    /// Bytes of each answer's body
    #[arg(long, default_value_t = 250)]
    size: usize,
    /// The floor's SQLite file
    #[arg(long)]
    database: Option<PathBuf>,
    /// What the proxy asks, as ADDRESS:PORT
    #[arg(long)]
    upstream: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Mode {
    /// The same bytes to everything
    Hyper,
    /// Hyper over SQLite: a point read, a page of 50, a durable insert
    Floor,
    /// A GET waits for the next POST
    Hub,
    /// Everything waits
    Poll,
    /// A Bot API server that knows no bot and answers them all
    Upstream,
    /// A bare reverse proxy
    Proxy,
}

/// A contestant to be started.
pub enum Contestant {
    /// Answers of so many bytes.
    Hyper {
        size: usize,
    },
    /// Over so many rows.
    Floor {
        rows: u64,
    },
    Hub,
    Poll,
    Upstream,
    /// To `ADDRESS:PORT`.
    Proxy {
        upstream: String,
    },
}

pub type Answer = Response<Full<Bytes>>;

/// Makes the floor's file with these contacts as rows 1, 2, 3 …
pub fn fill_floor(path: &Path, contacts: impl Iterator<Item = Somebody>) -> Result<(), Failed> {
    let row = |somebody: Somebody| floor::Contact {
        id: 0,
        first_name: somebody.first_name.to_owned(),
        last_name: somebody.last_name,
        phone_number: somebody.phone_number,
        email: somebody.email,
    };
    floor::fill(path, contacts.map(row))
}

impl Serve {
    /// Serves until it is killed.
    pub fn run(self) -> Result<(), Failed> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            let body = padded(self.size);
            match self.mode {
                Mode::Hyper => listen(move |_| std::future::ready(json(body.clone()))).await,
                Mode::Floor => {
                    let floor = floor::Floor::open(&self.database.ok_or("the floor needs --database")?)?;
                    listen(move |request| floor.clone().answer(request)).await
                }
                Mode::Hub => {
                    let bell = Arc::new(Notify::new());
                    listen(move |request| wake(Arc::clone(&bell), body.clone(), request)).await
                }
                Mode::Upstream => {
                    let file = Bytes::from(vec![b'x'; FILE]);
                    listen(move |request| relay::upstream(request, file.clone())).await
                }
                Mode::Proxy => {
                    let proxy = relay::Proxy::to(&self.upstream.ok_or("the proxy needs --upstream")?);
                    listen(move |request| proxy.clone().answer(request)).await
                }
                Mode::Poll => {
                    listen(move |_| {
                        let body = body.clone();
                        async move {
                            tokio::time::sleep(HOLD).await;
                            json(body)
                        }
                    })
                    .await
                }
            }
        })
    }
}

/// An answer in JSON.
pub fn json(body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}

async fn wake(bell: Arc<Notify>, body: Bytes, request: Request<Incoming>) -> Answer {
    if request.method() == Method::GET {
        bell.notified().await;
    } else {
        // The whole request first, as any server would.
        drop(request.into_body().collect().await);
        bell.notify_waiters();
    }
    json(body)
}

/// JSON of exactly this many bytes, or the shortest there is.
fn padded(size: usize) -> Bytes {
    const AROUND: usize = r#"{"ok":true,"result":""}"#.len();
    let filler = "x".repeat(size.saturating_sub(AROUND));
    Bytes::from(format!(r#"{{"ok":true,"result":"{filler}"}}"#))
}

async fn listen<F, A, B>(answer: F) -> Result<(), Failed>
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<B>> + Send + 'static,
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Failed>,
{
    rlimit::increase_nofile_limit(u64::MAX)?;
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener: TcpListener = socket.listen(4096)?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            // A client that goes away is no error here.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_static_answer_has_the_length_that_was_asked_for() {
        for size in [23, 24, 250, 9000] {
            let body = padded(size);
            assert_eq!(body.len(), size);
            assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }
    }
}
