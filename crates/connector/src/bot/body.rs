//! Bodies on their way through: the request's to the upstream, the answer's back.
//! Made by the pool for each request. They hold a frame at a time and never a whole body.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::fault::Why;
use super::pool::Lease;

pub(super) type AnyError = Box<dyn Error + Send + Sync>;

/// The body of a request to an upstream.
pub(super) enum SentBody {
    Whole(Option<Bytes>),
    Stream(Pin<Box<dyn Body<Data = Bytes, Error = AnyError> + Send>>, Arc<Progress>),
}

/// How far a streamed request body is.
#[derive(Default)]
pub(super) struct Progress {
    /// Counts its frames.
    pub frames: AtomicU64,
    /// All of it was handed over.
    pub ended: AtomicBool,
    /// The caller's side broke off.
    pub failed: AtomicBool,
}

impl SentBody {
    pub fn whole(bytes: Bytes) -> SentBody {
        SentBody::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub fn stream<B>(body: B) -> (SentBody, Arc<Progress>)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<AnyError>,
    {
        let progress = Arc::new(Progress::default());
        let body = Box::pin(http_body_util::BodyExt::map_err(body, Into::into));
        (SentBody::Stream(body, Arc::clone(&progress)), progress)
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = AnyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnyError>>> {
        match self.get_mut() {
            SentBody::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            SentBody::Stream(body, progress) => {
                let frame = ready!(body.as_mut().poll_frame(cx));
                match &frame {
                    Some(Ok(_)) => {
                        progress.frames.fetch_add(1, Ordering::Relaxed);
                        if body.is_end_stream() {
                            progress.ended.store(true, Ordering::Release);
                        }
                    }
                    Some(Err(_)) => progress.failed.store(true, Ordering::Release),
                    None => progress.ended.store(true, Ordering::Release),
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            SentBody::Whole(bytes) => bytes.is_none(),
            SentBody::Stream(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            // A body has the length of its bytes, which fits.
            SentBody::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            SentBody::Stream(body, _) => body.size_hint(),
        }
    }
}

/// The body of an upstream's answer, as it arrives. When it has ended its connection serves the next request;
/// dropped earlier, the connection is closed.
pub struct PassBody {
    body: Incoming,
    lease: Option<Lease>,
    /// Runs while nothing comes.
    stalled: Option<Pin<Box<Sleep>>>,
    patience: Duration,
}

impl PassBody {
    pub(super) fn new(body: Incoming, lease: Lease, patience: Duration) -> PassBody {
        let mut body = PassBody { body, lease: Some(lease), stalled: None, patience };
        body.release_at_end();
        body
    }

    fn release_at_end(&mut self) {
        if self.body.is_end_stream()
            && let Some(lease) = self.lease.take()
        {
            lease.give_back();
        }
    }

    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience;
        self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience))).as_mut().poll(cx)
    }
}

impl Body for PassBody {
    type Data = Bytes;
    type Error = Why;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Why>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.stalled = None;
                this.release_at_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                this.lease = None;
                Poll::Ready(Some(Err(Why::of_connection(&error))))
            }
            Poll::Ready(None) => {
                if let Some(lease) = this.lease.take() {
                    lease.give_back();
                }
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(this.poll_stalled(cx));
                this.lease = None;
                Poll::Ready(Some(Err(Why::TimedOut)))
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

impl fmt::Debug for PassBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassBody").field("size_hint", &self.body.size_hint()).finish_non_exhaustive()
    }
}
