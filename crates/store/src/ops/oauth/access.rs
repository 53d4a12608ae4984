//! Access tokens of applications. They are among the account's other credentials, so that every request finds them by
//! the same look; what is special is whom they were given to, and that they go by the thousand.

use super::{AppId, ROUND, number};
use crate::ops::tokens::{self, GivenTo};
use crate::{R, Sql, Tx, p};
use contactgram_model::scope::Scopes;
use contactgram_model::{Timestamp, TokenDigest, TokenKind, UserId};
use contactgram_oauth::grant::FamilyId;

static INSERT: Sql = Sql::new(
    "INSERT INTO tokens (account_id, token_id, digest, selector, created_at, expires_at, kind, scopes, app_id, \
     family_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static FIND: Sql = Sql::new(
    "SELECT token_id, digest, created_at, expires_at, scopes, app_id, family_id FROM tokens \
     WHERE account_id = $1 AND selector = $2 AND kind = 2",
);
static DELETE: Sql = Sql::new("DELETE FROM tokens WHERE account_id = $1 AND token_id = $2 AND kind = 2");
static DELETE_OF_APP: Sql = Sql::new("DELETE FROM tokens WHERE app_id = $1");
static OLD: Sql = Sql::new(
    "SELECT account_id, token_id FROM tokens WHERE kind = 2 AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
);

/// An access token about to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewAccess {
    /// The digest of its plain form.
    pub digest: TokenDigest,
    /// Whom it is given to.
    pub to: GivenTo,
    /// What it may do.
    pub scopes: Scopes,
    /// The first second in which it is no longer valid.
    pub expires_at: Timestamp,
}

/// An access token as it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Its number within the account.
    pub id: i64,
    /// Whom it was given to.
    pub to: GivenTo,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first second in which it is no longer valid.
    pub expires_at: Timestamp,
}

/// Stores an access token; answers its number among the account's credentials.
pub fn insert(tx: &mut dyn Tx, account: UserId, token: &NewAccess, now: Timestamp) -> R<i64> {
    let id = tokens::next_number(tx, account)?;
    let (digest, selector) = (token.digest.bytes(), token.digest.selector());
    let (kind, scopes) = (TokenKind::Access.code(), tokens::bits(token.scopes));
    let GivenTo { app, family } = token.to;
    let family = family.map(number);
    let params = p![account, id, digest, selector, now, token.expires_at, kind, scopes, app, family];
    tx.execute(&INSERT, params)?;
    Ok(id)
}

/// The access token with this digest, expired or not.
pub fn find(tx: &mut dyn Tx, account: UserId, digest: &TokenDigest) -> R<Option<Access>> {
    let mut found = None;
    tx.query(&FIND, p![account, digest.selector()], &mut |row| {
        if TokenDigest::from_bytes(row.blob(1)?).is_some_and(|stored| stored == *digest) {
            found = Some(Access {
                id: row.int(0)?,
                created_at: row.int(2)?,
                expires_at: row.opt_int(3)?.unwrap_or_default(),
                scopes: tokens::scopes(row.opt_int(4)?),
                to: GivenTo {
                    app: AppId(row.opt_int(5)?.unwrap_or_default()),
                    family: row.opt_int(6)?.map(FamilyId),
                },
            });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Forgets one access token.
pub fn delete(tx: &mut dyn Tx, account: UserId, token: i64) -> R<()> {
    tx.execute(&DELETE, p![account, token]).map(drop)
}

/// Forgets all access tokens of an application, on whatever account.
pub fn delete_of_app(tx: &mut dyn Tx, app: AppId) -> R<()> {
    tx.execute(&DELETE_OF_APP, p![app]).map(drop)
}

/// Forgets expired ones; answers how many.
pub(super) fn forget_old(tx: &mut dyn Tx, now: Timestamp) -> R<u64> {
    let old = tx.all(&OLD, p![now, ROUND as i64], |row| Ok((UserId(row.int(0)?), row.int(1)?)))?;
    old.iter().try_for_each(|(account, token)| delete(tx, *account, *token))?;
    Ok(old.len() as u64)
}
