//! Passing a client's request through: any method, any encoding, streamed both ways, the answer untouched.
//! Called for each request of a bot that goes to its upstream. It never looks into a body, never repeats a streamed
//! request, and sends none of the credentials that were meant for this server.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use contactgram_resilience::backoff::Exponential;
use contactgram_resilience::breaker::Verdict;
use contactgram_resilience::entropy;
use contactgram_resilience::verdict::health_of;
use http::header::{self, HeaderName};
use http::{HeaderMap, Request, Response, Uri, Version};
use http_body::Body;
use http_body_util::BodyExt;

use super::body::{AnyError, PassBody, SentBody};
use super::door::Door;
use super::fault::Why;
use super::pool::Failure;
use super::tally::Ended;
use super::{Upstream, now};

/// A request's body up to this many bytes may be buffered, to be sent again when it never left: see
/// [`Upstream::pass_small`].
pub const MOST_BUFFERED: usize = 64 * 1024;

/// A request that was not sent is tried so often.
const TRIES: u32 = 3;
const BETWEEN: Exponential = Exponential { base: Duration::from_millis(100), cap: Duration::from_secs(1) };

/// Why a request was not answered by the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassError {
    /// The upstream is down; nothing was sent to it.
    Open {
        /// When to ask again, at the earliest.
        retry_after: Duration,
    },
    /// No byte of the request was written: it had no effect.
    NotSent(Why),
    /// Something of the request was written and no answer came: it may have had its effect.
    Unknown(Why),
    /// What was asked for is no path of a bot.
    NoSuchPath,
}

impl fmt::Display for PassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PassError::Open { .. } => f.write_str("the upstream is down"),
            PassError::NotSent(why) => write!(f, "the upstream was not reached: {why}"),
            PassError::Unknown(why) => write!(f, "the upstream gave no answer: {why}"),
            PassError::NoSuchPath => f.write_str("no such path"),
        }
    }
}

impl std::error::Error for PassError {}

impl Upstream {
    /// Streams a request through. Its method, headers and body are taken from `request`, its path from `door`, and
    /// `query` is as the client wrote it. Credentials and what concerns one connection only are taken out of the
    /// headers of both directions.
    pub async fn pass<B>(
        &self,
        door: Door<'_>,
        query: Option<&str>,
        request: Request<B>,
    ) -> Result<Response<PassBody>, PassError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<AnyError>,
    {
        let path = door.path(&self.inner.methods, &self.inner.files, query).ok_or(PassError::NoSuchPath)?;
        let (mut head, body) = request.into_parts();
        head.uri = Uri::from(path);
        head.version = Version::HTTP_11;
        head.extensions.clear();
        let (body, progress) = match body.is_end_stream() {
            true => (SentBody::whole(Bytes::new()), None),
            false => {
                let (body, progress) = SentBody::stream(body);
                (body, Some(progress))
            }
        };
        self.prepare(&mut head.headers);
        let admitted = self.inner.admit().map_err(|retry_after| PassError::Open { retry_after })?;
        self.inner.budget().call();
        let origin = &self.inner.origin;
        let request = Request::from_parts(head, body);
        match origin.send(request, progress, origin.options.answer_timeout).await {
            Ok((answer, lease)) => {
                self.inner.tallies.end(Ended::with(answer.status().as_u16()));
                admitted.report(health_of(answer.status().as_u16()));
                let (mut head, body) = answer.into_parts();
                drop_hop_by_hop(&mut head.headers);
                head.extensions.clear();
                Ok(Response::from_parts(head, PassBody::new(body, lease, origin.options.stall_timeout)))
            }
            Err(failure) => {
                let (why, error) = match failure {
                    Failure::NotSent(why) => (why, PassError::NotSent(why)),
                    Failure::Lost(why) => (why, PassError::Unknown(why)),
                };
                // A client that broke off says nothing of the upstream.
                if why != Why::Caller {
                    self.inner.tallies.end(match error {
                        PassError::NotSent(_) => Ended::NotSent,
                        _ => Ended::Lost,
                    });
                    admitted.report(Verdict::Failed);
                }
                Err(error)
            }
        }
    }

    /// Passes a request whose body is at hand, and passes it again (a few times, within the retry budget) as long as
    /// no byte of it was written.
    pub async fn pass_small(
        &self,
        door: Door<'_>,
        query: Option<&str>,
        request: Request<Bytes>,
    ) -> Result<Response<PassBody>, PassError> {
        let (head, body) = request.into_parts();
        let mut failures = 0;
        loop {
            let request = Request::from_parts(head.clone(), http_body_util::Full::new(body.clone()));
            let failed = match self.pass(door, query, request).await {
                Err(PassError::NotSent(why)) => PassError::NotSent(why),
                done => return done,
            };
            failures += 1;
            if failures >= TRIES || !self.inner.budget().retry(now()) {
                return Err(failed);
            }
            self.inner.tallies.retry();
            tokio::time::sleep(BETWEEN.delay(failures, None, entropy())).await;
        }
    }

    /// Makes a client's headers those of a request to the upstream.
    fn prepare(&self, headers: &mut HeaderMap) {
        if headers.remove(header::TRANSFER_ENCODING).is_some() {
            // A body has one length only: that of what is sent.
            headers.remove(header::CONTENT_LENGTH);
        }
        drop_hop_by_hop(headers);
        for private in [header::AUTHORIZATION, header::COOKIE, header::EXPECT] {
            headers.remove(private);
        }
        headers.insert(header::HOST, self.inner.origin.host.clone());
    }
}

const HOP_BY_HOP: [HeaderName; 8] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Takes out what concerns one connection only (RFC 9110, section 7.6.1).
fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // A client can't have these taken out: what the body is depends on them.
        .filter(|name| *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE)
        .collect();
    headers.remove(header::CONNECTION);
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

impl PassBody {
    /// The whole body, if it is no longer than `most` bytes.
    pub async fn whole(mut self, most: usize) -> Result<Bytes, Why> {
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        while let Some(frame) = self.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if whole.len() + first.as_ref().map_or(0, Bytes::len) + data.len() > most {
                return Err(Why::TooLong);
            }
            // Small answers come in one piece, which needs no copy.
            match first.take() {
                None if whole.is_empty() => first = Some(data),
                earlier => {
                    whole.extend_from_slice(&earlier.unwrap_or_default());
                    whole.extend_from_slice(&data);
                }
            }
        }
        Ok(first.unwrap_or_else(|| whole.freeze()))
    }
}
