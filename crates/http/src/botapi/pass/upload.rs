//! A request's body that streams through: what was read ahead of it to learn where it goes, then the rest as it comes.
//! A sum over all of it tells two requests apart that have one idempotency key. It never holds more than what was read
//! ahead.

use super::fingerprint::Sum;
use crate::reply::{Failure, bad};
use bytes::Bytes;
use contactgram_wire::params::{MultipartHead, Params};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// So much of an upload is read to find the fields before its first file, in bytes.
const AHEAD: usize = 64 << 10;

/// A body on its way.
pub(super) struct Upload {
    ahead: VecDeque<Bytes>,
    rest: Incoming,
    sum: Option<Arc<Mutex<Sum>>>,
}

impl Upload {
    /// Reads the fields of an upload that come before its first file into `params`, and leaves the body whole.
    /// A body of another kind is left as it is.
    pub async fn open(
        mut rest: Incoming,
        (params, content_type): (&mut Params, Option<&str>),
        patience: Duration,
    ) -> Result<Upload, Failure> {
        let mut ahead = VecDeque::new();
        let Some(mut head) = MultipartHead::of(content_type.unwrap_or_default()) else {
            return Ok(Upload { ahead, rest, sum: None });
        };
        while !head.is_over() && head.len() < AHEAD {
            let frame = tokio::time::timeout(patience, rest.frame()).await.map_err(|_| Failure::Slow)?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|_| bad("the body ended before its time"))?;
            if let Ok(data) = frame.into_data() {
                head.push(&data);
                ahead.push_back(data);
            }
        }
        head.into_params(params);
        Ok(Upload { ahead, rest, sum: None })
    }

    /// Sums it up as it passes; what this returns holds the sum once the body has ended.
    pub fn summed(&mut self, sum: Sum) -> Arc<Mutex<Sum>> {
        let sum = Arc::new(Mutex::new(sum));
        self.sum = Some(Arc::clone(&sum));
        sum
    }

    /// Reads it to its end, for its sum alone.
    pub async fn drain(mut self, patience: Duration) -> Result<(), Failure> {
        loop {
            match tokio::time::timeout(patience, self.frame()).await {
                Err(_) => return Err(Failure::Slow),
                Ok(None) => return Ok(()),
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_))) => return Err(bad("the body ended before its time")),
            }
        }
    }

    fn count(&self, data: &Bytes) {
        if let Some(sum) = &self.sum {
            sum.lock().unwrap_or_else(PoisonError::into_inner).add(data);
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(data) = self.ahead.pop_front() {
            self.count(&data);
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        let polled = Pin::new(&mut self.rest).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.count(data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead: u64 = self.ahead.iter().map(|data| data.len() as u64).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + ahead);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + ahead);
        }
        hint
    }
}
