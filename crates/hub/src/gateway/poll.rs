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
use serde_json::value::RawValue;
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
                let batch: Arc<[Box<RawValue>]> = batch.into();
                if !batch.is_empty() {
                    keep_all(hub, gateway, batch).await;
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

/// Keeps a batch, however long the store takes.
async fn keep_all(hub: &Hub, gateway: &Gateway, batch: Arc<[Box<RawValue>]>) {
    if keep_once(hub, gateway, (&batch, Depth::All)).await {
        return;
    }
    // Something in it can't be kept: it must not stop what comes after, nor what it came with.
    for update in &*batch {
        let one: Arc<[Box<RawValue>]> = Arc::new([update.clone()]);
        for depth in [Depth::All, Depth::Log, Depth::Number] {
            if keep_once(hub, gateway, (&one, depth)).await {
                break;
            }
            tracing::error!(account.id = gateway.account.0, ?depth, "an update can't be kept so");
        }
    }
}

/// How much of an update is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// It, and what it teaches.
    All,
    /// It alone.
    Log,
    /// That it came.
    Number,
}

/// Keeps a batch once the store can; `false` where it never will.
async fn keep_once(hub: &Hub, gateway: &Gateway, (batch, depth): (&Arc<[Box<RawValue>]>, Depth)) -> bool {
    loop {
        match take(hub, gateway, (Arc::clone(batch), depth)).await {
            Ok(()) => return true,
            Err(error @ Error::Unavailable { .. }) => {
                tracing::warn!(account.id = gateway.account.0, ?error, "updates can't be kept yet");
                tokio::time::sleep(STORE_PAUSE).await;
            }
            Err(_) => return false,
        }
    }
}

/// Keeps a batch, unless somebody has kept it already.
async fn take(
    hub: &Hub,
    gateway: &Gateway,
    (batch, depth): (Arc<[Box<RawValue>]>, Depth),
) -> Result<(), Error> {
    let (account, now) = (gateway.account, hub.clock.now());
    let keeping = hub.change(account, move |tx, rings| {
        counters::lock(tx, account)?;
        let Some(mut next) = upstreams::next_update(tx, account)? else { return Ok(()) };
        for json in &*batch {
            let Some(update) = Update::read(json.get()) else {
                tracing::warn!(account.id = account.0, "an update that can't be read is passed over");
                continue;
            };
            if update.id < next {
                continue;
            }
            match depth {
                Depth::All => keep::update(tx, rings, (account, now), &update)?,
                Depth::Log => keep::log(tx, rings, (account, now), &update)?,
                Depth::Number => {}
            }
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
