//! Credentials as digests: account tokens, keys, and whatever else opens an account. An account may hold several,
//! each with a label, an expiry and scopes of its own. The plain form never comes here.

use super::oauth::AppId;
use super::views::{self, ViewId};
use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::scope::Scopes;
use contactgram_model::{Timestamp, TokenDigest, TokenKind, UserId};
use contactgram_oauth::grant::FamilyId;

static NEXT: Sql =
    Sql::new("UPDATE counters SET token_id = token_id + 1 WHERE account_id = $1 RETURNING token_id");
static INSERT: Sql = Sql::new(
    "INSERT INTO tokens (account_id, token_id, digest, selector, label, created_at, expires_at, kind, scopes, view_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static SELECTED: Sql = Sql::new(
    "SELECT token_id, digest, expires_at, scopes, view_id, last_used_at, app_id, family_id FROM tokens \
     WHERE account_id = $1 AND selector = $2",
);
static LIST: Sql = Sql::new(
    "SELECT token_id, label, created_at, expires_at, scopes, view_id, last_used_at FROM tokens \
     WHERE account_id = $1 AND kind = $2 ORDER BY token_id",
);
static BY_NUMBER: Sql =
    Sql::new("SELECT expires_at, app_id, family_id FROM tokens WHERE account_id = $1 AND token_id = $2");
static USED: Sql = Sql::new(
    "UPDATE tokens SET last_used_at = $3 WHERE account_id = $1 AND token_id = $2 \
     AND (last_used_at IS NULL OR last_used_at < $3)",
);
static DELETE: Sql = Sql::new(
    "DELETE FROM tokens WHERE account_id = $1 AND token_id = $2 AND kind = $3 RETURNING coalesce(view_id, 0)",
);
static DELETE_ALL: Sql = Sql::new("DELETE FROM tokens WHERE account_id = $1 AND kind = $2");

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
    /// What it may do.
    pub scopes: Scopes,
    /// Which contacts it sees; all where there is none.
    pub view: Option<ViewId>,
    /// When it was used last, to a minute or so.
    pub last_used_at: Option<Timestamp>,
}

/// A token about to be stored.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The digest of its plain form.
    pub digest: TokenDigest,
    /// What it is.
    pub kind: TokenKind,
    /// What it is for.
    pub label: Option<String>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// What it may do.
    pub scopes: Scopes,
    /// Which contacts it sees; all where there is none.
    pub view: Option<ViewId>,
}

impl NewToken {
    /// An account token without a label, for ever.
    pub fn of_account(digest: TokenDigest) -> NewToken {
        let (kind, scopes) = (TokenKind::Account, Scopes::all());
        NewToken { digest, kind, label: None, expires_at: None, scopes, view: None }
    }
}

/// Stores a token of an account that has its counters; answers its number, which no other ever gets.
pub fn insert(tx: &mut dyn Tx, account: UserId, token: &NewToken, now: Timestamp) -> R<i64> {
    let (digest, selector) = (token.digest.bytes(), token.digest.selector());
    let (kind, scopes, view) = (token.kind.code(), bits(token.scopes), token.view.map(ViewId::number));
    let id = next_number(tx, account)?;
    let params = p![account, id, digest, selector, token.label, now, token.expires_at, kind, scopes, view];
    tx.execute(&INSERT, params)?;
    Ok(id)
}

/// The number of an account's next credential.
pub(super) fn next_number(tx: &mut dyn Tx, account: UserId) -> R<i64> {
    tx.one(&NEXT, p![account], |row| row.int(0))
}

/// A token that a digest led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundToken {
    /// Counts from 1 in each account.
    pub id: i64,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// What it may do.
    pub scopes: Scopes,
    /// Which contacts it sees; all where there is none.
    pub view: Option<ViewId>,
    /// When it was used last, to a minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Whom it was given to, where that is an application.
    pub given_to: Option<GivenTo>,
}

