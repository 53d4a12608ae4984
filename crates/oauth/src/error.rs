//! What the token, revocation and introspection endpoints refuse with (RFC 6749, 5.2).
//! Made by the readers and decisions of this crate, written out by `answer`.
//! A description never repeats what was sent.

use crate::params::Repeated;
use std::borrow::Cow;

/// The error codes of RFC 6749, 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A parameter is missing, malformed or repeated.
    InvalidRequest,
    /// The client is unknown or didn't prove who it is; nothing tells which.
    InvalidClient,
    /// The code or refresh token is unknown, expired, used, revoked, or another client's.
    InvalidGrant,
    /// The client may not use this grant.
    UnauthorizedClient,
    /// There is no such grant here.
    UnsupportedGrantType,
    /// A scope is unknown, or more than the client or grant has.
    InvalidScope,
}

impl Kind {
    /// The value of `error`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::InvalidRequest => "invalid_request",
            Kind::InvalidClient => "invalid_client",
            Kind::InvalidGrant => "invalid_grant",
            Kind::UnauthorizedClient => "unauthorized_client",
            Kind::UnsupportedGrantType => "unsupported_grant_type",
            Kind::InvalidScope => "invalid_scope",
        }
    }

    /// The HTTP status: 401 for a client that didn't prove itself, otherwise 400.
    pub fn status(self) -> u16 {
        if self == Kind::InvalidClient { 401 } else { 400 }
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", kind.name())]
pub struct Error {
    /// The code, for programs.
    pub kind: Kind,
    /// The reason, for the client's developer: printable ASCII without `"` and `\`.
    pub description: Cow<'static, str>,
}

impl Error {
    pub(crate) fn new(kind: Kind, description: &'static str) -> Error {
        Error { kind, description: Cow::Borrowed(description) }
    }

    /// One answer for every client that can't be let in, so that none learns which clients exist.
    pub fn client() -> Error {
        Error::new(Kind::InvalidClient, "The client is unknown, or its credentials are wrong.")
    }

    pub(crate) fn missing(name: &'static str) -> Error {
        let description = Cow::Owned(format!("The parameter {name} is missing."));
        Error { kind: Kind::InvalidRequest, description }
    }
}

impl From<Repeated> for Error {
    fn from(Repeated(name): Repeated) -> Error {
        let description = Cow::Owned(format!("The parameter {name} was sent more than once."));
        Error { kind: Kind::InvalidRequest, description }
    }
}
