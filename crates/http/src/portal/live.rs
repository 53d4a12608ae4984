//! The stream in which a page hears that something changed. It says only that: the page asks again for what it shows.

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

/// A page looks again so often by itself, since times on it grow old.
const AT_LEAST: Duration = Duration::from_secs(20);
/// Between two events: an account that is written to a hundred times a second is not shown as often.
const AT_MOST: Duration = Duration::from_millis(250);
/// Browsers come again by themselves: so whoever lost their role hears nothing more soon.
const ROUNDS: u32 = 15;

/// `GET /portal/a/{account}/live`
pub(super) async fn stream(visit: Visit) -> Seen {
    let watch = visit.hub().watch(&visit.permit::<MessagesRead>()?);
    let events = stream::unfold((watch, 0), async |(mut watch, round)| {
        if round > 0 {
            tokio::time::sleep(AT_MOST).await;
        }
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
