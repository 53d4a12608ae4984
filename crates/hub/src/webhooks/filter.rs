//! Which updates an endpoint wants: those of its chats, and those of chats with contacts that have its labels. Asked by the
//! dispatcher as it reads the log, and when updates are replayed. Kinds were asked for in the log itself.

use crate::Error;
use contactgram_model::UserId;
use contactgram_model::webhook::{Endpoint, PendingUpdate};
use contactgram_store::Tx;
use contactgram_store::ops::{endpoints, updates};
use serde_json::Value;
use std::collections::HashMap;

/// What is known of chats while a piece of the log is read.
#[derive(Default)]
pub(super) struct Filter(HashMap<i64, bool>);

impl Filter {
    /// Whether the endpoint wants an update.
    pub fn lets_pass(
        &mut self,
        tx: &mut dyn Tx,
        account: UserId,
        (endpoint, update): (&Endpoint, &PendingUpdate),
    ) -> Result<bool, Error> {
        if endpoint.chats.is_empty() && endpoint.labels.is_empty() {
            return Ok(true);
        }
        let Some(chat) = subject(tx, account, update)? else { return Ok(false) };
        if let Some(known) = self.0.get(&chat) {
            return Ok(*known);
        }
        let is_named = endpoint.chats.is_empty() || endpoint.chats.contains(&chat);
        let wanted = is_named && (endpoint.labels.is_empty() || is_labelled(tx, account, endpoint, chat)?);
        self.0.insert(chat, wanted);
        Ok(wanted)
    }
}

fn is_labelled(tx: &mut dyn Tx, account: UserId, endpoint: &Endpoint, chat: i64) -> Result<bool, Error> {
    let labels = endpoints::labels_of(tx, account, chat)?;
    Ok(labels.iter().any(|label| endpoint.labels.contains(label)))
}

/// The chat that an update belongs to, or the contact that it tells of.
fn subject(tx: &mut dyn Tx, account: UserId, update: &PendingUpdate) -> Result<Option<i64>, Error> {
    if update.lane != 0 {
        return Ok(Some(update.lane));
    }
    let Some(body) = updates::body(tx, account, update.id)? else { return Ok(None) };
    let body: Value = serde_json::from_str(&body).map_err(Error::internal)?;
    let told = ["contact_added", "contact_changed", "contact_removed"];
    Ok(told.iter().find_map(|kind| body[kind]["id"].as_i64()))
}
