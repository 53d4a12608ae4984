//! Whole requests, from the route to the answer, on a server in memory. The input reads like HTTP: verb and path
//! on the first line, then headers, an empty line, the body. `{token}`, `{account}`, `{person}` and `{contact}`
//! stand for what the world below has. Nothing is ever sent out: requests that set webhooks are passed over.

mod world;

use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::cell::RefCell;
use tokio::runtime::Runtime;
use tower_service::Service as _;
use world::World;

/// Requests that a world sees before there is a new one: what they leave behind must not pile up.
const A_WORLD_SEES: u32 = 400;

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

struct Stage {
    runtime: Runtime,
    world: World,
    seen: u32,
}

/// An answer, read to its end.
#[derive(Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

pub fn run(input: &[u8]) {
    STAGE.with_borrow_mut(|stage| {
        let stage = stage.get_or_insert_with(Stage::new);
        if stage.seen == A_WORLD_SEES {
            let old = std::mem::replace(&mut stage.world, stage.runtime.block_on(World::new()));
            stage.runtime.block_on(old.end());
            stage.seen = 0;
        }
        stage.seen += 1;
        let Stage { runtime, world, .. } = stage;
        if let Some(asked) = Asked::read(input, world) {
            runtime.block_on(ask(world, &asked));
        }
    });
}

impl Stage {
    fn new() -> Stage {
        // Time that is paused runs on by itself when all wait: a long poll costs none.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
        let world = runtime.block_on(World::new());
        Stage { runtime, world, seen: 0 }
    }
}

/// A request in its parts, so that it can be made again.
struct Asked {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

impl Asked {
    fn read(input: &[u8], world: &World) -> Option<Asked> {
        let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
        let (head, body) = (&input[..end], input.get(end + 2..).unwrap_or_default());
        let head = world.put_in(std::str::from_utf8(head).ok()?);
        let mut lines = head.lines();
        let (verb, path) = lines.next()?.split_once(' ')?;
        let uri: Uri = path.parse().ok()?;
        let decoded = percent_decode_str(uri.path()).decode_utf8_lossy().to_ascii_lowercase();
        // Where the path names no method, a parameter may.
        if uri.path().len() > 4096 || decoded.contains("webhook") || decoded.ends_with('/') {
            return None;
        }
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            headers.push((name.trim().parse().ok()?, HeaderValue::from_str(value.trim()).ok()?));
        }
        // Most bodies are text with ids in them; what is none goes as it is.
        let body = match std::str::from_utf8(body) {
            Ok(text) => world.put_in(text).into_bytes(),
            Err(_) => body.to_owned(),
        };
        Some(Asked { method: verb.parse().ok()?, uri, headers, body })
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        request
    }

    /// Whether the same again must be answered the same: a change that is made once for its key.
    fn is_once(&self) -> bool {
        let method = self.uri.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let keyed = self.headers.iter().any(|(name, _)| name == "idempotency-key");
        keyed && self.method == Method::POST && matches!(method.as_str(), "sendmessage" | "contacts")
    }

    /// Whether a text is in the request other than as its credential: then an answer may well quote it.
    fn tells(&self, text: &str) -> bool {
        let route = self.uri.path().splitn(3, '/').nth(2).unwrap_or_default();
        let query = self.uri.query().unwrap_or_default();
        [route.as_bytes(), query.as_bytes(), &self.body]
            .iter()
            .any(|piece| String::from_utf8_lossy(piece).contains(text))
    }

    fn is_api(&self) -> bool {
        ["/v1/", "/bot", "/admin/"].iter().any(|start| self.uri.path().starts_with(start))
    }
}

async fn ask(world: &World, asked: &Asked) {
    let answer = send(world, asked).await;
    let told = || format!("{} {} -> {answer:?}", asked.method, asked.uri);
    assert!(!answer.status.is_server_error(), "{}", told());
    if asked.is_once() && answer.status.is_success() {
        let again = send(world, asked).await;
        assert_eq!((again.status, &again.body), (answer.status, &answer.body), "{}", told());
    }
}

async fn send(world: &World, asked: &Asked) -> Answer {
    let mut app = world.app.clone();
    let Ok(response) = app.call(asked.request()).await;
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body in memory ends well").to_bytes().to_vec();
    assert!(head.headers.contains_key("x-request-id"), "every answer has an id");
    let bodiless = asked.method == Method::HEAD
        || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if asked.is_api() && !bodiless {
        assert_eq!(head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes), Some(&b"application/json"[..]));
        is_enveloped(head.status, &body);
    }
    if head.status == StatusCode::UNAUTHORIZED {
        assert!(head.headers.contains_key("www-authenticate"), "{:?}", asked.uri);
    }
    assert!(!head.headers.contains_key(AUTHORIZATION), "no answer repeats a credential");
    if !asked.tells(&world.secret) {
        assert!(!String::from_utf8_lossy(&body).contains(&world.secret), "no answer repeats a credential");
    }
    Answer { status: head.status, body }
}

fn is_enveloped(status: StatusCode, body: &[u8]) {
    let envelope = match serde_json::from_slice(body) {
        Ok(Value::Object(envelope)) => envelope,
        // A history is the one answer that is a bare list.
        Ok(Value::Array(_)) if status.is_success() => return,
        _ => panic!("{status}: {}", String::from_utf8_lossy(body)),
    };
    if status.is_success() {
        assert_eq!(envelope["ok"], true, "{envelope:?}");
        assert!(envelope.contains_key("result"), "{envelope:?}");
    } else {
        assert_eq!((&envelope["ok"], &envelope["error_code"]), (&false.into(), &status.as_u16().into()));
        assert!(envelope["description"].as_str().is_some_and(|text| !text.is_empty()), "{envelope:?}");
    }
}
