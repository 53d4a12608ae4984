//! The other end of webhooks: a small HTTP server that keeps what it is sent and answers as told. Used by
//! tests of deliveries; it judges nothing by itself.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

const PATIENCE: Duration = Duration::from_secs(60);

/// Listens on a free port until dropped. Answers 200 with an empty body unless told otherwise.
pub struct Receiver {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    arrivals: UnboundedReceiver<Received>,
    task: AbortHandle,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// How to answer one request.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Waited before answering.
    pub delay: Duration,
    /// A permit of it is taken before answering.
    pub gate: Option<Arc<Semaphore>>,
}

#[derive(Default)]
struct Plan {
    next: VecDeque<Reply>,
    then: Reply,
}

#[derive(Clone)]
struct Desk {
    plan: Arc<Mutex<Plan>>,
    arrived: UnboundedSender<Received>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let plan = Arc::new(Mutex::new(Plan::default()));
        let (arrived, arrivals) = unbounded_channel();
        let desk = Desk { plan: Arc::clone(&plan), arrived };
        let router = Router::new().fallback(receive).with_state(desk);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Receiver { address, plan, arrivals, task: serving.abort_handle() }
    }

    /// `http://127.0.0.1:PORT<path>`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next requests with these, one each, before the standing answer.
    pub fn answer_next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.change(|plan| plan.next.extend(replies));
    }

    /// Answers like this from now on.
    pub fn answer(&self, reply: Reply) {
        self.change(|plan| plan.then = reply);
    }

    /// The next request in the order of their arrival.
    ///
    /// # Panics
    /// When none arrives within a minute.
    pub async fn next(&mut self) -> Received {
        let arrival = tokio::time::timeout(PATIENCE, self.arrivals.recv()).await;
        arrival.expect("a request arrives").expect("the receiver runs")
    }

    /// A request that is there already.
    pub fn try_next(&mut self) -> Option<Received> {
        self.arrivals.try_recv().ok()
    }

    fn change(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.plan.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("not JSON ({why}): {self:?}"))
    }

    /// A header's text, if the request has it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Reply {
    pub fn status(status: u16) -> Reply {
        Reply { status, ..Reply::default() }
    }

    /// A 200 with a JSON body, as a webhook answers that calls a method.
    pub fn json(body: &Value) -> Reply {
        Reply::default().header("content-type", "application/json").body(&body.to_string())
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: &str) -> Reply {
        body.clone_into(&mut self.body);
        self
    }

    #[must_use]
    pub fn after(mut self, delay: Duration) -> Reply {
        self.delay = delay;
        self
    }

    /// Answers only when `gate` has a permit, and takes it.
    #[must_use]
    pub fn held_by(mut self, gate: &Arc<Semaphore>) -> Reply {
        self.gate = Some(Arc::clone(gate));
        self
    }
}

impl Default for Reply {
    fn default() -> Reply {
        Reply { status: 200, headers: Vec::new(), body: String::new(), delay: Duration::ZERO, gate: None }
    }
}

async fn receive(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let reply = {
        let mut plan = desk.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.next.pop_front().unwrap_or_else(|| plan.then.clone())
    };
    // Nobody may be looking any more; the answer is owed all the same.
    let _ = desk.arrived.send(Received { method: head.method, uri: head.uri, headers: head.headers, body });
    tokio::time::sleep(reply.delay).await;
    if let Some(gate) = &reply.gate {
        gate.acquire().await.expect("a test closes no gate").forget();
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).expect("a test plans answers that exist")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Client;

    #[tokio::test]
    async fn a_receiver_keeps_what_arrives_and_answers_as_planned() {
        let mut receiver = Receiver::start().await;
        receiver.answer_next([Reply::status(503).header("retry-after", "2")]);
        let client = Client::new(receiver.url(""));
        let refused = client.post("/hook?x=1", json!({"update_id": 1})).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("2")));
        assert_eq!(client.post("/hook", json!({"update_id": 2})).await.status, 200);

        let first = receiver.next().await;
        assert_eq!((first.uri.to_string(), first.json()), ("/hook?x=1".to_owned(), json!({"update_id": 1})));
        assert_eq!(first.header("content-type"), Some("application/json"));
        assert_eq!(receiver.next().await.json(), json!({"update_id": 2}));
        assert!(receiver.try_next().is_none());
    }

    #[tokio::test]
    async fn a_held_answer_waits_for_its_permit() {
        let mut receiver = Receiver::start().await;
        let gate = Arc::new(Semaphore::new(0));
        receiver.answer_next([Reply::status(410).held_by(&gate)]);
        let client = Client::new(receiver.url(""));
        let asked = tokio::spawn(async move { client.get("/hook").await.status });
        receiver.next().await;
        assert!(!asked.is_finished());
        gate.add_permits(1);
        assert_eq!(asked.await.unwrap(), 410);
    }

    #[tokio::test]
    async fn a_standing_answer_stands() {
        let receiver = Receiver::start().await;
        receiver.answer(Reply::json(&json!({"ok": true, "result": [1]})));
        let client = Client::new(receiver.url(""));
        assert_eq!(client.get("/a").await.result(), json!([1]));
        assert_eq!(client.delete("/b").await.result(), json!([1]));
        receiver
            .answer(Reply::status(404).body(r#"{"ok":false,"error_code":404,"description":"Not Found"}"#));
        assert_eq!(client.get("/c").await.refusal(), (404, "Not Found".to_owned()));
    }
}
