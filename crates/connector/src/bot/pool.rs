//! The connections of this process to Bot API servers, shared by all accounts that have the same server.
//! Called by `Upstream` for each request. It says of a failed request whether any of it had been written, and sends
//! again by itself only what a connection gave back unsent.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;

use super::Upstream;
use super::address::{BaseUrl, UpstreamToken};
use super::body::{Progress, SentBody};
use super::connect::{Connection, Dial};
use super::fault::Why;
use super::tally::Tally;
use crate::roots::public_roots;

/// How connections to upstreams behave.
#[derive(Debug, Clone)]
pub struct UplinkOptions {
    /// For address, TCP and TLS together.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept. Shorter than servers keep theirs: a request that meets a closing
    /// connection has an unknown fate.
    pub idle_timeout: Duration,
    /// From the end of a request (or its last progress) to the head of its answer. Longer than the longest long poll,
    /// 50 s.
    pub answer_timeout: Duration,
    /// How long a body may make no progress.
    pub stall_timeout: Duration,
    /// PEM text of authorities that are trusted besides the public ones.
    pub authorities: Option<String>,
}

impl Default for UplinkOptions {
    fn default() -> UplinkOptions {
        UplinkOptions {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_secs(60),
            authorities: None,
        }
    }
}

/// The pool of a process. Cloning it gives the same pool.
#[derive(Clone)]
pub struct Uplinks {
    shared: Arc<Shared>,
}

struct Shared {
    options: UplinkOptions,
    tls: Arc<ClientConfig>,
    origins: Mutex<HashMap<String, Weak<Origin>>>,
    tally: Arc<Tally>,
}

/// More idle connections to one server are not kept.
const MOST_IDLE: usize = 1024;

/// One server, and the connections to it that wait for a request.
pub(super) struct Origin {
    pub host: HeaderValue,
    pub options: UplinkOptions,
    dial: Dial,
    idle: Mutex<VecDeque<(Connection, Instant)>>,
}

/// A request that brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// No byte of it was written.
    NotSent(Why),
    /// It may have had its effect.
    Lost(Why),
}

impl Uplinks {
    /// A pool without connections. Reads the machine's list of certificate authorities. The error is half a sentence
    /// about `authorities`.
    pub fn new(options: UplinkOptions) -> Result<Uplinks, String> {
        let mut roots = public_roots();
        if let Some(pem) = &options.authorities {
            add_authorities(&mut roots, pem)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("can't be used: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let (origins, tally) = (Mutex::default(), Arc::default());
        Ok(Uplinks { shared: Arc::new(Shared { options, tls: Arc::new(tls), origins, tally }) })
    }

    /// The door to one account's bot. It connects when it is first used.
    pub fn upstream(&self, base: &BaseUrl, token: &UpstreamToken) -> Upstream {
        Upstream::new((self.origin(base), Arc::clone(&self.shared.tally)), base, token)
    }

    /// What became of the requests of all bots.
    pub fn tally(&self) -> &Tally {
        &self.shared.tally
    }

    fn origin(&self, base: &BaseUrl) -> Arc<Origin> {
        let shared = &self.shared;
        let key = BaseUrl { path: String::new(), ..base.clone() }.to_string();
        let mut origins = shared.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get(&key).and_then(Weak::upgrade) {
            return origin;
        }
        origins.retain(|_, origin| origin.strong_count() > 0);
        let origin = Arc::new(Origin {
            // What a URL names as its host is made of characters that a header may have.
            host: HeaderValue::from_str(&base.authority()).unwrap_or(HeaderValue::from_static("")),
            dial: Dial::new(base, &shared.tls, shared.options.connect_timeout),
            options: shared.options.clone(),
            idle: Mutex::default(),
        });
        origins.insert(key, Arc::downgrade(&origin));
        origin
    }
}

fn add_authorities(roots: &mut RootCertStore, pem: &str) -> Result<(), String> {
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| "is not PEM text")?;
        roots.add(certificate).map_err(|error| format!("holds an unusable certificate: {error}"))?;
        added += 1;
    }
    match added {
        0 => Err("holds no certificate".to_owned()),
        _ => Ok(()),
    }
}

impl Origin {
    /// Makes one request. `progress` is that of a streamed body.
    pub async fn send(
        self: &Arc<Self>,
        mut request: Request<SentBody>,
        progress: Option<Arc<Progress>>,
        timeout: Duration,
    ) -> Result<(Response<Incoming>, Lease), Failure> {
        loop {
            let (mut connection, is_new) = match self.take_idle() {
                Some(connection) => (connection, false),
                None => (self.dial.connect().await.map_err(Failure::NotSent)?, true),
            };
            if connection.sender.ready().await.is_err() {
                match is_new {
                    true => return Err(Failure::NotSent(Why::Closed)),
                    false => continue,
                }
            }
            let before = connection.written.load(Ordering::Relaxed);
            let sending = connection.sender.try_send_request(request);
            let answered = tokio::select! {
                answered = sending => answered,
                () = expiry(timeout, progress.as_deref()) => return Err(Failure::Lost(Why::TimedOut)),
            };
            let mut error = match answered {
                Ok(answer) => {
                    let lease = Lease { connection, origin: Arc::clone(self), progress };
                    return Ok((answer, lease));
                }
                Err(error) => error,
            };
            match error.take_message() {
                // The connection ended before it looked at the request.
                Some(unsent) if !is_new => request = unsent,
                Some(_) => return Err(Failure::NotSent(Why::Closed)),
                None => {
                    let why = match progress {
                        Some(progress) if progress.failed.load(Ordering::Acquire) => Why::Caller,
                        _ => Why::of_connection(error.error()),
                    };
                    let written = connection.written.load(Ordering::Relaxed) != before;
                    return Err(if written { Failure::Lost(why) } else { Failure::NotSent(why) });
                }
            }
        }
    }

    /// The connection that was used last, if one is still good.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((connection, since)) = idle.pop_back() {
            if since.elapsed() >= self.options.idle_timeout {
                // The others are older still.
                idle.clear();
                return None;
            }
            if !connection.sender.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn put_idle(&self, connection: Connection) {
        let now = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((_, since)) = idle.front()
            && (idle.len() >= MOST_IDLE || now.duration_since(*since) >= self.options.idle_timeout)
        {
            idle.pop_front();
        }
        idle.push_back((connection, now));
    }
}

/// Ends when nothing of a request moved for `timeout`.
async fn expiry(timeout: Duration, progress: Option<&Progress>) {
    let frames = || progress.map_or(0, |progress| progress.frames.load(Ordering::Relaxed));
    loop {
        let before = frames();
        tokio::time::sleep(timeout).await;
        if frames() == before {
            return;
        }
    }
}

/// A connection while its answer is read.
pub(super) struct Lease {
    connection: Connection,
    origin: Arc<Origin>,
    progress: Option<Arc<Progress>>,
}

impl Lease {
    /// Hands the connection on, its answer being over. One that answered before it had heard all is of no more use.
    pub fn give_back(self) {
        let heard_all = self.progress.is_none_or(|progress| progress.ended.load(Ordering::Acquire));
        if heard_all && !self.connection.sender.is_closed() {
            self.origin.put_idle(self.connection);
        }
    }
}
