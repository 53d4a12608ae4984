//! What stands behind an application's token at this moment: the application, and the member who allowed it with the
//! role that they have now. A token never does more than these may, so that a lower role or a shut application counts
//! without anybody looking for tokens. Called by `access` and by the verbs beside.

use crate::Error;
use crate::accounts::existing;
use crate::members::needs_role;
use contactgram_model::scope::Scopes;
use contactgram_model::{Actor, MemberId, Role, UserId};
use contactgram_oauth::scopes::{both, is_empty};
use contactgram_store::Tx;
use contactgram_store::ops::members;
use contactgram_store::ops::oauth::families;
use contactgram_store::ops::tokens::GivenTo;

/// A member's role on an account, while they may sign in.
pub(super) fn role(tx: &mut dyn Tx, member: MemberId, account: UserId) -> Result<Option<Role>, Error> {
    if !members::get(tx, member)?.is_some_and(|member| member.is_enabled()) {
        return Ok(None);
    }
    Ok(members::role(tx, member, account)?)
}

/// What a token may do now of what it was given; none if nothing stands behind it any more.
pub(crate) fn of_token(
    tx: &mut dyn Tx,
    account: UserId,
    token: GivenTo,
    given: Scopes,
) -> Result<Option<Scopes>, Error> {
    let Some(behind) = families::behind(tx, account, token)? else { return Ok(None) };
    let allowed = match behind.member {
        None => Some(behind.scopes),
        Some(member) => role(tx, member, account)?.map(|role| both(role.scopes(), behind.scopes)),
    };
    Ok(allowed.map(|allowed| both(given, allowed)).filter(|left| !is_empty(*left)))
}

/// What whoever manages the applications of an account may give to one.
///
/// # Errors
/// [`Error::NotFound`] for an account that they have no role on, as if it did not exist; [`Error::Forbidden`] for a
/// role that is too low.
pub(super) fn manages(tx: &mut dyn Tx, by: Actor, account: UserId) -> Result<Scopes, Error> {
    existing(tx, account)?;
    Ok(needs_role(tx, by, account, Role::Admin)?.scopes())
}
