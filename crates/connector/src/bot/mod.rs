//! The bot connector's way out: requests of an account to the Bot API server that its bot lives on.
//! [`Upstream::pass`] streams what a client sent through and the answer back; [`Upstream::call`] makes calls of ours;
//! [`Gate`] lets sends wait for Telegram's limits. Called by the hub, which records what comes of it. It never logs, and
//! no error of it holds a URL or a token.

mod address;
mod answer;
mod body;
mod call;
mod connect;
mod door;
mod fault;
mod gate;
mod methods;
mod pass;
mod pool;
mod tally;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contactgram_resilience::breaker::{Breaker, BreakerOptions, Pass, Verdict};
use contactgram_resilience::budget::Budget;
use contactgram_resilience::entropy;

pub use contactgram_resilience::breaker::Phase;
pub use contactgram_resilience::flood::{Chat, Freeze, Limits, Pace, Ticket};

pub use address::{BaseUrl, UpstreamToken};
pub use answer::{Answer, Refusal, is_too_many};
pub use body::PassBody;
pub use call::{CallError, How};
pub use door::Door;
pub use fault::Why;
pub use gate::{Gate, TooLong};
pub use methods::{GetUpdates, SetWebhook};
pub use pass::{MOST_BUFFERED, PassError};
pub use pool::{UplinkOptions, Uplinks};
pub use tally::{Ended, Tally};

use pool::Origin;
use tally::Tallies;

/// The door to one account's bot at its Bot API server. Cloning it gives the same door: the circuit breaker and the
/// retry budget are one for all who share it.
#[derive(Clone)]
pub struct Upstream {
    inner: Arc<Inner>,
}

struct Inner {
    origin: Arc<Origin>,
    /// Before the method: `/bot<token>/`, after the base URL's path.
    methods: String,
    /// Before the path of a file: `/file/bot<token>/`.
    files: String,
    bot_id: i64,
    breaker: Mutex<Breaker>,
    budget: Mutex<Budget>,
    tallies: Tallies,
}

impl Upstream {
    fn new((origin, all): (Arc<Origin>, Arc<Tally>), base: &BaseUrl, token: &UpstreamToken) -> Upstream {
        let inner = Inner {
            origin,
            methods: format!("{}/bot{}/", base.path, token.expose()),
            files: format!("{}/file/bot{}/", base.path, token.expose()),
            bot_id: token.bot_id(),
            breaker: Mutex::new(Breaker::new(BreakerOptions::default())),
            budget: Mutex::new(Budget::new(now())),
            tallies: Tallies { own: Tally::default(), all },
        };
        Upstream { inner: Arc::new(inner) }
    }

    /// Whether the circuit breaker lets everything through: the upstream is not known to be down.
    pub fn is_up(&self) -> bool {
        self.inner.breaker().is_closed()
    }

    /// Where the circuit breaker stands.
    pub fn phase(&self) -> Phase {
        self.inner.breaker().phase()
    }

    /// What became of its requests.
    pub fn tally(&self) -> &Tally {
        &self.inner.tallies.own
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("bot_id", &self.inner.bot_id).finish_non_exhaustive()
    }
}

impl Inner {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the breaker for leave; the error is when to ask again.
    fn admit(&self) -> Result<Admitted<'_>, Duration> {
        let pass = self.breaker().admit(now()).map_err(|refused| {
            self.tallies.end(Ended::Open);
            refused.retry_after
        })?;
        Ok(Admitted { inner: self, pass: Some(pass) })
    }
}

/// Leave for one request. Dropped without a report (the caller went away) it says nothing of the upstream.
struct Admitted<'a> {
    inner: &'a Inner,
    pass: Option<Pass>,
}

impl Admitted<'_> {
    fn report(mut self, verdict: Verdict) {
        if let Some(pass) = self.pass.take() {
            // Chance only matters when a failure opens the breaker.
            let random = if verdict == Verdict::Failed { entropy() } else { 0 };
            self.inner.breaker().report(pass, verdict, now(), random);
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.inner.breaker().cancel(pass, now());
        }
    }
}

/// The time, as a test may have stopped it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
