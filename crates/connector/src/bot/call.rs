//! Calls of ours to the upstream: small, in JSON, and repeated where the table of retries allows it.
//! Called by the poller, the setup of an account and the outbox. Tries and total time are bounded; a call that may
//! have acted is never repeated.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use contactgram_resilience::backoff::Exponential;
use contactgram_resilience::breaker::Verdict;
use contactgram_resilience::entropy;
use contactgram_resilience::verdict::{CONFLICT_WAIT, Decision, Happened, Kind, decide, health};
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::answer::{Answer, Refusal};
use super::body::{PassBody, SentBody};
use super::door::Door;
use super::fault::Why;
use super::pool::Failure;
use super::tally::Ended;
use super::{Inner, Upstream, now};

/// A longer answer to a call of ours is none; a batch of updates ends near 4 MiB.
const MOST_ANSWER: usize = 32 * 1024 * 1024;
const SHORT: Duration = Duration::from_secs(15);
const BETWEEN: Exponential = Exponential { base: Duration::from_millis(200), cap: Duration::from_secs(5) };

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How {
    /// What kind of call it is.
    pub kind: Kind,
    /// From the start of a try to the last byte of its answer.
    pub timeout: Duration,
    /// At most so many tries.
    pub tries: u32,
    /// No try begins later than this.
    pub total: Duration,
    /// Whether a wait that the upstream asks for is waited for here; else the caller hears of it at once.
    pub waits: bool,
}

impl How {
    /// Something that may be asked as often as one likes.
    pub const READ: How =
        How { kind: Kind::Read, timeout: SHORT, tries: 4, total: Duration::from_secs(30), waits: true };
    /// Something that acts.
    pub const SEND: How = How { kind: Kind::Send, ..How::READ };
    /// The same for whoever keeps flood control, and so has to hear of each wait.
    pub const PACED: How = How { waits: false, ..How::SEND };
    /// A single try of it, for whoever tries again by themselves.
    pub const ONCE: How = How { tries: 1, ..How::PACED };

    /// A long poll that the upstream answers within `seconds`: one try, as whoever polls asks again anyway.
    pub const fn poll(seconds: u32) -> How {
        let timeout = Duration::from_secs(seconds as u64 + 10);
        How { kind: Kind::Poll, timeout, tries: 1, total: timeout, waits: true }
    }
}

/// Why a call brought no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The upstream is down; nothing was sent to it.
    Open {
        /// When to ask again, at the earliest.
        retry_after: Duration,
    },
    /// It was never reached; the call had no effect.
    NotSent(Why),
    /// It was reached and gave no (usable) answer. What acts may have acted, or not.
    Unknown(Why),
    /// It answered 5xx. What acts may have acted when the error is not the Bot API's own.
    Failing(Refusal),
    /// It asks for a wait longer than the call may take.
    Wait {
        /// Exactly so long.
        retry_after: Duration,
    },
    /// Another poller is at work; not to be tried again before this time.
    Conflict {
        /// What it said.
        refusal: Refusal,
        /// Wait at least this long.
        at_least: Duration,
    },
    /// It refuses the call, and will again.
    Refused(Refusal),
    /// The recipient blocked the bot or is gone.
    Blocked(Refusal),
    /// The group has become this supergroup.
    Migrated(i64),
    /// The token is no longer good: the connector stops until its owner acts.
    Stop(Refusal),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Open { .. } => f.write_str("the upstream is down"),
            CallError::NotSent(why) => write!(f, "the upstream was not reached: {why}"),
            CallError::Unknown(why) => write!(f, "the upstream gave no answer: {why}"),
            CallError::Failing(refusal) => write!(f, "the upstream fails: {}", refusal.status),
            CallError::Wait { retry_after } => {
                write!(f, "the upstream asks to wait {} s", retry_after.as_secs())
            }
            CallError::Conflict { .. } => f.write_str("another program asks for this bot's updates"),
            CallError::Refused(refusal) | CallError::Blocked(refusal) => {
                let text = refusal.description.as_deref().unwrap_or("no Bot API answer");
                write!(f, "the upstream refuses: {} {text}", refusal.status)
            }
            CallError::Migrated(_) => f.write_str("the group has become a supergroup"),
            CallError::Stop(_) => f.write_str("the upstream does not know the bot's token (any more)"),
        }
    }
}

impl Error for CallError {}

impl CallError {
    /// For logs: without the upstream's own words, which may be about anybody.
    pub fn in_short(&self) -> String {
        match self {
            CallError::Refused(refusal) | CallError::Blocked(refusal) => {
                format!("the upstream refuses: {}", refusal.status)
            }
            other => other.to_string(),
        }
    }
}

