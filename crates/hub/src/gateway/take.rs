//! Updates of an upstream on their way into the log, whether they were polled or posted: a batch is one transaction, with
//! what says that it came. What comes again is passed over; what can't be kept stops nothing that comes after it.

use super::{Gateway, keep};
use crate::{Error, Hub};
use contactgram_store::ops::{counters, upstreams};
use contactgram_wire::foreign::Update;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// Before a batch is kept that the store could not take.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Updates as they were written.
pub(super) type Batch = Arc<[Box<RawValue>]>;

/// How updates came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Asked for from this number on; none below it is new.
    Polled,
    /// The same, where the upstream has begun to count anew: it was asked from `asked` on, and what it gave is below that.
    CountedAnew { asked: i64 },
    /// Each by itself, in any order.
    Posted,
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

/// Keeps a batch, however long the store takes.
pub(super) async fn all(hub: &Hub, gateway: &Gateway, (batch, way): (Batch, Way)) {
    while let Err(error) = at_once(hub, gateway, (&batch, way)).await {
        tracing::warn!(account.id = gateway.account.0, ?error, "updates can't be kept yet");
        tokio::time::sleep(STORE_PAUSE).await;
    }
}

/// Keeps a batch.
///
/// # Errors
/// [`Error::Unavailable`] when the store can't now.
pub(super) async fn at_once(hub: &Hub, gateway: &Gateway, (batch, way): (&Batch, Way)) -> Result<(), Error> {
    if is_kept(hub, gateway, (Arc::clone(batch), way, Depth::All)).await? {
        return Ok(());
    }
    // Something in it can't be kept: it must not stop what comes after, nor what it came with.
    for update in &**batch {
        let one: Batch = Arc::new([update.clone()]);
        for depth in [Depth::All, Depth::Log, Depth::Number] {
            if is_kept(hub, gateway, (Arc::clone(&one), way, depth)).await? {
                break;
            }
            tracing::error!(account.id = gateway.account.0, ?depth, "an update can't be kept so");
        }
    }
    Ok(())
}

/// Keeps a batch so deep; `false` where that will never be.
async fn is_kept(hub: &Hub, gateway: &Gateway, what: (Batch, Way, Depth)) -> Result<bool, Error> {
    match take(hub, gateway, what).await {
        Ok(()) => Ok(true),
        Err(error @ Error::Unavailable { .. }) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Keeps a batch, unless somebody has kept it already.
async fn take(hub: &Hub, gateway: &Gateway, (batch, way, depth): (Batch, Way, Depth)) -> Result<(), Error> {
    let (account, now) = (gateway.account, hub.clock.now());
    let keeping = hub.change(account, move |tx, rings| {
        counters::lock(tx, account)?;
        let Some(kept) = upstreams::next_update(tx, account)? else { return Ok(()) };
        let mut next = kept;
        // Where another process has taken it in between, nothing was counted anew.
        let mut is_anew = matches!(way, Way::CountedAnew { asked } if asked == kept);
        for json in &*batch {
            let Some(update) = Update::read(json.get()) else {
                tracing::warn!(account.id = account.0, "an update that can't be read is passed over");
                continue;
            };
            let is_new = match way {
                Way::Posted => upstreams::receive(tx, account, update.id, now)?,
                _ => update.id >= next || is_anew,
            };
            if !is_new {
                continue;
            }
            match depth {
                Depth::All => keep::update(tx, rings, (account, now), &update)?,
                Depth::Log => keep::log(tx, rings, (account, now), &update)?,
                Depth::Number => {}
            }
            let after = update.id.saturating_add(1);
            next = if is_anew { after } else { next.max(after) };
            is_anew = false;
        }
        if next != kept {
            upstreams::taken(tx, account, next)?;
        }
        Ok(())
    });
    keeping.await
}
