//! The state of the whole product in figures, for whoever serves metrics: what was counted, what waits, how bots fare. Accounts and
//! webhooks appear by number, consumers that a client named by a digest of the name; nothing else of anybody is in here.

use crate::counts::Counts;
use crate::{Error, Hub};
use contactgram_connector::bot::{Ended, Phase, Tally};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::measure::Snapshot;
use contactgram_model::{Timestamp, UserId, hex};
pub use contactgram_store::figures::{Figures as StoreFigures, Queue};
use contactgram_store::ops::backlog::{self, Backlog, Bounds, Outbox};
use contactgram_store::ops::updates::KEPT_S;
use sha2::{Digest, Sha256};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Consumers, and bots, that are told apart at most: those behind the farthest, and those in trouble first.
pub const TOLD_APART: usize = 100;
/// To look at all that waits may take this part of the time, at most.
const PART: u32 = 20;
/// How long a look is good, at least and at most.
const GOOD_FOR: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));
/// How long a look may take; what was seen before has to do then.
const PATIENCE: Duration = Duration::from_secs(5);

/// All figures.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Updates written to logs.
    pub logged: u64,
    /// Updates in answers to getUpdates.
    pub polled: u64,
    /// Updates in streams.
    pub streamed: u64,
    /// Calls of getUpdates that wait.
    pub pollers: u64,
    /// Streams that are open.
    pub streams: u64,
    /// Webhooks.
    pub webhooks: WebhookFigures,
    /// What became of entries of the outbox.
    pub outbox: OutboxFigures,
    /// What waits; none while the store can't say.
    pub waiting: Option<Waiting>,
    /// Whether the store answered when it was last asked what waits.
    pub store_answers: bool,
    /// Bots at upstreams.
    pub upstreams: UpstreamFigures,
    /// The store.
    pub store: StoreFigures,
}

/// Of webhooks.
#[derive(Debug, Clone)]
pub struct WebhookFigures {
    /// Deliveries that were accepted.
    pub delivered: u64,
    /// Those that were not.
    pub failed: u64,
    /// Updates that are not tried any more.
    pub given_up: u64,
    /// Deliveries under way.
    pub under_way: i64,
    /// Chats whose next update waits to be tried again.
    pub waiting: i64,
    /// Microseconds that deliveries took.
    pub took: Snapshot,
    /// Seconds until the next try, of those that failed.
    pub waits: Snapshot,
}

/// What became of entries of the outbox.
#[derive(Debug, Clone, Copy)]
pub struct OutboxFigures {
    /// Sent.
    pub sent: u64,
    /// Refused, or given up.
    pub failed: u64,
    /// The recipient has blocked the bot.
    pub blocked: u64,
    /// Perhaps sent.
    pub unknown: u64,
    /// Put back, to be tried again.
    pub retries: u64,
}

/// What waited when the store was looked at.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// When that was.
    pub at: Timestamp,
    /// Accounts there are.
    pub accounts: i64,
    /// Consumers for whom updates wait.
    pub consumers: i64,
    /// Updates that wait.
    pub updates: i64,
    /// Seconds that the oldest of them waits.
    pub age_s: i64,
    /// The consumers for whom most wait.
    pub farthest: Vec<Behind>,
    /// The outbox.
    pub outbox: Outbox,
    /// Seconds that the first entry that is due waits.
    pub due_s: i64,
    /// Bytes of data.
    pub bytes: i64,
}

/// A consumer for whom updates wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Whose.
    pub account: UserId,
    /// Which of theirs: see [`label`].
    pub consumer: String,
    /// How many.
    pub updates: i64,
    /// Seconds that the oldest waits.
    pub age_s: i64,
}

