//! Webhooks: setWebhook, deleteWebhook, getWebhookInfo; further ones are in `endpoints`, how their deliveries went in
//! `log`. `dispatcher` brings the updates out; who carries them and where they may go is the courier's.

mod delivery;
mod dispatch;
mod dispatcher;
mod endpoints;
mod filter;
mod lanes;
mod log;
mod notes;
mod settings;
mod signing;
mod standing;
#[cfg(test)]
mod tests;

pub(crate) use dispatch::Dispatchers;
pub use endpoints::{EndpointRequest, EndpointView};
pub use log::{DeliveriesPage, DeliveryView, ReplayRequest};

use crate::access::{Caller, UpdatesRead};
use crate::{Answer, Error, Hub, Permit, random};
use contactgram_connector::courier::{ReplyCall, check_secret_token};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::scope::Scopes;
use contactgram_model::webhook::WebhookSettings;
use contactgram_model::{Action, Timestamp, UpdateId, UpdateKinds, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::{consumers, counters, updates, webhooks};
use serde::Serialize;
use serde_json::json;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Deliveries under way at once when setWebhook doesn't say.
const USUAL_CONNECTIONS: i64 = 40;

/// The largest certificate, in bytes: room for a chain.
const MOST_CERTIFICATE: usize = 64 * 1024;

/// Runs the method that a webhook's reply names; its result goes nowhere. Given by whoever knows methods.
pub type MethodRunner =
    Arc<dyn Fn(Caller, ReplyCall) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// What setWebhook was asked.
#[derive(Debug, Clone, Default)]
pub struct WebhookRequest {
    /// Empty to have none.
    pub url: String,
    /// PEM.
    pub certificate: Option<String>,
    /// Connect here instead of asking DNS.
    pub ip_address: Option<String>,
    /// 1–100.
    pub max_connections: Option<i64>,
    /// Which kinds from now on; absent leaves it.
    pub allowed: Option<UpdateKinds>,
    /// Forget what waits.
    pub drop_pending: bool,
    /// Sent along with each update.
    pub secret_token: Option<String>,
}

/// `WebhookInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookInfo {
    /// Empty when there is none.
    pub url: String,
    /// Whether a certificate was given.
    pub has_custom_certificate: bool,
    /// Updates that wait.
    pub pending_update_count: i64,
    /// As given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// When a delivery last failed, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_date: Option<Timestamp>,
    /// How it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_message: Option<String>,
    /// Deliveries under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<i64>,
    /// Only when it isn't the usual set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_updates: Option<Vec<&'static str>>,
}

impl Hub {
    /// setWebhook.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a URL, token or certificate that Telegram would refuse; [`Error::Forbidden`]
    /// without `contacts:private`.
    pub async fn set_webhook(
        &self,
        permit: &Permit<UpdatesRead>,
        request: WebhookRequest,
    ) -> Result<Answer, Error> {
        if request.url.is_empty() {
            return self.delete_webhook(permit, request.drop_pending).await;
        }
        // What is posted goes to whoever answers there, whole.
        permit.view().needs_private()?;
        let account = permit.account();
        let settings = WebhookSettings { scopes: permit.scopes(), ..self.checked(&request).await? };
        let generation = (random::seed()? >> 1) as i64;
        let (by, token) = ((permit.actor(), self.clock.now()), permit.token());
        let changed = self
            .change(account, move |tx, rings| {
                contactgram_store::ops::counters::lock(tx, account)?;
                crate::accounts::existing(tx, account)?;
                if let Some(kinds) = request.allowed {
                    consumers::allow(tx, account, &ConsumerName::DEFAULT, kinds)?;
                }
                if request.drop_pending {
                    drop_pending(tx, account)?;
                }
                rings.push(account);
                let set_by = standing::set_by(tx, account, (token, by.1))?;
                let same = webhooks::get(tx, account, &ConsumerName::DEFAULT)?
                    .is_some_and(|there| there.settings == settings);
                if !same || webhooks::set_by(tx, account, &ConsumerName::DEFAULT)? != set_by {
                    webhooks::put(tx, (account, &ConsumerName::DEFAULT), &settings, (generation, set_by))?;
                }
                if !same {
                    let target = ("webhook".to_owned(), json!({ "host": host(&settings.url) }));
                    crate::accounts::record(tx, by, (account, Action::WebhookSet), target)?;
                }
                Ok(!same)
            })
            .await?;
        self.pollers.end_for_webhook(account);
        self.start_dispatcher(account, ConsumerName::DEFAULT);
        Ok(Answer::yes_because(if changed { "Webhook was set" } else { "Webhook is already set" }))
    }

