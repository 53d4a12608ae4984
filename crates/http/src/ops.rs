//! What an operator asks: whether the process lives, whether it can serve, and its metrics.

use crate::App;
use crate::counts::Counts;
use crate::reply::{self, Response};
use axum::extract::State;
use std::fmt;
use std::sync::Arc;

/// `/livez`: the process answers.
pub(crate) async fn live() -> Response {
    reply::health(true, r#"{"ok":true}"#)
}

/// `/readyz`: the store answers too.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.hub.store().ready().await {
        Ok(()) => reply::health(true, r#"{"ok":true}"#),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            reply::health(
                false,
                r#"{"ok":false,"error_code":503,"description":"Service Unavailable: the store does not answer","parameters":{"retry_after":1}}"#,
            )
        }
    }
}

/// The server's metrics, to be counted where [`Options::metrics`](crate::Options::metrics) has them, and
/// served on a listener of their own.
#[derive(Clone, Default)]
pub struct Metrics(pub(crate) Arc<Counts>);

impl Metrics {
    /// An app that answers `/metrics` in the Prometheus text form, and nothing else.
    pub fn app(self) -> axum::Router {
        axum::Router::new().route("/metrics", axum::routing::get(async move || self.0.render()))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}
