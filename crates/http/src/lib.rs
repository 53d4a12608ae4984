//! How the product is spoken to: routes, the reading of requests and the one place that turns results into
//! answers. The binary hands [`app`] to [`server::serve`]. There is no SQL here and no rule of the product.

mod admin;
mod audit;
mod botapi;
mod broadcasts;
mod call;
mod consumers;
mod contacts;
mod door;
mod download;
mod explorer;
mod messages;
mod metrics;
pub mod needs;
mod oauth;
#[cfg(test)]
mod openapi;
mod ops;
mod outbox;
mod portal;
mod reply;
mod routes;
pub mod server;
mod stream;
mod upstream;
mod webhooks;

pub use door::Api;
pub use metrics::{Build, Metrics};

use contactgram_hub::Hub;
use contactgram_model::TokenDigest;
use server::BodyLimits;
use std::sync::Arc;

/// How requests are taken.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address under which clients reach the server, without a slash at the end: OAuth's issuer, and the origin of
    /// the portal's pages.
    pub url: String,
    /// Bounds of a request's body outside uploads.
    pub body: BodyLimits,
    /// The largest `multipart/form-data` body, in bytes.
    pub max_upload: usize,
    /// Whether `Authorization: Basic` is taken.
    pub allow_basic: bool,
    /// Whether a token in the path is taken.
    pub allow_token_in_path: bool,
    /// Origins that browsers may call from; `*` for any.
    pub cors_origins: Vec<String>,
    /// The admin token's digest, when the configuration fixes it; else the store's counts.
    pub admin_digest: Option<TokenDigest>,
    /// Where requests are counted, if somebody can read it.
    pub metrics: Option<Metrics>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            url: "http://127.0.0.1:8081".to_owned(),
            body: server::Limits::default().body(),
            max_upload: 20 << 20,
            allow_basic: true,
            allow_token_in_path: true,
            cors_origins: Vec::new(),
            admin_digest: None,
            metrics: None,
        }
    }
}

/// What every handler may use.
#[derive(Clone)]
pub(crate) struct App {
    hub: Arc<Hub>,
    options: Arc<Options>,
}

/// All routes of the API, and the runners for methods that webhooks name in their replies, and for those that
/// were put into the outbox.
pub fn app(hub: Arc<Hub>, options: Options) -> Api {
    botapi::run_webhook_replies(&hub);
    botapi::run_outbox(&hub);
    Api::new(hub, options)
}
