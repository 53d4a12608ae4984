//! Introspection (RFC 7662) and revocation (RFC 7009): what a client may learn of a token, and undo.
//! Called by those endpoints after the client has proven itself and the token was fetched by its digest.
//! A client sees its own tokens only; every other is to it as if it did not exist.

use crate::client::{Client, ClientId, ClientKind};
use crate::error::{Error, Kind};
use crate::grant::FamilyId;
use crate::opaque::Opaque;
use crate::params::Params;
use contactgram_model::Timestamp;
use contactgram_model::scope::Scopes;

/// A token that was given to a client, as far as these endpoints care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// Whom it was given to.
    pub client: ClientId,
    /// Which of the two it is.
    pub kind: TokenKind,
    /// Its grant; none for a client's own token.
    pub family: Option<FamilyId>,
    /// What it may do.
    pub scopes: Scopes,
    /// Whose account it opens, in the words of the API.
    pub subject: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// The first second in which it is no longer valid.
    pub expires_at: Timestamp,
    /// Whether it, its grant or its client was taken back, or it was spent.
    pub dead: bool,
}

/// Access or refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Opens the API.
    Access,
    /// Makes new ones.
    Refresh,
}

/// The parameter `token`. A `token_type_hint` isn't needed: the forms differ.
///
/// # Errors
/// `invalid_request` when it is missing or repeated.
pub fn token(params: &Params) -> Result<Opaque, Error> {
    params.one("token_type_hint")?;
    params.one("token")?.map(Opaque::new).ok_or_else(|| Error::missing("token"))
}

/// Whether `client` may introspect at all: only those that can prove themselves (RFC 7662, 2.1).
///
/// # Errors
/// `unauthorized_client` for a public one.
pub fn may_introspect(client: &Client) -> Result<(), Error> {
    match client.kind {
        ClientKind::Confidential { .. } => Ok(()),
        ClientKind::Public => {
            Err(Error::new(Kind::UnauthorizedClient, "A public client can not introspect tokens."))
        }
    }
}

/// The token, if it is valid and the client's own.
pub fn active<'t>(
    token: Option<&'t TokenRecord>,
    client: &ClientId,
    now: Timestamp,
) -> Option<&'t TokenRecord> {
    token.filter(|token| token.client == *client && !token.dead && now < token.expires_at)
}

/// What a revocation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoke {
    /// Nothing, and the answer is the same.
    Nothing,
    /// This token ends.
    Token,
    /// The whole grant ends, with all its tokens.
    Family(FamilyId),
}

/// Decides about a revocation. A refresh token takes its grant along, an access token only itself.
///
/// # Errors
/// `invalid_grant` for a token of another client, which stays as it is (RFC 7009, 2.1).
pub fn revoke(token: Option<&TokenRecord>, client: &ClientId) -> Result<Revoke, Error> {
    let Some(token) = token else { return Ok(Revoke::Nothing) };
    if token.client != *client {
        return Err(Error::new(Kind::InvalidGrant, "The token was given to another client."));
    }
    Ok(match (token.kind, token.family) {
        (TokenKind::Refresh, Some(family)) => Revoke::Family(family),
        _ => Revoke::Token,
    })
}
