//! Webhooks beside Telegram's own: any number, each with a cursor, filters and a secret of its own. Made, changed, paused,
//! given a new secret and removed here; the dispatcher delivers. A secret is in the answer that made it, and nowhere else.

use super::signing::{self, OVERLAP_S};
use super::{USUAL_CONNECTIONS, host, standing};
use crate::access::UpdatesRead;
use crate::{Answer, Error, Hub, Once, Permit, WebhookRequest, random};
use contactgram_connector::courier::SigningSecret;
use contactgram_model::consumer::ConsumerName;
use contactgram_model::webhook::{Endpoint, WebhookSettings};
use contactgram_model::{Action, Timestamp, UpdateId, UpdateKinds, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::consumers::{self, Consumer};
use contactgram_store::ops::{counters, deliveries, endpoints, updates, webhooks};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Endpoints of an account, at most.
const MOST: usize = 50;
/// Tries of an update when nothing is said: about a day.
const USUAL_ATTEMPTS: i64 = 35;
/// Chats or labels of an endpoint, at most.
const MOST_FILTERS: usize = 100;
/// Characters of a description, at most.
const MOST_DESCRIPTION: usize = 255;

pub(super) const NO_WEBHOOK: Error = Error::missing("webhook not found");

/// What an endpoint is made from, or changed to: what is absent stays as it is.
#[derive(Debug, Clone, Default)]
pub struct EndpointRequest {
    /// Where to.
    pub url: Option<String>,
    /// Which kinds.
    pub allowed: Option<UpdateKinds>,
    /// Only these chats; empty for all.
    pub chats: Option<Vec<i64>>,
    /// Only chats with contacts that have one of these labels; empty for all.
    pub labels: Option<Vec<String>>,
    /// 1–100.
    pub max_connections: Option<i64>,
    /// 1–100.
    pub max_attempts: Option<i64>,
    /// Whether to deliver nothing for now.
    pub paused: Option<bool>,
    /// For people; empty for none.
    pub description: Option<String>,
    /// Sent along in `X-Telegram-Bot-Api-Secret-Token`; empty for none.
    pub secret_token: Option<String>,
    /// What to sign with, where one is made.
    pub secret: Option<String>,
}

/// An endpoint and how it fares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndpointView {
    /// Within the account.
    pub id: i64,
    /// Where to.
    pub url: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Only when it isn't the usual set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_updates: Option<Vec<&'static str>>,
    /// Only these chats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chats: Vec<i64>,
    /// Only chats with contacts that have one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Deliveries under way at once.
    pub max_connections: i64,
    /// An update that failed so often is given up.
    pub max_attempts: i64,
    /// Whether nothing is delivered for now.
    pub paused: bool,
    /// Updates that wait, those to be delivered again included.
    pub pending_update_count: i64,
    /// When the one of them came that waits longest, in Unix seconds; those to be delivered again are not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_pending_date: Option<Timestamp>,
    /// Updates that were given up.
    pub dead_letter_count: i64,
    /// When a delivery last failed, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_date: Option<Timestamp>,
    /// How it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error_message: Option<String>,
    /// When it was made, in Unix seconds.
    pub created_at: Timestamp,
}

