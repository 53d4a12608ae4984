//! First answers of requests with an `Idempotency-Key`, kept in the transaction of their effect.

use crate::{R, Sql, Tx, p};
use contactgram_model::{Timestamp, UserId};

/// How long an answer is kept: 24 hours, in seconds.
pub const KEPT_S: i64 = 24 * 3600;

static GET: Sql = Sql::new(
    "SELECT fingerprint, answer FROM idempotency WHERE account_id = $1 AND key = $2 AND created_at > $3",
);
static PUT: Sql = Sql::new(
    "INSERT INTO idempotency (account_id, key, fingerprint, answer, created_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (account_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = excluded.answer, \
     created_at = excluded.created_at",
);
static DELETE: Sql = Sql::new("DELETE FROM idempotency WHERE account_id = $1 AND key = $2");
static FORGET: Sql = Sql::new("DELETE FROM idempotency WHERE created_at <= $1");

/// The kept answer to a key: what was asked, as a fingerprint, and what was answered.
pub fn get(tx: &mut dyn Tx, account: UserId, key: &str, now: Timestamp) -> R<Option<(Vec<u8>, String)>> {
    tx.opt(&GET, p![account, key, now - KEPT_S], |row| Ok((row.blob(0)?.to_vec(), row.string(1)?)))
}

/// What to keep.
#[derive(Debug)]
pub struct Kept<'a> {
    /// The caller's key.
    pub key: &'a str,
    /// Digest of the request.
    pub fingerprint: &'a [u8],
    /// The answer, as the hub writes it.
    pub answer: &'a str,
}

/// Keeps the answer to a key.
pub fn put(tx: &mut dyn Tx, account: UserId, kept: &Kept<'_>, now: Timestamp) -> R<()> {
    tx.later(&PUT, p![account, kept.key, kept.fingerprint, kept.answer, now])
}

/// Forgets a key, whose request had no effect after all.
pub fn delete(tx: &mut dyn Tx, account: UserId, key: &str) -> R<()> {
    tx.execute(&DELETE, p![account, key]).map(drop)
}

/// Forgets answers older than [`KEPT_S`].
pub fn forget_old(tx: &mut dyn Tx, now: Timestamp) -> R<u64> {
    tx.execute(&FORGET, p![now - KEPT_S])
}
