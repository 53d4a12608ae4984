//! What of OAuth the audit log tells, in the transaction of what it tells of. Called by the verbs beside; an
//! application is named by its client id, and nothing secret comes here.

use crate::Error;
use crate::audit::{Event, record};
use contactgram_model::{Action, Actor, Timestamp, UserId};
use contactgram_store::Tx;
use serde_json::Value;

/// Adds an entry about an application to the log of an account.
pub(super) fn note(
    tx: &mut dyn Tx,
    (account, by, now): (UserId, Actor, Timestamp),
    (action, client): (Action, &str),
    details: Value,
) -> Result<(), Error> {
    record(tx, (by, now), Event { account, action, target: format!("application {client}"), details })
}
