//! Webhook settings and how the last deliveries went. What is still to be delivered is in `updates`.

use super::oauth::AppId;
use super::tokens::{GivenTo, bits, scopes};
use crate::{R, Row, Sql, Tx, p};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::webhook::{Webhook, WebhookSettings};
use contactgram_model::{Timestamp, UserId};
use contactgram_oauth::grant::FamilyId;

macro_rules! columns {
    () => {
        "url, secret_token, max_connections, ip_address, certificate, generation, last_error_date, \
         last_error_message, scopes"
    };
}

static GET: Sql =
    Sql::new(concat!("SELECT ", columns!(), " FROM webhooks WHERE account_id = $1 AND name = $2"));
static SET_BY: Sql =
    Sql::new("SELECT token_id, app_id, family_id FROM webhooks WHERE account_id = $1 AND name = $2");
static ALL: Sql = Sql::new("SELECT account_id, name FROM webhooks ORDER BY account_id, name");
static PUT: Sql = Sql::new(
    "INSERT INTO webhooks (account_id, name, url, secret_token, max_connections, ip_address, certificate, \
     generation, scopes, token_id, app_id, family_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (account_id, name) DO UPDATE \
     SET url = excluded.url, scopes = excluded.scopes, token_id = excluded.token_id, app_id = excluded.app_id, \
     family_id = excluded.family_id, secret_token = excluded.secret_token, max_connections = excluded.max_connections, \
     ip_address = excluded.ip_address, certificate = excluded.certificate, generation = excluded.generation, \
     last_error_date = NULL, last_error_message = NULL",
);
static DELETE: Sql = Sql::new("DELETE FROM webhooks WHERE account_id = $1 AND name = $2");
static FAILED: Sql = Sql::new(
    "UPDATE webhooks SET last_error_date = $4, last_error_message = $5 \
     WHERE account_id = $1 AND name = $2 AND generation = $3",
);

/// The credential that set a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// None that could end: somebody signed in, or a version that kept no note of it.
    Nobody,
    /// An account token or a key, by its number.
    Token(i64),
    /// An application.
    Application(GivenTo),
}

/// Who set an account's webhook.
pub fn set_by(tx: &mut dyn Tx, account: UserId, name: &ConsumerName) -> R<SetBy> {
    let found = tx.opt(&SET_BY, p![account, name], |row| {
        let family = row.opt_int(2)?.map(FamilyId);
        Ok(match (row.opt_int(0)?, row.opt_int(1)?) {
            (_, Some(app)) => SetBy::Application(GivenTo { app: AppId(app), family }),
            (Some(token), None) => SetBy::Token(token),
            (None, None) => SetBy::Nobody,
        })
    })?;
    Ok(found.unwrap_or(SetBy::Nobody))
}

/// An account's webhook.
pub fn get(tx: &mut dyn Tx, account: UserId, name: &ConsumerName) -> R<Option<Webhook>> {
    tx.opt(&GET, p![account, name], |row: &dyn Row| {
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

/// Every webhook there is.
pub fn all(tx: &mut dyn Tx) -> R<Vec<(UserId, ConsumerName)>> {
    tx.all(&ALL, p![], |row| Ok((UserId(row.int(0)?), ConsumerName::from_store(row.string(1)?))))
}

/// Sets an account's webhook.
pub fn put(
    tx: &mut dyn Tx,
    (account, name): (UserId, &ConsumerName),
    settings: &WebhookSettings,
    (generation, by): (i64, SetBy),
) -> R<()> {
    let scopes = bits(settings.scopes);
    let (token, given_to) = match by {
        SetBy::Nobody => (None, None),
        SetBy::Token(token) => (Some(token), None),
        SetBy::Application(given_to) => (None, Some(given_to)),
    };
    let app = given_to.map(|given_to| given_to.app.0);
    let family = given_to.and_then(|given_to| given_to.family).map(|family| family.0);
    let params = p![
        account,
        name,
        settings.url,
        settings.secret_token,
        settings.max_connections,
        settings.ip_address,
        settings.certificate,
        generation,
        scopes,
        token,
        app,
        family
    ];
    tx.execute(&PUT, params).map(drop)
}

/// Removes an account's webhook; `false` when there was none.
pub fn delete(tx: &mut dyn Tx, account: UserId, name: &ConsumerName) -> R<bool> {
    Ok(tx.execute(&DELETE, p![account, name])? == 1)
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
pub fn failed(tx: &mut dyn Tx, account: UserId, name: &ConsumerName, failure: &Failure) -> R<()> {
    let params = p![account, name, failure.generation, failure.date, failure.message];
    tx.execute(&FAILED, params).map(drop)
}
