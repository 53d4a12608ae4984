//! What an operator asks: whether the process lives, whether it can serve, and its metrics.

use crate::App;
use crate::reply;
use axum::extract::State;
use axum::response::Response;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

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

/// The process's metrics, to be served on a listener of their own.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Installs the recorder that the process counts with. To be called once, before anything is counted.
///
/// # Errors
/// When there is a recorder already.
pub fn install_metrics() -> Result<Metrics, BuildError> {
    const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 50.0];
    PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder().map(Metrics)
}

impl Metrics {
    /// An app that answers `/metrics` in the Prometheus text form, and nothing else.
    pub fn app(self) -> axum::Router {
        axum::Router::new().route("/metrics", axum::routing::get(async move || self.0.render()))
    }
}
