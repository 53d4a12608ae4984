//! One request on its way through the fault proxy: noted in the journal, failed as planned or handed on.
//! Called by the proxy for each request. It never looks into bodies.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::Value;

use super::fault::ProxyFault;
use super::{Desk, cut};
use crate::upstream::ReplyBody;

type PassedBody = UnsyncBoxBody<Bytes, io::Error>;

/// A request that came, and what became of it.
#[derive(Clone)]
pub struct Passed {
    /// When it had come as a whole.
    pub at: Instant,
    pub verb: Method,
    /// Path and query, as they were written.
    pub path: String,
    pub headers: HeaderMap,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    pub body: Bytes,
    /// How it was failed, if it was.
    pub fault: Option<ProxyFault>,
    /// The status that the server answered with, if it was asked and has answered by now.
    pub served: Option<u16>,
    /// The status that the client was told, if it was told one by now.
    pub told: Option<u16>,
}

impl Passed {
    /// The path without its query.
    pub fn route(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// A header's text, if the request has it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("not JSON ({why}): {self:?}"))
    }
}

impl fmt::Debug for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes)", self.verb, self.path, self.body.len())?;
        write!(f, " → {:?}, served {:?}, told {:?}", self.fault, self.served, self.told)
    }
}

/// What requests are handed on with: no redirect is followed, no connection outlives its request, and nothing ends a long
/// poll but its client.
pub(super) fn client() -> reqwest::Client {
    // Another part of the test may have chosen already, and any choice will do: nothing here speaks TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.pool_max_idle_per_host(0).build().expect("a client without TLS roots can be built")
}

/// An error closes the connection without an answer.
pub(super) async fn pass(desk: Arc<Desk>, request: Request<Incoming>) -> io::Result<Response<PassedBody>> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return cut() };
    let body = body.to_bytes();
    let (fault, place) = desk.change(|state| {
        let fault = state.plan.take(&head.method, head.uri.path());
        state.journal.push(note(&head, body.clone(), fault.clone()));
        (fault, state.journal.len() - 1)
    });
    let response = match fault {
        Some(ProxyFault::Answer { status, headers, body }) => Ok(answer(status, &headers, body)),
        Some(ProxyFault::CutBefore) => cut(),
        Some(ProxyFault::Hang) => std::future::pending().await,
        fault => {
            if let Some(ProxyFault::Delay(wait)) = fault {
                tokio::time::sleep(wait).await;
            }
            let served = hand_on(&desk, place, &head, body).await;
            match (served, fault) {
                (served, None | Some(ProxyFault::Delay(_))) => served,
                (Ok(served), Some(fault)) => spoil(served, fault).await,
                (Err(why), _) => Err(why),
            }
        }
    };
    let told = response.as_ref().ok().map(|response| response.status().as_u16());
    desk.change(|state| state.journal[place].told = told);
    response
}

fn note(head: &Parts, body: Bytes, fault: Option<ProxyFault>) -> Passed {
    let key = head.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    Passed {
        at: Instant::now(),
        verb: head.method.clone(),
        path: head.uri.path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default(),
        headers: head.headers.clone(),
        idempotency_key: key.map(str::to_owned),
        body,
        fault,
        served: None,
        told: None,
    }
}

/// Asks the server. One that can't be reached looks like one that closes its connections.
async fn hand_on(desk: &Desk, place: usize, head: &Parts, body: Bytes) -> io::Result<Response<PassedBody>> {
    let path = head.uri.path_and_query().map(|path| path.as_str()).unwrap_or_default();
    let mut headers = head.headers.clone();
    strip(&mut headers);
    headers.remove(CONTENT_LENGTH);
    let mut request =
        desk.client.request(head.method.clone(), format!("{}{path}", desk.upstream)).headers(headers);
    if head.headers.contains_key(CONTENT_LENGTH) || !body.is_empty() {
        request = request.body(body);
    }
    let Ok(response) = request.send().await else { return cut() };
    desk.change(|state| state.journal[place].served = Some(response.status().as_u16()));
    let mut response = Response::<reqwest::Body>::from(response);
    strip(response.headers_mut());
    Ok(response.map(|body| body.map_err(io::Error::other).boxed_unsync()))
}

/// What is between two neighbours only.
fn strip(headers: &mut HeaderMap) {
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
}

/// Fails an answer that the server has given.
async fn spoil(response: Response<PassedBody>, fault: ProxyFault) -> io::Result<Response<PassedBody>> {
    let (head, body) = response.into_parts();
    // The server has acted when it has answered as a whole.
    let Ok(body) = body.collect().await else { return cut() };
    let body = body.to_bytes();
    match fault {
        ProxyFault::CutAfter => cut(),
        ProxyFault::CutWithin => {
            let body = ReplyBody::cut(body.slice(..body.len() / 2), body.len() as u64);
            Ok(Response::from_parts(head, body.boxed_unsync()))
        }
        ProxyFault::DelayReply(wait) => {
            tokio::time::sleep(wait).await;
            Ok(Response::from_parts(head, whole(body)))
        }
        _ => Ok(Response::from_parts(head, whole(body))),
    }
}

fn answer(status: u16, headers: &[(String, String)], body: String) -> Response<PassedBody> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(whole(body.into())).expect("a test plans answers that exist")
}

fn whole(body: Bytes) -> PassedBody {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}
