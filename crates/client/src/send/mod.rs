//! The sending loop: one call as a bounded series of tries. It asks the breaker, the retry budget and the rules of
//! `contactgram_resilience::verdict`, waits as long as they say, and returns an answer or the failure that ended it.
//! Used by every noun of the crate; it knows none of them.

pub(crate) mod answer;
pub(crate) mod request;
pub(crate) mod transport;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contactgram_resilience::breaker::{Phase, Verdict};
use contactgram_resilience::budget::Budget;
use contactgram_resilience::verdict::{self, BotError, Decision, Happened, Reply};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::circuit::Circuit;
use crate::credential::Authority;
use crate::error::{Cause, Error, Result};
use crate::policy::Policy;
use answer::Answer;
use request::{Repeat, Request};

pub(crate) use transport::Transport;

/// What all calls of a client share.
#[derive(Debug)]
pub(crate) struct Sender {
    pub transport: Transport,
    pub circuit: Arc<Circuit>,
    pub budget: Mutex<Budget>,
}

/// What became of one try.
enum Tried {
    Answered(Answer),
    /// No byte was written.
    NotSent(Error),
    /// A byte was written, and no whole answer came.
    Lost(Error),
}

/// One call under way.
struct Course<'a> {
    request: &'a Request,
    policy: &'a Policy,
    deadline: Instant,
    tries: u32,
    /// A try may have acted without our hearing of it.
    is_open: bool,
    has_renewed: bool,
}

