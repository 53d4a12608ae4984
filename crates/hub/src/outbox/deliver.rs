//! Brings one entry of the outbox out. It waits for its turn, is marked as being sent, and only then is sent; what came of it
//! is written down with what it did. Which failures may be tried again is the table of retries'; tries are bounded in time.

use crate::gateway::{Gateway, Note, OwnCall};
use crate::{Answer, Caller, Error, Hub, Once};
use contactgram_connector::bot::{CallError, How, Refusal};
use contactgram_model::outbox::EntryState;
use contactgram_model::{Timestamp, UserId};
use contactgram_resilience::backoff::Exponential;
use contactgram_resilience::entropy;
use contactgram_resilience::verdict::{Decision, Kind};
use contactgram_store::ops::counters;
use contactgram_store::ops::outbox::{self as rows, Entry, Settled};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A send is under way no longer than this, in seconds: what is marked so for longer was left behind.
const LEASE_S: i64 = 60;
/// An entry that was not brought out after this many seconds is given up: a day.
const GIVE_UP_S: i64 = 24 * 3600;
/// The longest wait for a turn that a task sleeps through.
const LONGEST_TURN: Duration = Duration::from_secs(3600);
/// Between tries.
const BETWEEN: Exponential = Exponential { base: Duration::from_secs(1), cap: Duration::from_secs(300) };

/// A method that the local connector is to run.
#[derive(Debug)]
pub struct LocalCall {
    /// The Bot API's method.
    pub method: String,
    /// Its parameters as texts.
    pub params: Vec<(String, String)>,
    /// What makes it act once.
    pub once: Once,
}

/// Why it did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRefusal {
    /// As HTTP has it.
    pub code: u16,
    /// The description.
    pub text: String,
    /// When it may be tried again, in seconds, if it may.
    pub retry_after: Option<i64>,
}

/// Runs methods of the local connector. Given by whoever knows methods.
pub type LocalRunner = Arc<
    dyn Fn(Caller, LocalCall) -> Pin<Box<dyn Future<Output = Result<Answer, LocalRefusal>> + Send>>
        + Send
        + Sync,
>;

/// What comes of a try.
enum Outcome {
    Settled(Settled),
    /// It may be tried again at this time.
    Again(Timestamp, Option<i64>, String),
    /// It goes to the supergroup that its group has become.
    Moved(i64),
}

impl Hub {
    /// Says who runs methods of the local connector. Only the first one counts.
    pub fn run_local_with(&self, runner: LocalRunner) {
        let _first_wins = self.outbox.runner.set(runner);
    }
}

/// Brings an entry out, if it still waits when its turn comes.
pub(super) async fn deliver(hub: &Hub, account: UserId, id: i64) -> Result<(), Error> {
    let read = hub.store.read(move |tx| Ok::<_, Error>(rows::get(tx, account, id)?));
    let Some(entry) = read.await? else { return Ok(()) };
    match hub.gateway(account) {
        Ok(Some(gateway)) => upstream(hub, &gateway, entry).await,
        Ok(None) => local(hub, entry).await,
        // It waits for its bot to be connected again.
        Err(Error::Unavailable { retry_after, .. }) => put_off(hub, &entry, retry_after).await,
        Err(error) => Err(error),
    }
}

async fn upstream(hub: &Hub, gateway: &Gateway, entry: Entry) -> Result<(), Error> {
    let params = serde_json::from_str(&entry.params).map_err(Error::internal)?;
    let waiting = OwnCall { method: &entry.method, params };
    let passing = waiting.passing();
    let turn = tokio::select! {
        turn = gateway.turn(&passing, Some(LONGEST_TURN)) => turn,
        () = hub.shutdown.cancelled() => return Ok(()),
    };
    if let Err(Error::TooMany { retry_after }) = turn {
        return put_off(hub, &entry, retry_after).await;
    }
    let Some(entry) = begin(hub, &entry).await? else { return Ok(()) };
    // It may have been changed while it waited.
    let params: Value = serde_json::from_str(&entry.params).map_err(Error::internal)?;
    let call = OwnCall { method: &entry.method, params };
    let now = hub.clock.now();
    let error = match gateway.upstream().call(call.method, &call.params, How::ONCE).await {
        Ok(answer) => {
            let result = answer.result.get().to_owned();
            let settled = Settled { state: EntryState::Sent, result: Some(result.clone()), error: None };
            let note = Note::Entry { account: entry.account, id: entry.id, settled };
            hub.keep_sent(gateway, (call.about(), &result), Some(note)).await;
            hub.counts.outbox.sent.one();
            return Ok(());
        }
        Err(error) => error,
    };
    if let CallError::Wait { retry_after } = &error {
        hub.keep_wait(gateway, &call.passing(), *retry_after).await;
    }
    if let (CallError::Blocked(_), Some(chat)) = (&error, call.about().chat) {
        hub.keep_blocked(gateway, chat).await;
    }
    write_down(hub, &entry, outcome(&entry, error, now)).await
}

