//! Waits that an upstream asked for, by what they hold back, until they are over. Written when one is asked for and read
//! at a start; in between they are kept in memory by whoever sends.

use crate::{R, Sql, Tx, p};
use contactgram_model::{Timestamp, UserId};

static PUT: Sql = Sql::new(
    "INSERT INTO freezes (account_id, scope, until) VALUES ($1, $2, $3) ON CONFLICT (account_id, scope) DO UPDATE \
     SET until = CASE WHEN excluded.until > freezes.until THEN excluded.until ELSE freezes.until END",
);
static FORGET: Sql = Sql::new("DELETE FROM freezes WHERE account_id = $1 AND until <= $2");
static ALL: Sql =
    Sql::new("SELECT account_id, scope, until FROM freezes WHERE until > $1 ORDER BY account_id, scope");

/// Keeps a wait of an account, or the longer one of two for the same scope, and forgets those that are over.
pub fn put(tx: &mut dyn Tx, account: UserId, (scope, until): (&str, Timestamp), now: Timestamp) -> R<()> {
    tx.execute(&FORGET, p![account, now])?;
    tx.execute(&PUT, p![account, scope, until]).map(drop)
}

/// All waits that are not over: whose, for what, and until when.
pub fn all(tx: &mut dyn Tx, now: Timestamp) -> R<Vec<(UserId, String, Timestamp)>> {
    tx.all(&ALL, p![now], |row| Ok((UserId(row.int(0)?), row.string(1)?, row.int(2)?)))
}
