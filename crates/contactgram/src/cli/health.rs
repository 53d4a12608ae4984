//! `contactgram health`: asks the server at the listen address whether it can serve, and ends accordingly. For containers,
//! whose image has no other program to ask with. It opens no store; `doctor` looks closer.

use super::context::Context;
use crate::failure::{Failure, Outcome};
use crate::probe;

/// Asks.
pub async fn run(context: &Context) -> Outcome {
    let address = &context.config().listen;
    let answer = probe::ask(address, "/readyz").await;
    let answer = answer.map_err(|error| Failure::while_doing(address, error))?;
    match answer.status.filter(|_| answer.is_ours) {
        Some(200) => context
            .answer(&serde_json::json!({"ready": true}), || format!("the server at {address} is ready")),
        Some(status) => Err(format!("{address}: the server can't serve now ({status})").into()),
        None => Err(format!("{address}: another program answers").into()),
    }
}