async fn local(hub: &Hub, entry: Entry) -> Result<(), Error> {
    let Some(runner) = hub.outbox.runner.get() else { return Ok(()) };
    let Some(entry) = begin(hub, &entry).await? else { return Ok(()) };
    let params: serde_json::Map<String, Value> =
        serde_json::from_str(&entry.params).map_err(Error::internal)?;
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let params = params.into_iter().filter(|(_, value)| !value.is_null());
    let call = LocalCall {
        method: entry.method.clone(),
        params: params.map(|(name, value)| (name, text(value))).collect(),
        // It can't be changed any more, so that the number says it all.
        once: Once {
            key: format!("\u{1f}outbox {}", entry.id),
            fingerprint: Sha256::digest(entry.params.as_bytes()).into(),
        },
    };
    let caller = Caller::of_webhook(entry.account, entry.scopes);
    let outcome = match runner(caller, call).await {
        Ok(answer) => {
            Outcome::Settled(Settled { state: EntryState::Sent, result: Some(answer.result), error: None })
        }
        Err(refusal) => {
            let code = i64::from(refusal.code);
            match refusal.retry_after {
                Some(wait) => Outcome::Again(hub.clock.now() + wait, Some(code), refusal.text),
                None => failed(&entry, (Some(code), refusal.text), false),
            }
        }
    };
    write_down(hub, &entry, outcome).await
}

/// Marks an entry as being sent; none when it is not its turn any more.
async fn begin(hub: &Hub, entry: &Entry) -> Result<Option<Entry>, Error> {
    let (account, id, now) = (entry.account, entry.id, hub.clock.now());
    hub.change(account, move |tx, _| {
        counters::lock(tx, account)?;
        Ok(rows::begin(tx, account, id, (now, LEASE_S))?)
    })
    .await
}

async fn put_off(hub: &Hub, entry: &Entry, wait: i64) -> Result<(), Error> {
    let (account, id, now) = (entry.account, entry.id, hub.clock.now());
    hub.change(account, move |tx, _| Ok(rows::put_off(tx, account, id, now + wait)?)).await
}

/// What a failure means for an entry.
fn outcome(entry: &Entry, error: CallError, now: Timestamp) -> Outcome {
    let tries = u32::try_from(entry.tries).unwrap_or(u32::MAX);
    let backoff = || now + seconds(BETWEEN.delay(tries, None, entropy())).max(1);
    let text = error.to_string();
    let unknown = |text: String| {
        let error = Some((None, text));
        Outcome::Settled(Settled { state: EntryState::Unknown, result: None, error })
    };
    match error {
        // The gate holds it for the rest of the second.
        CallError::Wait { retry_after } => Outcome::Again(now + whole(retry_after), Some(429), text),
        CallError::Open { retry_after } => Outcome::Again(now + seconds(retry_after), None, text),
        CallError::NotSent(_) => Outcome::Again(backoff(), None, text),
        CallError::Conflict { .. } => Outcome::Again(backoff(), None, text),
        CallError::Failing(refusal) if refusal.decide(Kind::Send) == Decision::Retry => {
            let (code, text) = said(&refusal, text);
            Outcome::Again(backoff(), code, text)
        }
        CallError::Failing(_) | CallError::Unknown(_) => unknown(text),
        CallError::Blocked(refusal) => failed(entry, said(&refusal, text), true),
        CallError::Refused(refusal) | CallError::Stop(refusal) => failed(entry, said(&refusal, text), false),
        CallError::Migrated(chat) if entry.lane != chat.to_string() => Outcome::Moved(chat),
        CallError::Migrated(_) => failed(entry, (None, text), false),
    }
}

/// The upstream's own words, where it has any.
fn said(refusal: &Refusal, otherwise: String) -> (Option<i64>, String) {
    (Some(i64::from(refusal.status)), refusal.description.clone().unwrap_or(otherwise))
}

fn failed(entry: &Entry, error: (Option<i64>, String), is_blocked: bool) -> Outcome {
    let state = match is_blocked && entry.broadcast.is_some() {
        true => EntryState::Blocked,
        false => EntryState::Failed,
    };
    Outcome::Settled(Settled { state, result: None, error: Some(error) })
}

async fn write_down(hub: &Hub, entry: &Entry, outcome: Outcome) -> Result<(), Error> {
    let (mut entry, now) = (entry.clone(), hub.clock.now());
    let outcome = match outcome {
        Outcome::Again(due, code, text) if due > entry.starts_at + GIVE_UP_S => {
            let error = Some((code, text));
            Outcome::Settled(Settled { state: EntryState::Failed, result: None, error })
        }
        other => other,
    };
    if let Outcome::Moved(chat) = &outcome {
        let mut params: Value = serde_json::from_str(&entry.params).map_err(Error::internal)?;
        params["chat_id"] = Value::from(*chat);
        (entry.params, entry.lane) = (params.to_string(), chat.to_string());
    }
    let account = entry.account;
    match &outcome {
        Outcome::Settled(settled) => hub.counts.outbox.settled(settled.state),
        Outcome::Again(..) | Outcome::Moved(_) => hub.counts.outbox.retries.one(),
    }
    hub.change(account, move |tx, rings| {
        counters::lock(tx, account)?;
        match &outcome {
            Outcome::Settled(settled) => drop(rows::settle(tx, account, entry.id, (settled, now))?),
            Outcome::Again(due, code, text) => {
                rows::again(tx, &entry, (*due, (*code, text)), now)?;
            }
            Outcome::Moved(_) => {
                rows::again(tx, &entry, (now, (None, "the group has become a supergroup")), now)?;
                rows::change(tx, &entry, now)?;
            }
        }
        rings.outbox();
        Ok(())
    })
    .await
}

/// Whole seconds, rounded up.
fn seconds(wait: Duration) -> i64 {
    whole(wait).saturating_add(i64::from(wait.subsec_nanos() > 0))
}

fn whole(wait: Duration) -> i64 {
    i64::try_from(wait.as_secs()).unwrap_or(i64::MAX / 2)
}
