//! One account's deliveries: reads the log from the account's cursor, posts, and moves the cursor. Run by
//! `dispatch`. Updates of one chat go strictly one after the other, chats beside each other. It keeps no
//! update that the store has not, and holds only their numbers: the JSON is read when it is posted.

use super::MethodRunner;
use super::lanes::Lanes;
use super::standing;
use crate::{Caller, Error, Hub};
use bytes::Bytes;
use contactgram_connector::courier::{Outcome, Target, last_error};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::scope::Scopes;
use contactgram_model::webhook::{PendingUpdate, Webhook};
use contactgram_model::{Action, Actor, UpdateId, UserId};
use contactgram_resilience::backoff::webhook_delay;
use contactgram_store::ops::updates::{self, KEPT_S, Span};
use contactgram_store::ops::webhooks::{self, Failure};
use contactgram_store::ops::{consumers, counters};
use serde_json::json;
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
    settings: Option<Settings>,
    lanes: Lanes,
    under_way: JoinSet<Delivered>,
    notes: Notes,
    gone_since: Option<Instant>,
}

/// What the deliveries go by; another generation means other settings.
struct Settings {
    generation: i64,
    scopes: Scopes,
    most: usize,
    target: Arc<Target>,
}

/// How deliveries ended, as far as it is not in the store yet.
#[derive(Default, Clone)]
struct Notes {
    taken: Vec<UpdateId>,
    failure: Option<Failure>,
    /// Whether the receiver has been gone for so long that the webhook goes too.
    gone: bool,
}

/// What one look at the store shows.
struct Glimpse {
    webhook: Webhook,
    /// What may be done in the name of whoever set it; none if they may not have one any more.
    scopes: Option<Scopes>,
    position: UpdateId,
    rows: Vec<PendingUpdate>,
}

struct Delivered {
    update: PendingUpdate,
    end: End,
}

enum End {
    Told(Outcome),
    /// The update was forgotten before its turn.
    Forgotten,
    /// The store did not hand it out.
    Unread(Error),
}

impl Dispatcher {
    pub fn new(hub: Arc<Hub>, account: UserId) -> Dispatcher {
        Dispatcher {
            hub,
            account,
            settings: None,
            lanes: Lanes::default(),
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
            let Some(Glimpse { webhook, scopes, position, rows }) = self.look().await? else {
                return Ok(false);
            };
            let Some(scopes) = scopes else {
                self.outlived(webhook.generation).await?;
                continue;
            };
            let renewed = self.settings.as_ref().is_none_or(|known| known.generation != webhook.generation);
            // Only somebody else moves the cursor past what still waits: the updates were dropped.
            let dropped = self.lanes.queued() > 0 && self.lanes.loaded() < Some(position);
            if renewed {
                self.settings = Some(Settings::of(&webhook));
                self.is_gone(false);
            }
            if let Some(settings) = &mut self.settings {
                settings.scopes = scopes;
            }
            if renewed || dropped {
                // Begin anew at the cursor; what is under way goes to where nobody waits for it.
                self.lanes = Lanes::default();
                self.under_way = JoinSet::new();
                continue;
            }
            let more = rows.len() == CHUNK;
            rows.into_iter().for_each(|update| self.lanes.load(update));
            if !more || self.lanes.ready() >= CHUNK || self.lanes.queued() >= WINDOW {
                break;
            }
        }
        self.start();
        Ok(true)
    }

    async fn look(&self) -> Result<Option<Glimpse>, Error> {
        let (account, now, loaded) = (self.account, self.hub.clock.now(), self.lanes.loaded());
        let limit = if self.lanes.queued() < WINDOW { CHUNK as i64 } else { 0 };
        self.hub
            .store
            .read(move |tx| {
                let name = &ConsumerName::DEFAULT;
                let Some(webhook) = webhooks::get(tx, account)? else { return Ok(None) };
                let Some(consumer) = consumers::get(tx, account, name)? else { return Ok(None) };
                let position = consumer.position;
                let next = loaded.map_or(position, |id| UpdateId(id.0 + 1));
                let since = now - KEPT_S;
                let span = Span { from: next.max(position), since, limit, seen: consumer.seen(name) };
                Ok::<_, Error>(Some(Glimpse {
                    scopes: standing::of_webhook(tx, account, &webhook.settings, now)?,
                    webhook,
                    position,
                    rows: updates::pending_rows(tx, account, name, span)?,
                }))
            })
            .await
    }

    fn start(&mut self) {
        let Some(settings) = &self.settings else { return };
        let (target, caller) =
            (Arc::clone(&settings.target), Caller::of_webhook(self.account, settings.scopes));
        while self.has_room() {
            let Some(update) = self.lanes.next(Instant::now()) else { return };
            let delivery = deliver(Arc::clone(&self.hub), caller, Arc::clone(&target), update);
            self.under_way.spawn(delivery);
        }
    }

