//! The one place where results become answers: status, envelope, headers. Every failure leaves as
//! `{"ok":false,"error_code":…,"description":…}` with the same number as its status.

use crate::server::BodyError;
use axum::response::IntoResponse;
use bytes::Bytes;
use contactgram_hub::{Answer, Error};
use contactgram_wire::BadRequest;
use contactgram_wire::params::BadBody;
use futures_util::Stream;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{Either, Full};
use serde_json::Value;
use std::convert::Infallible;

/// What a handler ends in when it can't do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The hub's refusal.
    Hub(Error),
    /// No such route.
    NoRoute,
    /// No such method of the Bot API.
    NoMethod,
    /// The route has other verbs.
    WrongVerb(&'static str),
    /// A token that can't be one.
    MalformedToken,
    /// A Bearer token that opens nothing.
    InvalidBearer {
        /// Whether it can't be one.
        malformed: bool,
    },
    /// The body is larger than allowed.
    TooLarge,
    /// The body's encoding or type is none that is read here.
    WrongType,
    /// The body did not come in time.
    Slow,
    /// The upstream was asked and gave no answer: it may have done what it was asked.
    NoAnswer,
}

/// An answer's body: here already, or what a route beside the API gives.
pub type Body = Either<Full<Bytes>, axum::body::Body>;

/// An answer.
pub(crate) type Response = http::Response<Body>;

/// A handler's result.
pub(crate) type Reply = Result<Response, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Hub(error)
    }
}

impl From<BadRequest> for Failure {
    fn from(bad: BadRequest) -> Failure {
        Failure::Hub(bad.into())
    }
}

impl From<BadBody> for Failure {
    fn from(bad: BadBody) -> Failure {
        match bad {
            BadBody::Malformed(bad) => bad.into(),
            BadBody::UnsupportedType => Failure::WrongType,
            BadBody::TooLarge => Failure::TooLarge,
        }
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Failure {
        match error {
            BodyError::TooLarge => Failure::TooLarge,
            BodyError::Timeout => Failure::Slow,
            BodyError::Broken => bad("the body ended before its time"),
            BodyError::Crowded => {
                let text = "too many large bodies at a time".into();
                Failure::Hub(Error::Unavailable { text, retry_after: 1 })
            }
        }
    }
}

/// A 400 with this text.
pub(crate) fn bad(text: impl Into<String>) -> Failure {
    BadRequest::of(text).into()
}

impl IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        self.response().into_response()
    }
}

/// A part of a file.
pub(crate) const PARTIAL: StatusCode = StatusCode::PARTIAL_CONTENT;
/// A part of a file that it doesn't have.
pub(crate) const BEYOND: StatusCode = StatusCode::RANGE_NOT_SATISFIABLE;
/// A page that was sent before is still the same.
pub(crate) const UNCHANGED: StatusCode = StatusCode::NOT_MODIFIED;
/// A form was taken: the page that shows it is elsewhere.
pub(crate) const SEE_OTHER: StatusCode = StatusCode::SEE_OTHER;
/// A form came back with what is wrong in it.
pub(crate) const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

impl Failure {
    /// Its status alone.
    pub fn status(&self) -> StatusCode {
        self.parts().0
    }

