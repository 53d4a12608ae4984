//! The token endpoint: what a request asks for, and what the record of a code or refresh token allows.
//! Its caller reads the request, fetches the record by digest, and does in the same transaction what the
//! decision says. Records are what the store keeps; whose account they are for is its own column.

mod code;
mod own;
mod refresh;
mod request;

use crate::client::ClientId;
use crate::error::{Error, Kind};
use crate::scopes;
use contactgram_model::Timestamp;
use contactgram_model::scope::Scopes;

pub use code::{CodeRecord, CodeState, Redeemed, redeem};
pub use own::own;
pub use refresh::{RefreshRecord, RefreshState, Refreshed, Successor, refresh};
pub use request::{CodeRequest, OwnRequest, RefreshRequest, TokenRequest};

/// Names a grant: one consent's code and every token that came from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FamilyId(pub i64);

/// How long things live, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An authorization code.
    pub code: i64,
    /// An access token.
    pub access: i64,
    /// A refresh token that isn't used.
    pub refresh: i64,
    /// How long after its first use a refresh token may come again, its answer having been lost.
    pub tolerance: i64,
}

impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes { code: 60, access: 3600, refresh: 30 * 24 * 3600, tolerance: 60 }
    }
}

/// What every decision needs to know of its moment.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The client, which has proven itself.
    pub client: &'a ClientId,
    /// The moment of the request.
    pub now: Timestamp,
    /// As configured.
    pub lifetimes: &'a Lifetimes,
}

/// Tokens to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// The grant they belong to; none when a client asked for itself.
    pub family: Option<FamilyId>,
    /// What the access token may do.
    pub scopes: Scopes,
    /// The first second in which the access token is no longer valid.
    pub access_until: Timestamp,
    /// A refresh token beside it, if any.
    pub refresh: Option<RefreshIssue>,
}

/// A refresh token to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshIssue {
    /// What it may be used for, which is never less than before: only access tokens shrink (RFC 6749, 6).
    pub scopes: Scopes,
    /// The first second in which it is no longer valid.
    pub until: Timestamp,
}

impl Asking<'_> {
    /// Tokens of a grant: for `access` now, and for `granted` whenever they are refreshed.
    fn issue(&self, family: FamilyId, access: Scopes, granted: Scopes) -> Issue {
        let until = self.now.saturating_add(self.lifetimes.refresh);
        Issue {
            family: Some(family),
            scopes: access,
            access_until: self.now.saturating_add(self.lifetimes.access),
            refresh: Some(RefreshIssue { scopes: granted, until }),
        }
    }
}

/// One answer for every code or token that is good for nothing, whatever the reason.
fn invalid_grant() -> Error {
    Error::new(
        Kind::InvalidGrant,
        "The code or refresh token is unknown, expired, used, revoked, or another client's.",
    )
}

/// Reads the scope of a token request that has no other default than all it may have.
fn narrow(asked: Option<&str>, limit: Scopes) -> Result<Scopes, Error> {
    Ok(scopes::Range::of(limit).choose(asked)?)
}
