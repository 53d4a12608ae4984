//! Presses of inline buttons and how the account answered them.

use crate::{R, Sql, Tx, p};
use contactgram_model::{Timestamp, UserId};

static INSERT: Sql =
    Sql::new("INSERT INTO callback_queries (account_id, query_id, from_id, date) VALUES ($1, $2, $3, $4)");
static ANSWER: Sql = Sql::new(
    "UPDATE callback_queries SET answer = $4 WHERE account_id = $1 AND query_id = $2 AND date > $3 \
     AND answer IS NULL",
);
static GET: Sql =
    Sql::new("SELECT from_id, answer FROM callback_queries WHERE account_id = $1 AND query_id = $2");
static FORGET: Sql = Sql::new("DELETE FROM callback_queries WHERE date <= $1");

/// Remembers a press.
pub fn insert(tx: &mut dyn Tx, account: UserId, query: i64, from: UserId, now: Timestamp) -> R<()> {
    tx.execute(&INSERT, p![account, query, from, now]).map(drop)
}

/// Stores the answer to a press younger than `since`; `false` when there is none, or it was answered.
pub fn answer(tx: &mut dyn Tx, account: UserId, query: i64, since: Timestamp, answer: &str) -> R<bool> {
    Ok(tx.execute(&ANSWER, p![account, query, since, answer])? == 1)
}

/// Who pressed, and the answer there is so far.
pub fn get(tx: &mut dyn Tx, account: UserId, query: i64) -> R<Option<(UserId, Option<String>)>> {
    tx.opt(&GET, p![account, query], |row| Ok((UserId(row.int(0)?), row.opt_string(1)?)))
}

/// Forgets presses up to `before`.
pub fn forget_old(tx: &mut dyn Tx, before: Timestamp) -> R<u64> {
    tx.execute(&FORGET, p![before])
}
