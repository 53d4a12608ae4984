//! Rows that SQLite's search index does not hold yet. Putting a row in by itself costs several times as much as
//! all else about it, and a fraction of that among a thousand others; so new rows wait behind a mark, where a
//! search reads them one by one, and the hub has them indexed soon after. On PostgreSQL nothing ever waits.

use super::Index;
use crate::{Dialect, R, Sql, Tx, p};
use contactgram_model::UserId;

/// Rows that are indexed in one transaction; other writes wait for the length of it. Tests take many batches.
pub const BATCH: i64 = if cfg!(test) { 3 } else { 1000 };

/// The statements of one index.
struct Texts {
    mark: Sql,
    waiting: Sql,
    last_of_batch: Sql,
    index_batch: Sql,
    index: Sql,
    unindex: Sql,
    unindex_all: Sql,
    set_mark: Sql,
    lower_mark: Sql,
    lower_mark_without: Sql,
}

macro_rules! mark {
    ($noun:literal) => {
        concat!("(SELECT row FROM search_marks WHERE name = '", $noun, "')")
    };
}
pub(super) use mark;

/// The account's gram, as `scope` makes it.
macro_rules! scope {
    () => {
        "char(983040 + min((account_id >> 32) & 65535, 65533), 983040 + min((account_id >> 16) & 65535, 65533), \
         983040 + min(account_id & 65535, 65533))"
    };
}

macro_rules! texts {
    ($noun:literal, $index:literal) => {
        Texts {
            mark: Sql::new(concat!("SELECT row FROM search_marks WHERE name = '", $noun, "'")),
            waiting: Sql::new(concat!(
                "SELECT coalesce((SELECT max(row) FROM ",
                $noun,
                "), 0) - ",
                mark!($noun)
            )),
            last_of_batch: Sql::new(concat!(
                "SELECT max(row) FROM (SELECT row FROM ",
                $noun,
                " WHERE row > ",
                mark!($noun),
                " ORDER BY row LIMIT $1)"
            )),
            index_batch: Sql::new(concat!(
                "INSERT INTO ",
                $index,
                " (rowid, document) SELECT row, ",
                scope!(),
                " || search FROM ",
                $noun,
                " WHERE row > ",
                mark!($noun),
                " AND row <= $1 AND search IS NOT NULL ORDER BY row"
            )),
            index: Sql::new(concat!("INSERT INTO ", $index, " (rowid, document) VALUES ($1, $2)")),
            unindex: Sql::new(concat!("DELETE FROM ", $index, " WHERE rowid = $1")),
            unindex_all: Sql::new(concat!(
                "DELETE FROM ",
                $index,
                " WHERE rowid IN (SELECT row FROM ",
                $noun,
                " WHERE account_id = $1 AND row <= ",
                mark!($noun),
                ")"
            )),
            set_mark: Sql::new(concat!("UPDATE search_marks SET row = $1 WHERE name = '", $noun, "'")),
            lower_mark: Sql::new(concat!(
                "UPDATE search_marks SET row = (SELECT coalesce(max(row), 0) FROM ",
                $noun,
                " WHERE row < $1) WHERE name = '",
                $noun,
                "'"
            )),
            lower_mark_without: Sql::new(concat!(
                "UPDATE search_marks SET row = coalesce((SELECT n.row FROM ",
                $noun,
                " n WHERE n.row <= search_marks.row AND n.account_id + 0 <> $1 ORDER BY n.row DESC LIMIT 1), 0) \
                 WHERE name = '",
                $noun,
                "'"
            )),
        }
    };
}

static CONTACTS: Texts = texts!("contacts", "contact_search");
static MESSAGES: Texts = texts!("messages", "message_search");

fn texts(index: Index) -> &'static Texts {
    match index {
        Index::Contacts => &CONTACTS,
        Index::Messages => &MESSAGES,
    }
}

/// How many rows wait, or a few more: numbers that no row has any more are counted along.
pub fn waiting(tx: &mut dyn Tx) -> R<i64> {
    Ok(counted(tx)?.iter().map(|(rows, _)| rows).sum())
}

/// Indexes at most [`BATCH`] of the rows that wait, of the index that more of them wait for; how many it took.
pub fn index_batch(tx: &mut dyn Tx) -> R<i64> {
    let Some((_, texts)) = counted(tx)?.into_iter().max_by_key(|(rows, _)| *rows) else { return Ok(0) };
    let Some(last) = tx.one(&texts.last_of_batch, p![BATCH], |row| row.opt_int(0))? else { return Ok(0) };
    let before = tx.one(&texts.mark, &[], |row| row.int(0))?;
    tx.execute(&texts.index_batch, p![last])?;
    tx.execute(&texts.set_mark, p![last])?;
    Ok(last - before)
}

/// The rows that wait for each index.
fn counted(tx: &mut dyn Tx) -> R<Vec<(i64, &'static Texts)>> {
    if tx.dialect() == Dialect::Postgres {
        return Ok(Vec::new());
    }
    [&CONTACTS, &MESSAGES]
        .into_iter()
        .map(|texts| Ok((tx.one(&texts.waiting, &[], |row| row.int(0))?, texts)))
        .collect()
}

/// A row with the mark of its index: at or before the mark it is indexed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub row: i64,
    pub mark: i64,
}

impl Placed {
    /// Indexes a row's new text in the place of the old one.
    pub(super) fn reindex(self, tx: &mut dyn Tx, index: Index, document: Option<&str>) -> R<()> {
        if self.row > self.mark {
            return Ok(());
        }
        tx.execute(&texts(index).unindex, p![self.row])?;
        match document {
            Some(document) => tx.execute(&texts(index).index, p![self.row, document]).map(drop),
            None => Ok(()),
        }
    }

    /// Takes a row that is about to be removed out of the index. The mark stays on a row that there is: SQLite
    /// gives the number of a last row that is removed to the next.
    pub(super) fn forget(self, tx: &mut dyn Tx, index: Index) -> R<()> {
        self.reindex(tx, index, None)?;
        if self.row == self.mark {
            tx.execute(&texts(index).lower_mark, p![self.row])?;
        }
        Ok(())
    }
}

/// Takes all rows of an account, which are about to be removed, out of the indexes.
pub(super) fn forget_account(tx: &mut dyn Tx, account: UserId) -> R<()> {
    for texts in [&CONTACTS, &MESSAGES] {
        tx.execute(&texts.unindex_all, p![account])?;
        tx.execute(&texts.lower_mark_without, p![account])?;
    }
    Ok(())
}
