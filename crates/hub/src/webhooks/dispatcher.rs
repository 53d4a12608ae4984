//! One webhook's deliveries: reads the log from the webhook's cursor, posts, and moves the cursor. Run by
//! `dispatch`. Updates of one chat go strictly one after the other, chats beside each other. It keeps no
//! update that the store has not, and holds only their numbers: the JSON is read when it is posted.

use super::delivery::{Delivered, End, deliver};
use super::filter::Filter;
use super::lanes::Lanes;
use super::notes::Notes;
use super::settings::Settings;
use super::standing;
use crate::counts::Share;
use crate::{Caller, Error, Hub};
use contactgram_connector::courier::{Outcome, last_error};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::scope::Scopes;
use contactgram_model::webhook::{Endpoint, PendingUpdate, Webhook};
use contactgram_model::{Action, Actor, UpdateId, UserId};
use contactgram_resilience::backoff::{endpoint_delay, webhook_delay};
use contactgram_store::ops::deliveries::{self, Attempt, Status};
use contactgram_store::ops::updates::{self, KEPT_S, Span};
use contactgram_store::ops::webhooks::{self, Failure};
use contactgram_store::ops::{consumers, counters, endpoints};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

/// Updates looked ahead at most, so that a chat whose deliveries fail holds up no other (the official
/// server keeps 100,000 in all).
const WINDOW: usize = 100_000;
/// Updates read from the log at once.
const CHUNK: usize = 1000;
/// A receiver that answers 410 for so long loses its webhook (the official server: 23 hours).
const GONE_FOR: Duration = Duration::from_secs(23 * 3600);
/// How soon a dispatcher tries again when the store has no answer for it.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// How long deliveries under way may go on after the shutdown was asked for.
const LAST_DELIVERIES: Duration = Duration::from_secs(2);

pub(super) struct Dispatcher {
    hub: Arc<Hub>,
    account: UserId,
    name: ConsumerName,
    settings: Option<Settings>,
    lanes: Lanes,
    /// The newest replay that was loaded.
    replayed: i64,
    /// How often updates failed before this dispatcher began.
    tried: HashMap<UpdateId, i64>,
    under_way: JoinSet<Delivered>,
    notes: Notes,
    gone_since: Option<Instant>,
    share: Share,
}

/// What one look at the store shows.
struct Glimpse {
    webhook: Webhook,
    /// What may be done in the name of whoever set it; none if they may not have one any more.
    scopes: Option<Scopes>,
    position: UpdateId,
    endpoint: Option<Endpoint>,
    /// Updates, and whether they are wanted.
    rows: Vec<(PendingUpdate, bool)>,
    replays: Vec<PendingUpdate>,
}

impl Dispatcher {
    pub fn new(hub: Arc<Hub>, (account, name): (UserId, ConsumerName)) -> Dispatcher {
        Dispatcher {
            share: Share::of(&hub.counts),
            hub,
            account,
            name,
            settings: None,
            lanes: Lanes::default(),
            replayed: 0,
            tried: HashMap::new(),
            under_way: JoinSet::new(),
            notes: Notes::default(),
            gone_since: None,
        }
    }

