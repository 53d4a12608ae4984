//! `/openapi.json`, and `/docs`: Swagger UI over it, embedded so that it works without the internet.
//! `routes` mounts both. The page runs scripts and calls addresses of this server alone.

use crate::App;
use crate::needs::route;
use crate::reply::Failure;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use contactgram_hub::Error;
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::io::Read as _;

/// Swagger UI draws its arrows as `data:` pictures; nothing else comes from anywhere but here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

const DOCUMENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));
const PAGE: &[u8] = include_bytes!("index.html");
const START: &[u8] = include_bytes!("start.js");
const UI_SCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.js.gz"));
const UI_STYLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"));
const UI_LICENCE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.licence.gz"));

/// The document, and the page with its parts.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(route!("/openapi.json"), only_get(get(async |headers| packed(&headers, JSON, DOCUMENT))))
        .route(route!("/docs"), only_get(get(async || plain(HTML, PAGE))))
        .route(route!("/docs/start.js"), only_get(get(async || plain(SCRIPT, START))))
        .route(
            route!("/docs/swagger-ui.js"),
            only_get(get(async |headers| packed(&headers, SCRIPT, UI_SCRIPT))),
        )
        .route(route!("/docs/swagger-ui.css"), only_get(get(async |headers| packed(&headers, CSS, UI_STYLE))))
        .route(route!("/docs/LICENSE"), only_get(get(async |headers| packed(&headers, TEXT, UI_LICENCE))))
}

/// Other verbs get the envelope, as everywhere.
fn only_get(get: MethodRouter<App>) -> MethodRouter<App> {
    get.fallback(async || Failure::WrongVerb("GET, HEAD"))
}

fn plain(kind: &'static str, bytes: &'static [u8]) -> Response {
    response(kind, Bytes::from_static(bytes))
}

/// As it is embedded for whoever takes gzip, unpacked for others.
fn packed(headers: &HeaderMap, kind: &'static str, bytes: &'static [u8]) -> Response {
    let mut response = if takes_gzip(headers) {
        let mut response = plain(kind, bytes);
        set(&mut response, CONTENT_ENCODING, "gzip");
        response
    } else {
        let mut whole = Vec::new();
        match GzDecoder::new(bytes).read_to_end(&mut whole) {
            Ok(_) => response(kind, whole.into()),
            Err(error) => return Failure::Hub(Error::internal(error)).into_response(),
        }
    };
    set(&mut response, VARY, "Accept-Encoding");
    response
}

fn response(kind: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    set(&mut response, CONTENT_TYPE, kind);
    // An hour: the parts change with a release only, and have no version in their names.
    set(&mut response, CACHE_CONTROL, "public, max-age=3600");
    set(&mut response, CONTENT_SECURITY_POLICY, POLICY);
    set(&mut response, REFERRER_POLICY, "no-referrer");
    set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Whether `Accept-Encoding` names gzip without refusing it (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0));
        coding.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taking(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_goes_to_those_who_take_it() {
        for value in ["gzip", "deflate, GZIP;q=0.5", "br, gzip"] {
            assert!(takes_gzip(&taking(value)), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"] {
            assert!(!takes_gzip(&taking(value)), "{value}");
        }
    }

    #[tokio::test]
    async fn what_was_embedded_unpacks_to_what_was_packed() {
        for (bytes, begins) in
            [(DOCUMENT, "{"), (UI_STYLE, ".swagger-ui"), (UI_SCRIPT, "/*!"), (UI_LICENCE, "\n")]
        {
            let response = packed(&HeaderMap::new(), TEXT, bytes);
            assert_eq!(response.headers().get(CONTENT_ENCODING), None);
            let body = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
            let text = std::str::from_utf8(&body).unwrap();
            assert!(text.starts_with(begins), "{:?}", &text[..20]);
            let same = packed(&taking("gzip"), TEXT, bytes);
            assert_eq!(same.headers()[CONTENT_ENCODING], "gzip");
        }
    }

    #[test]
    fn the_page_names_no_other_host() {
        for part in [PAGE, START] {
            let text = std::str::from_utf8(part).unwrap();
            assert!(!text.contains("://"), "{text}");
        }
        assert!(!POLICY.contains("http") && !POLICY.contains('*'));
    }
}
