//! One request on its way up: it waits for its turn, is passed on, and what came of it is kept. A 429 freezes what it
//! belongs to; a request that is at hand goes again when the wait is short. It never sends again what may have been sent.

use super::{failure, streamed, upload::Upload};
use crate::reply::{Failure, Reply, Response};
use bytes::Bytes;
use contactgram_connector::bot::{Answer, Door, PassBody, PassError, Refusal, Ticket, Why, is_too_many};
use contactgram_hub::{About, Begun, Error, Gateway, Hub, Note, Passing};
use contactgram_resilience::verdict::{Decision, Kind};
use contactgram_wire::params::Params;
use http::request::Parts;
use http::{Method, Request};
use http_body_util::{Either, Full};
use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// The largest answer that is read on its way, in bytes: the messages of an album are far below.
const MOST_KEPT: usize = 4 << 20;
/// How often a request that is at hand is passed on while it is told to wait.
const TURNS: u32 = 3;

/// A request with all that is known of it.
pub(super) struct Going {
    pub hub: Arc<Hub>,
    pub gateway: Arc<Gateway>,
    /// The method as it was written.
    pub name: String,
    /// The same in lower case.
    pub method: String,
    pub query: Option<String>,
    pub head: Parts,
    pub params: Params,
    pub passing: Passing,
    /// Whether it waits for its turn.
    pub is_paced: bool,
    /// Whether its answer is kept.
    pub is_kept: bool,
}

/// Its body.
pub(super) enum Outgoing {
    Small(Bytes),
    Stream(Upload),
}

/// What came back.
enum Came {
    Stream(http::Response<PassBody>),
    Whole(http::response::Parts, Bytes),
}

impl Came {
    fn into_reply(self) -> Response {
        match self {
            Came::Stream(answer) => answer.map(streamed),
            Came::Whole(head, body) => Response::from_parts(head, Either::Left(Full::new(body))),
        }
    }
}

/// Why nothing did, and whether it may have acted all the same.
struct Lost {
    failure: Failure,
    may_have_acted: bool,
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Lost {
        Lost { failure, may_have_acted: false }
    }
}

impl From<PassError> for Lost {
    fn from(error: PassError) -> Lost {
        // A body that broke off on this side never was a whole request.
        let may_have_acted = matches!(error, PassError::Unknown(why) if why != Why::Caller);
        Lost { failure: failure(error), may_have_acted }
    }
}

impl Going {
    /// Passes it on and answers with what the upstream says.
    pub async fn go(self, outgoing: Outgoing) -> Reply {
        let ticket = self.turn().await?;
        if !self.is_kept || self.head.method == Method::HEAD {
            let came = self.pass(outgoing, ticket, std::future::pending::<()>()).await;
            return came.map(Came::into_reply).map_err(|lost| lost.failure);
        }
        // What goes out is kept, also for a caller who hangs up before the answer is here. That is told by the drop of
        // this end.
        let (_waits, hung_up) = oneshot::channel::<Infallible>();
        let hub = Arc::clone(&self.hub);
        let kept = async move {
            let came = self.pass(outgoing, ticket, hung_up).await;
            let (head, body) = match came {
                Ok(came) => whole(came).await,
                Err(lost) => Err(lost),
            }
            .map_err(|lost| lost.failure)?;
            self.keep(&head, &body, None).await;
            Ok(Response::from_parts(head, Either::Left(Full::new(body))))
        };
        hub.see_through(kept).await.map_err(Error::internal)?
    }