    /// Delivers until there is no webhook any more, or the server stops.
    pub async fn run(mut self) {
        let bells = Arc::clone(&self.hub.bells);
        let listener = bells.listen(self.account);
        let shutdown = self.hub.shutdown.clone();
        while !shutdown.is_cancelled() {
            // Listen before looking: an update in between must ring.
            let mut rung = std::pin::pin!(listener.rung());
            rung.as_mut().enable();
            let due = match self.step().await {
                Ok(true) => self.due(),
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(account.id = self.account.0, ?error, "webhook deliveries pause");
                    Some(Instant::now() + STORE_PAUSE)
                }
            };
            self.share.set(self.under_way.len(), self.lanes.waiting());
            let idle = Instant::now() + Duration::from_secs(3600);
            tokio::select! {
                () = rung.as_mut() => {}
                () = tokio::time::sleep_until(due.unwrap_or(idle)) => {}
                Some(ended) = self.under_way.join_next() => self.judge(ended),
                () = shutdown.cancelled() => {}
            }
        }
        self.finish().await;
    }

    /// When a chat's next try is due; without a free place only the end of a delivery changes anything.
    fn due(&self) -> Option<Instant> {
        self.has_room().then(|| self.lanes.due()).flatten()
    }

    fn has_room(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| self.under_way.len() < settings.most)
    }

    /// Notes what ended, loads and starts what can be; `false` when there is no webhook any more.
    async fn step(&mut self) -> Result<bool, Error> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.judge(ended);
        }
        self.save().await?;
        loop {
            if self.lanes.queued() == self.lanes.open() {
                // All that were loaded are done with and gone: the store counts from the beginning again.
                self.replayed = 0;
            }
            let Some(glimpse) = self.look().await? else { return Ok(false) };
            let Glimpse { webhook, scopes, position, endpoint, rows, replays } = glimpse;
            let Some(scopes) = scopes else {
                self.outlived(webhook.generation).await?;
                continue;
            };
            let renewed = self.settings.as_ref().is_none_or(|known| known.generation != webhook.generation);
            // Only somebody else moves the cursor past what still waits: the updates were dropped.
            let dropped = self.lanes.open() > 0 && self.lanes.loaded() < Some(position);
            if renewed {
                self.settings = Some(Settings::of(&self.hub, self.account, (&webhook, endpoint.as_ref())));
                self.is_gone(false);
                self.tried = self.look_back().await?;
            }
            if let Some(settings) = &mut self.settings {
                settings.scopes = scopes;
            }
            if renewed || dropped {
                // Begin anew at the cursor; what is under way goes to where nobody waits for it.
                self.lanes = Lanes::default();
                self.replayed = 0;
                self.under_way = JoinSet::new();
                continue;
            }
            let more = rows.len() == CHUNK;
            for (update, wanted) in rows {
                match wanted {
                    true => self.lanes.load(update),
                    false => {
                        self.lanes.pass(update.id);
                        self.notes.taken.push(update.id);
                    }
                }
            }
            for update in replays {
                self.replayed = update.replay.unwrap_or(self.replayed);
                self.lanes.load(update);
            }
            // What is not wanted is done with.
            self.save().await?;
            if !more || self.lanes.ready() >= CHUNK || self.lanes.queued() >= WINDOW {
                break;
            }
        }
        self.start();
        Ok(true)
    }

    async fn look(&self) -> Result<Option<Glimpse>, Error> {
        let (account, name, loaded) = (self.account, self.name.clone(), self.lanes.loaded());
        let (now, since, replayed) = (self.hub.clock.now(), self.hub.kept_since(&name), self.replayed);
        let limit = if self.lanes.queued() < WINDOW { CHUNK as i64 } else { 0 };
        self.hub
            .store
            .read(move |tx| {
                let Some(webhook) = webhooks::get(tx, account, &name)? else { return Ok(None) };
                let Some(consumer) = consumers::get(tx, account, &name)? else { return Ok(None) };
                let endpoint = match name.webhook() {
                    None => None,
                    Some(id) => match endpoints::get(tx, account, id)? {
                        Some(endpoint) => Some(endpoint),
                        None => return Ok(None),
                    },
                };
                let scopes = standing::of_webhook(tx, (account, &name), &webhook.settings, now)?;
                let position = consumer.position;
                let next = loaded.map_or(position, |id| UpdateId(id.0 + 1));
                let is_paused = endpoint.as_ref().is_some_and(|endpoint| endpoint.paused);
                let limit = if is_paused { 0 } else { limit };
                let span = Span { from: next.max(position), since, limit, seen: consumer.seen(&name) };
                let (mut rows, mut filter) = (Vec::new(), Filter::default());
                for update in updates::pending_rows(tx, account, &name, span)? {
                    let wanted = match &endpoint {
                        Some(endpoint) => filter.lets_pass(tx, account, (endpoint, &update))?,
                        None => true,
                    };
                    rows.push((update, wanted));
                }
                let replays = match &endpoint {
                    Some(endpoint) if limit > 0 => deliveries::replays(tx, account, endpoint.id, replayed)?,
                    _ => Vec::new(),
                };
                Ok::<_, Error>(Some(Glimpse { webhook, scopes, position, endpoint, rows, replays }))
            })
            .await
    }

    /// How often an endpoint's updates failed before.
    async fn look_back(&self) -> Result<HashMap<UpdateId, i64>, Error> {
        let (account, Some(id)) = (self.account, self.name.webhook()) else { return Ok(HashMap::new()) };
        let tried = self.hub.store.read(move |tx| Ok::<_, Error>(deliveries::tried(tx, account, id)?));
        Ok(tried.await?.into_iter().collect())
    }

    fn start(&mut self) {
        let Some(settings) = &self.settings else { return };
        let (target, caller) =
            (Arc::clone(&settings.target), Caller::of_webhook(self.account, settings.scopes));
        let signing = settings.signing.clone();
        while self.has_room() {
            let Some(update) = self.lanes.next(Instant::now()) else { return };
            let by = (caller, signing.clone());
            self.under_way.spawn(deliver(Arc::clone(&self.hub), by, Arc::clone(&target), update));
        }
    }

    /// Takes away a webhook whose credential is gone.
    async fn outlived(&mut self, generation: i64) -> Result<(), Error> {
        self.under_way = JoinSet::new();
        let (account, name, now) = (self.account, self.name.clone(), self.hub.clock.now());
        let removing = self.hub.change(account, move |tx, _| {
            counters::lock(tx, account)?;
            let Some(there) = webhooks::get(tx, account, &name)? else { return Ok(()) };
            // Who set another one meanwhile has a credential.
            if there.generation != generation
                || standing::of_webhook(tx, (account, &name), &there.settings, now)?.is_some()
            {
                return Ok(());
            }
            let target = match name.webhook() {
                Some(id) => {
                    endpoints::delete(tx, account, id)?;
                    format!("webhook {id}")
                }
                None => {
                    webhooks::delete(tx, account, &name)?;
                    "webhook".to_owned()
                }
            };
            let target = (target, json!({ "because": "the credential that set it has ended" }));
            crate::accounts::record(tx, (Actor::Server, now), (account, Action::WebhookDeleted), target)
        });
        removing.await
    }

    /// Writes what is noted. What can't be written stays noted.
    async fn save(&mut self) -> Result<(), Error> {
        if self.notes.is_empty() {
            return Ok(());
        }
        let generation = self.settings.as_ref().map(|settings| settings.generation);
        // Where nothing of what was loaded is open, there are no gaps to keep.
        let done = self.lanes.loaded().filter(|_| self.name.webhook().is_some() && self.lanes.open() == 0);
        let done = done.map(|id| UpdateId(id.0 + 1));
        let (account, name, notes) = (self.account, self.name.clone(), self.notes.clone());
        self.hub.change(account, move |tx, _| notes.write(tx, (account, &name), generation, done)).await?;
        self.notes = Notes { gone: false, ..Notes::default() };
        Ok(())
    }

    fn judge(&mut self, ended: Result<Delivered, JoinError>) {
        let Delivered { update, end, took } = match ended {
            Ok(delivered) => delivered,
            // Whoever started this dispatcher starts another, at the cursor.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return,
        };
        match end {
            End::Told(Outcome::Accepted { .. }) => {
                self.hub.counts.webhooks.delivered.one();
                self.hub.counts.webhooks.took.note_time(took);
                self.is_gone(false);
                let attempt = self.attempts_before(update) + 1;
                self.note((update, attempt), Status::Delivered, (None, took));
                self.taken(update, true);
            }
            End::Told(outcome) => self.failed(update, &outcome, took),
            End::Forgotten => {
                if let Some(seq) = update.replay {
                    self.notes.replayed.push((seq, None));
                }
                self.lanes.finish(update.lane);
            }
            End::Unread(error) => {
                tracing::warn!(
                    account.id = self.account.0,
                    ?error,
                    "an update can't be read for its webhook"
                );
                self.lanes.wait(update.lane, Instant::now() + STORE_PAUSE);
            }
        }
    }

    /// Only an answer decides: a receiver is asked once more when the time is over.
    fn is_gone(&mut self, gone: bool) {
        self.gone_since = gone.then(|| self.gone_since.unwrap_or_else(Instant::now));
        self.notes.gone = self.gone_since.is_some_and(|since| since.elapsed() >= GONE_FOR);
    }

    /// The lane's first update is done with: the receiver took it, or it was given up.
    fn taken(&mut self, update: PendingUpdate, by_receiver: bool) {
        match update.replay {
            Some(seq) => self.notes.replayed.push((seq, by_receiver.then_some(update.id))),
            None => self.notes.taken.push(update.id),
        }
        self.tried.remove(&update.id);
        self.lanes.finish(update.lane);
    }

    /// How often the lane's first update failed, as far as is known.
    fn attempts_before(&self, update: PendingUpdate) -> i64 {
        let before = if update.replay.is_none() { self.tried.get(&update.id).copied() } else { None };
        before.unwrap_or_default() + i64::from(self.lanes.failures(update.lane))
    }

    /// Notes a try of an endpoint's.
    fn note(
        &mut self,
        (update, attempt): (PendingUpdate, i64),
        status: Status,
        (outcome, took): (Option<&Outcome>, Duration),
    ) {
        if self.name.webhook().is_none() {
            return;
        }
        let http_status = match outcome {
            Some(Outcome::Refused { status, .. }) => Some(i64::from(*status)),
            _ => None,
        };
        self.notes.attempts.push(Attempt {
            update: update.id,
            attempt,
            at: self.hub.clock.now(),
            status,
            http_status,
            error: outcome.and_then(last_error),
            duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        });
    }

    fn failed(&mut self, update: PendingUpdate, outcome: &Outcome, took: Duration) {
        let counts = Arc::clone(&self.hub.counts);
        counts.webhooks.failed.one();
        counts.webhooks.took.note_time(took);
        let (gone, retry_after) = match outcome {
            Outcome::Refused { gone, retry_after, .. } => (*gone, *retry_after),
            _ => (false, None),
        };
        self.is_gone(gone);
        let now = self.hub.clock.now();
        if let Some(settings) = &self.settings {
            let message = last_error(outcome).unwrap_or_default();
            self.notes.failure = Some(Failure { generation: settings.generation, date: now, message });
        }
        let attempt = self.attempts_before(update) + 1;
        let failures = self.lanes.fail(update.lane);
        let most = self.settings.as_ref().and_then(|settings| settings.max_attempts);
        let random = contactgram_resilience::entropy();
        let (delay, is_last) = match most {
            Some(most) => {
                let failures = u32::try_from(attempt).unwrap_or(failures);
                (endpoint_delay(failures, retry_after, random), attempt >= most)
            }
            None => {
                let delay = webhook_delay(failures, retry_after, random);
                let next = now.saturating_add(i64::try_from(delay.as_secs()).unwrap_or(i64::MAX));
                (delay, next >= update.date + KEPT_S)
            }
        };
        let status = if is_last { Status::Dead } else { Status::Failed };
        self.note((update, attempt), status, (Some(outcome), took));
        if !is_last {
            counts.webhooks.waits.note(delay.as_secs());
            self.lanes.wait(update.lane, Instant::now() + delay);
            return;
        }
        counts.webhooks.given_up.one();
        tracing::warn!(account.id = self.account.0, update.id = update.id.0, "update given up");
        self.taken(update, false);
    }

    /// Lets deliveries under way end, and notes what can still be noted: what isn't is delivered again.
    async fn finish(&mut self) {
        let end = Instant::now() + LAST_DELIVERIES;
        while let Ok(Some(ended)) = tokio::time::timeout_at(end, self.under_way.join_next()).await {
            self.judge(ended);
        }
        if let Err(error) = self.save().await {
            tracing::warn!(account.id = self.account.0, ?error, "the last deliveries will be repeated");
        }
    }
}
