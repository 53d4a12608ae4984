//! What webhooks beside Telegram's own have more to them. What they have in common is in `webhooks`, where they stand in
//! `consumers`, how deliveries went in `deliveries`; they go together.

use super::{consumers, deliveries, webhooks};
use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::webhook::Endpoint;
use contactgram_model::{Timestamp, UserId};

macro_rules! columns {
    () => {
        "webhook_id, description, chats, labels, max_attempts, paused, secret, old_secret, old_secret_until, created_at"
    };
}

static GET: Sql =
    Sql::new(concat!("SELECT ", columns!(), " FROM endpoints WHERE account_id = $1 AND webhook_id = $2"));
static LIST: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM endpoints WHERE account_id = $1 ORDER BY created_at, webhook_id"
));
static PUT: Sql = Sql::new(concat!(
    "INSERT INTO endpoints (account_id, ",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (account_id, webhook_id) DO UPDATE \
     SET description = excluded.description, chats = excluded.chats, labels = excluded.labels, \
     max_attempts = excluded.max_attempts, paused = excluded.paused, secret = excluded.secret, \
     old_secret = excluded.old_secret, old_secret_until = excluded.old_secret_until"
));
static DELETE: Sql = Sql::new("DELETE FROM endpoints WHERE account_id = $1 AND webhook_id = $2");
static PAUSE: Sql = Sql::new("UPDATE endpoints SET paused = $3 WHERE account_id = $1 AND webhook_id = $2");
static RENEW: Sql =
    Sql::new("UPDATE webhooks SET generation = generation + 1 WHERE account_id = $1 AND name = $2");
static LABELLED: Sql =
    Sql::new("SELECT label FROM contact_labels WHERE account_id = $1 AND id = $2 ORDER BY label");

/// An account's endpoint.
pub fn get(tx: &mut dyn Tx, account: UserId, id: i64) -> R<Option<Endpoint>> {
    tx.opt(&GET, p![account, id], endpoint)
}

/// An account's endpoints, the oldest first.
pub fn list(tx: &mut dyn Tx, account: UserId) -> R<Vec<Endpoint>> {
    tx.all(&LIST, p![account], endpoint)
}

/// Keeps an endpoint as it is now.
pub fn put(tx: &mut dyn Tx, account: UserId, endpoint: &Endpoint) -> R<()> {
    let (old, until) = match &endpoint.old_secret {
        Some((old, until)) => (Some(old), Some(*until)),
        None => (None, None),
    };
    let lists = (json(&endpoint.chats)?, json(&endpoint.labels)?);
    let params = p![
        account,
        endpoint.id,
        endpoint.description,
        lists.0,
        lists.1,
        endpoint.max_attempts,
        endpoint.paused,
        endpoint.secret,
        old,
        until,
        endpoint.created_at
    ];
    tx.execute(&PUT, params).map(drop)
}

/// Stops or goes on: whatever is under way was begun under other settings.
pub fn pause(tx: &mut dyn Tx, account: UserId, id: i64, paused: bool) -> R<()> {
    tx.execute(&PAUSE, p![account, id, paused])?;
    tx.execute(&RENEW, p![account, ConsumerName::of_webhook(id)]).map(drop)
}

/// Removes an endpoint with its consumer and all that is kept of its deliveries; whether it was there.
pub fn delete(tx: &mut dyn Tx, account: UserId, id: i64) -> R<bool> {
    let name = ConsumerName::of_webhook(id);
    let was_there = tx.execute(&DELETE, p![account, id])? == 1;
    webhooks::delete(tx, account, &name)?;
    consumers::remove(tx, account, &name)?;
    deliveries::delete(tx, account, id)?;
    Ok(was_there)
}

/// The labels of a contact.
pub fn labels_of(tx: &mut dyn Tx, account: UserId, contact: i64) -> R<Vec<String>> {
    tx.all(&LABELLED, p![account, contact], |row| row.string(0))
}

fn endpoint(row: &dyn Row) -> R<Endpoint> {
    let old: Option<Vec<u8>> = row.opt_blob(7)?.map(<[u8]>::to_vec);
    let until: Option<Timestamp> = row.opt_int(8)?;
    Ok(Endpoint {
        id: row.int(0)?,
        description: row.opt_string(1)?,
        chats: list_of(row.text(2)?)?,
        labels: list_of(row.text(3)?)?,
        max_attempts: row.int(4)?,
        paused: row.bool(5)?,
        secret: row.blob(6)?.to_vec(),
        old_secret: old.zip(until),
        created_at: row.int(9)?,
    })
}

fn json<T: serde::Serialize>(list: &[T]) -> R<String> {
    serde_json::to_string(list).map_err(|error| StoreError::Rule(format!("endpoints: {error}")))
}

fn list_of<T: serde::de::DeserializeOwned>(text: &str) -> R<Vec<T>> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Rule(format!("endpoints.chats or labels: {error}")))
}
