//! Takes a bot's updates from its upstream, one long poll after the other. A batch is kept before the next poll confirms
//! it: what is lost on the way comes again. Of the processes that share a database one polls at a time.

use super::take::{self, Batch, STORE_PAUSE, Way};
use super::{Gateway, kinds};
use crate::{Error, Hub};
use contactgram_connector::bot::{CallError, GetUpdates};
use contactgram_resilience::backoff::Exponential;
use contactgram_resilience::entropy;
use contactgram_store::Dialect;
use contactgram_store::ops::upstreams::{self, UpstreamRow};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

const POLL_S: u32 = 50;
/// A process that has not asked again for so long polls no more.
const LEASE_S: i64 = 75;
/// How often others look whether that is so.
const LOOK: Duration = Duration::from_secs(5);
/// How soon an upstream is asked again that has nothing: servers that stand in for Telegram in tests don't wait until they have.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Between tries of an upstream that doesn't answer.
pub(super) const BETWEEN: Exponential =
    Exponential { base: Duration::from_millis(500), cap: Duration::from_secs(60) };
/// So many numbers of updates are remembered, to tell those that come again from those that are counted anew.
const REMEMBERED: usize = 200;

/// Polls until the gateway ends, or its token is good no more.
pub(super) async fn run(hub: Arc<Hub>, gateway: Arc<Gateway>) {
    let ended = gateway.ended.clone();
    tokio::select! {
        () = ended.cancelled() => {}
        () = poll(&hub, &gateway) => {}
    }
}

async fn poll(hub: &Hub, gateway: &Gateway) {
    let mut failures = 0;
    let mut recent = VecDeque::with_capacity(REMEMBERED);
    loop {
        let row = match begin(hub, gateway).await {
            Ok(Begin::Poll(row)) => row,
            Ok(Begin::Gone) => return,
            Ok(Begin::Elsewhere) => {
                gateway.health.elsewhere(hub.clock.now());
                tokio::time::sleep(LOOK).await;
                continue;
            }
            Err(error) => {
                tracing::warn!(account.id = gateway.account.0, ?error, "polling pauses");
                tokio::time::sleep(STORE_PAUSE).await;
                continue;
            }
        };
        let next = row.next_update;
        let asked = GetUpdates {
            offset: (next > 0).then_some(next),
            limit: Some(100),
            timeout: POLL_S,
            allowed_updates: Some(kinds::names(&row.further_kinds)),
        };
        let asked_at = Instant::now();
        let polled = tokio::select! {
            polled = gateway.upstream.get_updates(&asked) => polled,
            // Somebody asks for more kinds.
            () = gateway.anew.notified() => continue,
        };
        let pause = match polled {
            Ok(batch) if batch.is_empty() => {
                failures = 0;
                gateway.health.well(hub.clock.now());
                LOOK_AGAIN.saturating_sub(asked_at.elapsed())
            }
            Ok(batch) => match way(&batch, next, &mut recent) {
                Some(way) => {
                    failures = 0;
                    gateway.health.well(hub.clock.now());
                    let batch: Batch = batch.into();
                    hub.counts.taken.add(batch.len() as u64);
                    take::all(hub, gateway, (batch, way)).await;
                    continue;
                }
                None => {
                    failures += 1;
                    tracing::warn!(account.id = gateway.account.0, "the upstream repeats what was confirmed");
                    BETWEEN.delay(failures, None, entropy())
                }
            },
            Err(CallError::Stop(_)) => return gateway.stop(hub).await,
            Err(error) => {
                failures += 1;
                gateway.health.failed(hub.clock.now(), &error);
                let pause = pause(gateway, &error, failures).await;
                tracing::warn!(
                    account.id = gateway.account.0,
                    error = error.in_short(),
                    wait_ms = pause.as_millis() as u64,
                    "no updates"
                );
                pause
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// What there is to do.
enum Begin {
    Poll(UpstreamRow),
    /// Another process polls.
    Elsewhere,
    Gone,
}

async fn begin(hub: &Hub, gateway: &Gateway) -> Result<Begin, Error> {
    let account = gateway.account;
    // A file has one server.
    if hub.store.dialect() == Dialect::Postgres {
        let (poller, now) = (hub.gateways.process()?, hub.clock.now());
        let lease = (now, now + LEASE_S);
        if !hub.change(account, move |tx, _| Ok(upstreams::lease(tx, account, poller, lease)?)).await? {
            return Ok(Begin::Elsewhere);
        }
    }
    let row = hub.store.read(move |tx| Ok::<_, Error>(upstreams::get(tx, account)?)).await?;
    Ok(row.map_or(Begin::Gone, Begin::Poll))
}

/// What a batch is that came when updates were asked for from `next` on: `None` where all of it was taken before.
fn way(batch: &[Box<RawValue>], next: i64, recent: &mut VecDeque<i64>) -> Option<Way> {
    #[derive(Deserialize)]
    struct Numbered {
        update_id: i64,
    }
    let read = |json: &RawValue| serde_json::from_str(json.get()).map(|Numbered { update_id }| update_id);
    let numbers: Vec<i64> = batch.iter().filter_map(|json| read(json).ok()).collect();
    let is_known = numbers.iter().any(|number| *number < next && recent.contains(number));
    let way = match numbers.first() {
        // The upstream counts anew: after a week without updates it does, and when it was set up again.
        Some(first) if *first < next && !is_known => Some(Way::CountedAnew { asked: next }),
        _ if !numbers.is_empty() && numbers.iter().all(|number| *number < next) => None,
        _ => Some(Way::Polled),
    };
    recent.extend(numbers);
    recent.drain(..recent.len().saturating_sub(REMEMBERED));
    way
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_told_from_what_is_counted_anew() {
        let batch = |numbers: &[i64]| -> Vec<Box<RawValue>> {
            let json = |number| RawValue::from_string(format!("{{\"update_id\":{number},\"message\":{{}}}}"));
            numbers.iter().map(|number| json(number).unwrap()).collect()
        };
        let mut recent = VecDeque::new();
        assert_eq!(way(&batch(&[100, 101]), 0, &mut recent), Some(Way::Polled));
        assert_eq!(way(&batch(&[102]), 102, &mut recent), Some(Way::Polled));
        assert_eq!(way(&batch(&[101, 102]), 103, &mut recent), None, "it doesn't mind offsets");
        assert_eq!(way(&batch(&[102, 103]), 103, &mut recent), Some(Way::Polled));
        assert_eq!(way(&batch(&[7, 8]), 104, &mut recent), Some(Way::CountedAnew { asked: 104 }));
        assert_eq!(way(&batch(&[9]), 9, &mut recent), Some(Way::Polled));
        let unreadable = RawValue::from_string("{}".to_owned()).unwrap();
        assert_eq!(way(&[unreadable], 10, &mut recent), Some(Way::Polled));
        way(&batch(&(1000..1300).collect::<Vec<_>>()), 10, &mut recent);
        assert_eq!((recent.len(), recent.front()), (REMEMBERED, Some(&1100)));
    }
}
