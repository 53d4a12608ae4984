//! Refresh tokens. Each has the number of the access token that was answered with it, which tells whether the answer
//! arrived. A spent one stays until it would have expired, so that its coming again is noticed.

use super::{ROUND, number, scopes};
use crate::{R, Sql, StoreError, Tx, p};
use contactgram_model::scope::Scopes;
use contactgram_model::{MemberId, Timestamp, TokenDigest, UserId};
use contactgram_oauth::ClientId;
use contactgram_oauth::grant::{FamilyId, RefreshRecord, RefreshState, Successor};

static INSERT: Sql = Sql::new(
    "INSERT INTO oauth_refresh (account_id, token_id, family_id, selector, digest, scopes, created_at, expires_at, \
     lost, arrived) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static FIND: Sql = Sql::new(
    "SELECT r.token_id, r.digest, r.family_id, r.scopes, r.created_at, r.expires_at, r.lost, r.spent_at, r.next_id, \
     f.revoked, f.member_id, a.client_id FROM oauth_refresh r JOIN oauth_families f \
     ON f.account_id = r.account_id AND f.family_id = r.family_id JOIN oauth_apps a ON a.app_id = f.app_id \
     WHERE r.account_id = $1 AND r.selector = $2",
);
static ARRIVED: Sql = Sql::new(
    "SELECT n.arrived OR n.lost OR n.spent_at IS NOT NULL OR EXISTS (SELECT 1 FROM tokens t \
     WHERE t.account_id = $1 AND t.token_id = $3 AND t.last_used_at IS NOT NULL) \
     FROM oauth_refresh n WHERE n.account_id = $1 AND n.family_id = $2 AND n.token_id = $3",
);
static SPEND: Sql = Sql::new(
    "UPDATE oauth_refresh SET spent_at = $4, next_id = $5 WHERE account_id = $1 AND family_id = $2 AND token_id = $3",
);
static LOSE: Sql = Sql::new(
    "UPDATE oauth_refresh SET lost = true WHERE account_id = $1 AND family_id = $2 AND token_id = $3",
);
static FOLLOW: Sql = Sql::new(
    "UPDATE oauth_refresh SET next_id = $4 WHERE account_id = $1 AND family_id = $2 AND token_id = $3",
);
static NOTE: Sql = Sql::new(
    "UPDATE oauth_refresh SET arrived = true WHERE account_id = $1 AND family_id = $2 AND token_id = $3",
);
static OLD: Sql = Sql::new(
    "SELECT account_id, family_id, token_id FROM oauth_refresh WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
);
static DELETE: Sql =
    Sql::new("DELETE FROM oauth_refresh WHERE account_id = $1 AND family_id = $2 AND token_id = $3");

/// Where a refresh token is: its account, its family and its number.
pub type Place = (UserId, FamilyId, i64);

/// A refresh token about to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewRefresh {
    /// The number of the access token beside it.
    pub id: i64,
    /// The digest of its plain form.
    pub digest: TokenDigest,
    /// The family it is of.
    pub family: FamilyId,
    /// What was granted.
    pub scopes: Scopes,
    /// The first second in which it is no longer valid.
    pub expires_at: Timestamp,
}

/// A refresh token that a digest led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRefresh {
    /// Its number, and that of the access token that came with it.
    pub id: i64,
    /// What the rules go by: with all that was granted, and as if nothing of what followed had been used.
    pub record: RefreshRecord,
    /// Who granted it.
    pub member: MemberId,
    /// The number of the one that follows it.
    pub next: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Keeps a refresh token.
pub fn insert(tx: &mut dyn Tx, account: UserId, token: &NewRefresh, now: Timestamp) -> R<()> {
    let (digest, selector) = (token.digest.bytes(), token.digest.selector());
    let (family, scopes) = (number(token.family), token.scopes.bits());
    let params = p![account, token.id, family, selector, digest, scopes, now, token.expires_at, false, false];
    tx.execute(&INSERT, params).map(drop)
}

/// The refresh token with this digest, whatever became of it.
pub fn find(tx: &mut dyn Tx, account: UserId, digest: &TokenDigest) -> R<Option<FoundRefresh>> {
    let mut found = None;
    tx.query(&FIND, p![account, digest.selector()], &mut |row| {
        if TokenDigest::from_bytes(row.blob(1)?).is_none_or(|stored| stored != *digest) {
            return Ok(());
        }
        let id = row.int(0)?;
        let state = match (row.bool(6)?, row.opt_int(7)?) {
            (true, _) => RefreshState::Lost,
            (false, Some(at)) => RefreshState::Spent { at, successor: Successor::Unused },
            (false, None) => RefreshState::Current,
        };
        let client = ClientId::parse(row.text(11)?);
        let record = RefreshRecord {
            client: client.ok_or_else(|| StoreError::corrupt("oauth_apps", "client_id", id))?,
            family: FamilyId(row.int(2)?),
            revoked: row.bool(9)?,
            scopes: scopes(row.int(3)?),
            expires_at: row.int(5)?,
            state,
        };
        let (member, next) = (MemberId(row.int(10)?), row.opt_int(8)?);
        found = Some(FoundRefresh { id, record, member, next, created_at: row.int(4)? });
        Ok(())
    })?;
    Ok(found)
}

/// Whether the answer with this refresh token is known to have arrived: it or its access token was used. One that is
/// gone is so old that nothing depends on it.
pub fn has_arrived(tx: &mut dyn Tx, (account, family, token): Place) -> R<bool> {
    Ok(tx.opt(&ARRIVED, p![account, number(family), token], |row| row.bool(0))?.unwrap_or(true))
}

/// Marks a refresh token as spent, with the one that follows it.
pub fn spend(tx: &mut dyn Tx, (account, family, token): Place, next: i64, now: Timestamp) -> R<()> {
    tx.execute(&SPEND, p![account, number(family), token, now, next]).map(drop)
}

/// Puts another successor in the place of one whose answer was lost; when the token was spent stays.
pub fn replace(tx: &mut dyn Tx, (account, family, token): Place, lost: i64, next: i64) -> R<()> {
    tx.execute(&LOSE, p![account, number(family), lost])?;
    super::access::delete(tx, account, lost)?;
    tx.execute(&FOLLOW, p![account, number(family), token, next]).map(drop)
}

/// Remembers that the answer with this number arrived, where its access token is about to be forgotten.
pub fn note_arrival(tx: &mut dyn Tx, (account, family, token): Place) -> R<()> {
    tx.execute(&NOTE, p![account, number(family), token]).map(drop)
}

/// Forgets expired ones; answers how many.
pub(super) fn forget_old(tx: &mut dyn Tx, now: Timestamp) -> R<u64> {
    let old = tx.all(&OLD, p![now, ROUND as i64], |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)))?;
    for (account, family, token) in &old {
        tx.execute(&DELETE, p![account, family, token])?;
    }
    Ok(old.len() as u64)
}
