//! The audit log as a resource: `GET /audit`. Entries are only read here; the hub writes them.

use crate::call::Call;
use crate::reply::{self, Failure, Reply};
use contactgram_hub::access::AccountManage;
use contactgram_hub::{AuditQuery, Error};
use contactgram_model::page;
use contactgram_wire::params::Params;

/// `GET /audit`
pub(crate) async fn list(call: Call) -> Reply {
    let (permit, params) = (call.permit::<AccountManage>()?, call.query());
    let page = call.hub().audit(&permit, query(&params)?).await?;
    Ok(reply::result(serde_json::to_string(&page).map_err(Error::internal)?))
}

/// What the parameters ask of the log.
fn query(params: &Params) -> Result<AuditQuery, Failure> {
    let text = |name: &str| params.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(AuditQuery {
        from: params.whole("from", 0..=i64::MAX)?,
        until: params.whole("until", 0..=i64::MAX)?,
        actor: text("actor"),
        action: text("action"),
        limit: params.whole("limit", 1..=page::MAX_LIMIT)?.unwrap_or(page::DEFAULT_LIMIT),
        cursor: text("cursor"),
    })
}
