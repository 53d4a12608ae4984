//! Families: one consent's code and every token that came of it. A family that is revoked opens nothing any more, and
//! is remembered for as long as anything of it might come again.

use super::{AppId, ROUND, number, scopes};
use crate::ops::tokens::GivenTo;
use crate::{R, Sql, Tx, p};
use contactgram_model::scope::Scopes;
use contactgram_model::{MemberId, Timestamp, UserId};
use contactgram_oauth::grant::FamilyId;

static INSERT: Sql = Sql::new(
    "INSERT INTO oauth_families (account_id, family_id, app_id, member_id, revoked, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
static STANDING: Sql = Sql::new(
    "SELECT a.scopes, f.member_id FROM oauth_apps a LEFT JOIN oauth_families f \
     ON f.account_id = $1 AND f.family_id = $3 AND NOT f.revoked WHERE a.app_id = $2 AND NOT a.disabled",
);
static EXTEND: Sql = Sql::new(
    "UPDATE oauth_families SET expires_at = $3 WHERE account_id = $1 AND family_id = $2 AND expires_at < $3",
);
static REVOKE: Sql = Sql::new(
    "UPDATE oauth_families SET revoked = true WHERE account_id = $1 AND family_id = $2 RETURNING app_id",
);
static END: Sql = Sql::new("DELETE FROM tokens WHERE app_id = $1 AND family_id = $2");
static OF_APP: Sql = Sql::new("SELECT account_id, family_id FROM oauth_families WHERE app_id = $1");
static OF_GRANT: Sql = Sql::new(
    "SELECT family_id FROM oauth_families WHERE app_id = $2 AND member_id = $3 AND account_id = $1 AND NOT revoked",
);
static OLD: Sql = Sql::new(
    "SELECT account_id, family_id FROM oauth_families WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
);
static FORGET: [Sql; 3] = [
    Sql::new("DELETE FROM oauth_codes WHERE account_id = $1 AND family_id = $2"),
    Sql::new("DELETE FROM oauth_refresh WHERE account_id = $1 AND family_id = $2"),
    Sql::new("DELETE FROM oauth_families WHERE account_id = $1 AND family_id = $2"),
];

/// A family as it begins.
#[derive(Debug, Clone, Copy)]
pub struct NewFamily {
    /// Its number, which is chance.
    pub id: FamilyId,
    /// Whom everything of it is given to.
    pub app: AppId,
    /// Who gives it.
    pub member: MemberId,
    /// When the last of it expires, as far as is known.
    pub expires_at: Timestamp,
}

/// Begins a family on an account.
pub fn insert(tx: &mut dyn Tx, account: UserId, family: &NewFamily, now: Timestamp) -> R<()> {
    tx.execute(
        &INSERT,
        p![account, number(family.id), family.app, family.member, false, now, family.expires_at],
    )
    .map(drop)
}

/// Who stands behind an access token that is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// The most that the application may have.
    pub scopes: Scopes,
    /// Who allowed it; none is the application's own token.
    pub member: Option<MemberId>,
}

/// Who stands behind a token of an application that isn't shut out and, where there is a family, of one that isn't
/// revoked.
pub fn behind(tx: &mut dyn Tx, account: UserId, token: GivenTo) -> R<Option<Behind>> {
    let found = tx.opt(&STANDING, p![account, token.app, token.family.map(number)], |row| {
        let member = row.opt_int(1)?.map(MemberId);
        Ok(Behind { scopes: scopes(row.int(0)?), member })
    })?;
    Ok(found.filter(|behind| behind.member.is_some() == token.family.is_some()))
}

/// Keeps a family at least until then.
pub fn extend(tx: &mut dyn Tx, account: UserId, family: FamilyId, until: Timestamp) -> R<()> {
    tx.execute(&EXTEND, p![account, number(family), until]).map(drop)
}

/// Revokes a family: its tokens are gone, and nothing more will come of it.
pub fn revoke(tx: &mut dyn Tx, account: UserId, family: FamilyId) -> R<()> {
    let Some(app) = tx.opt(&REVOKE, p![account, number(family)], |row| row.int(0))? else { return Ok(()) };
    tx.execute(&END, p![app, number(family)]).map(drop)
}

/// Revokes what came of a member's consent for an application on an account.
pub(super) fn revoke_of_grant(tx: &mut dyn Tx, account: UserId, app: AppId, member: MemberId) -> R<()> {
    let families = tx.all(&OF_GRANT, p![account, app, member], |row| row.int(0))?;
    families.into_iter().try_for_each(|family| revoke(tx, account, FamilyId(family)))
}

/// Forgets all families of an application, on whatever account, with their codes and refresh tokens.
pub(super) fn forget_of_app(tx: &mut dyn Tx, app: AppId) -> R<()> {
    let all = tx.all(&OF_APP, p![app], |row| Ok((row.int(0)?, row.int(1)?)))?;
    all.into_iter().try_for_each(|family| forget(tx, family))
}

/// Forgets families of which nothing is alive, with their codes and refresh tokens; answers how many.
pub(super) fn forget_old(tx: &mut dyn Tx, now: Timestamp) -> R<u64> {
    let old = tx.all(&OLD, p![now, ROUND as i64], |row| Ok((row.int(0)?, row.int(1)?)))?;
    old.iter().try_for_each(|family| forget(tx, *family))?;
    Ok(old.len() as u64)
}

fn forget(tx: &mut dyn Tx, (account, family): (i64, i64)) -> R<()> {
    FORGET.iter().try_for_each(|statement| tx.execute(statement, p![account, family]).map(drop))
}
