//! The audit log is written here, in the transaction of what it tells: what can't be written down is not done. Called
//! by the verbs that change who may do what, or that take something away; `read` shows it, `verify` checks it. No
//! entry has a secret, a phone number or a text of a message.

mod csv;
mod read;
mod verify;

pub use read::{AuditActor, AuditPage, AuditQuery, AuditView};
pub use verify::{AuditHead, BrokenChain};

use crate::Error;
use contactgram_model::audit::AuditEntry;
use contactgram_model::{Action, Actor, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::oauth::{AppId, apps};
use contactgram_store::ops::{audit, members};
use serde_json::Value;

/// What is to be written down.
#[derive(Debug)]
pub(crate) struct Event {
    /// In whose log; [`UserId::EVERY_ACCOUNT`] for the server's.
    pub account: UserId,
    pub action: Action,
    /// A kind and a number, such as `contact 7`.
    pub target: String,
    /// A small object.
    pub details: Value,
}

/// Adds an entry to an account's log, in the name of `by`.
pub(crate) fn record(tx: &mut dyn Tx, (by, now): (Actor, Timestamp), event: Event) -> Result<(), Error> {
    let (kind, number) = by.parts();
    let actor_label = match by {
        Actor::Server | Actor::Anonymous => String::new(),
        Actor::Operator => "command line".to_owned(),
        Actor::Member(id) => members::get(tx, id)?.map_or_else(String::new, |member| member.name),
        Actor::Application(app) => apps::get(tx, AppId(app))?.map_or_else(String::new, |app| app.name),
        // Numbers are given once, and the entry of the credential's making has its label.
        Actor::Token(_) | Actor::Key(_) => format!("{kind} {number}"),
    };
    let entry = AuditEntry {
        account: event.account,
        seq: 0,
        at: now,
        actor_kind: kind.to_owned(),
        actor_id: number,
        actor_label,
        action: event.action.name().to_owned(),
        target: event.target,
        details: event.details.to_string(),
    };
    audit::append(tx, entry)?;
    Ok(())
}
