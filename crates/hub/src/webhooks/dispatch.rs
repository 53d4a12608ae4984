//! Dispatchers: one task for each account with a webhook. It reads the log from the account's cursor,
//! posts, and moves the cursor. All that counts is in the store: a dispatcher that dies is started again
//! and at worst delivers an update twice.

use super::MethodRunner;
use super::lanes::Lanes;
use crate::{Caller, Error, Hub};
use bytes::Bytes;
use contactgram_connector::courier::{Courier, Outcome, Target, last_error};
use contactgram_model::webhook::{PendingUpdate, Webhook};
use contactgram_model::{UpdateId, UserId};
use contactgram_resilience::backoff::webhook_delay;
use contactgram_store::ops::updates::{self, KEPT_S, Span};
use contactgram_store::ops::webhooks::{self, Failure};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Updates held in memory at once for one webhook.
const WINDOW: usize = 1000;
/// A receiver that answers 410 for so long loses its webhook (the official server: 23 hours).
const GONE_FOR: Duration = Duration::from_secs(23 * 3600);
/// How soon a dispatcher tries again when the store has no answer for it.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The dispatchers that run.
#[derive(Default)]
pub struct Dispatchers {
    running: Mutex<HashSet<UserId>>,
    runner: OnceLock<MethodRunner>,
    hub: OnceLock<Weak<Hub>>,
}

impl Dispatchers {
    pub(super) fn set_runner(&self, runner: MethodRunner) {
        let _first_wins = self.runner.set(runner);
    }

    fn enter(&self, account: UserId) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(account)
    }

    fn leave(&self, account: UserId) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&account);
    }
}

impl Hub {
    /// Starts a dispatcher for each account that has a webhook and no dispatcher.
    pub(crate) async fn start_dispatchers(self: &Arc<Self>) -> Result<(), Error> {
        let _once = self.dispatchers.hub.set(Arc::downgrade(self));
        let accounts = self.store.read(|tx| Ok::<_, Error>(webhooks::accounts(tx)?)).await?;
        accounts.into_iter().for_each(|account| self.start_dispatcher(account));
        Ok(())
    }

    /// Starts an account's dispatcher, unless it runs already or this process dispatches nothing.
    pub(crate) fn start_dispatcher(&self, account: UserId) {
        let Some(hub) = self.dispatchers.hub.get().and_then(Weak::upgrade) else { return };
        if self.dispatchers.enter(account) {
            tokio::spawn(async move {
                let _leave = Leave { hub: Arc::clone(&hub), account };
                Dispatcher::new(hub, account).run().await;
            });
        }
    }
}

struct Leave {
    hub: Arc<Hub>,
    account: UserId,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.hub.dispatchers.leave(self.account);
    }
}

struct Finished {
    generation: i64,
    update: PendingUpdate,
    outcome: Outcome,
}

struct Dispatcher {
    hub: Arc<Hub>,
    account: UserId,
    webhook: Option<Webhook>,
    lanes: Lanes,
    under_way: JoinSet<Finished>,
    gone_since: Option<Instant>,
}

impl Dispatcher {
    fn new(hub: Arc<Hub>, account: UserId) -> Dispatcher {
        let (lanes, under_way) = (Lanes::default(), JoinSet::new());
        Dispatcher { hub, account, webhook: None, lanes, under_way, gone_since: None }
    }