    /// deleteWebhook.
    pub async fn delete_webhook(
        &self,
        permit: &Permit<UpdatesRead>,
        drop_updates: bool,
    ) -> Result<Answer, Error> {
        let (account, by) = (permit.account(), (permit.actor(), self.clock.now()));
        let was_there = self
            .change(account, move |tx, rings| {
                if drop_updates {
                    drop_pending(tx, account)?;
                }
                rings.push(account);
                let was_there = webhooks::delete(tx, account, &ConsumerName::DEFAULT)?;
                if was_there {
                    let target = ("webhook".to_owned(), json!({}));
                    crate::accounts::record(tx, by, (account, Action::WebhookDeleted), target)?;
                }
                Ok(was_there)
            })
            .await?;
        Ok(Answer::yes_because(if was_there { "Webhook was deleted" } else { "Webhook is already deleted" }))
    }

    /// getWebhookInfo.
    pub async fn webhook_info(&self, permit: &Permit<UpdatesRead>) -> Result<WebhookInfo, Error> {
        let (account, now) = (permit.account(), self.clock.now());
        // Counting what waits takes its time where much does.
        self.store.scan(move |tx| info(tx, account, now)).await
    }

    /// Says who runs the methods that webhooks name in their replies. Only the first one counts.
    pub fn run_replies_with(&self, runner: MethodRunner) {
        self.dispatchers.set_runner(runner);
    }

    async fn checked(&self, request: &WebhookRequest) -> Result<WebhookSettings, Error> {
        let bad = |text: String| Error::BadRequest(text.into());
        if let Some(token) = &request.secret_token {
            check_secret_token(token).map_err(Error::bad)?;
        }
        let url = self.courier.check_url(&request.url).map_err(bad)?;
        if let Some(certificate) = &request.certificate {
            if certificate.len() > MOST_CERTIFICATE {
                return Err(bad(format!("certificate size is too big ({} bytes)", certificate.len())));
            }
            self.courier.check_certificate(certificate).map_err(bad)?;
        }
        match &request.ip_address {
            Some(ip) => drop(self.courier.check_ip_address(ip).map_err(bad)?),
            None => drop(self.courier.resolve(&url).await.map_err(bad)?),
        }
        Ok(WebhookSettings {
            url: request.url.clone(),
            secret_token: request.secret_token.clone().filter(|token| !token.is_empty()),
            max_connections: request.max_connections.unwrap_or(USUAL_CONNECTIONS).clamp(1, 100),
            ip_address: request.ip_address.clone(),
            certificate: request.certificate.clone(),
            scopes: Scopes::default(),
        })
    }
}

/// The host of an address, for the audit log: what follows it may be a secret.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

fn drop_pending(tx: &mut dyn Tx, account: UserId) -> Result<(), Error> {
    let next = UpdateId(counters::get(tx, account)?.update_id + 1);
    Ok(consumers::confirm(tx, account, &ConsumerName::DEFAULT, next)?)
}

fn info(tx: &mut dyn Tx, account: UserId, now: Timestamp) -> Result<WebhookInfo, Error> {
    let webhook = webhooks::get(tx, account, &ConsumerName::DEFAULT)?;
    let name = &ConsumerName::DEFAULT;
    let allowed = consumers::get(tx, account, name)?.map(|consumer| consumer.allowed).unwrap_or_default();
    let settings = webhook.as_ref().map(|webhook| &webhook.settings);
    Ok(WebhookInfo {
        url: settings.map(|settings| settings.url.clone()).unwrap_or_default(),
        has_custom_certificate: settings.is_some_and(|settings| settings.certificate.is_some()),
        pending_update_count: updates::pending(tx, account, name, now - updates::KEPT_S)?,
        ip_address: settings.and_then(|settings| settings.ip_address.clone()),
        max_connections: settings.map(|settings| settings.max_connections),
        last_error_date: webhook.as_ref().and_then(|webhook| webhook.last_error_date),
        last_error_message: webhook.as_ref().and_then(|webhook| webhook.last_error_message.clone()),
        allowed_updates: (allowed != UpdateKinds::usual()).then(|| allowed.names().collect()),
    })
}
