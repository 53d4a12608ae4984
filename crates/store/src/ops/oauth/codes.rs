//! Authorization codes. A used one stays as long as its family, so that its coming again is noticed.

use super::{number, scopes};
use crate::{R, Sql, StoreError, Tx, p};
use contactgram_model::{MemberId, TokenDigest, UserId};
use contactgram_oauth::ClientId;
use contactgram_oauth::grant::{CodeRecord, CodeState, FamilyId};
use contactgram_oauth::pkce::Challenge;
use contactgram_oauth::redirect::ReturnTo;

static INSERT: Sql = Sql::new(
    "INSERT INTO oauth_codes (account_id, family_id, selector, digest, redirect, named, challenge, scopes, \
     expires_at, used) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static FIND: Sql = Sql::new(
    "SELECT c.family_id, c.digest, c.redirect, c.named, c.challenge, c.scopes, c.expires_at, c.used, f.revoked, \
     f.member_id, a.client_id FROM oauth_codes c JOIN oauth_families f \
     ON f.account_id = c.account_id AND f.family_id = c.family_id JOIN oauth_apps a ON a.app_id = f.app_id \
     WHERE c.account_id = $1 AND c.selector = $2",
);
static USE: Sql = Sql::new("UPDATE oauth_codes SET used = true WHERE account_id = $1 AND family_id = $2");

/// A code that a digest led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCode {
    /// What the rules go by.
    pub record: CodeRecord,
    /// Who approved.
    pub member: MemberId,
}

/// Keeps a code whose family has begun.
pub fn insert(tx: &mut dyn Tx, account: UserId, digest: &TokenDigest, code: &CodeRecord) -> R<()> {
    tx.execute(
        &INSERT,
        p![
            account,
            number(code.family),
            digest.selector(),
            digest.bytes(),
            code.return_to.uri,
            code.return_to.named,
            code.challenge.bytes(),
            code.scopes.bits(),
            code.expires_at,
            code.state == CodeState::Used
        ],
    )
    .map(drop)
}

/// The code with this digest, whatever became of it.
pub fn find(tx: &mut dyn Tx, account: UserId, digest: &TokenDigest) -> R<Option<FoundCode>> {
    let mut found = None;
    tx.query(&FIND, p![account, digest.selector()], &mut |row| {
        if TokenDigest::from_bytes(row.blob(1)?).is_none_or(|stored| stored != *digest) {
            return Ok(());
        }
        let family = row.int(0)?;
        let corrupt = |column| StoreError::corrupt("oauth_codes", column, family);
        let state = match (row.bool(7)?, row.bool(8)?) {
            (true, _) => CodeState::Used,
            (false, true) => CodeState::Revoked,
            (false, false) => CodeState::Fresh,
        };
        let record = CodeRecord {
            client: ClientId::parse(row.text(10)?).ok_or_else(|| corrupt("client_id"))?,
            return_to: ReturnTo { uri: row.string(2)?, named: row.bool(3)? },
            challenge: Challenge::from_bytes(row.blob(4)?).ok_or_else(|| corrupt("challenge"))?,
            scopes: scopes(row.int(5)?),
            family: FamilyId(family),
            expires_at: row.int(6)?,
            state,
        };
        found = Some(FoundCode { record, member: MemberId(row.int(9)?) });
        Ok(())
    })?;
    Ok(found)
}

/// Marks a code as used.
pub fn mark_used(tx: &mut dyn Tx, account: UserId, family: FamilyId) -> R<()> {
    tx.execute(&USE, p![account, number(family)]).map(drop)
}
