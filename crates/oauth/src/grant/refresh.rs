//! Refresh tokens: each is used once and followed by the next (RFC 9700, 4.14.2).
//! The token endpoint calls [`refresh`]. One that comes again was copied, and its family ends; unless the
//! answer to its only use seems to have been lost, which networks do more often than thieves come.

use super::{Asking, FamilyId, Issue, RefreshRequest, invalid_grant, narrow};
use crate::client::ClientId;
use crate::error::Error;
use contactgram_model::Timestamp;
use contactgram_model::scope::Scopes;

/// A refresh token as the store keeps it, beside its digest. A spent one is kept as long as its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshRecord {
    /// Whose token it is.
    pub client: ClientId,
    /// The grant it belongs to.
    pub family: FamilyId,
    /// Whether that grant was taken back.
    pub revoked: bool,
    /// What was granted and whoever granted it may still do.
    pub scopes: Scopes,
    /// The first second in which it is no longer valid.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: RefreshState,
}

/// What became of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshState {
    /// Nothing yet.
    Current,
    /// It was used.
    Spent {
        /// When for the first time.
        at: Timestamp,
        /// What became of the token that follows it: the latest, if there were several.
        successor: Successor,
    },
    /// Its predecessor came again, so its answer counts as lost.
    Lost,
}

/// What is known of the token that follows a spent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Successor {
    /// Neither it nor the access token of the same answer was ever seen.
    Unused,
    /// The answer arrived: one of the two was used.
    Used,
}

/// What happens with a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// Mark it as spent now, which makes it a used successor of its own predecessor; make these tokens.
    Rotate(Issue),
    /// Mark its successor as lost, revoke that answer's access token, and make these in their place; when it
    /// was first spent stays. Whatever number of requests races, the last answer's tokens alone are alive.
    Again(Issue),
    /// Revoke the family, then answer with the error.
    Reused(FamilyId, Error),
    /// Change nothing and answer with the error.
    Refuse(Error),
}

/// Decides about a refresh token. Nothing may come between fetching the record and keeping the outcome.
pub fn refresh(record: Option<&RefreshRecord>, request: &RefreshRequest, asking: &Asking<'_>) -> Refreshed {
    let ours = |record: &&RefreshRecord| record.client == *asking.client && !record.revoked;
    let Some(record) = record.filter(ours) else {
        return Refreshed::Refuse(invalid_grant());
    };
    let again = match record.state {
        RefreshState::Current => false,
        RefreshState::Spent { at, successor: Successor::Unused } if is_soon(at, asking) => true,
        RefreshState::Spent { .. } | RefreshState::Lost => {
            return Refreshed::Reused(record.family, invalid_grant());
        }
    };
    if asking.now >= record.expires_at {
        return Refreshed::Refuse(invalid_grant());
    }
    match narrow(request.scope.as_deref(), record.scopes) {
        Err(error) => Refreshed::Refuse(error),
        Ok(scopes) => {
            let issue = asking.issue(record.family, scopes, record.scopes);
            if again { Refreshed::Again(issue) } else { Refreshed::Rotate(issue) }
        }
    }
}

/// Whether a token first spent `at` may still come again.
fn is_soon(at: Timestamp, asking: &Asking<'_>) -> bool {
    asking.now < at.saturating_add(asking.lifetimes.tolerance)
}
