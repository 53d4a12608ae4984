//! The operator's door to the people of the local connector: `/admin/…`, opened by the admin token alone.
//! For tests and demonstrations: what people do here, accounts see as they would see it on Telegram.

mod acts;
mod groups;
mod people;

use crate::App;
use crate::needs::route;
use crate::reply::{Failure, bad};
use crate::server::read_body;
use axum::RequestExt;
use axum::Router;
use axum::extract::{FromRequest, RawPathParams, Request};
use axum::routing::{get, post};
use contactgram_hub::{ChatRef, Error, Hub};
use contactgram_model::{TokenDigest, UserId};
use contactgram_wire::params::Params;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

/// A request of the operator, read to its end.
pub(crate) struct Operator {
    app: App,
    params: Params,
    path: Vec<(String, String)>,
}

/// The operator's routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(route!("/admin/people"), get(people::list).post(people::add).fallback(get_post))
        .route(route!("/admin/people/{id}"), get(people::get).patch(people::edit).fallback(get_patch))
        .route(route!("/admin/people/{id}/messages"), get(people::messages).fallback(get_only))
        .route(route!("/admin/people/{id}/write"), post(acts::write).fallback(post_only))
        .route(route!("/admin/people/{id}/edit"), post(acts::edit).fallback(post_only))
        .route(route!("/admin/people/{id}/press"), post(acts::press).fallback(post_only))
        .route(
            route!("/admin/people/{id}/presses/{account}/{query}"),
            get(acts::press_answer).fallback(get_only),
        )
        .route(route!("/admin/people/{id}/share"), post(acts::share).fallback(post_only))
        .route(route!("/admin/people/{id}/join"), post(groups::join).fallback(post_only))
        .route(route!("/admin/people/{id}/leave"), post(groups::leave).fallback(post_only))
        .route(route!("/admin/people/{id}/block"), post(acts::block).fallback(post_only))
        .route(route!("/admin/people/{id}/unblock"), post(acts::unblock).fallback(post_only))
        .route(route!("/admin/groups"), get(groups::list).post(groups::add).fallback(get_post))
        .route(route!("/admin/groups/{id}/members"), post(groups::set_member).fallback(post_only))
}

async fn get_only() -> Failure {
    Failure::WrongVerb("GET, HEAD")
}

async fn post_only() -> Failure {
    Failure::WrongVerb("POST")
}

async fn get_post() -> Failure {
    Failure::WrongVerb("GET, HEAD, POST")
}

async fn get_patch() -> Failure {
    Failure::WrongVerb("GET, HEAD, PATCH")
}

impl FromRequest<App> for Operator {
    type Rejection = Failure;

    async fn from_request(mut request: Request, app: &App) -> Result<Operator, Failure> {
        let path = match request.extract_parts::<RawPathParams>().await {
            Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            Err(_) => return Err(Failure::NoRoute),
        };
        let (parts, body) = request.into_parts();
        check(&parts.headers, app).await?;
        let body = read_body(body, app.options.body.clone()).await?;
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let params = Params::read(parts.uri.query(), content_type, body).await?;
        Ok(Operator { app: app.clone(), params, path })
    }
}

/// Compares digests: in constant time, and nothing plain is kept.
async fn check(headers: &HeaderMap, app: &App) -> Result<(), Failure> {
    let unauthorized = || Failure::Hub(Error::Unauthorized);
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or_else(unauthorized)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthorized());
    }
    let given = TokenDigest::of(token.trim());
    let kept = match app.options.admin_digest {
        Some(digest) => Some(digest),
        None => app.hub.admin_digest().await?.as_deref().and_then(TokenDigest::from_hex),
    };
    if kept == Some(given) { Ok(()) } else { Err(unauthorized()) }
}

impl Operator {
    fn hub(&self) -> &Hub {
        &self.app.hub
    }

    /// A number in the path; what is none leads nowhere.
    fn id(&self, name: &str) -> Result<i64, Failure> {
        self.part(name).parse().map_err(|_| Failure::NoRoute)
    }

    fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(part, _)| part == name).map_or("", |(_, value)| value.as_str())
    }

    fn person(&self) -> Result<UserId, Failure> {
        self.id("id").map(UserId)
    }

    /// The chat that `to` names.
    fn to(&self) -> Result<ChatRef, Failure> {
        Ok(ChatRef::parse(self.params.required("to")?)?)
    }

    /// A required number of the parameters.
    fn number(&self, name: &str) -> Result<i64, Failure> {
        let range = i64::MIN..=i64::MAX;
        self.params.whole(name, range)?.ok_or_else(|| bad(format!("parameter \"{name}\" is required")))
    }

    fn optional(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.params.strict_text(name)?.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    fn text(&self, name: &str) -> Result<String, Failure> {
        self.optional(name)?.ok_or_else(|| bad(format!("parameter \"{name}\" is required")))
    }
}
