//! What happens to every request: it gets an id, is counted and timed, and browsers are told from where
//! they may call. `server` hands requests to [`Api`]; `routes` says where they go from here.
//! It never reads a body, and makes nothing for a log or a count that nobody asked for.

use crate::metrics::{Requests, Spot};
use crate::reply::{self, Response};
use crate::routes::{self, Route};
use crate::server::Serve;
use crate::server::request_id::{X_REQUEST_ID, named, request_id};
use crate::{App, Options};
use axum::Router;
use axum::extract::MatchedPath;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use contactgram_hub::Hub;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CONTENT_LENGTH, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{Either, Full};
use hyper::body::{Body as _, Incoming};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;
use tower_service::Service as _;

/// The whole API, for [`server::serve`](crate::server::serve).
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    app: Arc<App>,
    others: Router,
    requests: Option<Arc<Requests>>,
}

impl Api {
    pub(crate) fn new(hub: Arc<Hub>, options: Options) -> Api {
        let requests = options.metrics.as_ref().map(|metrics| Arc::clone(&metrics.requests));
        let app = App { hub, options: Arc::new(options) };
        Api(Arc::new(Inner { others: routes::others(app.clone()), app: Arc::new(app), requests }))
    }
}

impl Serve for Api {
    type Body = reply::Body;

    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response> + Send + use<> {
        let route = Route::find(request.uri().path());
        let spot = |route| Spot::of(route, request.uri().path());
        let came = Came {
            begun: Instant::now(),
            id: request_id(request.headers().get(&X_REQUEST_ID)),
            origin: allowed_origin(&self.0.app.options, request.headers()),
            verb: request.method().clone(),
            route,
            spot: self.0.requests.as_ref().and(route).map(spot),
        };
        let work = match came.route {
            _ if came.origin.is_some() && came.verb == Method::OPTIONS => Work::Nothing,
            Some(route) => Work::Api(route.answer(Arc::clone(&self.0.app), request)),
            None => Work::Other(Box::pin(elsewhere(self.0.others.clone(), request))),
        };
        pass(Arc::clone(&self.0), came, work)
    }
}

/// What is kept of a request while it is answered.
struct Came {
    begun: Instant,
    id: HeaderValue,
    origin: Option<HeaderValue>,
    verb: Method,
    route: Option<Route>,
    /// Where it is counted, if it is one of the API's.
    spot: Option<Spot>,
}

enum Work {
    Nothing,
    Api(routes::Work),
    Other(Pin<Box<dyn Future<Output = Response> + Send>>),
}

async fn pass(api: Arc<Inner>, mut came: Came, work: Work) -> Response {
    let _in_flight = api.requests.as_deref().map(Requests::enter);
    let mut response = match work {
        Work::Nothing => reply::nothing(),
        Work::Api(work) => match (named(&mut came.id, work).await, came.route) {
            (Ok(response), _) => response,
            (Err(failure), Some(Route { has_token: false, .. })) => failure.response_to_bearer(),
            (Err(failure), _) => failure.response(),
        },
        Work::Other(work) => named(&mut came.id, work).await,
    };
    tell(&api, &came, &response);
    if came.verb == Method::HEAD {
        without_body(&mut response);
    }
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, came.id);
    if !api.app.options.cors_origins.is_empty() {
        // Also to pages that may not read it, or a cache would hand their answer to those that may.
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = came.origin {
        for_browsers(headers, origin, &came.verb);
    }
    response
}

async fn elsewhere(mut others: Router, request: Request<Incoming>) -> Response {
    let response = match others.call(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    };
    response.map(Either::Right)
}

/// Counts and logs a request that was answered.
fn tell(api: &Inner, came: &Came, response: &Response) {
    let other = || response.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let (code, took) = (response.status().as_u16(), came.begun.elapsed());
    if let Some(requests) = &api.requests {
        match came.spot {
            Some(spot) => requests.count(spot, &came.verb, (code, took)),
            None => requests.count_other(other(), &came.verb, (code, took)),
        }
    }
    tracing::debug!(
        request.id = came.id.to_str().unwrap_or_default(),
        http.verb = %came.verb,
        http.route = came.route.map_or_else(other, |route| Route::label(route.index())),
        http.status = code,
        took_us = took.as_micros() as u64,
        "request"
    );
}

/// What HEAD answers: what GET would, with its length, without its body.
fn without_body(response: &mut Response) {
    if let Some(length) = response.body().size_hint().exact()
        && !response.headers().contains_key(CONTENT_LENGTH)
    {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Either::Left(Full::new(Bytes::new()));
}

fn for_browsers(headers: &mut HeaderMap, origin: HeaderValue, verb: &Method) {
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

/// The request's origin, if the operator allowed it.
fn allowed_origin(options: &Options, headers: &HeaderMap) -> Option<HeaderValue> {
    if options.cors_origins.is_empty() {
        return None;
    }
    let origin = headers.get(ORIGIN)?;
    let text = origin.to_str().ok()?;
    options.cors_origins.iter().any(|allowed| allowed == "*" || allowed == text).then(|| origin.clone())
}
