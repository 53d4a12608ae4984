//! The portal's style, scripts and mark, from the binary alone. Browsers ask each time whether they changed, and are
//! told so by a digest: no name has a version in it.

use super::answer;
use crate::App;
use crate::needs::route;
use crate::reply::Failure;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use contactgram_model::hex;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};

const CSS: &str = include_str!("assets/portal.css");
const SCRIPT: &str = include_str!("assets/portal.js");
const HTMX: &str = include_str!("assets/htmx.js");
const ICON: &str = include_str!("assets/icon.svg");
const LICENCE: &str = include_str!("assets/htmx.LICENSE");

pub(super) fn routes() -> Router<App> {
    let asset = |kind: &'static str, text: &'static str| {
        let tag = tag(text);
        get(async move |headers: HeaderMap| serve(&headers, (kind, text), &tag))
            .fallback(async || Failure::WrongVerb("GET, HEAD"))
    };
    Router::new()
        .route(route!("/portal/assets/portal.css"), asset("text/css; charset=utf-8", CSS))
        .route(route!("/portal/assets/portal.js"), asset("text/javascript; charset=utf-8", SCRIPT))
        .route(route!("/portal/assets/htmx.js"), asset("text/javascript; charset=utf-8", HTMX))
        .route(route!("/portal/assets/icon.svg"), asset("image/svg+xml", ICON))
        .route(route!("/portal/assets/htmx.LICENSE"), asset("text/plain; charset=utf-8", LICENCE))
}

fn tag(text: &str) -> HeaderValue {
    let mut digest = hex::encode(&Sha256::digest(text));
    digest.truncate(16);
    HeaderValue::try_from(format!("\"{digest}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn serve(headers: &HeaderMap, (kind, text): (&'static str, &'static str), tag: &HeaderValue) -> Response {
    let mut response = match headers.get(IF_NONE_MATCH) == Some(tag) {
        true => answer::unchanged().into_response(),
        false => Response::new(Body::from(text)),
    };
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    fields.insert(ETAG, tag.clone());
    answer::guarded(fields);
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
