//! The outbox as it is looked through: pages of an account's entries, and of those of a broadcast, and how many of a
//! broadcast stand where.

use super::{Entry, columns, read};
use crate::{R, Sql, Tx, p};
use contactgram_model::UserId;
use contactgram_model::outbox::EntryState;

static COUNT: Sql = Sql::new("SELECT count(*) FROM outbox WHERE account_id = $1");
static COUNT_IN: Sql = Sql::new("SELECT count(*) FROM outbox WHERE account_id = $1 AND state = $2");
static PAGE: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM outbox WHERE account_id = $1 ORDER BY entry_id DESC LIMIT $2 OFFSET $3"
));
static PAGE_IN: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM outbox WHERE account_id = $1 AND state = $4 ORDER BY entry_id DESC LIMIT $2 OFFSET $3"
));
static RECIPIENTS: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM outbox WHERE account_id = $1 AND broadcast_id = $4 ORDER BY entry_id LIMIT $2 OFFSET $3"
));
static RECIPIENTS_IN: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM outbox WHERE account_id = $1 AND broadcast_id = $4 AND state = $5 ORDER BY entry_id LIMIT $2 OFFSET $3"
));
static COUNTS: Sql = Sql::new(
    "SELECT state, count(*) FROM outbox WHERE account_id = $1 AND broadcast_id = $2 GROUP BY state ORDER BY state",
);

/// Which entries, and how many of them.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// Only those that stand there.
    pub state: Option<EntryState>,
    /// At most so many.
    pub limit: i64,
    /// So many are left out.
    pub offset: i64,
}

/// A page of an account's entries, the newest first, and how many there are in all.
pub fn list(tx: &mut dyn Tx, account: UserId, asked: List) -> R<(Vec<Entry>, i64)> {
    let List { state, limit, offset } = asked;
    match state.map(EntryState::number) {
        None => {
            let total = tx.one(&COUNT, p![account], |row| row.int(0))?;
            Ok((tx.all(&PAGE, p![account, limit, offset], read)?, total))
        }
        Some(state) => {
            let total = tx.one(&COUNT_IN, p![account, state], |row| row.int(0))?;
            Ok((tx.all(&PAGE_IN, p![account, limit, offset, state], read)?, total))
        }
    }
}

/// A page of a broadcast's entries, in the order in which they were made.
pub fn of_broadcast(tx: &mut dyn Tx, account: UserId, broadcast: i64, asked: List) -> R<Vec<Entry>> {
    let List { state, limit, offset } = asked;
    match state.map(EntryState::number) {
        None => tx.all(&RECIPIENTS, p![account, limit, offset, broadcast], read),
        Some(state) => tx.all(&RECIPIENTS_IN, p![account, limit, offset, broadcast, state], read),
    }
}

/// How many entries of a broadcast stand where; states without any are left out.
pub fn counts_of(tx: &mut dyn Tx, account: UserId, broadcast: i64) -> R<Vec<(EntryState, i64)>> {
    let rows = tx.all(&COUNTS, p![account, broadcast], |row| Ok((row.int(0)?, row.int(1)?)))?;
    Ok(rows.into_iter().filter_map(|(state, n)| Some((EntryState::of_number(state)?, n))).collect())
}
