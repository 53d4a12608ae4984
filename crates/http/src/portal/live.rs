//! The stream in which a page hears that something came in. It says only that: the page asks again for what it shows.

use super::answer::{Seen, guarded};
use super::visit::Visit;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, Sse};
use contactgram_hub::access::MessagesRead;
use futures_util::stream;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use std::convert::Infallible;
use std::time::Duration;

/// What nobody rings for, such as a message sent by another program, shows within so long.
const AT_LEAST: Duration = Duration::from_secs(20);
/// Browsers come again by themselves: so whoever lost their role hears nothing more soon.
const ROUNDS: u32 = 15;

/// `GET /portal/a/{account}/live`
pub(super) async fn stream(visit: Visit) -> Seen {
    let watch = visit.hub().watch(&visit.permit::<MessagesRead>()?);
    let events = stream::unfold((watch, 0), async |(watch, round)| {
        if round == ROUNDS || !watch.changed(AT_LEAST).await {
            return None;
        }
        // Browsers pass over an event without data.
        let event = Event::default().event("change").data("look");
        Some((Ok::<_, Infallible>(event), (watch, round + 1)))
    });
    let mut response = Sse::new(Box::pin(events)).into_response();
    guarded(response.headers_mut());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
