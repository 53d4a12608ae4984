//! What an endpoint was sent and what came of it: the newest tries, the updates that were given up, and delivering some of
//! them again. Replayed updates carry the id they had, so that a receiver can tell what it knows.

use super::endpoints::NO_WEBHOOK;
use super::filter::Filter;
use super::signing::message_id;
use crate::access::UpdatesRead;
use crate::{Answer, Error, Hub, Once, Permit};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{Action, Timestamp, UpdateId};
use contactgram_store::ops::deliveries::{self, Attempt, Range, Status};
use contactgram_store::ops::{counters, endpoints};
use serde::Serialize;
use serde_json::json;

/// Updates that one request may have delivered again, at most.
const MOST: i64 = 10_000;

/// A try, or an update that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryView {
    /// Which update.
    pub update_id: i64,
    /// The `webhook-id` that it was sent with.
    pub webhook_id: String,
    /// Counts from 1.
    pub attempt: i64,
    /// When it ended, in Unix seconds.
    pub date: Timestamp,
    /// `delivered`, `failed` or `dead`.
    pub status: &'static str,
    /// What the receiver answered, where that was a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<i64>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long the try took; absent for an update that was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
}

/// Some of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveriesPage {
    /// How many are kept.
    pub total_count: i64,
    /// The newest first.
    pub deliveries: Vec<DeliveryView>,
}

/// What is to be delivered again.
#[derive(Debug, Clone)]
pub enum ReplayRequest {
    /// These updates.
    Updates(Vec<i64>),
    /// What happened in this time, in Unix seconds: from then on, and before then.
    Between(Timestamp, Timestamp),
}

impl Hub {
    /// How deliveries to an endpoint went.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::BadRequest`] for a status that there isn't.
    pub async fn deliveries(
        &self,
        permit: &Permit<UpdatesRead>,
        id: i64,
        status: Option<&str>,
        page: (i64, i64),
    ) -> Result<DeliveriesPage, Error> {
        let account = permit.account();
        let all = [Status::Delivered, Status::Failed, Status::Dead];
        let known = |name: &str| all.into_iter().find(|status| status.name() == name);
        let status = match status {
            None => None,
            Some(name) => Some(known(name).ok_or(Error::bad("status must be delivered, failed or dead"))?),
        };
        self.store
            .scan(move |tx| {
                endpoints::get(tx, account, id)?.ok_or(NO_WEBHOOK)?;
                let (rows, total_count) = deliveries::list(tx, (account, id), status, page)?;
                let is_dead = status == Some(Status::Dead);
                let shown = |one: Attempt| DeliveryView {
                    update_id: one.update.0,
                    webhook_id: message_id(account, id, one.update),
                    attempt: one.attempt,
                    date: one.at,
                    status: one.status.name(),
                    http_status: one.http_status,
                    error: one.error,
                    duration_ms: (!is_dead).then_some(one.duration_ms),
                };
                Ok::<_, Error>(DeliveriesPage {
                    total_count,
                    deliveries: rows.into_iter().map(shown).collect(),
                })
            })
            .await
    }

    /// Has updates delivered to an endpoint again; how many. What its filters hold back stays back.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown endpoint, or an update that is not kept; [`Error::BadRequest`] for too many;
    /// [`Error::Forbidden`] without `contacts:private`.
    pub async fn replay(
        &self,
        permit: &Permit<UpdatesRead>,
        (id, request): (i64, ReplayRequest),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        permit.view().needs_private()?;
        let (account, by) = (permit.account(), (permit.actor(), self.clock.now()));
        let too_many = || Error::BadRequest(format!("that is more than {MOST} updates; take fewer").into());
        if matches!(&request, ReplayRequest::Updates(ids) if ids.len() as i64 > MOST) {
            return Err(too_many());
        }
        self.change_once(account, once, move |tx, rings| {
            counters::lock(tx, account)?;
            let endpoint = endpoints::get(tx, account, id)?.ok_or(NO_WEBHOOK)?;
            let name = ConsumerName::of_webhook(id);
            let candidates = match &request {
                ReplayRequest::Updates(ids) => {
                    let mut found = Vec::new();
                    for id in ids {
                        let text = || Error::NotFound(format!("update {id} is not kept").into());
                        found.push(deliveries::one(tx, account, UpdateId(*id))?.ok_or_else(text)?);
                    }
                    found
                }
                ReplayRequest::Between(since, until) => {
                    let range = Range { since: *since, until: *until, limit: MOST + 1 };
                    deliveries::between(tx, account, &name, range)?
                }
            };
            if candidates.len() as i64 > MOST {
                return Err(too_many());
            }
            let (mut filter, mut again) = (Filter::default(), Vec::new());
            for update in &candidates {
                if filter.lets_pass(tx, account, (&endpoint, update))? {
                    again.push(update.id);
                }
            }
            deliveries::replay(tx, account, id, &again)?;
            rings.push(account);
            let target = (format!("webhook {id}"), json!({ "updates": again.len() }));
            crate::accounts::record(tx, by, (account, Action::WebhookReplayed), target)?;
            Answer::of(&json!({ "queued": again.len() }))
        })
        .await
    }
}