/// Bots at upstreams.
#[derive(Debug, Clone, Default)]
pub struct UpstreamFigures {
    /// How many are in each state, in the order of [`BotState::ALL`].
    pub states: [u64; BotState::ALL.len()],
    /// How many circuit breakers are closed, open and half open.
    pub breakers: [u64; 3],
    /// Requests of all, by what became of them, in the order of [`Ended::ALL`].
    pub requests: [u64; Ended::ALL.len()],
    /// Requests that were made again.
    pub retries: u64,
    /// Updates that came when they were asked for.
    pub taken: u64,
    /// Updates that came unasked.
    pub posted: u64,
    /// Some of them, those in trouble first.
    pub bots: Vec<BotFigures>,
}

/// One bot.
#[derive(Debug, Clone)]
pub struct BotFigures {
    /// Whose.
    pub account: UserId,
    /// How it fares.
    pub state: BotState,
    /// Its circuit breaker; none where its upstream can't be used.
    pub breaker: Option<Phase>,
    /// Its requests.
    pub requests: [u64; Ended::ALL.len()],
    /// Those that were made again.
    pub retries: u64,
}

/// How a bot at an upstream fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BotState {
    /// The upstream refuses its token: nothing is asked until it is connected anew.
    Unauthorized,
    /// What the store knows of it can't be used here; the log says why.
    Unusable,
    /// Its updates do not come; it is tried on.
    Failing,
    /// Its updates are asked for, and come.
    Polling,
    /// Its updates are posted here.
    Webhook,
    /// Another process on the same database asks.
    Elsewhere,
}

impl BotState {
    /// All of them, what needs somebody first.
    pub const ALL: [BotState; 6] = [
        BotState::Unauthorized,
        BotState::Unusable,
        BotState::Failing,
        BotState::Polling,
        BotState::Webhook,
        BotState::Elsewhere,
    ];

    /// As metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            BotState::Unauthorized => "unauthorized",
            BotState::Unusable => "unusable",
            BotState::Failing => "failing",
            BotState::Polling => "polling",
            BotState::Webhook => "webhook",
            BotState::Elsewhere => "elsewhere",
        }
    }
}

/// The last look at what waits.
#[derive(Default)]
pub(crate) struct LastLook {
    seen: Mutex<Seen>,
    /// Held by who looks: others take what was seen before.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Default, Clone)]
struct Seen {
    waiting: Option<Waiting>,
    failed: bool,
    good_until: Option<Instant>,
}

impl LastLook {
    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

impl Hub {
    /// All figures. What waits is looked up in the store, but not so often that it would be felt.
    pub async fn figures(&self) -> Figures {
        let seen = self.look_at_backlog().await;
        let Counts { logged, polled, streamed, webhooks, outbox, .. } = &*self.counts;
        Figures {
            logged: logged.get(),
            polled: polled.get(),
            streamed: streamed.get(),
            pollers: self.pollers.waiting(),
            streams: self.streams.open(),
            webhooks: WebhookFigures {
                delivered: webhooks.delivered.get(),
                failed: webhooks.failed.get(),
                given_up: webhooks.given_up.get(),
                under_way: webhooks.under_way.get(),
                waiting: webhooks.waiting.get(),
                took: webhooks.took.snapshot(),
                waits: webhooks.waits.snapshot(),
            },
            outbox: OutboxFigures {
                sent: outbox.sent.get(),
                failed: outbox.failed.get(),
                blocked: outbox.blocked.get(),
                unknown: outbox.unknown.get(),
                retries: outbox.retries.get(),
            },
            waiting: seen.waiting,
            store_answers: !seen.failed,
            upstreams: UpstreamFigures {
                taken: self.counts.taken.get(),
                posted: self.counts.posted.get(),
                ..self.gateways.figures()
            },
            store: self.store.figures(),
        }
    }

