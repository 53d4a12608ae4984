//! Broadcasts as a resource: begin one, see how far it is and what became of each contact, pause, resume and cancel it.

use crate::botapi::needs_of;
use crate::call::Call;
use crate::outbox::{id, json, page_of};
use crate::reply::{self, Failure, Reply, bad};
use contactgram_hub::access::{ContactsRead, MessagesSend};
use contactgram_hub::{NewCast, Selection, sends};
use contactgram_wire::params::{Params, whole_number};
use serde::Deserialize;
use serde_json::Value;

const NONE: &str = "broadcast not found";
/// The most contacts that are named one by one.
const MOST_NAMED: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    label: Option<String>,
    q: Option<String>,
    contact_ids: Option<Vec<Value>>,
}

/// `POST /broadcasts`
pub(crate) async fn begin(call: Call) -> Reply {
    let (send, read) = (call.permit::<MessagesSend>()?, call.permit::<ContactsRead>()?);
    let asked = call.ask().await?;
    let method = asked.params.text("method").filter(|name| !name.is_empty()).unwrap_or("sendMessage");
    let method = method.to_owned();
    let lower = method.to_ascii_lowercase();
    let is_name = lower.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_name || !sends(&lower) {
        return Err(bad("method must be one that sends, such as sendMessage"));
    }
    asked.caller.needs(needs_of(&lower))?;
    if let Some(file) = asked.params.files().first() {
        return Err(bad(format!("{} is an uploaded file: name it by its file_id or address", file.name)));
    }
    let to = selection(&asked.params)?;
    let mut params = asked.params.object();
    params.remove("method");
    params.remove("to");
    if params.contains_key("chat_id") {
        return Err(bad("chat_id can't be given: to says who gets it"));
    }
    let new = NewCast { method, params, to };
    Ok(reply::done(asked.hub().broadcast((&send, &read), new, asked.once.clone()).await?))
}

/// `GET /broadcasts`
pub(crate) async fn list(call: Call) -> Reply {
    let (permit, asked) = (call.permit::<MessagesSend>()?, page_of(&call.query())?);
    json(&call.hub().broadcasts(&permit, (asked.limit, asked.offset)).await?)
}

/// `GET /broadcasts/{id}`
pub(crate) async fn one(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, NONE)?);
    json(&call.hub().broadcast_view(&permit, id).await?)
}

/// `GET /broadcasts/{id}/recipients`
pub(crate) async fn recipients(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, NONE)?);
    let asked = page_of(&call.query())?;
    json(&call.hub().recipients(&permit, id, asked).await?)
}

/// `POST /broadcasts/{id}/pause`
pub(crate) async fn pause(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, NONE)?);
    json(&call.hub().pause_broadcast(&permit, id).await?)
}

/// `POST /broadcasts/{id}/resume`
pub(crate) async fn resume(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, NONE)?);
    json(&call.hub().resume_broadcast(&permit, id).await?)
}

/// `DELETE /broadcasts/{id}`
pub(crate) async fn cancel(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, NONE)?);
    json(&call.hub().cancel_broadcast(&permit, id).await?)
}

/// To whom it goes.
pub(crate) fn selection(params: &Params) -> Result<Selection, Failure> {
    let to: To = params.json("to")?.ok_or_else(|| bad("to is required: {label}, {q} or {contact_ids}"))?;
    let (label, q) = (to.label.filter(|text| !text.is_empty()), to.q.filter(|text| !text.is_empty()));
    match (to.contact_ids, label.is_some() || q.is_some()) {
        (Some(_), true) => Err(bad("to can't name contact_ids together with label or q")),
        (None, false) => Err(bad("to must name label, q or contact_ids")),
        (Some(ids), false) if ids.is_empty() || ids.len() > MOST_NAMED => {
            Err(bad(format!("contact_ids in to must be 1 to {MOST_NAMED} contacts")))
        }
        (Some(ids), false) => {
            let id = |value: &Value| whole_number(value).filter(|id| *id > 0);
            let ids = ids.iter().map(id).collect::<Option<_>>();
            ids.map(Selection::Ids)
                .ok_or_else(|| bad("contact_ids in to must be a list of positive whole numbers"))
        }
        (None, true) => Ok(Selection::Query { label, q }),
    }
}