impl Hub {
    /// The account's endpoints.
    pub async fn endpoints(&self, permit: &Permit<UpdatesRead>) -> Result<Vec<EndpointView>, Error> {
        let (account, oldest) = (permit.account(), self.clock.now() - self.retention_s);
        self.store
            .scan(move |tx| {
                let all = endpoints::list(tx, account)?;
                all.into_iter().map(|one| view(tx, account, one, oldest)).collect::<Result<_, Error>>()
            })
            .await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn endpoint(&self, permit: &Permit<UpdatesRead>, id: i64) -> Result<EndpointView, Error> {
        let (account, oldest) = (permit.account(), self.clock.now() - self.retention_s);
        self.store
            .scan(move |tx| {
                let one = endpoints::get(tx, account, id)?.ok_or(NO_WEBHOOK)?;
                view(tx, account, one, oldest)
            })
            .await
    }

    /// Makes an endpoint. The answer alone has its secret; one that is repeated for an idempotency key has none.
    ///
    /// # Errors
    /// [`Error::BadRequest`], naming the field; [`Error::Forbidden`] without `contacts:private`.
    pub async fn add_endpoint(
        &self,
        permit: &Permit<UpdatesRead>,
        request: EndpointRequest,
        once: Option<Once>,
    ) -> Result<(Answer, i64), Error> {
        permit.view().needs_private()?;
        let (account, by) = (permit.account(), (permit.actor(), self.clock.now()));
        let secret = match &request.secret {
            None => signing::make()?,
            Some(text) => read_secret(text)?,
        };
        let seed = random::seed()?;
        // Chance, so that no receiver takes an update for one of an endpoint that is gone.
        let (id, generation) = ((seed >> 33) as i64 + 1, (random::seed()? >> 1) as i64);
        let sealed = self.sealed(account, id, &secret)?;
        let blank = Endpoint {
            id,
            description: None,
            chats: Vec::new(),
            labels: Vec::new(),
            max_attempts: USUAL_ATTEMPTS,
            paused: false,
            secret: sealed,
            old_secret: None,
            created_at: by.1,
        };
        let endpoint = changed(blank, &request)?;
        let settings = self.endpoint_settings(permit, None, &request).await?;
        let (token, oldest, name) = (permit.token(), by.1 - self.retention_s, ConsumerName::of_webhook(id));
        let starts = name.clone();
        let answer = self
            .change_once(account, once, move |tx, rings| {
                counters::lock(tx, account)?;
                crate::accounts::existing(tx, account)?;
                let all = endpoints::list(tx, account)?;
                if all.len() >= MOST {
                    let text = format!("the account has {MOST} webhooks already; remove one");
                    return Err(Error::BadRequest(text.into()));
                }
                if all.iter().any(|one| one.id == id) {
                    let text = "the number of the webhook is taken".into();
                    return Err(Error::Unavailable { text, retry_after: 1 });
                }
                let set_by = standing::set_by(tx, account, (token, by.1))?;
                let end = UpdateId(counters::get(tx, account)?.update_id + 1);
                let new = Consumer { position: end, allowed: request.allowed.unwrap_or_default() };
                consumers::add(tx, account, &name, new)?;
                webhooks::put(tx, (account, &name), &settings, (generation, set_by))?;
                endpoints::put(tx, account, &endpoint)?;
                rings.push(account);
                let target = (format!("webhook {id}"), json!({ "host": host(&settings.url) }));
                crate::accounts::record(tx, by, (account, Action::WebhookSet), target)?;
                Answer::of(&view(tx, account, endpoint.clone(), oldest)?)
            })
            .await?;
        self.start_dispatcher(account, starts);
        let made: Value = serde_json::from_str(&answer.result).map_err(Error::internal)?;
        let known = made["id"].as_i64().unwrap_or_default();
        if known != id {
            return Ok((answer, known));
        }
        Ok((with_secret(made, &secret), id))
    }

    /// Changes an endpoint. Whoever gives it another address stands behind it from then on.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::BadRequest`], [`Error::Forbidden`].
    pub async fn change_endpoint(
        &self,
        permit: &Permit<UpdatesRead>,
        id: i64,
        request: EndpointRequest,
    ) -> Result<EndpointView, Error> {
        permit.view().needs_private()?;
        if request.secret.is_some() {
            return Err(Error::bad("secret can't be changed; POST …/rotate gives another"));
        }
        let (account, name) = (permit.account(), ConsumerName::of_webhook(id));
        let known = {
            let name = name.clone();
            self.store.read(move |tx| Ok::<_, Error>(webhooks::get(tx, account, &name)?)).await?
        };
        let known = known.ok_or(NO_WEBHOOK)?.settings;
        let settings = self.endpoint_settings(permit, Some(known), &request).await?;
        let generation = (random::seed()? >> 1) as i64;
        let (token, by) = (permit.token(), (permit.actor(), self.clock.now()));
        let oldest = by.1 - self.retention_s;
        let starts = name.clone();
        let shown = self
            .change(account, move |tx, rings| {
                counters::lock(tx, account)?;
                let before = endpoints::get(tx, account, id)?.ok_or(NO_WEBHOOK)?;
                let endpoint = changed(before, &request)?;
                let set_by = match &request.url {
                    Some(_) => standing::set_by(tx, account, (token, by.1))?,
                    None => webhooks::set_by(tx, account, &name)?,
                };
                webhooks::put(tx, (account, &name), &settings, (generation, set_by))?;
                endpoints::put(tx, account, &endpoint)?;
                if let Some(kinds) = request.allowed {
                    consumers::allow(tx, account, &name, kinds)?;
                }
                rings.push(account);
                let details = json!({ "host": host(&settings.url), "paused": endpoint.paused });
                let target = (format!("webhook {id}"), details);
                crate::accounts::record(tx, by, (account, Action::WebhookChanged), target)?;
                view(tx, account, endpoint, oldest)
            })
            .await?;
        self.start_dispatcher(account, starts);
        Ok(shown)
    }

    /// Removes an endpoint, with all that waits for it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn remove_endpoint(&self, permit: &Permit<UpdatesRead>, id: i64) -> Result<(), Error> {
        let (account, by) = (permit.account(), (permit.actor(), self.clock.now()));
        self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            if !endpoints::delete(tx, account, id)? {
                return Err(NO_WEBHOOK);
            }
            rings.push(account);
            let target = (format!("webhook {id}"), json!({}));
            crate::accounts::record(tx, by, (account, Action::WebhookDeleted), target)
        })
        .await
    }

    /// Gives an endpoint another secret. The one before signs too, for a day. An answer that is repeated for an idempotency
    /// key has no secret.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] without `contacts:private`.
    pub async fn rotate_endpoint(
        &self,
        permit: &Permit<UpdatesRead>,
        (id, secret): (i64, Option<String>),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        permit.view().needs_private()?;
        let (account, by) = (permit.account(), (permit.actor(), self.clock.now()));
        let secret = match &secret {
            None => signing::make()?,
            Some(text) => read_secret(text)?,
        };
        let (sealed, oldest) = (self.sealed(account, id, &secret)?, by.1 - self.retention_s);
        let fresh = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&fresh);
        let shown = self
            .change_once(account, once, move |tx, rings| {
                counters::lock(tx, account)?;
                let before = endpoints::get(tx, account, id)?.ok_or(NO_WEBHOOK)?;
                let old = Some((before.secret.clone(), by.1 + OVERLAP_S));
                let endpoint = Endpoint { secret: sealed.clone(), old_secret: old, ..before };
                endpoints::put(tx, account, &endpoint)?;
                // The dispatcher opens secrets when settings are others.
                endpoints::pause(tx, account, id, endpoint.paused)?;
                rings.push(account);
                let target = (format!("webhook {id}"), json!({}));
                crate::accounts::record(tx, by, (account, Action::WebhookRotated), target)?;
                done.store(true, Ordering::Relaxed);
                Answer::of(&view(tx, account, endpoint, oldest)?)
            })
            .await?;
        // A repeated answer is of another secret, which is shown no more.
        if !fresh.load(Ordering::Relaxed) {
            return Ok(shown);
        }
        Ok(with_secret(serde_json::from_str(&shown.result).map_err(Error::internal)?, &secret))
    }

    fn sealed(&self, account: UserId, id: i64, secret: &SigningSecret) -> Result<Vec<u8>, Error> {
        let seal = self.gateways.seal().ok_or_else(|| Error::internal("no key was given"))?;
        seal.close(&signing::owner(account, id), secret.bytes())
    }

    /// What an endpoint has in common with the webhook that Telegram has, checked by the same rules.
    async fn endpoint_settings(
        &self,
        permit: &Permit<UpdatesRead>,
        known: Option<WebhookSettings>,
        request: &EndpointRequest,
    ) -> Result<WebhookSettings, Error> {
        let url = match (&request.url, &known) {
            (Some(url), _) => url.clone(),
            (None, Some(known)) => known.url.clone(),
            (None, None) => return Err(Error::bad("url is missing")),
        };
        let before = known.as_ref().and_then(|known| known.secret_token.clone());
        let most = known.as_ref().map_or(USUAL_CONNECTIONS, |known| known.max_connections);
        let asked = WebhookRequest {
            secret_token: request.secret_token.clone().or(before),
            max_connections: Some(request.max_connections.unwrap_or(most)),
            url,
            ..WebhookRequest::default()
        };
        let scopes = match (&request.url, known) {
            (None, Some(known)) => known.scopes,
            _ => permit.scopes(),
        };
        Ok(WebhookSettings { scopes, ..self.checked(&asked).await? })
    }
}

