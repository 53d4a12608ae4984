//! getUpdates.

use super::{Done, refuse};
use crate::call::Asked;
use contactgram_hub::{Answer, Error, Hub, Poll};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{UpdateKinds, UserId};
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
        allowed: allowed(asked.hub(), permit.account(), params).await?,
    };
    let name = match params.text("consumer") {
        None => ConsumerName::DEFAULT,
        Some(name) => ConsumerName::parse(name).ok_or_else(|| refuse(BAD_NAME))?,
    };
    Ok(Answer::json(asked.hub().updates_of(&permit, name, poll).await?))
}

/// `allowed_updates`: a JSON array of names. What can't be read leaves the setting as it is, as on
/// Telegram. Of kinds that nobody here knows the account's upstream hears.
pub(crate) async fn allowed(
    hub: &Hub,
    account: UserId,
    params: &Params,
) -> Result<Option<UpdateKinds>, Error> {
    let text = params.text("allowed_updates");
    let Some(names) = text.and_then(|text| serde_json::from_str::<Vec<String>>(text).ok()) else {
        return Ok(None);
    };
    hub.ask_upstream_for(account, names.iter().map(String::as_str)).await?;
    Ok(Some(UpdateKinds::asked(names.iter().map(String::as_str))))
}
