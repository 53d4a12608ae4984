//! The service as one connection sees it: it reports to the pulse when it speaks, names the peer, and survives a panic.
//! `connection` wraps each clone of the caller's service in it.
//! It never changes an answer that a handler gave.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::Service as HyperService;
use hyper_util::service::TowerToHyperService;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::envelope;
use super::pulse::Pulse;
use super::request_id::{X_REQUEST_ID, request_id};

pub(super) struct Answering<S> {
    pub service: TowerToHyperService<S>,
    pub peer: SocketAddr,
    pub pulse: Arc<Pulse>,
}

impl<S> HyperService<Request<Incoming>> for Answering<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone,
{
    type Response = Response<Spoken>;
    type Error = Infallible;
    type Future = Answer<<TowerToHyperService<S> as HyperService<Request<Incoming>>>::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.pulse.called();
        let caller_id = request.headers().get(X_REQUEST_ID).cloned();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Answer { future: self.service.call(request), caller_id, pulse: Arc::clone(&self.pulse) }
    }
}

pin_project! {
    pub(super) struct Answer<F> {
        #[pin]
        future: F,
        caller_id: Option<HeaderValue>,
        pulse: Arc<Pulse>,
    }
}

impl<F: Future<Output = Result<Response<Body>, Infallible>>> Future for Answer<F> {
    type Output = Result<Response<Spoken>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Nothing of the handler's is looked at again after a panic, so no broken invariant can be seen.
        let polled = catch_unwind(AssertUnwindSafe(|| this.future.poll(cx)));
        let response = match polled {
            Ok(polled) => {
                let Ok(response) = ready!(polled);
                response
            }
            Err(_) => crashed(this.caller_id.as_ref()),
        };
        this.pulse.speaks();
        let pulse = Arc::clone(this.pulse);
        Poll::Ready(Ok(response.map(|body| Spoken { body, pulse })))
    }
}

/// The panic hook has already printed where and why.
fn crashed(caller_id: Option<&HeaderValue>) -> Response<Body> {
    let id = request_id(caller_id);
    tracing::error!(request.id = ?id, "a handler panicked");
    envelope::response(StatusCode::INTERNAL_SERVER_ERROR, id)
}

/// An answer's body that tells the pulse when it hands out a piece, and when it is over.
pub(super) struct Spoken {
    body: Body,
    pulse: Arc<Pulse>,
}

impl HttpBody for Spoken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
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

impl Drop for Spoken {
    fn drop(&mut self) {
        self.pulse.answered();
    }
}