    async fn look_at_backlog(&self) -> Seen {
        let before = self.last_look.seen();
        let Ok(_looking) = self.last_look.looking.try_lock() else { return before };
        let begun = Instant::now();
        if before.good_until.is_some_and(|until| begun < until) {
            return before;
        }
        let now = self.clock.now();
        let most = TOLD_APART as i64;
        let bounds = Bounds { now, since: now - KEPT_S, others_since: now - self.retention_s, most };
        let looking = self.store.scan(move |tx| Ok::<_, Error>(backlog::look(tx, bounds)?));
        let looked = tokio::time::timeout(PATIENCE, looking).await;
        let took = begun.elapsed();
        let good_until = Some(Instant::now() + (took * PART).clamp(GOOD_FOR.0, GOOD_FOR.1));
        let seen = match looked {
            Ok(Ok(found)) => Seen { waiting: Some(waiting(found, now)), failed: false, good_until },
            failed => {
                let error = failed.ok().and_then(Result::err);
                tracing::debug!(?error, took_ms = took.as_millis() as u64, "what waits can't be counted now");
                Seen { failed: true, good_until, ..before }
            }
        };
        self.last_look.put(seen.clone());
        seen
    }
}

fn waiting(found: Backlog, now: Timestamp) -> Waiting {
    let age = |since: Timestamp| (now - since).max(0);
    let behind = |one: &backlog::Behind| Behind {
        account: one.account,
        consumer: label(&one.name),
        updates: one.updates,
        age_s: age(one.since),
    };
    let farthest: Vec<Behind> = found.farthest.iter().map(behind).collect();
    Waiting {
        at: now,
        accounts: found.accounts,
        consumers: found.consumers,
        updates: found.updates,
        age_s: farthest.iter().map(|one| one.age_s).max().unwrap_or(0),
        farthest,
        due_s: found.outbox.due_since.map_or(0, age),
        outbox: found.outbox,
        bytes: found.bytes,
    }
}

/// A consumer as metrics call it: `default`, `webhook-` and its number, or `named-` and the first eight digits of the name's
/// SHA-256: what a client calls a consumer may say something of somebody.
pub fn label(name: &ConsumerName) -> String {
    match name.webhook() {
        Some(id) => format!("webhook-{id}"),
        None if name.is_default() => "default".to_owned(),
        None => format!("named-{}", &hex::encode(&Sha256::digest(name.as_str()))[..8]),
    }
}

/// How often each of the ways to end came.
pub(crate) fn requests(tally: &Tally) -> [u64; Ended::ALL.len()] {
    Ended::ALL.map(|how| tally.ended(how))
}

/// Brings bots in the order in which they are told apart, and cuts off those beyond.
pub(crate) fn troubled_first(mut bots: Vec<BotFigures>) -> Vec<BotFigures> {
    let is_closed = |bot: &BotFigures| bot.breaker == Some(Phase::Closed);
    bots.sort_by_key(|bot| (bot.state > BotState::Failing && is_closed(bot), bot.state, bot.account));
    bots.truncate(TOLD_APART);
    bots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(account: i64, state: BotState, breaker: Phase) -> BotFigures {
        BotFigures {
            account: UserId(account),
            state,
            breaker: Some(breaker),
            requests: Default::default(),
            retries: 0,
        }
    }

    #[test]
    fn a_consumer_is_told_apart_without_its_name() {
        assert_eq!(label(&ConsumerName::DEFAULT), "default");
        assert_eq!(label(&ConsumerName::of_webhook(3)), "webhook-3");
        // printf %s desk | sha256sum
        assert_eq!(label(&ConsumerName::parse("desk").unwrap()), "named-49be417a");
    }

    #[test]
    fn of_many_bots_those_in_trouble_are_told_apart() {
        let well = (0..200).map(|account| bot(account, BotState::Polling, Phase::Closed));
        let mut bots: Vec<_> = well.collect();
        bots.push(bot(500, BotState::Unauthorized, Phase::Closed));
        bots.push(bot(400, BotState::Webhook, Phase::Open));
        bots.push(bot(300, BotState::Failing, Phase::Closed));
        let told = troubled_first(bots);
        assert_eq!(told.len(), TOLD_APART);
        let first: Vec<i64> = told.iter().take(5).map(|bot| bot.account.0).collect();
        assert_eq!(first, [500, 300, 400, 0, 1]);
    }
}
