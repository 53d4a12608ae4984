//! The service as one connection sees it: it reports to the pulse when it speaks, and survives a panic.
//! `connection` has each request answered through it.
//! It never changes an answer that a handler gave.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use pin_project_lite::pin_project;
use tower_service::Service as _;

use super::envelope;
use super::pulse::Pulse;
use super::request_id::{X_REQUEST_ID, request_id};

/// What answers requests. A tower service would have to be asked whether it is ready, be cloned for each
/// request, and have a future with a name.
pub trait Serve: Clone + Send + 'static {
    /// An answer's body.
    type Body: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static;

    /// The answer to a request; every failure is one as well.
    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Self::Body>> + Send + use<Self>;
}

impl Serve for axum::Router {
    type Body = axum::body::Body;

    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Self::Body>> + Send + use<> {
        let answer = self.clone().call(request);
        async move {
            match answer.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    }
}

/// Begins to answer a request of a connection.
pub(super) fn begin<S: Serve>(
    service: &S,
    pulse: &Arc<Pulse>,
    request: Request<Incoming>,
) -> Answer<impl Future<Output = Response<S::Body>> + Send + use<S>> {
    pulse.called();
    let caller_id = request.headers().get(X_REQUEST_ID).cloned();
    let future = catch_unwind(AssertUnwindSafe(|| service.answer(request))).ok();
    Answer { future, caller_id, pulse: Arc::clone(pulse) }
}

pin_project! {
    pub(super) struct Answer<F> {
        // `None` where it crashed before there was any.
        #[pin]
        future: Option<F>,
        caller_id: Option<HeaderValue>,
        pulse: Arc<Pulse>,
    }
}

impl<B, F: Future<Output = Response<B>>> Future for Answer<F> {
    type Output = Result<Response<Spoken<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Nothing of the handler's is looked at again after a panic, so no broken invariant can be seen.
        let future = this.future.as_pin_mut();
        let polled = catch_unwind(AssertUnwindSafe(|| future.map(|future| future.poll(cx))));
        let response = match polled {
            Ok(Some(polled)) => ready!(polled).map(Either::Right),
            Ok(None) | Err(_) => crashed(this.caller_id.as_ref()).map(Either::Left),
        };
        this.pulse.speaks();
        let pulse = Arc::clone(this.pulse);
        Poll::Ready(Ok(response.map(|body| Spoken { body, pulse })))
    }
}

/// The panic hook has already printed where and why.
fn crashed(caller_id: Option<&HeaderValue>) -> Response<Full<Bytes>> {
    let id = request_id(caller_id);
    tracing::error!(request.id = ?id, "a handler panicked");
    envelope::response(StatusCode::INTERNAL_SERVER_ERROR, id)
}

/// An answer's body that tells the pulse when it hands out a piece, and when it is over.
pub(super) struct Spoken<B> {
    body: Either<Full<Bytes>, B>,
    pulse: Arc<Pulse>,
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin> HttpBody for Spoken<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.pulse.speaks();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Spoken<B> {
    fn drop(&mut self) {
        self.pulse.answered();
    }
}
