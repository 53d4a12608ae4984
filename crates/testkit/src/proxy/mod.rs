//! A proxy in front of a real server that fails requests as it is told: answers in the server's place, cuts connections
//! before or after the server acted, delays, hangs. It keeps a journal of what it saw. Used by the tests of clients, ours
//! and those of the examples. It knows nothing of what the requests mean.

mod fault;
mod passage;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

pub use fault::{Pattern, ProxyFault};
pub use passage::Passed;

use fault::Plan;

const PATIENCE: Duration = Duration::from_secs(60);

/// Listens on a free port of 127.0.0.1 until dropped, and hands on what it is not told to fail.
///
/// ```no_run
/// # async fn example(server: contactgram_testkit::TestServer) {
/// use contactgram_testkit::{FaultProxy, ProxyFault};
///
/// let proxy = FaultProxy::start(server.url()).await;
/// proxy.fail_next("POST sendMessage", ProxyFault::too_many(2));
/// proxy.fail_next("POST sendMessage", ProxyFault::CutAfter);
/// // … a client that is given `proxy.url()` …
/// let seen = proxy.seen("sendMessage");
/// assert_eq!(seen.len(), 3);
/// assert!(seen.iter().all(|one| one.idempotency_key == seen[0].idempotency_key));
/// # }
/// ```
pub struct FaultProxy {
    address: SocketAddr,
    desk: Arc<Desk>,
    task: Option<AbortHandle>,
}

/// What all its connections share.
struct Desk {
    upstream: String,
    client: reqwest::Client,
    state: Mutex<State>,
    /// Rung by each entry of the journal.
    bell: Notify,
}

#[derive(Default)]
struct State {
    plan: Plan,
    journal: Vec<Passed>,
    connections: usize,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.bell.notify_waiters();
        changed
    }
}

impl FaultProxy {
    /// Stands before the server at `upstream`: `http://host:port`, without a path.
    pub async fn start(upstream: &str) -> FaultProxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let desk = Arc::new(Desk {
            upstream: upstream.trim_end_matches('/').to_owned(),
            client: passage::client(),
            state: Mutex::default(),
            bell: Notify::new(),
        });
        let mut proxy = FaultProxy { address, desk, task: None };
        proxy.serve(listener);
        proxy
    }

    fn serve(&mut self, listener: TcpListener) {
        self.task = Some(tokio::spawn(accept(listener, Arc::clone(&self.desk))).abort_handle());
    }

    /// `http://127.0.0.1:PORT`: what a client is given in the server's place.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Goes down: connections are closed, and nobody listens any more.
    pub fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Comes up again on the same port, with its plan and journal.
    ///
    /// # Panics
    /// When the port is taken.
    pub async fn start_again(&mut self) {
        self.stop();
        // The listener of before ends when its task is dropped, which takes a moment.
        for _ in 0..1000 {
            if let Ok(listener) = TcpListener::bind(self.address).await {
                self.serve(listener);
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("port {} is taken", self.address.port());
    }

    /// Fails the next request that fits; planned faults are used up in order.
    pub fn fail_next(&self, requests: impl Into<Pattern>, fault: ProxyFault) {
        self.fail_times(1, requests, fault);
    }

    /// Fails the next `count` requests that fit.
    pub fn fail_times(&self, count: usize, requests: impl Into<Pattern>, fault: ProxyFault) {
        self.desk.lock().plan.next(count, requests.into(), fault);
    }

    /// Fails every request that fits, until [`FaultProxy::heal`].
    pub fn fail_always(&self, requests: impl Into<Pattern>, fault: ProxyFault) {
        self.desk.lock().plan.always(requests.into(), fault);
    }

    /// Forgets all planned faults.
    pub fn heal(&self) {
        self.desk.lock().plan = Plan::default();
    }

    /// All it saw so far, in the order of arrival.
    pub fn journal(&self) -> Vec<Passed> {
        self.desk.lock().journal.clone()
    }

    /// What it saw of some requests.
    pub fn seen(&self, requests: impl Into<Pattern>) -> Vec<Passed> {
        let pattern = requests.into();
        self.journal().into_iter().filter(|one| pattern.fits(&one.verb, one.route())).collect()
    }

    /// How many connections were opened to it so far.
    pub fn connections(&self) -> usize {
        self.desk.lock().connections
    }

    /// Waits until it saw `count` requests that fit.
    ///
    /// # Panics
    /// When that takes longer than a minute.
    pub async fn until_seen(&self, requests: impl Into<Pattern>, count: usize) -> Vec<Passed> {
        let pattern = requests.into();
        let waiting = async {
            loop {
                let changed = self.desk.bell.notified();
                let seen = self.seen(pattern.clone());
                if seen.len() >= count {
                    return seen;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("what is waited for comes")
    }
}

impl From<&Pattern> for Pattern {
    fn from(pattern: &Pattern) -> Pattern {
        pattern.clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) -> Infallible {
    // Dropped with this future, it ends all connections.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        desk.change(|state| state.connections += 1);
        connections.spawn(serve(stream, Arc::clone(&desk)));
    }
}

async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    let pass = service_fn(move |request| passage::pass(Arc::clone(&desk), request));
    // A connection that fails is one of the faults.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), pass).await;
}

fn cut<T>() -> io::Result<T> {
    Err(io::ErrorKind::ConnectionAborted.into())
}
