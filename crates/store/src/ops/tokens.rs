//! Tokens as digests. An account may hold several, each with a label and an expiry of its own.
//! The plain token never comes here.

use crate::{R, Row, Sql, Tx, p};
use contactgram_model::{Timestamp, TokenDigest, UserId};

static INSERT: Sql = Sql::new(
    "INSERT INTO tokens (account_id, token_id, digest, label, created_at, expires_at) \
     VALUES ($1, (SELECT coalesce(max(token_id), 0) + 1 FROM tokens WHERE account_id = $1), $2, $3, $4, $5) \
     RETURNING token_id",
);
static DIGESTS: Sql = Sql::new("SELECT token_id, digest, expires_at FROM tokens WHERE account_id = $1");
static LIST: Sql = Sql::new(
    "SELECT token_id, label, created_at, expires_at FROM tokens WHERE account_id = $1 ORDER BY token_id",
);
static DELETE: Sql = Sql::new("DELETE FROM tokens WHERE account_id = $1 AND token_id = $2");
static DELETE_ALL: Sql = Sql::new("DELETE FROM tokens WHERE account_id = $1");

/// A token as its owner sees it later: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// Counts from 1 in each account.
    pub id: i64,
    /// What it is for.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// A token about to be stored.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The digest of its plain form.
    pub digest: TokenDigest,
    /// What it is for.
    pub label: Option<String>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// Stores a token; answers its number.
pub fn insert(tx: &mut dyn Tx, account: UserId, token: &NewToken, now: Timestamp) -> R<i64> {
    let digest = token.digest.bytes();
    let params = p![account, digest, token.label, now, token.expires_at];
    tx.one(&INSERT, params, |row| row.int(0))
}

/// A token that a digest led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundToken {
    /// Counts from 1 in each account.
    pub id: i64,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// The token with this digest, if it has not expired at `now`.
pub fn find(tx: &mut dyn Tx, account: UserId, digest: &TokenDigest, now: Timestamp) -> R<Option<FoundToken>> {
    let mut found = None;
    tx.query(&DIGESTS, p![account], &mut |row| {
        let fits = TokenDigest::from_bytes(row.blob(1)?).is_some_and(|stored| stored == *digest);
        let expires_at = row.opt_int(2)?;
        if fits && expires_at.is_none_or(|end| now < end) {
            found = Some(FoundToken { id: row.int(0)?, expires_at });
        }
        Ok(())
    })?;
    Ok(found)
}

/// An account's tokens.
pub fn list(tx: &mut dyn Tx, account: UserId) -> R<Vec<TokenInfo>> {
    tx.all(&LIST, p![account], |row: &dyn Row| {
        Ok(TokenInfo {
            id: row.int(0)?,
            label: row.opt_string(1)?,
            created_at: row.int(2)?,
            expires_at: row.opt_int(3)?,
        })
    })
}

/// Forgets one token; `false` when there is no such number.
pub fn delete(tx: &mut dyn Tx, account: UserId, token: i64) -> R<bool> {
    Ok(tx.execute(&DELETE, p![account, token])? == 1)
}

/// Forgets all tokens of an account; answers how many there were.
pub fn delete_all(tx: &mut dyn Tx, account: UserId) -> R<u64> {
    tx.execute(&DELETE_ALL, p![account])
}