/// What came of one try.
enum Try {
    Answered(Answer),
    Refused(Refusal),
    NotSent(Why),
    Lost(Why),
}

impl Try {
    fn ended(&self) -> Ended {
        match self {
            Try::Answered(_) => Ended::Well,
            Try::Refused(refusal) => Ended::with(refusal.status),
            Try::NotSent(_) => Ended::NotSent,
            Try::Lost(_) => Ended::Lost,
        }
    }

    fn happened(&self) -> Option<Happened<'_>> {
        match self {
            Try::Answered(_) => None,
            Try::Refused(refusal) => Some(refusal.happened()),
            Try::NotSent(_) => Some(Happened::NotSent),
            Try::Lost(_) => Some(Happened::Lost),
        }
    }
}

impl Upstream {
    /// Calls a method with an object of parameters.
    pub async fn call(&self, method: &str, params: &Value, how: How) -> Result<Answer, CallError> {
        let inner = &*self.inner;
        let body = Bytes::from(params.to_string());
        let deadline = Instant::now() + how.total;
        let mut failures = 0;
        loop {
            let admitted = inner.admit().map_err(|retry_after| CallError::Open { retry_after })?;
            if failures == 0 {
                inner.budget().call();
            }
            let tried = inner.try_once(method, body.clone(), how.timeout).await;
            inner.tallies.end(tried.ended());
            let Some(happened) = tried.happened() else {
                admitted.report(Verdict::Healthy);
                match tried {
                    Try::Answered(answer) => return Ok(answer),
                    _ => continue,
                }
            };
            admitted.report(health(happened));
            let decision = decide(how.kind, happened);
            failures += 1;
            let wait = match decision {
                Decision::Retry => BETWEEN.delay(failures, None, entropy()),
                Decision::Wait(asked) if how.waits => asked,
                _ => return Err(final_error(tried, decision)),
            };
            let in_time = Instant::now() + wait <= deadline;
            if failures >= how.tries || !in_time || !inner.budget().retry(now()) {
                return Err(final_error(tried, decision));
            }
            inner.tallies.retry();
            sleep(wait).await;
        }
    }
}

impl Inner {
    async fn try_once(&self, method: &str, body: Bytes, timeout: Duration) -> Try {
        let Some(path) = Door::Method(method).path(&self.methods, &self.files, None) else {
            return Try::NotSent(Why::Caller);
        };
        let mut request = Request::new(SentBody::whole(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.into();
        let headers = request.headers_mut();
        headers.insert(HOST, self.origin.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let ends = Instant::now() + timeout;
        let (answer, lease) = match self.origin.send(request, None, timeout).await {
            Ok(answered) => answered,
            Err(Failure::NotSent(why)) => return Try::NotSent(why),
            Err(Failure::Lost(why)) => return Try::Lost(why),
        };
        let (head, body) = answer.into_parts();
        let body = PassBody::new(body, lease, timeout).whole(MOST_ANSWER);
        let body = match timeout_at(ends, body).await {
            Ok(Ok(body)) => body,
            Ok(Err(why)) => return Try::Lost(why),
            Err(_) => return Try::Lost(Why::TimedOut),
        };
        match head.status.is_success() {
            true => Answer::read(&body).map_or(Try::Lost(Why::Garbled), Try::Answered),
            false => Try::Refused(Refusal::read(head.status.as_u16(), &head.headers, &body)),
        }
    }
}

/// The answer to whoever called, when nothing is tried any more.
fn final_error(tried: Try, decision: Decision) -> CallError {
    let refusal = match tried {
        Try::NotSent(why) => return CallError::NotSent(why),
        Try::Lost(why) => return CallError::Unknown(why),
        // A result is never an error; it has been returned.
        Try::Answered(_) => return CallError::Unknown(Why::Garbled),
        Try::Refused(refusal) => refusal,
    };
    match decision {
        Decision::Wait(retry_after) => CallError::Wait { retry_after },
        Decision::Conflict => CallError::Conflict { refusal, at_least: CONFLICT_WAIT },
        Decision::Blocked => CallError::Blocked(refusal),
        Decision::Migrated(chat) => CallError::Migrated(chat),
        Decision::Stop => CallError::Stop(refusal),
        Decision::Retry | Decision::Unknown => CallError::Failing(refusal),
        Decision::Refused | Decision::Done => CallError::Refused(refusal),
    }
}