    async fn run(mut self) {
        let bells = Arc::clone(&self.hub.bells);
        let listener = bells.listen(self.account);
        let shutdown = self.hub.shutdown.clone();
        loop {
            let mut rung = std::pin::pin!(listener.rung());
            rung.as_mut().enable();
            let due = match self.step().await {
                Ok(true) => self.lanes.due(),
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
                Some(finished) = self.under_way.join_next() => {
                    if let Err(error) = self.settle(finished).await {
                        tracing::warn!(account.id = self.account.0, ?error, "a delivery could not be noted");
                    }
                }
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Loads and starts what can be; `false` when there is no webhook any more.
    async fn step(&mut self) -> Result<bool, Error> {
        let account = self.account;
        let webhook = self.hub.store.read(move |tx| Ok::<_, Error>(webhooks::get(tx, account)?)).await?;
        let Some(webhook) = webhook else { return Ok(false) };
        if self.webhook.as_ref().is_none_or(|before| before.generation != webhook.generation) {
            // Other settings: begin anew at the cursor. What is under way may still be noted as taken.
            self.lanes = Lanes::default();
            self.gone_since = None;
        }
        let (generation, most) = (webhook.generation, webhook.settings.max_connections);
        let target = Arc::new(target(&webhook));
        self.webhook = Some(webhook);
        self.load().await?;
        while (self.under_way.len() as i64) < most {
            let Some(update) = self.lanes.next(Instant::now()) else { break };
            let (courier, target) = (Arc::clone(&self.hub.courier), Arc::clone(&target));
            self.under_way.spawn(deliver(courier, target, generation, update));
        }
        Ok(true)
    }

    async fn load(&mut self) -> Result<(), Error> {
        if self.lanes.queued() >= WINDOW / 2 {
            return Ok(());
        }
        let (account, now, loaded) = (self.account, self.hub.clock.now(), self.lanes.loaded());
        let limit = (WINDOW - self.lanes.queued()) as i64;
        let rows = self
            .hub
            .store
            .read(move |tx| {
                let Some(consumer) = updates::consumer(tx, account)? else { return Ok(Vec::new()) };
                let next = loaded.map_or(consumer.position, |id| UpdateId(id.0 + 1));
                let span = Span { from: next.max(consumer.position), now, limit };
                Ok::<_, Error>(updates::pending_rows(tx, account, span)?)
            })
            .await?;
        rows.into_iter().for_each(|update| self.lanes.load(update));
        Ok(())
    }

    /// Notes how deliveries ended: this one and whichever others did meanwhile, in one transaction.
    async fn settle(&mut self, first: Result<Finished, tokio::task::JoinError>) -> Result<(), Error> {
        let (mut taken, mut failure, mut replies) = (Vec::new(), None, Vec::new());
        let mut next = Some(first);
        while let Some(finished) = next {
            match finished {
                Ok(finished) => self.judge(finished, &mut taken, &mut failure, &mut replies),
                Err(error) => tracing::error!(%error, "a delivery ended badly"),
            }
            next = self.under_way.try_join_next();
        }
        let account = self.account;
        let remove = self.gone_since.is_some_and(|since| since.elapsed() >= GONE_FOR);
        self.hub
            .change(account, move |tx, _| {
                if !taken.is_empty() {
                    updates::acknowledge(tx, account, &taken)?;
                }
                if let Some(failure) = &failure {
                    webhooks::failed(tx, account, failure)?;
                }
                if remove {
                    webhooks::delete(tx, account)?;
                }
                Ok(())
            })
            .await?;
        if let Some(runner) = self.hub.dispatchers.runner.get() {
            for reply in replies {
                tokio::spawn(runner(Caller::of_account(account), reply));
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        finished: Finished,
        taken: &mut Vec<UpdateId>,
        failure: &mut Option<Failure>,
        replies: &mut Vec<contactgram_connector::courier::ReplyCall>,
    ) {
        let Finished { generation, update, outcome } = finished;
        let current = self.webhook.as_ref().is_some_and(|webhook| webhook.generation == generation);
        let retry_after = match outcome {
            Outcome::Accepted { reply } => {
                taken.push(update.id);
                replies.extend(reply);
                if current {
                    self.gone_since = None;
                    self.lanes.finish(update.lane);
                }
                return;
            }
            _ if !current => return,
            Outcome::Refused { retry_after, gone, .. } => {
                self.gone_since = gone.then(|| self.gone_since.unwrap_or_else(Instant::now));
                retry_after
            }
            Outcome::Unreachable { .. } => {
                self.gone_since = None;
                None
            }
        };
        let now = self.hub.clock.now();
        let message = last_error(&outcome).unwrap_or_default();
        *failure = Some(Failure { generation, date: now, message });
        let failures = self.lanes.fail(update.lane);
        let delay = webhook_delay(failures, retry_after, contactgram_resilience::entropy());
        let next = now.saturating_add(i64::try_from(delay.as_secs()).unwrap_or(i64::MAX));
        if next >= update.date + KEPT_S {
            tracing::warn!(
                account.id = self.account.0,
                update.id = update.id.0,
                "update given up after 24 hours"
            );
            taken.push(update.id);
            self.lanes.finish(update.lane);
        } else {
            self.lanes.wait(update.lane, Instant::now() + delay);
        }
    }
}

fn target(webhook: &Webhook) -> Target {
    let settings = &webhook.settings;
    Target {
        url: settings.url.clone(),
        secret_token: settings.secret_token.clone(),
        ip_address: settings.ip_address.as_deref().and_then(|ip| ip.parse().ok()),
        certificate: settings.certificate.clone(),
    }
}

async fn deliver(
    courier: Arc<Courier>,
    target: Arc<Target>,
    generation: i64,
    update: PendingUpdate,
) -> Finished {
    let outcome = courier.deliver(&target, Bytes::from(update.body.clone())).await;
    Finished { generation, update, outcome }
}