    /// Takes away a webhook whose credential is gone.
    async fn outlived(&mut self, generation: i64) -> Result<(), Error> {
        self.under_way = JoinSet::new();
        let (account, now) = (self.account, self.hub.clock.now());
        let removing = self.hub.change(account, move |tx, _| {
            counters::lock(tx, account)?;
            let Some(there) = webhooks::get(tx, account)? else { return Ok(()) };
            // Who set another one meanwhile has a credential.
            if there.generation != generation
                || standing::of_webhook(tx, account, &there.settings, now)?.is_some()
            {
                return Ok(());
            }
            webhooks::delete(tx, account)?;
            let target = ("webhook".to_owned(), json!({ "because": "the credential that set it has ended" }));
            crate::accounts::record(tx, (Actor::Server, now), (account, Action::WebhookDeleted), target)
        });
        removing.await
    }

    /// Writes what is noted. What can't be written stays noted.
    async fn save(&mut self) -> Result<(), Error> {
        let generation =
            self.settings.as_ref().map(|settings| settings.generation).filter(|_| self.notes.gone);
        if self.notes.taken.is_empty() && self.notes.failure.is_none() && generation.is_none() {
            return Ok(());
        }
        let (account, notes) = (self.account, self.notes.clone());
        self.hub
            .change(account, move |tx, _| {
                if !notes.taken.is_empty() {
                    updates::acknowledge(tx, account, &ConsumerName::DEFAULT, &notes.taken)?;
                }
                if let Some(failure) = &notes.failure {
                    webhooks::failed(tx, account, failure)?;
                }
                if generation.is_some()
                    && webhooks::get(tx, account)?.map(|there| there.generation) == generation
                {
                    webhooks::delete(tx, account)?;
                }
                Ok(())
            })
            .await?;
        self.notes = Notes::default();
        Ok(())
    }

    fn judge(&mut self, ended: Result<Delivered, JoinError>) {
        let Delivered { update, end } = match ended {
            Ok(delivered) => delivered,
            // Whoever started this dispatcher starts another, at the cursor.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return,
        };
        match end {
            End::Told(Outcome::Accepted { .. }) => {
                self.is_gone(false);
                self.notes.taken.push(update.id);
                self.lanes.finish(update.lane);
            }
            End::Told(outcome) => self.failed(update, &outcome),
            End::Forgotten => self.lanes.finish(update.lane),
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

    fn failed(&mut self, update: PendingUpdate, outcome: &Outcome) {
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
        let failures = self.lanes.fail(update.lane);
        let delay = webhook_delay(failures, retry_after, contactgram_resilience::entropy());
        let next = now.saturating_add(i64::try_from(delay.as_secs()).unwrap_or(i64::MAX));
        if next < update.date + KEPT_S {
            self.lanes.wait(update.lane, Instant::now() + delay);
            return;
        }
        tracing::warn!(
            account.id = self.account.0,
            update.id = update.id.0,
            "update given up after 24 hours"
        );
        self.notes.taken.push(update.id);
        self.lanes.finish(update.lane);
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

impl Settings {
    fn of(webhook: &Webhook) -> Settings {
        let settings = &webhook.settings;
        let target = Target {
            url: settings.url.clone(),
            secret_token: settings.secret_token.clone(),
            ip_address: settings.ip_address.as_deref().and_then(|ip| ip.parse().ok()),
            certificate: settings.certificate.clone(),
        };
        let most = usize::try_from(settings.max_connections).unwrap_or_default().max(1);
        let (generation, scopes) = (webhook.generation, settings.scopes);
        Settings { generation, scopes, most, target: Arc::new(target) }
    }
}

/// Posts one update, and runs the method that the answer names before the chat's next update is posted.
async fn deliver(hub: Arc<Hub>, caller: Caller, target: Arc<Target>, update: PendingUpdate) -> Delivered {
    let (account, id) = (caller.account(), update.id);
    let body = match hub.store.read(move |tx| Ok::<_, Error>(updates::body(tx, account, id)?)).await {
        Ok(Some(body)) => body,
        Ok(None) => return Delivered { update, end: End::Forgotten },
        Err(error) => return Delivered { update, end: End::Unread(error) },
    };
    let mut outcome = hub.courier.deliver(&target, Bytes::from(body)).await;
    if let Outcome::Accepted { reply } = &mut outcome
        && let (Some(call), Some(run)) = (reply.take(), hub.dispatchers.runner().map(MethodRunner::clone))
    {
        run(caller, call).await;
    }
    Delivered { update, end: End::Told(outcome) }
}
