//! Request bodies with a bound: so many bytes, and a client that keeps sending.
//! Handlers read small bodies whole with `read_body` and stream uploads through `Paced`.
//! It never holds more than the limit, and never trusts a declared length further than to refuse it.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::room::{Room, Share};

/// Slower than this on average, in bytes a second, is a client that holds a connection rather than sends a body.
const MIN_RATE: u64 = 1024;

#[derive(Clone, Debug)]
pub struct BodyLimits {
    /// Bytes, decoded.
    pub max_bytes: usize,
    /// What all bodies share.
    pub room: Room,
    /// The longest wait for the next piece. The whole may take this long and one second more for each KiB received.
    pub idle: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// 413.
    TooLarge,
    /// 408: the client paused for too long, or sends by drips.
    Timeout,
    /// 400: the client hung up, or its chunks are malformed.
    Broken,
    /// 503: the bodies of others take all the room.
    Crowded,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too large",
            Self::Timeout => "the body came too slowly",
            Self::Broken => "the body broke off or is malformed",
            Self::Crowded => "too many large bodies at a time",
        })
    }
}

impl Error for BodyError {}

/// Reads a whole body.
///
/// # Errors
/// See [`BodyError`]. A length declared beyond the limit is refused before a byte is read; the connection then closes
/// after the answer.
pub async fn read_body<B>(body: B, limits: BodyLimits) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut body = Paced::new(body, limits);
    let Some(first) = next_data(&mut body).await? else { return Ok(Bytes::new()) };
    let Some(second) = next_data(&mut body).await? else { return Ok(first) };

    let mut whole = BytesMut::from(first);
    whole.extend_from_slice(&second);
    while let Some(data) = next_data(&mut body).await? {
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

async fn next_data<B>(body: &mut Paced<B>) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// A body that ends with a [`BodyError`] where the limits do.
pub struct Paced<B> {
    body: B,
    limits: BodyLimits,
    received: usize,
    /// So much of it at most is held at a time.
    held: usize,
    share: Share,
    /// From the first time the body kept us waiting: one that is already here needs no timer.
    wait: Option<Wait>,
}

struct Wait {
    since: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer is set for the piece that is waited for now.
    is_set: bool,
}

impl<B> Paced<B> {
    pub fn new(body: B, limits: BodyLimits) -> Self {
        let share = Share::new(limits.room.clone());
        Self { body, limits, received: 0, held: usize::MAX, share, wait: None }
    }

    /// One that passes through, so that no more than `held` bytes of it are in memory at a time.
    pub fn passing(body: B, limits: BodyLimits, held: usize) -> Self {
        Self { held, ..Self::new(body, limits) }
    }

    fn count(&mut self, bytes: usize) -> Result<(), BodyError> {
        self.received = self.received.saturating_add(bytes);
        if self.received > self.limits.max_bytes {
            return Err(BodyError::TooLarge);
        }
        if !self.share.cover(self.received.min(self.held)) {
            return Err(BodyError::Crowded);
        }
        if let Some(wait) = &mut self.wait {
            wait.is_set = false;
        }
        Ok(())
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let idle = self.limits.idle;
        let wait = self.wait.get_or_insert_with(|| Wait {
            since: now,
            timer: Box::pin(sleep_until(now + idle)),
            is_set: false,
        });
        if !wait.is_set {
            let earned = Duration::from_secs(self.received as u64 / MIN_RATE);
            wait.timer.as_mut().reset((now + idle).min(wait.since + idle + earned));
            wait.is_set = true;
        }
        wait.timer.as_mut().poll(cx)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Paced<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if this.received as u64 + this.body.size_hint().lower() > this.limits.max_bytes as u64 {
            return Poll::Ready(Some(Err(BodyError::TooLarge)));
        }
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(BodyError::Broken))),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                Poll::Ready(Some(this.count(bytes).map(|()| frame)))
            }
            Poll::Pending => {
                ready!(this.poll_patience(cx));
                Poll::Ready(Some(Err(BodyError::Timeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
