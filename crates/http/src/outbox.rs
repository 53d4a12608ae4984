//! The outbox as a resource: what waits, what became of what was sent, and changing or taking back what was not begun.

use crate::botapi::{chat_id, needs_of};
use crate::call::Call;
use crate::reply::{self, Failure, Reply, bad};
use contactgram_hub::access::MessagesSend;
use contactgram_hub::{EntryChange, Error, OutboxList};
use contactgram_model::outbox::EntryState;
use contactgram_model::page;
use contactgram_wire::params::Params;
use serde::Serialize;
use serde_json::Value;

/// `GET /outbox`
pub(crate) async fn list(call: Call) -> Reply {
    let (permit, asked) = (call.permit::<MessagesSend>()?, page_of(&call.query())?);
    json(&call.hub().outbox(&permit, asked).await?)
}

/// `GET /outbox/{id}`
pub(crate) async fn one(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, "outbox entry not found")?);
    json(&call.hub().outbox_entry(&permit, id).await?)
}

/// `PATCH /outbox/{id}`
pub(crate) async fn change(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, "outbox entry not found")?);
    let entry = call.hub().outbox_entry(&permit, id).await?;
    // What it will say takes what saying it at once takes.
    call.caller.needs(needs_of(&entry.method))?;
    let asked = call.ask().await?;
    if let Some(file) = asked.params.files().first() {
        return Err(bad(format!("{} is an uploaded file", file.name)));
    }
    let mut params = asked.params.object();
    let send_at = match params.remove("send_at") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(_) => Some(asked.params.whole("send_at", 0..=i64::MAX)?),
    };
    let chat = params.remove("chat_id").map(|_| chat_id(&asked.params, "chat_id")).transpose()?;
    let change = EntryChange { params, chat, send_at };
    json(&asked.hub().change_outbox(&permit, id, change).await?)
}

/// `DELETE /outbox/{id}`
pub(crate) async fn cancel(call: Call) -> Reply {
    let (permit, id) = (call.permit::<MessagesSend>()?, id(&call, "outbox entry not found")?);
    json(&call.hub().cancel_outbox(&permit, id).await?)
}

/// What a page is asked for.
pub(crate) fn page_of(params: &Params) -> Result<OutboxList, Failure> {
    let state = match params.text("status").filter(|text| !text.is_empty()) {
        None => None,
        Some(word) => Some(EntryState::parse(word).ok_or_else(|| {
            let names = EntryState::ALL.map(EntryState::name).join(", ");
            bad(format!("status must be one of {names}"))
        })?),
    };
    Ok(OutboxList {
        state,
        limit: params.whole("limit", 1..=page::MAX_LIMIT)?.unwrap_or(page::DEFAULT_LIMIT),
        offset: params.whole("offset", 0..=i64::MAX)?.unwrap_or(0),
    })
}

/// The number in the path.
pub(crate) fn id(call: &Call, missing: &'static str) -> Result<i64, Failure> {
    call.part("id").parse().map_err(|_| Error::missing(missing).into())
}

/// JSON in the envelope.
pub(crate) fn json<T: Serialize>(value: &T) -> Reply {
    Ok(reply::result(serde_json::to_string(value).map_err(Error::internal)?))
}
