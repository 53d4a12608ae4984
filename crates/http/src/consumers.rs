//! The named consumers of getUpdates as resources: `/consumers` and `/consumers/{name}`. They are made by getUpdates
//! itself, when it names one first.

use crate::call::Call;
use crate::reply::{self, Reply};
use contactgram_hub::Error;
use contactgram_hub::access::UpdatesRead;

/// `GET /consumers`
pub(crate) async fn list(call: Call) -> Reply {
    let all = call.hub().consumers(&call.permit::<UpdatesRead>()?).await?;
    Ok(reply::result(serde_json::to_string(&all).map_err(Error::internal)?))
}

/// `DELETE /consumers/{name}`
pub(crate) async fn remove(call: Call) -> Reply {
    call.hub().remove_consumer(&call.permit::<UpdatesRead>()?, call.part("name")).await?;
    Ok(reply::result("true".to_owned()))
}
