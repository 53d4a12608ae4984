//! Whole requests, from the route to the answer, on a server in memory. The input reads like HTTP: verb and path
//! on the first line, then headers, an empty line, the body. `{token}`, `{account}`, `{session}` and their like
//! stand for what the world below has. Nothing is ever sent out: requests that set webhooks are passed over.

mod laws;
mod wire;
mod world;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use std::cell::RefCell;
use tokio::runtime::Runtime;
use world::{Template, World};

/// Requests that a world sees before there is a new one: what they leave behind must not pile up.
const A_WORLD_SEES: u32 = 400;
/// What takes away that which other inputs need: the session, the credentials, the account.
const ENDS_A_WORLD: [&str; 9] = [
    "/sign-out",
    "/welcome",
    "/me/password",
    "/end",
    "/remove",
    "/rotate",
    "/disable",
    "/revoke",
    "/oauth/token",
];

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

struct Stage {
    runtime: Runtime,
    template: Template,
    world: World,
    seen: u32,
}

pub fn run(input: &[u8]) {
    STAGE.with_borrow_mut(|stage| {
        let stage = stage.get_or_insert_with(Stage::new);
        if stage.seen >= A_WORLD_SEES {
            let new = stage.runtime.block_on(World::new(&stage.template));
            stage.runtime.block_on(std::mem::replace(&mut stage.world, new).end());
            stage.seen = 0;
        }
        let Some(asked) = Asked::read(input, &stage.world) else { return };
        stage.seen += 1;
        stage.runtime.block_on(ask(&stage.world, &asked));
        if asked.ends_a_world() {
            stage.seen = A_WORLD_SEES;
        }
    });
}

impl Stage {
    fn new() -> Stage {
        // Time that is paused runs on by itself when all wait: a long poll costs none.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
        let template = runtime.block_on(Template::new());
        let world = runtime.block_on(World::new(&template));
        Stage { runtime, template, world, seen: 0 }
    }
}

/// A request in its parts, so that it can be made again.
struct Asked {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Asked {
    fn read(input: &[u8], world: &World) -> Option<Asked> {
        let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
        let (head, body) = (&input[..end], input.get(end + 2..).unwrap_or_default());
        let head = world.put_in(std::str::from_utf8(head).ok()?);
        let mut lines = head.lines();
        let (verb, path) = lines.next()?.split_once(' ')?;
        let (method, uri): (Method, Uri) = (verb.parse().ok()?, path.parse().ok()?);
        let decoded = percent_decode_str(uri.path()).decode_utf8_lossy().to_ascii_lowercase();
        // Where the path names no method, a parameter may.
        if uri.path().len() > 4096 || decoded.contains("webhook") || decoded.ends_with('/') {
            return None;
        }
        if method == Method::CONNECT || uri.authority().is_some() || !uri.path().starts_with('/') {
            return None;
        }
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let name: HeaderName = name.trim().parse().ok()?;
            if !wire::FRAMING.contains(&name.as_str()) {
                headers.push((name, HeaderValue::from_str(value.trim()).ok()?));
            }
        }
        // Most bodies are text with ids in them; what is none goes as it is.
        let body = match std::str::from_utf8(body) {
            Ok(text) => world.put_in(text).into(),
            Err(_) => Bytes::copy_from_slice(body),
        };
        Some(Asked { method, uri, headers, body })
    }

    fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
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

    fn ends_a_world(&self) -> bool {
        let path = self.uri.path();
        self.method == Method::POST && ENDS_A_WORLD.iter().any(|end| path.ends_with(end))
    }

    /// Whether a text is in the request other than as its credential: then an answer may well quote it.
    fn tells(&self, text: &str) -> bool {
        let route = self.uri.path().splitn(3, '/').nth(2).unwrap_or_default();
        let query = self.uri.query().unwrap_or_default();
        [route.as_bytes(), query.as_bytes(), &self.body]
            .iter()
            .any(|piece| String::from_utf8_lossy(piece).contains(text))
            || self.headers.iter().any(|(name, value)| {
                name != "authorization"
                    && name != "cookie"
                    && value.to_str().is_ok_and(|value| value.contains(text))
            })
    }

    fn path(&self) -> &str {
        self.uri.path()
    }
}

async fn ask(world: &World, asked: &Asked) {
    let answer = send(world, asked).await;
    if asked.is_once() && answer.status().is_success() {
        let again = send(world, asked).await;
        assert_eq!(
            (again.status(), again.body()),
            (answer.status(), answer.body()),
            "{} {}",
            asked.method,
            asked.uri
        );
    }
}

async fn send(world: &World, asked: &Asked) -> Response<Bytes> {
    for secret in &world.secrets {
        if asked.tells(&secret.text) {
            secret.told.set(true);
        }
    }
    let answer = world.answer(asked.request()).await;
    if !is_hypers_own(&answer) {
        laws::hold(world, asked, &answer).await;
    }
    answer
}

/// Whether a head did not even get as far as our code: the connection's own refusal, which is the accept loop's to
/// dress, and that is not here.
fn is_hypers_own(answer: &Response<Bytes>) -> bool {
    let early =
        [StatusCode::BAD_REQUEST, StatusCode::URI_TOO_LONG, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];
    early.contains(&answer.status())
        && answer.body().is_empty()
        && !answer.headers().contains_key("content-type")
}
