//! getUpdates.

use super::Done;
use crate::call::Asked;
use contactgram_hub::{Answer, Poll};
use contactgram_model::UpdateKinds;
use contactgram_wire::params::Params;

/// `getUpdates`
pub(super) async fn get(asked: Asked) -> Done {
    let permit = asked.permit()?;
    let params = &asked.params;
    let poll = Poll {
        offset: params.int("offset").unwrap_or(0),
        limit: params.int_clamped("limit", 100, 1..=100),
        timeout: params.int_clamped("timeout", 0, 0..=50),
        allowed: allowed(params),
    };
    Ok(Answer::json(asked.hub().updates(&permit, poll).await?))
}

/// `allowed_updates`: a JSON array of names. What can't be read leaves the setting as it is, as on
/// Telegram.
pub(super) fn allowed(params: &Params) -> Option<UpdateKinds> {
    let names: Vec<serde_json::Value> = serde_json::from_str(params.text("allowed_updates")?).ok()?;
    let names: Option<Vec<&str>> = names.iter().map(serde_json::Value::as_str).collect();
    names.map(UpdateKinds::asked)
}