/// The application that an access token was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenTo {
    /// Which.
    pub app: AppId,
    /// The grant's answers that the token is one of; none is the application's own.
    pub family: Option<FamilyId>,
}

/// The token with this digest, if it has not expired at `now`.
pub fn find(tx: &mut dyn Tx, account: UserId, digest: &TokenDigest, now: Timestamp) -> R<Option<FoundToken>> {
    let mut found = None;
    tx.query(&SELECTED, p![account, digest.selector()], &mut |row| {
        let fits = TokenDigest::from_bytes(row.blob(1)?).is_some_and(|stored| stored == *digest);
        let expires_at = row.opt_int(2)?;
        if fits && expires_at.is_none_or(|end| now < end) {
            let id = row.int(0)?;
            let (scopes, view) = (scopes(row.opt_int(3)?), view(row, 4, id)?);
            let family = row.opt_int(7)?.map(FamilyId);
            let given_to = row.opt_int(6)?.map(|app| GivenTo { app: AppId(app), family });
            found =
                Some(FoundToken { id, expires_at, scopes, view, last_used_at: row.opt_int(5)?, given_to });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether a number is still that of a credential which opens something at `now`, and whom that was given to.
pub fn lives(tx: &mut dyn Tx, account: UserId, token: i64, now: Timestamp) -> R<Option<Option<GivenTo>>> {
    let found = tx.opt(&BY_NUMBER, p![account, token], |row| {
        let family = row.opt_int(2)?.map(FamilyId);
        let given_to = row.opt_int(1)?.map(|app| GivenTo { app: AppId(app), family });
        Ok((row.opt_int(0)?, given_to))
    })?;
    Ok(found.filter(|(end, _)| end.is_none_or(|end| now < end)).map(|(_, given_to)| given_to))
}

/// An account's tokens of a kind.
pub fn list(tx: &mut dyn Tx, account: UserId, kind: TokenKind) -> R<Vec<TokenInfo>> {
    tx.all(&LIST, p![account, kind.code()], |row: &dyn Row| {
        let id = row.int(0)?;
        Ok(TokenInfo {
            id,
            label: row.opt_string(1)?,
            created_at: row.int(2)?,
            expires_at: row.opt_int(3)?,
            scopes: scopes(row.opt_int(4)?),
            view: view(row, 5, id)?,
            last_used_at: row.opt_int(6)?,
        })
    })
}

/// Notes when a token was used.
pub fn used(tx: &mut dyn Tx, account: UserId, token: i64, now: Timestamp) -> R<()> {
    tx.execute(&USED, p![account, token, now]).map(drop)
}

/// Forgets one token with its view; `false` when there is no such number of this kind.
pub fn delete(tx: &mut dyn Tx, account: UserId, (token, kind): (i64, TokenKind)) -> R<bool> {
    let Some(view) = tx.opt(&DELETE, p![account, token, kind.code()], |row| row.int(0))? else {
        return Ok(false);
    };
    if let Some(view) = ViewId::new(view) {
        views::delete(tx, account, view)?;
    }
    Ok(true)
}

/// Forgets all account tokens of an account; answers how many there were.
pub fn delete_all(tx: &mut dyn Tx, account: UserId) -> R<u64> {
    tx.execute(&DELETE_ALL, p![account, TokenKind::Account.code()])
}

/// All scopes are kept as none: also those that a later version adds.
pub(super) fn bits(scopes: Scopes) -> Option<i64> {
    (scopes != Scopes::all()).then(|| scopes.bits())
}

pub(super) fn scopes(bits: Option<i64>) -> Scopes {
    bits.map_or_else(Scopes::all, Scopes::from_bits)
}

/// A view that can't be one must not open everything.
fn view(row: &dyn Row, column: usize, token: i64) -> R<Option<ViewId>> {
    match row.opt_int(column)? {
        None => Ok(None),
        Some(number) => match ViewId::new(number) {
            Some(view) => Ok(Some(view)),
            None => Err(StoreError::corrupt("tokens", "view_id", token)),
        },
    }
}
