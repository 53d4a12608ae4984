//! The endpoints of the authorization server that programs call: token, revocation, introspection and metadata. The
//! pages that people see are the portal's. A request is read here, judged by the hub, and answered as the crate `oauth`
//! writes it; parameters come in the body alone, since an address ends up in logs.

mod error;

use crate::App;
use crate::needs::route;
use crate::reply::Failure;
use crate::server::{BodyLimits, read_body};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use contactgram_hub::Permit;
use contactgram_hub::access::AccountManage;
use contactgram_hub::oauth::{Refusal, RegisteredApp, client};
use contactgram_model::PlainToken;
use contactgram_oauth::answer::{self, Answer, Endpoints, Made};
use contactgram_oauth::credentials::Credentials;
use contactgram_oauth::grant::TokenRequest;
use contactgram_oauth::{Client, Params, inspect};
use error::Refused;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use http::request::Parts;

/// Bytes of a form; a code, a verifier and an address take a fraction.
const LONGEST: usize = 64 * 1024;
/// What has no place in an address.
const IN_BODY: [&str; 6] = ["client_id", "client_secret", "code", "code_verifier", "refresh_token", "token"];
const ENDPOINTS: Endpoints<'_> = Endpoints {
    authorize: "/oauth/authorize",
    token: "/oauth/token",
    revoke: "/oauth/revoke",
    introspect: "/oauth/introspect",
};

/// The endpoints' routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(route!("/.well-known/oauth-authorization-server"), get(metadata).fallback(get_only))
        .route(route!("/oauth/token"), post(token).fallback(post_only))
        .route(route!("/oauth/revoke"), post(revoke).fallback(post_only))
        .route(route!("/oauth/introspect"), post(introspect).fallback(post_only))
}

async fn get_only() -> Failure {
    Failure::WrongVerb("GET, HEAD")
}

async fn post_only() -> Failure {
    Failure::WrongVerb("POST")
}

async fn metadata(State(app): State<App>) -> Response {
    error::open(answer::metadata(app.hub.issuer(), &ENDPOINTS))
}

/// A form that was posted.
struct Form {
    parts: Parts,
    params: Params,
}

impl Form {
    async fn read(app: &App, request: Request) -> Result<Form, Refused> {
        let (parts, body) = request.into_parts();
        let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
        if IN_BODY.into_iter().any(|name| !matches!(query.one(name), Ok(None))) {
            return Err(Refused::bad("The parameters belong in the body: an address ends up in logs."));
        }
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refused::bad("The body must be application/x-www-form-urlencoded."));
        }
        let limits = &app.options.body;
        let limits = BodyLimits { max_bytes: limits.max_bytes.min(LONGEST), ..limits.clone() };
        let body = read_body(body, limits).await.map_err(|error| Refused::Failure(error.into()))?;
        Ok(Form { parts, params: Params::parse(&body) })
    }

    /// A header's text; one that is no text is not there.
    fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn credentials(&self) -> Result<Credentials, Refused> {
        // Two credentials at once would leave open which of them counts.
        if self.parts.headers.get_all(AUTHORIZATION).iter().count() > 1 {
            return Err(Refused::bad("The header Authorization was sent more than once."));
        }
        let header = match self.parts.headers.contains_key(AUTHORIZATION) {
            true => Some(self.header(AUTHORIZATION).unwrap_or_default()),
            false => None,
        };
        Ok(Credentials::read(header, &self.params)?)
    }

    /// The answer, readable to the page that asked where that is the client's.
    fn answer(&self, client: Option<&Client>, answer: Result<Answer, Refused>) -> Response {
        let response = answer.map_or_else(Refused::into_response, error::written);
        match self.header(ORIGIN).filter(|origin| client.is_some_and(|client| client.may_call_from(origin))) {
            Some(origin) => error::readable_to(origin, response),
            None => response,
        }
    }
}

/// A form, and the application that proved in it who it is; else what is answered.
async fn identified(app: &App, request: Request) -> Result<(Form, RegisteredApp), Response> {
    let form = Form::read(app, request).await.map_err(Refused::into_response)?;
    let known = async { Ok::<_, Refused>(app.hub.client(&form.credentials()?).await?) };
    match known.await {
        Ok(registered) => Ok((form, registered)),
        Err(refused) => Err(form.answer(None, Err(refused))),
    }
}

async fn token(State(app): State<App>, request: Request) -> Response {
    let (form, registered) = match identified(&app, request).await {
        Ok(identified) => identified,
        Err(refused) => return refused,
    };
    let known = client(&registered);
    let issued = async {
        let request = TokenRequest::read(&form.params)?;
        let issued = app.hub.exchange(registered, request).await?;
        let refresh = issued.refresh.as_ref().map(PlainToken::reveal);
        let made = Made { access: issued.access.reveal(), refresh };
        Ok::<_, Refused>(answer::tokens(made, &issued.issue, issued.at))
    };
    form.answer(Some(&known), issued.await)
}

async fn revoke(State(app): State<App>, request: Request) -> Response {
    let (form, registered) = match identified(&app, request).await {
        Ok(identified) => identified,
        Err(refused) => return refused,
    };
    let revoked = async {
        app.hub.revoke(&registered, &inspect::token(&form.params)?).await?;
        Ok::<_, Refused>(answer::revoked())
    };
    form.answer(Some(&client(&registered)), revoked.await)
}

async fn introspect(State(app): State<App>, request: Request) -> Response {
    let form = match Form::read(&app, request).await {
        Ok(form) => form,
        Err(refused) => return refused.into_response(),
    };
    let looked = async {
        let found = match bearer(&form) {
            Some(token) => {
                let permit = manager(&app, token).await?;
                app.hub.introspect_of_account(&permit, &inspect::token(&form.params)?).await?
            }
            None => {
                let registered = app.hub.client(&form.credentials()?).await?;
                app.hub.introspect(&registered, &inspect::token(&form.params)?).await?
            }
        };
        Ok::<_, Refused>(answer::introspection(found.as_ref(), app.hub.issuer()))
    };
    form.answer(None, looked.await)
}

/// The credential of a caller that is no client.
fn bearer(form: &Form) -> Option<&str> {
    let (scheme, token) = form.header(AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whoever may look at all tokens of an account.
async fn manager(app: &App, token: &str) -> Result<Permit<AccountManage>, Refused> {
    let token = PlainToken::parse(token).ok_or(Refused::Token)?;
    let caller = match app.hub.known(&token) {
        Some(caller) => caller,
        None => app.hub.authenticate(&token).await.map_err(|error| match error {
            contactgram_hub::Error::Unauthorized => Refused::Token,
            other => Refusal::Failed(other).into(),
        })?,
    };
    caller.permit().map_err(|_| Refused::Scope)
}
