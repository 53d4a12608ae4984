//! getUpdates.

use super::{Done, refuse};
use crate::call::Asked;
use contactgram_hub::{Answer, Poll};
use contactgram_model::UpdateKinds;
use contactgram_model::consumer::ConsumerName;
use contactgram_wire::params::Params;

const BAD_NAME: &str = "consumer must have 1 to 64 of the characters A-Z a-z 0-9 _ . -";

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
    let name = match params.text("consumer") {
        None => ConsumerName::DEFAULT,
        Some(name) => ConsumerName::parse(name).ok_or_else(|| refuse(BAD_NAME))?,
    };
    Ok(Answer::json(asked.hub().updates_of(&permit, name, poll).await?))
}

/// `allowed_updates`: a JSON array of names. What can't be read leaves the setting as it is, as on
/// Telegram.
pub(crate) fn allowed(params: &Params) -> Option<UpdateKinds> {
    let names: Vec<serde_json::Value> = serde_json::from_str(params.text("allowed_updates")?).ok()?;
    let names: Option<Vec<&str>> = names.iter().map(serde_json::Value::as_str).collect();
    names.map(UpdateKinds::asked)
}
