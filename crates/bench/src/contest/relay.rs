//! What a gateway is measured beside: `upstream`, a Bot API server that knows no bot and answers them all, and `proxy`, the
//! least that a reverse proxy over hyper can be. Started by `ops::relay`; they check nothing.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{Answer, json, padded};

/// How long it lets a getUpdates wait: as long as it is asked to.
const POLL: Duration = Duration::from_secs(50);
/// Bytes of its one file.
pub const FILE: usize = 50 << 20;

/// Answers whatever a bot asks.
pub async fn upstream(request: Request<Incoming>, file: Bytes) -> Answer {
    static NUMBER: AtomicI64 = AtomicI64::new(1);
    let path = request.uri().path().to_owned();
    if path.starts_with("/file/") {
        return Response::new(Full::new(file));
    }
    // The whole request first, as any server would.
    drop(request.into_body().collect().await);
    let (bot, method) = path.trim_start_matches("/bot").split_once('/').unwrap_or_default();
    let id = bot.split(':').next().unwrap_or_default();
    let text = match method {
        "getMe" => format!(
            r#"{{"ok":true,"result":{{"id":{id},"is_bot":true,"first_name":"Bot","username":"b{id}_bot","can_join_groups":true}}}}"#
        ),
        "getUpdates" => {
            tokio::time::sleep(POLL).await;
            r#"{"ok":true,"result":[]}"#.to_owned()
        }
        "sendMessage" => {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            format!(
                r#"{{"ok":true,"result":{{"message_id":{number},"from":{{"id":{id},"is_bot":true,"first_name":"Bot","username":"b{id}_bot"}},"chat":{{"id":7,"first_name":"Ann","type":"private"}},"date":1800000000,"text":"Good morning, here is what you asked for"}}}}"#
            )
        }
        _ => return json(padded(250)),
    };
    json(Bytes::from(text))
}

/// Hands a request on and its answer back.
#[derive(Clone)]
pub struct Proxy {
    client: Client<HttpConnector, Incoming>,
    upstream: std::sync::Arc<str>,
}

impl Proxy {
    /// One to `ADDRESS:PORT`.
    pub fn to(upstream: &str) -> Proxy {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Proxy { client, upstream: upstream.into() }
    }

    pub async fn answer(
        self,
        mut request: Request<Incoming>,
    ) -> Response<http_body_util::Either<Incoming, Full<Bytes>>> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let passed = match format!("http://{}{path}", self.upstream).parse::<Uri>() {
            Ok(uri) => {
                *request.uri_mut() = uri;
                self.client.request(request).await.ok()
            }
            Err(_) => None,
        };
        passed.map_or_else(
            || {
                let mut answer = Response::new(http_body_util::Either::Right(Full::default()));
                *answer.status_mut() = StatusCode::BAD_GATEWAY;
                answer
            },
            |answer| answer.map(http_body_util::Either::Left),
        )
    }
}
