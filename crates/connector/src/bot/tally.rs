//! What became of requests to an upstream, counted: for one bot, and for all of the process together. `call` and `pass` count; the
//! hub reads. It knows nothing of what was asked.

use contactgram_model::measure::Counter;
use std::sync::Arc;

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Answered 2xx or 3xx.
    Well,
    /// Answered 4xx, but for 429.
    Refused,
    /// Answered 429: asked to wait.
    TooMany,
    /// Answered 5xx.
    Failing,
    /// Sent, and not answered or not readably.
    Lost,
    /// Never sent: no connection.
    NotSent,
    /// Not tried: the circuit breaker is open.
    Open,
}

impl Ended {
    /// All of them, each at its own index.
    pub const ALL: [Ended; 7] = [
        Ended::Well,
        Ended::Refused,
        Ended::TooMany,
        Ended::Failing,
        Ended::Lost,
        Ended::NotSent,
        Ended::Open,
    ];

    /// By the status of an answer.
    pub(super) fn with(status: u16) -> Ended {
        match status {
            ..400 => Ended::Well,
            429 => Ended::TooMany,
            400..500 => Ended::Refused,
            _ => Ended::Failing,
        }
    }
}

/// Requests by what became of them, and how often one was made again.
#[derive(Debug, Default)]
pub struct Tally {
    ended: [Counter; Ended::ALL.len()],
    retries: Counter,
}

impl Tally {
    /// How many ended so.
    pub fn ended(&self, how: Ended) -> u64 {
        self.ended[how as usize].get()
    }

    /// How many were made again.
    pub fn retries(&self) -> u64 {
        self.retries.get()
    }
}

/// A bot's tally and the one of all.
#[derive(Debug)]
pub(super) struct Tallies {
    pub own: Tally,
    pub all: Arc<Tally>,
}

impl Tallies {
    pub fn end(&self, how: Ended) {
        self.own.ended[how as usize].one();
        self.all.ended[how as usize].one();
    }

    pub fn retry(&self) {
        self.own.retries.one();
        self.all.retries.one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_for_its_bot_and_for_all() {
        let all = Arc::<Tally>::default();
        let of = || Tallies { own: Tally::default(), all: Arc::clone(&all) };
        let (one, two) = (of(), of());
        for status in [200, 429, 404, 502, 500] {
            one.end(Ended::with(status));
        }
        two.end(Ended::Well);
        two.retry();
        let seen = |tally: &Tally| Ended::ALL.map(|how| tally.ended(how));
        assert_eq!((seen(&one.own), seen(&all)), ([1, 1, 1, 2, 0, 0, 0], [2, 1, 1, 2, 0, 0, 0]));
        assert_eq!((one.own.retries(), all.retries()), (0, 1));
        assert!(Ended::ALL.iter().enumerate().all(|(index, how)| *how as usize == index));
    }
}
