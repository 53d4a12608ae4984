//! How getting a bot's updates from its server goes: what its account's page shows. `poll` and `receive` tell it, in memory:
//! a process that starts again knows nothing of earlier faults but that the token was refused, which the store has.

use super::{Gateway, Gateways};
use crate::figures::{BotFigures, BotState, UpstreamFigures, requests, troubled_first};
use crate::{Error, Hub};
use contactgram_connector::bot::{CallError, Phase};
use contactgram_model::{Timestamp, UserId};
use contactgram_store::ops::upstreams;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A bot at its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotView {
    /// Where its server is.
    pub upstream: String,
    /// Whether it is told to post updates here, instead of being asked for them.
    pub webhook: bool,
    /// Whether its updates come.
    pub polling: Polling,
    /// What went wrong last since this process asks, and when; also where it goes well again.
    pub fault: Option<(Timestamp, CallError)>,
}

/// Whether a bot's updates come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polling {
    /// Since then without a failure.
    Runs(Timestamp),
    /// Since then nothing but failures; it goes on trying.
    Fails(Timestamp),
    /// Since then not any more: its token was refused, in these words.
    Stopped(Timestamp, String),
    /// Another process on the same database asks.
    Elsewhere,
    /// This process can't open what it knows of the bot; its log says why.
    Closed,
    /// This process is about to begin.
    Begins,
}

/// What `poll` tells.
#[derive(Debug)]
pub(super) struct Health(Mutex<Told>);

#[derive(Debug, Clone)]
struct Told {
    since: Timestamp,
    elsewhere: bool,
    fails: bool,
    refused: bool,
    fault: Option<(Timestamp, CallError)>,
}

impl Health {
    /// Of somebody who begins to ask.
    pub fn new(now: Timestamp) -> Health {
        Health(Mutex::new(Told { since: now, elsewhere: false, fails: false, refused: false, fault: None }))
    }

    /// It answered.
    pub fn well(&self, now: Timestamp) {
        let mut told = self.told();
        if told.fails || told.elsewhere {
            (told.since, told.fails, told.elsewhere) = (now, false, false);
        }
    }

    /// Another process asks.
    pub fn elsewhere(&self, now: Timestamp) {
        let mut told = self.told();
        if !told.elsewhere {
            (told.since, told.fails, told.elsewhere) = (now, false, true);
        }
    }

    /// It did not.
    pub fn failed(&self, now: Timestamp, error: &CallError) {
        let mut told = self.told();
        if !told.fails {
            (told.since, told.fails, told.elsewhere) = (now, true, false);
        }
        told.fault = Some((now, error.clone()));
    }

    /// It refuses the token: nothing is asked any more.
    pub fn refused(&self) {
        self.told().refused = true;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateways {
    /// How all bots fare, in figures.
    pub(crate) fn figures(&self) -> UpstreamFigures {
        let mut figures = UpstreamFigures::default();
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        let bots: Vec<BotFigures> = running.iter().map(|(account, gateway)| bot(*account, gateway)).collect();
        drop(running);
        for bot in &bots {
            figures.states[bot.state as usize] += 1;
            match bot.breaker {
                Some(Phase::Closed) => figures.breakers[0] += 1,
                Some(Phase::Open) => figures.breakers[1] += 1,
                Some(Phase::HalfOpen) => figures.breakers[2] += 1,
                None => {}
            }
        }
        if let Some(means) = &self.means {
            let all = means.uplinks.tally();
            (figures.requests, figures.retries) = (requests(all), all.retries());
        }
        UpstreamFigures { bots: troubled_first(bots), ..figures }
    }
}

fn bot(account: UserId, gateway: &Option<Arc<Gateway>>) -> BotFigures {
    let Some(gateway) = gateway else {
        let state = BotState::Unusable;
        return BotFigures { account, state, breaker: None, requests: Default::default(), retries: 0 };
    };
    let told = gateway.health.told().clone();
    let state = match told {
        _ if told.refused || gateway.row.stopped.is_some() => BotState::Unauthorized,
        Told { elsewhere: true, .. } => BotState::Elsewhere,
        Told { fails: true, .. } => BotState::Failing,
        _ if gateway.hook.is_some() => BotState::Webhook,
        _ => BotState::Polling,
    };
    let tally = gateway.upstream.tally();
    let (breaker, retries) = (Some(gateway.upstream.phase()), tally.retries());
    BotFigures { account, state, breaker, requests: requests(tally), retries }
}

impl Hub {
    /// How an account's bot at a Bot API server fares; `None` for one of the local connector.
    pub async fn bot_view(&self, account: UserId) -> Result<Option<BotView>, Error> {
        let row = self.store.read(move |tx| Ok::<_, Error>(upstreams::get(tx, account)?)).await?;
        let Some(row) = row else { return Ok(None) };
        let told = |gateway: &super::Gateway| gateway.health.told().clone();
        let gateway = self.gateways.get(account);
        // Without a public_url it is polled all the same.
        let webhook =
            row.webhook.is_some() && !matches!(&gateway, Some(Some(gateway)) if gateway.hook.is_none());
        let (polling, fault) = match (row.stopped, gateway) {
            (Some((at, why)), _) => (Polling::Stopped(at, why), None),
            (None, None) => (Polling::Begins, None),
            (None, Some(None)) => (Polling::Closed, None),
            (None, Some(Some(gateway))) => match told(&gateway) {
                Told { elsewhere: true, fault, .. } => (Polling::Elsewhere, fault),
                Told { since, fails: true, fault, .. } => (Polling::Fails(since), fault),
                Told { since, fault, .. } => (Polling::Runs(since), fault),
            },
        };
        Ok(Some(BotView { upstream: row.base_url, webhook, polling, fault }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_row_of_failures_counts_from_its_first_and_what_was_wrong_last_is_remembered() {
        let (health, down) = (Health::new(10), CallError::Open { retry_after: Duration::from_secs(1) });
        let seen = || {
            let told = health.told().clone();
            (told.since, told.fails, told.fault.map(|(at, _)| at))
        };
        health.well(11);
        assert_eq!(seen(), (10, false, None));
        health.failed(12, &down);
        health.failed(13, &down);
        assert_eq!(seen(), (12, true, Some(13)));
        health.well(14);
        health.well(15);
        assert_eq!(seen(), (14, false, Some(13)));
    }
}
