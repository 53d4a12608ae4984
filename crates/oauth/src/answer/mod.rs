//! Answers: status, headers and JSON of the token, introspection, revocation and metadata endpoints.
//! The HTTP layer passes them on as they are. None of them may be kept by a cache, and an inactive token's
//! says nothing but that.

mod metadata;

use crate::error::{Error, Kind};
use crate::grant::Issue;
use crate::inspect::{TokenKind, TokenRecord};
use crate::issuer::Issuer;
use crate::scopes;
use contactgram_model::Timestamp;
use serde::Serialize;

pub use metadata::{Endpoints, metadata};

/// An answer, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, &'static str)>,
    /// JSON.
    pub body: String,
}

impl Answer {
    fn new(status: u16, body: &impl Serialize) -> Answer {
        let body = serde_json::to_string(body).expect("structs of texts and numbers are JSON");
        // Pragma is for caches of HTTP/1.0; RFC 6749, 5.1, wants it all the same.
        let headers =
            vec![("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")];
        Answer { status, headers, body }
    }
}

/// The plain tokens of an answer, which are shown this once.
#[derive(Clone, Copy)]
pub struct Made<'a> {
    /// The access token.
    pub access: &'a str,
    /// The refresh token, where the decision wanted one.
    pub refresh: Option<&'a str>,
}

#[derive(Serialize)]
struct TokensBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    scope: String,
}

/// Success of the token endpoint (RFC 6749, 5.1).
pub fn tokens(made: Made<'_>, issue: &Issue, now: Timestamp) -> Answer {
    Answer::new(
        200,
        &TokensBody {
            access_token: made.access,
            token_type: "Bearer",
            expires_in: issue.access_until.saturating_sub(now),
            refresh_token: made.refresh,
            scope: scopes::write(issue.scopes),
        },
    )
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'static str,
    error_description: &'a str,
}

/// A refusal of the token, introspection or revocation endpoint (RFC 6749, 5.2).
pub fn error(error: &Error) -> Answer {
    let body = ErrorBody { error: error.kind.name(), error_description: &error.description };
    let mut answer = Answer::new(error.kind.status(), &body);
    if error.kind == Kind::InvalidClient {
        answer.headers.push(("www-authenticate", "Basic realm=\"oauth2\", charset=\"UTF-8\""));
    }
    answer
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    scope: String,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    exp: Timestamp,
    iat: Timestamp,
    sub: &'a str,
    iss: &'a str,
}

/// What introspection says of a token that [`crate::inspect::active`] let through, or of any other.
pub fn introspection(token: Option<&TokenRecord>, issuer: &Issuer) -> Answer {
    let Some(token) = token else { return Answer::new(200, &Inactive { active: false }) };
    Answer::new(
        200,
        &Active {
            active: true,
            scope: scopes::write(token.scopes),
            client_id: token.client.as_str(),
            token_type: (token.kind == TokenKind::Access).then_some("Bearer"),
            exp: token.expires_at,
            iat: token.issued_at,
            sub: &token.subject,
            iss: issuer.as_str(),
        },
    )
}

/// A revocation that was understood, whether there was anything to revoke or not (RFC 7009, 2.2).
pub fn revoked() -> Answer {
    Answer::new(200, &serde_json::Map::new())
}
