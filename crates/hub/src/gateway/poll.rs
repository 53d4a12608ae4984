//! Takes a bot's updates from its upstream, one long poll after the other. A batch is kept in one transaction, with how
//! far it goes, before the next poll confirms it: what is lost on the way comes again, and what comes again is passed over.

use super::{Gateway, keep};
use crate::{Error, Hub};
use contactgram_connector::bot::{CallError, GetUpdates};
use contactgram_model::UpdateKind;
use contactgram_resilience::backoff::Exponential;
use contactgram_resilience::entropy;
use contactgram_store::ops::{counters, upstreams};
use contactgram_wire::foreign::Update;
use std::sync::Arc;
use std::time::Duration;

const POLL_S: u32 = 50;
/// Between tries of an upstream that doesn't answer.
const BETWEEN: Exponential = Exponential { base: Duration::from_millis(500), cap: Duration::from_secs(60) };
/// Before a batch is kept that the store could not take.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Polls until the gateway ends, or its token is good no more.
pub(super) async fn run(hub: Arc<Hub>, gateway: Arc<Gateway>) {
    let ended = gateway.ended.clone();
    tokio::select! {
        () = ended.cancelled() => {}
        () = poll(&hub, &gateway) => {}
    }
}

async fn poll(hub: &Hub, gateway: &Gateway) {
    let account = gateway.account;
    let mut failures = 0;
    loop {
        let next = hub.store.read(move |tx| Ok::<_, Error>(upstreams::next_update(tx, account)?)).await;
        let next = match next {
            Ok(Some(next)) => next,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(account.id = account.0, ?error, "polling pauses");
                tokio::time::sleep(STORE_PAUSE).await;
                continue;
            }
        };
        let ours = |kind: &&UpdateKind| !kind.name().starts_with("contact_");
        let asked = GetUpdates {
            offset: (next > 0).then_some(next),
            limit: Some(100),
            timeout: POLL_S,
            allowed_updates: Some(
                UpdateKind::ALL.iter().filter(ours).map(|kind| kind.name().to_owned()).collect(),
            ),
        };
        match gateway.upstream.get_updates(&asked).await {
            Ok(batch) => {
                failures = 0;
                let batch: Vec<String> = batch.into_iter().map(|update| update.get().to_owned()).collect();
                while let Err(error) = take(hub, gateway, batch.clone()).await {
                    tracing::warn!(account.id = account.0, ?error, "updates can't be kept yet");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            }
            Err(CallError::Stop(_)) => return stop(hub, gateway).await,
            Err(error) => {
                failures += 1;
                let pause = pause(gateway, &error, failures).await;
                tracing::warn!(account.id = account.0, %error, wait_ms = pause.as_millis() as u64, "no updates");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// How long to wait after a failure.
async fn pause(gateway: &Gateway, error: &CallError, failures: u32) -> Duration {
    let jittered = BETWEEN.delay(failures, None, entropy());
    match error {
        CallError::Open { retry_after } | CallError::Wait { retry_after } => *retry_after,
        CallError::Conflict { refusal, at_least } => {
            // The bot received by a webhook before it was connected; here it sets one of its own again.
            let webhook = refusal.description.as_deref().is_some_and(|text| text.contains("webhook"));
            if webhook && gateway.upstream.delete_webhook().await.is_ok() {
                return Duration::ZERO;
            }
            jittered.max(*at_least)
        }
        _ => jittered,
    }
}

/// Keeps a batch, unless somebody has kept it already.
async fn take(hub: &Hub, gateway: &Gateway, batch: Vec<String>) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    let (account, now) = (gateway.account, hub.clock.now());
    let keeping = hub.change(account, move |tx, rings| {
        counters::lock(tx, account)?;
        let Some(mut next) = upstreams::next_update(tx, account)? else { return Ok(()) };
        for json in &batch {
            let Some(update) = Update::read(json) else {
                tracing::warn!(account.id = account.0, "an update that can't be read is passed over");
                continue;
            };
            if update.id < next {
                continue;
            }
            keep::update(tx, rings, (account, now), &update)?;
            next = update.id.saturating_add(1);
        }
        Ok(upstreams::taken(tx, account, next)?)
    });
    keeping.await
}

/// The token is good no more: the upstream is left alone until its owner brings another.
async fn stop(hub: &Hub, gateway: &Gateway) {
    let (account, now) = (gateway.account, hub.clock.now());
    tracing::error!(account.id = account.0, "the upstream refuses the bot's token: connect the bot anew");
    let noting = hub.change(account, move |tx, _| {
        Ok(upstreams::stop(tx, account, (now, "the upstream refuses the bot's token"))?)
    });
    if let Err(error) = noting.await {
        tracing::warn!(account.id = account.0, ?error, "that the token is refused could not be noted");
    }
}
