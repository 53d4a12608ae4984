//! Client credentials: a token that a client gets for itself (RFC 6749, 4.4).
//! Called by the token endpoint. There is never a refresh token: the client can ask again.

use super::{Asking, Issue, OwnRequest, narrow};
use crate::client::{Client, ClientKind};
use crate::error::{Error, Kind};
use crate::scopes;

/// Decides about a client's own token. `asking.client` is `client`, which has proven itself.
///
/// # Errors
/// `unauthorized_client` for a public one and for one without scopes of its own, `invalid_scope`.
pub fn own(client: &Client, request: &OwnRequest, asking: &Asking<'_>) -> Result<Issue, Error> {
    let refuse = |why| Err(Error::new(Kind::UnauthorizedClient, why));
    if client.kind == ClientKind::Public {
        return refuse("A public client can not have tokens of its own.");
    }
    if scopes::is_empty(client.own_scopes) {
        return refuse("The client is not registered for client_credentials.");
    }
    Ok(Issue {
        family: None,
        scopes: narrow(request.scope.as_deref(), client.own_scopes)?,
        access_until: asking.now.saturating_add(asking.lifetimes.access),
        refresh: None,
    })
}
