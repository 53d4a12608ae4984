//! Authorization codes: redeemed once, soon, by the client they were made for.
//! `authorize` makes the record, the token endpoint calls [`redeem`]. A second use means that somebody else
//! has the code, and takes back what the first use gave.

use super::{Asking, CodeRequest, FamilyId, Issue, invalid_grant};
use crate::client::ClientId;
use crate::error::Error;
use crate::pkce::Challenge;
use crate::redirect::ReturnTo;
use contactgram_model::Timestamp;
use contactgram_model::scope::Scopes;

/// A code as the store keeps it, beside the code's digest. A used one is kept as long as its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRecord {
    /// Whose code it is.
    pub client: ClientId,
    /// Where it was sent.
    pub return_to: ReturnTo,
    /// What the verifier must fit.
    pub challenge: Challenge,
    /// What was granted.
    pub scopes: Scopes,
    /// The grant it stands for.
    pub family: FamilyId,
    /// The first second in which it is no longer valid.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: CodeState,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeState {
    /// Nothing yet.
    Fresh,
    /// It was redeemed.
    Used,
    /// Its grant was taken back.
    Revoked,
}

/// What happens with a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// Mark it as used and make these tokens.
    Grant(Issue),
    /// Revoke the family, then answer with the error.
    Reused(FamilyId, Error),
    /// Change nothing and answer with the error.
    Refuse(Error),
}

/// Decides about a code. Nothing may come between fetching the record and marking it as used.
///
/// Only a request that would have been right the first time counts as a second use: somebody who found a
/// code but has no verifier gets nothing, and can't make the rightful client lose its tokens either.
pub fn redeem(record: Option<&CodeRecord>, request: &CodeRequest, asking: &Asking<'_>) -> Redeemed {
    let Some(record) = record.filter(|record| is_theirs(record, request, asking.client)) else {
        return Redeemed::Refuse(invalid_grant());
    };
    match record.state {
        CodeState::Used => Redeemed::Reused(record.family, invalid_grant()),
        CodeState::Fresh if asking.now < record.expires_at => {
            Redeemed::Grant(asking.issue(record.family, record.scopes, record.scopes))
        }
        CodeState::Fresh | CodeState::Revoked => Redeemed::Refuse(invalid_grant()),
    }
}

fn is_theirs(record: &CodeRecord, request: &CodeRequest, client: &ClientId) -> bool {
    let returned = match &request.redirect {
        Some(uri) => *uri == record.return_to.uri,
        None => !record.return_to.named,
    };
    returned && record.client == *client && record.challenge.is_met_by(&request.verifier)
}