/// An endpoint with what is asked of it.
fn changed(mut endpoint: Endpoint, request: &EndpointRequest) -> Result<Endpoint, Error> {
    let bad = |text: String| Err(Error::BadRequest(text.into()));
    if let Some(description) = &request.description {
        if description.chars().count() > MOST_DESCRIPTION {
            return bad(format!("description must have {MOST_DESCRIPTION} characters or fewer"));
        }
        endpoint.description = Some(description.clone()).filter(|text| !text.is_empty());
    }
    if let Some(chats) = &request.chats {
        endpoint.chats.clone_from(chats);
    }
    if let Some(labels) = &request.labels {
        endpoint.labels.clone_from(labels);
    }
    for (field, many) in [("chats", endpoint.chats.len()), ("labels", endpoint.labels.len())] {
        if many > MOST_FILTERS {
            return bad(format!("{field} must have {MOST_FILTERS} entries or fewer"));
        }
    }
    endpoint.max_attempts = request.max_attempts.unwrap_or(endpoint.max_attempts);
    endpoint.paused = request.paused.unwrap_or(endpoint.paused);
    Ok(endpoint)
}

fn read_secret(text: &str) -> Result<SigningSecret, Error> {
    const WRONG: Error = Error::bad("secret must be whsec_ and 24 to 64 bytes in Base64");
    SigningSecret::parse(text).ok_or(WRONG)
}

