//! What a supervisor asks: whether the process lives, and whether it can serve. Metrics are in `metrics`.

use crate::App;
use crate::reply::{self, Response};
use axum::extract::State;

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