    /// The same under an idempotency key, whose request is known by `fingerprint` once its body has passed.
    pub async fn go_once(
        self,
        outgoing: Outgoing,
        begun: Begun,
        fingerprint: impl FnOnce() -> [u8; 32],
    ) -> Reply {
        let came = match self.turn().await {
            Ok(ticket) => self.pass(outgoing, ticket, std::future::pending::<()>()).await,
            Err(failure) => Err(failure.into()),
        };
        let came = match came {
            Ok(came) => whole(came).await,
            Err(lost) => Err(lost),
        };
        let (head, body) = match came {
            Ok(came) => came,
            Err(Lost { failure, may_have_acted }) => {
                if !may_have_acted {
                    self.hub.forget_once(begun).await;
                }
                return Err(failure);
            }
        };
        if head.status.is_success() {
            let answer = String::from_utf8_lossy(&body).into_owned();
            let ended = begun.ended(fingerprint(), answer);
            self.keep(&head, &body, Some(Note::Key(ended))).await;
        } else {
            let refusal = Refusal::read(head.status.as_u16(), &head.headers, &body);
            if refusal.decide(Kind::Send) != Decision::Unknown {
                self.hub.forget_once(begun).await;
            }
            self.keep(&head, &body, None).await;
        }
        Ok(Response::from_parts(head, Either::Left(Full::new(body))))
    }

    /// Waits for its turn.
    async fn turn(&self) -> Result<Option<Ticket>, Failure> {
        match self.is_paced {
            true => Ok(self.gateway.turn(&self.passing, None).await?),
            false => Ok(None),
        }
    }

    /// Passes it on. It doesn't wait for another turn once the caller has hung up.
    async fn pass(
        &self,
        mut outgoing: Outgoing,
        mut ticket: Option<Ticket>,
        hung_up: impl Future,
    ) -> Result<Came, Lost> {
        let begun = Instant::now();
        let mut hung_up = pin!(hung_up);
        let mut turns = 0;
        loop {
            turns += 1;
            let (door, query) = (Door::Method(&self.name), self.query.as_deref());
            let (answered, at_hand) = match outgoing {
                Outgoing::Small(body) => {
                    let request = Request::from_parts(self.head.clone(), body.clone());
                    (self.gateway.upstream().pass_small(door, query, request).await, Some(body))
                }
                Outgoing::Stream(upload) => {
                    let request = Request::from_parts(self.head.clone(), upload);
                    (self.gateway.upstream().pass(door, query, request).await, None)
                }
            };
            let answer = answered?;
            if !is_too_many(answer.status().as_u16()) {
                return Ok(Came::Stream(answer));
            }
            let (head, body) = whole(Came::Stream(answer)).await?;
            let refusal = Refusal::read(head.status.as_u16(), &head.headers, &body);
            let Some(retry_after) = refusal.retry_after else { return Ok(Came::Whole(head, body)) };
            self.hub.keep_wait(&self.gateway, &self.passing, retry_after).await;
            let Some(again) = at_hand.filter(|_| self.is_paced && turns < TURNS) else {
                return Ok(Came::Whole(head, body));
            };
            let left = self.gateway.longest().saturating_sub(begun.elapsed());
            let turn = tokio::select! {
                turn = self.gateway.turn_again(ticket, &self.passing, left) => turn,
                _ = &mut hung_up => return Ok(Came::Whole(head, body)),
            };
            match turn {
                Ok(turn) => ticket = turn,
                // The upstream's own words say best how long.
                Err(_) => return Ok(Came::Whole(head, body)),
            }
            outgoing = Outgoing::Small(again);
        }
    }

    /// Keeps what the answer says was done.
    async fn keep(&self, head: &http::response::Parts, body: &Bytes, note: Option<Note>) {
        let about = About::read(&self.method, |name| self.params.text(name).map(Cow::Borrowed));
        if head.status.is_success() {
            let answer = Answer::read(body).filter(|_| self.is_kept);
            let result = answer.as_ref().map_or("null", |answer| answer.result.get());
            self.hub.keep_sent(&self.gateway, (about, result), note).await;
        } else if let Some(chat) = about.chat {
            let refusal = Refusal::read(head.status.as_u16(), &head.headers, body);
            if refusal.decide(Kind::Send) == Decision::Blocked {
                self.hub.keep_blocked(&self.gateway, chat).await;
            }
        }
    }
}

/// The whole answer.
async fn whole(came: Came) -> Result<(http::response::Parts, Bytes), Lost> {
    match came {
        Came::Whole(head, body) => Ok((head, body)),
        Came::Stream(answer) => {
            let (head, body) = answer.into_parts();
            let body = body.whole(MOST_KEPT).await.map_err(PassError::Unknown)?;
            Ok((head, body))
        }
    }
}
