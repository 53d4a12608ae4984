//! Webhook settings and how the last deliveries went. What is still to be delivered is in `updates`.

use super::tokens::{bits, scopes};
use super::updates::DEFAULT_CONSUMER;
use crate::{R, Row, Sql, Tx, p};
use contactgram_model::webhook::{Webhook, WebhookSettings};
use contactgram_model::{Timestamp, UserId};

macro_rules! columns {
    () => {
        "url, secret_token, max_connections, ip_address, certificate, generation, last_error_date, \
         last_error_message, scopes"
    };
}

static GET: Sql =
    Sql::new(concat!("SELECT ", columns!(), " FROM webhooks WHERE account_id = $1 AND name = $2"));
static ALL: Sql = Sql::new("SELECT account_id FROM webhooks WHERE name = $1 ORDER BY account_id");
static PUT: Sql = Sql::new(
    "INSERT INTO webhooks (account_id, name, url, secret_token, max_connections, ip_address, certificate, \
     generation, scopes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account_id, name) DO UPDATE \
     SET url = excluded.url, scopes = excluded.scopes, secret_token = excluded.secret_token, max_connections = excluded.max_connections, \
     ip_address = excluded.ip_address, certificate = excluded.certificate, generation = excluded.generation, \
     last_error_date = NULL, last_error_message = NULL",
);
static DELETE: Sql = Sql::new("DELETE FROM webhooks WHERE account_id = $1 AND name = $2");
static FAILED: Sql = Sql::new(
    "UPDATE webhooks SET last_error_date = $4, last_error_message = $5 \
     WHERE account_id = $1 AND name = $2 AND generation = $3",
);

/// An account's webhook.
pub fn get(tx: &mut dyn Tx, account: UserId) -> R<Option<Webhook>> {
    tx.opt(&GET, p![account, DEFAULT_CONSUMER], |row: &dyn Row| {
        Ok(Webhook {
            settings: WebhookSettings {
                url: row.string(0)?,
                secret_token: row.opt_string(1)?,
                max_connections: row.int(2)?,
                ip_address: row.opt_string(3)?,
                certificate: row.opt_string(4)?,
                scopes: scopes(row.opt_int(8)?),
            },
            generation: row.int(5)?,
            last_error_date: row.opt_int(6)?,
            last_error_message: row.opt_string(7)?,
        })
    })
}

/// Accounts that have a webhook.
pub fn accounts(tx: &mut dyn Tx) -> R<Vec<UserId>> {
    tx.all(&ALL, p![DEFAULT_CONSUMER], |row| row.int(0).map(UserId))
}

/// Sets an account's webhook.
pub fn put(tx: &mut dyn Tx, account: UserId, settings: &WebhookSettings, generation: i64) -> R<()> {
    let scopes = bits(settings.scopes);
    let params = p![
        account,
        DEFAULT_CONSUMER,
        settings.url,
        settings.secret_token,
        settings.max_connections,
        settings.ip_address,
        settings.certificate,
        generation,
        scopes
    ];
    tx.execute(&PUT, params).map(drop)
}

/// Removes an account's webhook; `false` when there was none.
pub fn delete(tx: &mut dyn Tx, account: UserId) -> R<bool> {
    Ok(tx.execute(&DELETE, p![account, DEFAULT_CONSUMER])? == 1)
}

/// A failed delivery, for getWebhookInfo.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Of the settings that were tried.
    pub generation: i64,
    /// When.
    pub date: Timestamp,
    /// What happened, without secrets.
    pub message: String,
}

/// Notes how a delivery failed.
pub fn failed(tx: &mut dyn Tx, account: UserId, failure: &Failure) -> R<()> {
    let params = p![account, DEFAULT_CONSUMER, failure.generation, failure.date, failure.message];
    tx.execute(&FAILED, params).map(drop)
}
