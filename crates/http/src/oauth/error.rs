//! How the endpoints' answers leave: the crate `oauth` has written most of them; what its rules do not know of (a busy
//! store, a client that fails too often, a caller's token) is written here, with status and body as OAuth has them.

use crate::reply::Failure;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use contactgram_hub::Error;
use contactgram_hub::oauth::Refusal;
use contactgram_oauth::answer::{self, Answer};
use contactgram_oauth::{Kind, error};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderValue, StatusCode};
use std::borrow::Cow;

/// Why there is no answer but this.
pub(super) enum Refused {
    /// By the rules, or by the hub.
    By(Refusal),
    /// The request could not be read.
    Failure(Failure),
    /// The caller's token opens nothing.
    Token,
    /// The caller's token lacks the scope.
    Scope,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused::By(refusal)
    }
}

impl From<error::Error> for Refused {
    fn from(error: error::Error) -> Refused {
        Refused::By(error.into())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::By(error.into())
    }
}

impl Refused {
    /// `invalid_request`.
    pub fn bad(why: &'static str) -> Refused {
        error::Error { kind: Kind::InvalidRequest, description: Cow::Borrowed(why) }.into()
    }

    /// As it leaves.
    pub fn into_response(self) -> Response {
        match self {
            Refused::By(Refusal::Rules(error)) => written(answer::error(&error)),
            Refused::By(Refusal::TooMany(wait_s)) => {
                let why = "The client failed to prove itself too often. Wait before you try again.";
                later(StatusCode::TOO_MANY_REQUESTS, ("invalid_client", why), wait_s)
            }
            Refused::By(Refusal::Failed(Error::Unavailable { retry_after, .. })) => {
                let why = "The server is busy. Try again later.";
                later(StatusCode::SERVICE_UNAVAILABLE, ("temporarily_unavailable", why), retry_after)
            }
            // Nothing else is left of the hub's refusals where a client has proven itself.
            Refused::By(Refusal::Failed(_)) => {
                json(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Something went wrong here.")
            }
            Refused::Failure(failure) => no_store(failure.into_response()),
            Refused::Token => {
                const CHALLENGE: &str = "Bearer realm=\"contactgram\", error=\"invalid_token\"";
                let why = "The token is unknown, expired or revoked.";
                challenged(json(StatusCode::UNAUTHORIZED, "invalid_token", why), CHALLENGE)
            }
            Refused::Scope => {
                const CHALLENGE: &str =
                    "Bearer realm=\"contactgram\", error=\"insufficient_scope\", scope=\"account:manage\"";
                let why = "The token lacks the scope account:manage.";
                challenged(json(StatusCode::FORBIDDEN, "insufficient_scope", why), CHALLENGE)
            }
        }
    }
}

/// An answer of the rules.
pub(super) fn written(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// An answer that pages of any origin may read: it has nothing of anybody's.
pub(super) fn open(answer: Answer) -> Response {
    let mut response = written(answer);
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// An answer that pages of this origin may read.
pub(super) fn readable_to(origin: &str, mut response: Response) -> Response {
    if let Ok(origin) = HeaderValue::from_str(origin) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
    }
    response
}

fn later(status: StatusCode, (error, why): (&str, &str), wait_s: i64) -> Response {
    let mut response = json(status, error, why);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait_s));
    response
}

fn challenged(mut response: Response, challenge: &'static str) -> Response {
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

fn json(status: StatusCode, error: &str, why: &str) -> Response {
    let body = serde_json::json!({ "error": error, "error_description": why });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    no_store(response)
}

fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