impl Sender {
    /// Sends a request until it is answered, refused, or the policy gives up.
    pub async fn send(
        self: &Arc<Self>,
        policy: &Policy,
        authority: &Authority,
        request: &Request,
    ) -> Result<Answer> {
        let deadline = Instant::now() + policy.deadline + request.patience;
        let mut course = Course { request, policy, deadline, tries: 0, is_open: false, has_renewed: false };
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).call();
        loop {
            course.tries += 1;
            let credential = match authority.header(self, deadline).await {
                Ok(credential) => credential,
                Err(why) => return Err(course.end(why)),
            };
            let admitted = match self.circuit.admit() {
                Ok(admitted) => admitted,
                Err(refused) => {
                    return Err(course.end(Error::CircuitOpen { retry_after: refused.retry_after }));
                }
            };
            let header = credential.as_ref().map(|credential| (AUTHORIZATION, credential.header.clone()));
            let tried = self.attempt(&course, header).await;
            admitted.report(tried.health());
            tracing::debug!(
                http.method = %request.verb, http.route = request.route, attempt = course.tries,
                outcome = tried.word(), "tried"
            );
            let wait = match course.next(tried) {
                Next::Return(answer) => return Ok(answer),
                Next::Fail(why) => return Err(why),
                Next::Renew(why) => match credential {
                    Some(credential) if !course.has_renewed && authority.renew(&credential) => {
                        course.has_renewed = true;
                        // The same try again: it was refused for its token alone.
                        course.tries -= 1;
                        continue;
                    }
                    _ => return Err(why),
                },
                Next::Retry(wait, why) => {
                    if let Some(stop) = self.stop(&course, wait) {
                        tracing::debug!(http.route = request.route, why = why.word(), stop, "given up");
                        return Err(course.end(why));
                    }
                    tracing::warn!(
                        http.method = %request.verb, http.route = request.route, attempt = course.tries,
                        wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX), why = why.word(), "will try again"
                    );
                    wait
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Why there is no further try, if there is none.
    fn stop(&self, course: &Course<'_>, wait: Duration) -> Option<&'static str> {
        if course.tries >= course.policy.tries {
            return Some("tries");
        }
        let now = Instant::now();
        if now + wait >= course.deadline {
            return Some("deadline");
        }
        if self.circuit.phase() == Phase::Open {
            return Some("circuit");
        }
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        (!budget.retry(now.into_std())).then_some("budget")
    }

    async fn attempt(&self, course: &Course<'_>, header: Option<(HeaderName, HeaderValue)>) -> Tried {
        let until = Instant::now() + course.policy.try_timeout + course.request.patience;
        let sending = self.transport.send(course.request, header);
        match tokio::time::timeout_at(until.min(course.deadline), sending).await {
            Ok(tried) => tried,
            Err(_) if until < course.deadline => {
                Tried::Lost(Error::Transport { sent: true, source: Cause::timeout() })
            }
            Err(_) => {
                let after = course.policy.deadline + course.request.patience;
                Tried::Lost(Error::Deadline { after })
            }
        }
    }
}

enum Next {
    Return(Answer),
    Fail(Error),
    /// Only with another token.
    Renew(Error),
    Retry(Duration, Error),
}

impl Course<'_> {
    /// The table of what may be tried again, for this request.
    fn next(&mut self, tried: Tried) -> Next {
        let decision = self.decide(&tried);
        let why = match tried {
            Tried::Answered(answer) if answer.is_success() => return Next::Return(answer),
            Tried::Answered(answer) => match (self.request.repeat.clone(), answer.status, self.is_open) {
                // It is gone, as was asked, by a try of which we never heard.
                (Repeat::Removes, 404, true) => return Next::Return(gone(answer)),
                // The first try may be what stands in the way of this one.
                (Repeat::Conditional, 409 | 412, true) | (Repeat::Keyed(_), 409, true) => {
                    return Next::Fail(self.unknown(answer.error()));
                }
                (_, status, _) => {
                    // Our server says of its own 500 and 503 that it did nothing; a page of something in between says nothing.
                    self.is_open |= matches!(status, 502 | 504) || status >= 500 && !answer.is_ours();
                    answer.error()
                }
            },
            Tried::Lost(why) => {
                self.is_open = true;
                why
            }
            Tried::NotSent(why) => why,
        };
        match decision {
            // Neither gets better by trying again.
            _ if matches!(why, Error::Deadline { .. } | Error::Setup(_)) => Next::Fail(self.end(why)),
            Decision::Retry => Next::Retry(self.policy.wait(self.tries), why),
            Decision::Wait(wait) if !wait.is_zero() => Next::Retry(wait, why),
            // "At once" would be for all at once.
            Decision::Wait(_) => Next::Retry(self.policy.wait(self.tries), why),
            Decision::Stop if matches!(why, Error::Unauthorized { .. }) => Next::Renew(why),
            Decision::Unknown => Next::Fail(self.unknown(why)),
            _ => Next::Fail(why),
        }
    }

    fn decide(&self, tried: &Tried) -> Decision {
        let kind = self.request.repeat.kind();
        let answer = match tried {
            Tried::NotSent(_) => return verdict::decide(kind, Happened::NotSent),
            Tried::Lost(_) => return verdict::decide(kind, Happened::Lost),
            Tried::Answered(answer) => answer,
        };
        let error = answer.is_ours().then_some(BotError { description: "", migrate_to_chat_id: None });
        let reply = Reply { status: answer.status, error, retry_after: answer.retry_after() };
        verdict::decide(kind, Happened::Answered(reply))
    }

    /// The failure that a call ends with when it could have been tried again.
    fn end(&self, why: Error) -> Error {
        if self.is_open && self.request.repeat.acts() { self.unknown(why) } else { why }
    }

    fn unknown(&self, why: Error) -> Error {
        let idempotency_key = self.request.repeat.key().map(str::to_owned);
        Error::OutcomeUnknown { idempotency_key, source: Box::new(why) }
    }
}

/// What the first of two removals was answered.
fn gone(answer: Answer) -> Answer {
    Answer { status: 200, body: bytes::Bytes::from_static(br#"{"ok":true,"result":true}"#), ..answer }
}

impl Tried {
    fn health(&self) -> Verdict {
        match self {
            Tried::Answered(answer) => verdict::health_of(answer.status),
            Tried::NotSent(Error::Setup(_)) => Verdict::Answered,
            Tried::NotSent(_) | Tried::Lost(_) => Verdict::Failed,
        }
    }

    fn word(&self) -> String {
        match self {
            Tried::Answered(answer) => answer.status.to_string(),
            Tried::NotSent(why) | Tried::Lost(why) => why.word(),
        }
    }
}
