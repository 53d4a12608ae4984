//! What happens to every request: it gets an id, is counted and timed, and browsers are told from where
//! they may call. One layer: each stock layer would cost about as much as the router itself.

use crate::App;
use crate::reply;
use crate::server::request_id::{X_REQUEST_ID, request_id};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderValue, Method};
use std::time::Instant;
use tracing::Instrument as _;

/// Lets a request through.
pub(crate) async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(request.headers().get(&X_REQUEST_ID));
    let origin = allowed_origin(&app, &request);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let verb = request.method().clone();

    let mut response = match (&origin, &verb) {
        (Some(_), &Method::OPTIONS) => reply::nothing(),
        // What is logged on the way carries the id, so that an answer's id finds its cause.
        _ => {
            let span = tracing::error_span!("request", request.id = id.to_str().unwrap_or_default());
            next.run(request).instrument(span).await
        }
    };

    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let code = response.status().as_u16();
    let took = begun.elapsed();
    count(route, code, took.as_secs_f64());
    tracing::debug!(
        request.id = id.to_str().unwrap_or_default(),
        http.verb = %verb,
        http.route = route,
        http.status = code,
        took_us = took.as_micros() as u64,
        "request"
    );
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id);
    if !app.options.cors_origins.is_empty() {
        // Also to pages that may not read it, or a cache would hand their answer to those that may.
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("ETag, Link, Location, Retry-After, X-Request-Id, X-Total-Count"),
        );
        if verb == Method::OPTIONS {
            headers.insert(
                ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("GET, HEAD, POST, PATCH, PUT, DELETE"),
            );
            headers.insert(
                ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static(
                    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id",
                ),
            );
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        }
    }
    response
}

/// The request's origin, if the operator allowed it.
fn allowed_origin(app: &App, request: &Request) -> Option<HeaderValue> {
    if app.options.cors_origins.is_empty() {
        return None;
    }
    let origin = request.headers().get(ORIGIN)?;
    let text = origin.to_str().ok()?;
    app.options.cors_origins.iter().any(|allowed| allowed == "*" || allowed == text).then(|| origin.clone())
}

fn count(route: &str, code: u16, seconds: f64) {
    // Routes are few and known; a path as it came would make a series of each contact.
    let route = route.to_owned();
    let class = match code {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("contactgram_requests_total", "route" => route.clone(), "code" => class).increment(1);
    metrics::histogram!("contactgram_request_seconds", "route" => route).record(seconds);
}
