//! How pages leave: with headers that keep them from being framed, kept, sniffed or scripted from elsewhere, and
//! refusals as pages that say what to do. Every handler of the portal ends here.

use crate::App;
use crate::reply::{self, Failure};
use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use contactgram_hub::Error;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Everything comes from here, nothing is inline, and nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What a handler of the portal ends in.
pub(crate) type Seen = Result<Response, Oops>;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Oops {
    /// Somebody has to sign in first, and comes back here.
    SignIn(String),
    /// The form did not come from a page of ours, or from one of an earlier session.
    Forged,
    /// Whatever else is refused.
    Failure(Failure),
}

impl From<Error> for Oops {
    fn from(error: Error) -> Oops {
        Oops::Failure(error.into())
    }
}

impl From<Failure> for Oops {
    fn from(failure: Failure) -> Oops {
        Oops::Failure(failure)
    }
}

#[derive(Template)]
#[template(path = "oops.html")]
struct OopsPage {
    title: &'static str,
    text: String,
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        let (failure, title, text) = match self {
            Oops::SignIn(next) => return to(&sign_in(&next)),
            Oops::Forged => {
                let text = "The page was open for too long, or the form came from somewhere else. Go back, load the page again, and send it once more.";
                (forbidden(), "That was not sent", text.to_owned())
            }
            Oops::Failure(failure) => {
                let (title, text) = said(&failure);
                (failure, title, text)
            }
        };
        let status = failure.status();
        let mut response =
            page(&OopsPage { title, text }).unwrap_or_else(|_| failure.response().into_response());
        *response.status_mut() = status;
        response
    }
}

fn forbidden() -> Failure {
    Error::Forbidden("".into()).into()
}

/// A failure in words for whoever clicked.
fn said(failure: &Failure) -> (&'static str, String) {
    let (title, text) = match failure {
        Failure::Hub(Error::NotFound(_)) | Failure::NoRoute => {
            ("Not here", "There is no such page, or it is not for you to see.".to_owned())
        }
        Failure::Hub(Error::Forbidden(text)) => ("Not allowed", sentence(text)),
        Failure::Hub(Error::Lacks(_)) => {
            ("Not allowed", "Your role on this account does not allow it.".to_owned())
        }
        Failure::Hub(Error::Unavailable { text, .. }) => ("Not now", sentence(text)),
        Failure::Hub(Error::TooMany { retry_after }) => {
            ("Too many tries", format!("Try again in {retry_after} seconds."))
        }
        Failure::Hub(Error::Internal) => ("Our fault", "It is in the log. Nothing was changed.".to_owned()),
        Failure::Hub(Error::BadRequest(text) | Error::Conflict(text) | Error::PreconditionFailed(text)) => {
            ("That did not work", sentence(text))
        }
        _ => ("That did not work", "The request can't be read.".to_owned()),
    };
    (title, text)
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

/// A page.
pub(crate) fn page(template: &impl Template) -> Seen {
    let html = template.render().map_err(Error::internal)?;
    let mut response = Response::new(Body::from(html));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    guarded(response.headers_mut());
    Ok(response)
}

/// A page that says what is wrong with what was sent.
pub(crate) fn wrong(template: &impl Template) -> Seen {
    let mut response = page(template)?;
    *response.status_mut() = reply::UNPROCESSABLE;
    Ok(response)
}

/// The page with what is wrong, or without where nothing is.
pub(crate) fn page_of(is_wrong: bool, template: &impl Template) -> Seen {
    if is_wrong { wrong(template) } else { page(template) }
}

/// Somewhere else, by GET.
pub(crate) fn to(location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = reply::SEE_OTHER;
    // What can't be in a header can't be an address of ours.
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/portal"));
    response.headers_mut().insert(LOCATION, location);
    guarded(response.headers_mut());
    response
}

/// Another answer without a body.
pub(super) fn unchanged() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = reply::UNCHANGED;
    response
}

/// The sign-in page that leads back to `next`.
pub(super) fn sign_in(next: &str) -> String {
    match next {
        "" | "/portal" => "/portal/sign-in".to_owned(),
        next => {
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            format!("/portal/sign-in?next={next}")
        }
    }
}

/// The headers that every answer of the portal has.
pub(super) fn guarded(headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &'static str); 5] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Forms of this origin are recognised by their Origin, which `no-referrer` would hide.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Lets a form of this page lead to one more origin: browsers hold `form-action` against the redirect, too.
pub(crate) fn leading_to(mut response: Response, origin: &str) -> Response {
    let policy = POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The cookie that holds a session. Browsers keep a `__Host-` one to this origin and its path, where there is TLS to
/// bind it to.
pub(super) fn cookie_name(app: &App) -> &'static str {
    if is_secure(app) { "__Host-contactgram" } else { "contactgram" }
}

fn is_secure(app: &App) -> bool {
    app.options.url.starts_with("https://")
}

/// With a session's cookie, until the browser ends; an empty one takes it away.
pub(super) fn with_session(mut response: Response, app: &App, secret: &str) -> Response {
    let (name, secure) = (cookie_name(app), if is_secure(app) { "; Secure" } else { "" });
    let age = if secret.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
