//! Who waits for updates: one at a time for each consumer. A newer waiting call ends the older; setWebhook ends
//! whoever waits as the default consumer. State of this process alone: losing it loses no update.

use super::Poll;
use contactgram_model::UserId;
use contactgram_model::consumer::ConsumerName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Conflicts are told at once only when none was told within this time; else this much later.
const CONFLICT_PAUSE: Duration = Duration::from_secs(3);

/// Why a waiting call ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    NewerCall,
    WebhookSet,
    Removed,
}

impl Ended {
    /// Telegram's text, behind "Conflict: ".
    pub(super) fn text(self) -> &'static str {
        match self {
            Ended::NewerCall => {
                "terminated by other getUpdates request; make sure that only one bot instance is running"
            }
            Ended::WebhookSet => "terminated by setWebhook request",
            Ended::Removed => "the consumer was removed",
        }
    }
}

/// The calls that wait.
#[derive(Debug, Default)]
pub struct Pollers(Mutex<HashMap<Seat, State>>);

/// The place of a consumer's poller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Seat {
    account: UserId,
    name: ConsumerName,
}

impl Seat {
    pub fn of(account: UserId, name: &ConsumerName) -> Seat {
        Seat { account, name: name.clone() }
    }
}

#[derive(Debug, Default)]
struct State {
    waiting: Option<Arc<Sitter>>,
    last_conflict: Option<Instant>,
    last_call: Option<(i64, Instant)>,
}

#[derive(Debug)]
struct Sitter {
    lost: Notify,
    why: Mutex<Option<Ended>>,
}

/// A call that waits; leaves its seat when it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    pollers: &'a Pollers,
    seat: Seat,
    sitter: Arc<Sitter>,
}

impl Pollers {
    /// Takes the seat; whoever sat there is told.
    pub(super) fn wait(&self, seat: &Seat) -> Waiting<'_> {
        let sitter = Arc::new(Sitter { lost: Notify::new(), why: Mutex::new(None) });
        let before = self.lock().entry(seat.clone()).or_default().waiting.replace(Arc::clone(&sitter));
        if let Some(before) = before {
            before.lose(Ended::NewerCall);
        }
        Waiting { pollers: self, seat: seat.clone(), sitter }
    }

    /// A webhook was set: nobody may wait any more.
    pub(crate) fn end_for_webhook(&self, account: UserId) {
        self.end(&Seat::of(account, &ConsumerName::DEFAULT), Ended::WebhookSet);
    }

    /// A consumer is gone.
    pub(super) fn end_for_removal(&self, seat: &Seat) {
        self.end(seat, Ended::Removed);
    }

    fn end(&self, seat: &Seat, why: Ended) {
        if let Some(sitter) = self.lock().get_mut(seat).and_then(|state| state.waiting.take()) {
            sitter.lose(why);
        }
    }

    /// Waits as long as the telling of a conflict must.
    pub(super) async fn delay_conflict(&self, seat: &Seat) {
        let now = Instant::now();
        {
            let mut all = self.lock();
            let last = &mut all.entry(seat.clone()).or_default().last_conflict;
            // Those told late don't count, or a client that comes every 3 s would always be late.
            if last.is_none_or(|last| now >= last + CONFLICT_PAUSE) {
                *last = Some(now);
                return;
            }
        }
        tokio::time::sleep(CONFLICT_PAUSE).await;
    }

    /// What the official server makes of a client that asks the same again and again: within 3 s it waits
    /// at least 3 s, within half a second it gets one update at a time.
    pub(super) fn pace(&self, seat: &Seat, mut poll: Poll) -> Poll {
        let now = Instant::now();
        let last = self.lock().entry(seat.clone()).or_default().last_call.replace((poll.offset, now));
        if let Some((offset, at)) = last
            && offset == poll.offset
        {
            if poll.timeout < 3 && now < at + Duration::from_secs(3) {
                poll.timeout = 3;
            }
            if now < at + Duration::from_millis(500) {
                poll.limit = 1;
            }
        }
        poll
    }

    /// How many calls wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.lock().values().filter(|state| state.waiting.is_some()).count() as u64
    }

    /// Forgets consumers that nobody asked for lately.
    pub(crate) fn tidy(&self) {
        let now = Instant::now();
        let recent = |at: Option<Instant>| at.is_some_and(|at| now < at + CONFLICT_PAUSE);
        self.lock().retain(|_, state| {
            let last_call = state.last_call.map(|(_, at)| at);
            state.waiting.is_some() || recent(state.last_conflict) || recent(last_call)
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Seat, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sitter {
    fn lose(&self, why: Ended) {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        self.lost.notify_one();
    }
}

impl Waiting<'_> {
    /// Ends when the seat is lost.
    pub(super) async fn ended(&self) -> Ended {
        loop {
            if let Some(why) = *self.sitter.why.lock().unwrap_or_else(PoisonError::into_inner) {
                return why;
            }
            self.sitter.lost.notified().await;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut all = self.pollers.lock();
        if let Some(state) = all.get_mut(&self.seat)
            && state.waiting.as_ref().is_some_and(|sitter| Arc::ptr_eq(sitter, &self.sitter))
        {
            state.waiting = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: UserId = UserId(1);

    fn seat() -> Seat {
        Seat::of(ACCOUNT, &ConsumerName::DEFAULT)
    }

    #[tokio::test]
    async fn a_newer_call_takes_the_seat_and_a_dropped_one_leaves_it() {
        let pollers = Pollers::default();
        let first = pollers.wait(&seat());
        let named = Seat::of(ACCOUNT, &ConsumerName::parse("desk").unwrap());
        let other = pollers.wait(&named);
        let second = pollers.wait(&seat());
        assert_eq!(first.ended().await, Ended::NewerCall);
        drop(first);
        pollers.end_for_webhook(ACCOUNT);
        assert_eq!(second.ended().await, Ended::WebhookSet);
        drop(second);
        pollers.end_for_removal(&named);
        assert_eq!(other.ended().await, Ended::Removed, "another consumer's seat is its own");
        drop(other);
        drop(pollers.wait(&seat()));
        assert!(pollers.lock()[&seat()].waiting.is_none());
        pollers.tidy();
        assert!(pollers.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn conflicts_in_a_row_are_told_three_seconds_apart() {
        let pollers = Pollers::default();
        let begin = Instant::now();
        pollers.delay_conflict(&seat()).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
        pollers.delay_conflict(&seat()).await;
        assert_eq!(begin.elapsed(), CONFLICT_PAUSE);
        pollers.delay_conflict(&seat()).await;
        assert_eq!(begin.elapsed(), CONFLICT_PAUSE, "3 s after the last that was told at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_the_same_again_at_once_is_paced() {
        let pollers = Pollers::default();
        let poll = Poll { offset: 0, limit: 100, timeout: 0, allowed: None };
        assert_eq!(pollers.pace(&seat(), poll).timeout, 0);
        let again = pollers.pace(&seat(), poll);
        assert_eq!((again.timeout, again.limit), (3, 1));
        assert_eq!(pollers.pace(&seat(), Poll { offset: 5, ..poll }).timeout, 0);
    }
}