    /// The failure as it leaves.
    pub fn response(self) -> Response {
        let (status, description, retry_after) = self.parts();
        let description = Value::from(description);
        let mut body =
            format!("{{\"ok\":false,\"error_code\":{},\"description\":{description}", status.as_u16());
        if let Some(seconds) = retry_after {
            body.push_str(&format!(",\"parameters\":{{\"retry_after\":{seconds}}}"));
        }
        body.push('}');
        let mut response = json_response(status, body);
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        match self {
            Failure::WrongVerb(verbs) => drop(headers.insert(ALLOW, HeaderValue::from_static(verbs))),
            Failure::Hub(Error::Unauthorized) | Failure::MalformedToken => {
                const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"contactgram\"");
                headers.insert(WWW_AUTHENTICATE, CHALLENGE);
            }
            Failure::InvalidBearer { .. } => {
                const CHALLENGE: HeaderValue =
                    HeaderValue::from_static("Bearer realm=\"contactgram\", error=\"invalid_token\"");
                headers.insert(WWW_AUTHENTICATE, CHALLENGE);
            }
            _ => {}
        }
        response
    }

    /// The failure as it leaves to whoever sent a token in a header: one that lacks a scope is told which in the
    /// header of RFC 6750, too.
    pub fn response_to_bearer(self) -> Response {
        let Failure::Hub(Error::Lacks(scope)) = self else { return self.response() };
        let challenge =
            format!("Bearer realm=\"contactgram\", error=\"insufficient_scope\", scope=\"{}\"", scope.name());
        let mut response = self.response();
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    /// The same for whoever hears of it later: the code, the description, and when to try again where that may help.
    pub fn told(&self) -> (u16, String, Option<i64>) {
        let (status, text, retry_after) = self.parts();
        (status.as_u16(), text, retry_after)
    }

    fn parts(&self) -> (StatusCode, String, Option<i64>) {
        let texted = |status, begin: &str, text: &str| (status, format!("{begin}: {text}"), None);
        match self {
            Failure::Hub(error) => match error {
                Error::BadRequest(text) => texted(StatusCode::BAD_REQUEST, "Bad Request", text),
                Error::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized".to_owned(), None),
                Error::Forbidden(text) => texted(StatusCode::FORBIDDEN, "Forbidden", text),
                Error::Lacks(scope) => {
                    let text = format!("the credential lacks the scope {}", scope.name());
                    texted(StatusCode::FORBIDDEN, "Forbidden", &text)
                }
                Error::NotFound(text) => texted(StatusCode::NOT_FOUND, "Not Found", text),
                Error::Conflict(text) => texted(StatusCode::CONFLICT, "Conflict", text),
                Error::Gone(text) => texted(StatusCode::GONE, "Gone", text),
                Error::PreconditionFailed(text) => {
                    texted(StatusCode::PRECONDITION_FAILED, "Precondition Failed", text)
                }
                Error::Unprocessable(text) => {
                    texted(StatusCode::UNPROCESSABLE_ENTITY, "Unprocessable Entity", text)
                }
                Error::TooMany { retry_after } => (
                    StatusCode::TOO_MANY_REQUESTS,
                    format!("Too Many Requests: retry after {retry_after}"),
                    Some(*retry_after),
                ),
                Error::Unavailable { text, retry_after } => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    format!("Service Unavailable: {text}"),
                    Some(*retry_after),
                ),
                Error::Internal => {
                    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error".to_owned(), None)
                }
            },
            Failure::NoRoute => (StatusCode::NOT_FOUND, "Not Found".to_owned(), None),
            Failure::NoMethod => texted(StatusCode::NOT_FOUND, "Not Found", "method not found"),
            Failure::WrongVerb(_) => (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed".to_owned(), None),
            Failure::InvalidBearer { malformed: false } => {
                (StatusCode::UNAUTHORIZED, "Unauthorized".to_owned(), None)
            }
            Failure::MalformedToken | Failure::InvalidBearer { malformed: true } => {
                texted(StatusCode::UNAUTHORIZED, "Unauthorized", "invalid token specified")
            }
            Failure::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large".to_owned(), None),
            Failure::WrongType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type".to_owned(), None)
            }
            Failure::Slow => (StatusCode::REQUEST_TIMEOUT, "Request Timeout".to_owned(), None),
            Failure::NoAnswer => {
                let text = "the upstream gave no answer, and may have done what it was asked";
                texted(StatusCode::GATEWAY_TIMEOUT, "Gateway Timeout", text)
            }
        }
    }
}

/// What every result stands in.
const ENVELOPE: &str = "{\"ok\":true,\"result\":";

/// The answer to something that was done.
pub(crate) fn done(answer: Answer) -> Response {
    let status = match (answer.accepted, answer.created) {
        (true, _) => StatusCode::ACCEPTED,
        (false, Some(_)) => StatusCode::CREATED,
        (false, None) => StatusCode::OK,
    };
    let described = answer.description.as_ref().map_or(0, |text| text.len() + 32);
    let mut body = String::with_capacity(answer.result.len() + ENVELOPE.len() + 1 + described);
    body.push_str(ENVELOPE);
    body.push_str(&answer.result);
    if let Some(description) = &answer.description {
        body.push_str(",\"description\":");
        body.push_str(&Value::from(description.as_str()).to_string());
    }
    body.push('}');
    let mut response = json_response(status, body);
    if let Some(tag) = answer.version.and_then(etag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The answer to something that was made.
pub(crate) fn made(answer: Answer) -> Response {
    let mut response = done(answer);
    *response.status_mut() = StatusCode::CREATED;
    response
}

/// The answer to a method: as [`done`], but always 200, as the Bot API has it.
pub(crate) fn done_method(answer: Answer) -> Response {
    done(Answer { created: None, version: None, ..answer })
}

/// `{"ok":true,"result":…}` around JSON that is there already.
pub(crate) fn result(json: String) -> Response {
    done(Answer::json(json))
}

/// Puts a `Location` on the answer to something that was made.
pub(crate) fn located(mut response: Response, location: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

/// 304 with the tag that matched.
pub(crate) fn not_modified(version: i64) -> Response {
    let mut response = Response::new(Either::Left(Full::new(Bytes::new())));
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    if let Some(tag) = etag(version) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Server-sent events, as they come. Nobody on the way may keep them.
pub(crate) fn events(events: impl Stream<Item = Result<String, Infallible>> + Send + 'static) -> Response {
    let mut response = Response::new(Either::Right(axum::body::Body::from_stream(events)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// 204 without a body.
pub(crate) fn nothing() -> Response {
    let mut response = Response::new(Either::Left(Full::new(Bytes::new())));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A bare JSON body with headers of its own.
pub(crate) fn bare(json: String, headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Response {
    let mut response = json_response(StatusCode::OK, json);
    response.headers_mut().extend(headers);
    response
}

/// 200, or 503 when `well` is false, with a bare JSON body.
pub(crate) fn health(well: bool, json: &'static str) -> Response {
    json_response(if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, json.to_owned())
}

/// A contact's version as an entity tag.
pub(crate) fn etag(version: i64) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{version}\"")).ok()
}

fn json_response(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Either::Left(Full::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
