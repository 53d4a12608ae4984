//! Webhooks beside Telegram's own as resources: `/webhooks`, `/webhooks/{id}`, and what was delivered below it. setWebhook
//! and its like are methods, in `botapi::webhooks`.

use crate::call::Call;
use crate::reply::{self, Failure, Reply, bad};
use contactgram_hub::access::UpdatesRead;
use contactgram_hub::{EndpointRequest, Error, Hub, ReplayRequest};
use contactgram_model::{UpdateKinds, UserId, page};
use contactgram_wire::params::{Params, whole_number};
use serde::Serialize;
use serde_json::Value;

const NONE: Failure = Failure::Hub(Error::missing("webhook not found"));

/// `GET /webhooks`
pub(crate) async fn list(call: Call) -> Reply {
    shown(&call.hub().endpoints(&call.permit::<UpdatesRead>()?).await?)
}

/// `POST /webhooks`
pub(crate) async fn add(call: Call) -> Reply {
    let permit = call.permit::<UpdatesRead>()?;
    let asked = call.ask().await?;
    let request = request(asked.hub(), permit.account(), &asked.params).await?;
    let (answer, id) = asked.hub().add_endpoint(&permit, request, asked.once.clone()).await?;
    Ok(reply::located(reply::made(answer), &format!("webhooks/{id}")))
}

/// `GET /webhooks/{id}`
pub(crate) async fn get(call: Call) -> Reply {
    let (permit, id) = (call.permit::<UpdatesRead>()?, id(&call)?);
    shown(&call.hub().endpoint(&permit, id).await?)
}

/// `PATCH /webhooks/{id}`
pub(crate) async fn patch(call: Call) -> Reply {
    let (permit, id) = (call.permit::<UpdatesRead>()?, id(&call)?);
    let asked = call.ask().await?;
    let request = request(asked.hub(), permit.account(), &asked.params).await?;
    shown(&asked.hub().change_endpoint(&permit, id, request).await?)
}

/// `DELETE /webhooks/{id}`
pub(crate) async fn remove(call: Call) -> Reply {
    let (permit, id) = (call.permit::<UpdatesRead>()?, id(&call)?);
    call.hub().remove_endpoint(&permit, id).await?;
    shown(&true)
}

/// `POST /webhooks/{id}/rotate`
pub(crate) async fn rotate(call: Call) -> Reply {
    let (permit, id) = (call.permit::<UpdatesRead>()?, id(&call)?);
    let asked = call.ask().await?;
    let secret = asked.params.text("secret").map(str::to_owned);
    Ok(reply::done(asked.hub().rotate_endpoint(&permit, (id, secret), asked.once.clone()).await?))
}

/// `GET /webhooks/{id}/deliveries`
pub(crate) async fn deliveries(call: Call) -> Reply {
    let (permit, id, params) = (call.permit::<UpdatesRead>()?, id(&call)?, call.query());
    let limit = params.whole("limit", 1..=page::MAX_LIMIT)?.unwrap_or(page::DEFAULT_LIMIT);
    let offset = params.whole("offset", 0..=i64::MAX)?.unwrap_or_default();
    let status = params.text("status").filter(|text| !text.is_empty());
    shown(&call.hub().deliveries(&permit, id, status, (limit, offset)).await?)
}

/// `POST /webhooks/{id}/replay`
pub(crate) async fn replay(call: Call) -> Reply {
    let (permit, id) = (call.permit::<UpdatesRead>()?, id(&call)?);
    let asked = call.ask().await?;
    let params = &asked.params;
    let (since, until) = (params.whole("since", 0..=i64::MAX)?, params.whole("until", 0..=i64::MAX)?);
    let request = match (numbers(params, "update_ids")?, since) {
        (Some(ids), None) if until.is_none() => ReplayRequest::Updates(ids),
        (None, Some(since)) => ReplayRequest::Between(since, until.unwrap_or(i64::MAX)),
        _ => return Err(bad("replay takes either update_ids or since, and until with the latter")),
    };
    Ok(reply::done(asked.hub().replay(&permit, (id, request), asked.once.clone()).await?))
}

fn shown<T: Serialize>(value: &T) -> Reply {
    Ok(reply::result(serde_json::to_string(value).map_err(Error::internal)?))
}

fn id(call: &Call) -> Result<i64, Failure> {
    call.part("id").parse().map_err(|_| NONE)
}

/// What is asked of one.
pub(crate) async fn request(hub: &Hub, account: UserId, params: &Params) -> Result<EndpointRequest, Failure> {
    let text = |name: &str| params.strict_text(name).map(|text| text.map(str::to_owned));
    let kinds = strings(params, "allowed_updates")?;
    let names = || kinds.iter().flatten().map(String::as_str);
    hub.ask_upstream_for(account, names()).await?;
    Ok(EndpointRequest {
        url: text("url")?.map(|url| url.trim().to_owned()),
        allowed: kinds.is_some().then(|| UpdateKinds::asked(names())),
        chats: numbers(params, "chats")?,
        labels: strings(params, "labels")?,
        max_connections: params.whole("max_connections", 1..=100)?,
        max_attempts: params.whole("max_attempts", 1..=100)?,
        paused: params.strict_flag("paused")?,
        description: text("description")?,
        secret_token: text("secret_token")?,
        secret: text("secret")?,
    })
}

/// A list of numbers, which may be written as strings.
fn numbers(params: &Params, name: &str) -> Result<Option<Vec<i64>>, Failure> {
    let wrong = || bad(format!("{name} must be a list of numbers"));
    let read = |value: &Value| match value {
        Value::String(text) => text.trim().parse().ok(),
        other => whole_number(other),
    };
    let Some(values) = params.json::<Vec<Value>>(name)? else { return Ok(None) };
    values.iter().map(read).collect::<Option<Vec<i64>>>().map(Some).ok_or_else(wrong)
}

fn strings(params: &Params, name: &str) -> Result<Option<Vec<String>>, Failure> {
    Ok(params.json::<Vec<String>>(name)?)
}