/// The answer that shows a secret.
fn with_secret(mut shown: Value, secret: &SigningSecret) -> Answer {
    shown["secret"] = Value::from(secret.reveal());
    Answer::json(shown.to_string())
}

fn view(
    tx: &mut dyn Tx,
    account: UserId,
    endpoint: Endpoint,
    oldest: Timestamp,
) -> Result<EndpointView, Error> {
    let name = ConsumerName::of_webhook(endpoint.id);
    let webhook = webhooks::get(tx, account, &name)?.ok_or(NO_WEBHOOK)?;
    let allowed = consumers::get(tx, account, &name)?.ok_or(NO_WEBHOOK)?.allowed;
    let waits = updates::pending(tx, account, &name, oldest)?;
    Ok(EndpointView {
        url: webhook.settings.url,
        allowed_updates: (allowed != UpdateKinds::usual()).then(|| allowed.names().collect()),
        max_connections: webhook.settings.max_connections,
        pending_update_count: waits + deliveries::count_replays(tx, account, endpoint.id)?,
        oldest_pending_date: updates::oldest(tx, account, &name, oldest)?,
        dead_letter_count: deliveries::dead(tx, account, endpoint.id)?,
        last_error_date: webhook.last_error_date,
        last_error_message: webhook.last_error_message,
        id: endpoint.id,
        description: endpoint.description,
        chats: endpoint.chats,
        labels: endpoint.labels,
        max_attempts: endpoint.max_attempts,
        paused: endpoint.paused,
        created_at: endpoint.created_at,
    })
}
