//! Grants: what a member allows an application on an account. Remembered until somebody revokes it; every token that
//! came of it ends with it.

use super::{AppId, families, scopes};
use crate::ops::members;
use crate::{R, Row, Sql, Tx, p};
use contactgram_model::scope::Scopes;
use contactgram_model::{MemberId, Timestamp, UserId};

macro_rules! select {
    ($($rest:literal),*) => {
        Sql::new(concat!("SELECT account_id, app_id, member_id, scopes, created_at, given_at FROM oauth_grants ", $($rest),*))
    };
}
static GET: Sql = select!("WHERE account_id = $1 AND app_id = $2 AND member_id = $3");
static OF_APP: Sql = select!("WHERE app_id = $1 ORDER BY created_at, account_id, member_id");
static OF_MEMBER: Sql = select!("WHERE member_id = $1 ORDER BY created_at, account_id, app_id");
static ON_ACCOUNT: Sql = select!("WHERE account_id = $1 ORDER BY created_at, app_id, member_id");
static PUT: Sql = Sql::new(
    "INSERT INTO oauth_grants (account_id, app_id, member_id, scopes, created_at, given_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, app_id, member_id) \
     DO UPDATE SET scopes = excluded.scopes, given_at = excluded.given_at",
);
static DELETE: Sql =
    Sql::new("DELETE FROM oauth_grants WHERE account_id = $1 AND app_id = $2 AND member_id = $3");

/// What a member allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// On which account.
    pub account: UserId,
    /// Whom.
    pub app: AppId,
    /// Who.
    pub member: MemberId,
    /// What.
    pub scopes: Scopes,
    /// When for the first time.
    pub created_at: Timestamp,
    /// When last.
    pub given_at: Timestamp,
}

/// What a member allows an application on an account.
pub fn get(tx: &mut dyn Tx, account: UserId, app: AppId, member: MemberId) -> R<Option<Grant>> {
    tx.opt(&GET, p![account, app, member], read)
}

/// All that an application is allowed.
pub fn of_app(tx: &mut dyn Tx, app: AppId) -> R<Vec<Grant>> {
    tx.all(&OF_APP, p![app], read)
}

/// All that a member allows.
pub fn of_member(tx: &mut dyn Tx, member: MemberId) -> R<Vec<Grant>> {
    tx.all(&OF_MEMBER, p![member], read)
}

/// All that is allowed on an account.
pub fn on_account(tx: &mut dyn Tx, account: UserId) -> R<Vec<Grant>> {
    tx.all(&ON_ACCOUNT, p![account], read)
}

/// Remembers a consent. When it was first given stays.
pub fn put(tx: &mut dyn Tx, grant: &Grant) -> R<()> {
    let Grant { account, app, member, created_at, given_at, .. } = *grant;
    tx.execute(&PUT, p![account, app, member, grant.scopes.bits(), created_at, given_at]).map(drop)
}

/// Forgets a consent and revokes what came of it; `false` when there is none.
pub fn revoke(tx: &mut dyn Tx, account: UserId, app: AppId, member: MemberId) -> R<bool> {
    families::revoke_of_grant(tx, account, app, member)?;
    Ok(tx.execute(&DELETE, p![account, app, member])? > 0)
}

/// Forgets a member's consents on accounts that they have no role on any more, or all, and revokes what came of them.
/// To be called in the transaction in which the member loses the role.
pub fn revoke_of_member(tx: &mut dyn Tx, member: MemberId, everywhere: bool) -> R<()> {
    for grant in of_member(tx, member)? {
        if everywhere || members::role(tx, member, grant.account)?.is_none() {
            revoke(tx, grant.account, grant.app, member)?;
        }
    }
    Ok(())
}

fn read(row: &dyn Row) -> R<Grant> {
    Ok(Grant {
        account: UserId(row.int(0)?),
        app: AppId(row.int(1)?),
        member: MemberId(row.int(2)?),
        scopes: scopes(row.int(3)?),
        created_at: row.int(4)?,
        given_at: row.int(5)?,
    })
}
