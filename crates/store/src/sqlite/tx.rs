//! Statements and rows of SQLite behind [`Tx`] and [`Row`]. The writer and the readers make one for each
//! closure. It never begins or ends a transaction.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use super::error::store_error;
use super::kept::Kept;
use crate::{Dialect, Param, R, Row, Sql, StoreError, Tx};

/// A connection lent to one closure.
pub(super) struct SqliteTx<'t, 'c> {
    door: Door<'t, 'c>,
    wrote: bool,
    broken: Option<StoreError>,
}

enum Door<'t, 'c> {
    Writing(&'t Kept<'c>),
    Reading(&'t Connection),
}

type Visitor<'v> = &'v mut dyn FnMut(&dyn Row) -> R<()>;

impl<'t, 'c> SqliteTx<'t, 'c> {
    pub(super) fn writing(kept: &'t Kept<'c>) -> Self {
        SqliteTx { door: Door::Writing(kept), wrote: false, broken: None }
    }

    pub(super) fn reading(connection: &'t Connection) -> Self {
        SqliteTx { door: Door::Reading(connection), wrote: false, broken: None }
    }

    /// Whether a statement ran that may have changed something.
    pub(super) fn wrote(&self) -> bool {
        self.wrote
    }

    /// Remembers the first error that did not come from a visitor.
    fn mark<T>(&mut self, result: R<T>) -> R<T> {
        if let Err(error) = &result {
            self.broken.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn check(&self) -> R<()> {
        self.broken.clone().map_or(Ok(()), Err)
    }
}

impl Tx for SqliteTx<'_, '_> {
    fn execute(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<u64> {
        self.check()?;
        let Door::Writing(kept) = self.door else {
            return self.mark(Err(StoreError::Rule("execute through a reading door".to_owned())));
        };
        self.wrote = true;
        let changed = kept.lend(sql).and_then(|mut statement| {
            bind(&mut statement, params)?;
            statement.raw_execute().map(|rows| rows as u64).map_err(store_error)
        });
        self.mark(changed)
    }

    fn query(&mut self, sql: &'static Sql, params: &[Param<'_>], each: Visitor<'_>) -> R<()> {
        self.check()?;
        let visited = match self.door {
            Door::Writing(kept) => kept.lend(sql).map(|mut statement| {
                self.wrote |= !statement.readonly();
                visit(&mut statement, params, each)
            }),
            Door::Reading(connection) => sql
                .sqlite()
                .and_then(|text| connection.prepare_cached(text).map_err(store_error))
                .map(|mut statement| visit(&mut statement, params, each)),
        };
        match visited {
            Ok(Visited::Ended(outcome)) => outcome,
            Ok(Visited::Failed(error)) | Err(error) => self.mark(Err(error)),
        }
    }

    fn broken(&self) -> Option<&StoreError> {
        self.broken.as_ref()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

/// How a visit of rows came to its end.
enum Visited {
    /// After the last row, or with what the visitor said.
    Ended(R<()>),
    /// The statement failed.
    Failed(StoreError),
}

fn visit(statement: &mut Statement<'_>, params: &[Param<'_>], each: Visitor<'_>) -> Visited {
    if let Err(error) = bind(statement, params) {
        return Visited::Failed(error);
    }
    let mut rows = statement.raw_query();
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                if let Err(error) = each(&SqliteRow(row)) {
                    return Visited::Ended(Err(error));
                }
            }
            Ok(None) => return Visited::Ended(Ok(())),
            Err(error) => return Visited::Failed(store_error(error)),
        }
    }
}

fn bind(statement: &mut Statement<'_>, params: &[Param<'_>]) -> R<()> {
    if statement.parameter_count() != params.len() {
        let wanted = statement.parameter_count();
        return Err(StoreError::Rule(format!("{wanted} parameters wanted, {} given", params.len())));
    }
    for (i, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(i + 1, Bound(param)).map_err(store_error)?;
    }
    Ok(())
}

struct Bound<'a>(&'a Param<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self.0 {
            Param::Null => ValueRef::Null,
            Param::Int(value) => ValueRef::Integer(value),
            Param::Bool(value) => ValueRef::Integer(i64::from(value)),
            Param::Text(value) => ValueRef::Text(value.as_bytes()),
            Param::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

struct SqliteRow<'r, 's>(&'r rusqlite::Row<'s>);

impl SqliteRow<'_, '_> {
    fn value(&self, i: usize) -> R<ValueRef<'_>> {
        self.0.get_ref(i).map_err(|_| StoreError::Rule(format!("no column {i}")))
    }
}

impl Row for SqliteRow<'_, '_> {
    fn int(&self, i: usize) -> R<i64> {
        match self.value(i)? {
            ValueRef::Integer(value) => Ok(value),
            other => Err(mismatch(i, "a whole number", other)),
        }
    }

    fn text(&self, i: usize) -> R<&str> {
        match self.value(i)? {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| StoreError::Other(format!("column {i} holds text that is not UTF-8"))),
            other => Err(mismatch(i, "text", other)),
        }
    }

    fn blob(&self, i: usize) -> R<&[u8]> {
        match self.value(i)? {
            ValueRef::Blob(bytes) => Ok(bytes),
            other => Err(mismatch(i, "bytes", other)),
        }
    }

    fn bool(&self, i: usize) -> R<bool> {
        match self.value(i)? {
            ValueRef::Integer(0) => Ok(false),
            ValueRef::Integer(1) => Ok(true),
            other => Err(mismatch(i, "a truth value", other)),
        }
    }

    fn is_null(&self, i: usize) -> R<bool> {
        Ok(matches!(self.value(i)?, ValueRef::Null))
    }
}

fn mismatch(i: usize, wanted: &str, found: ValueRef<'_>) -> StoreError {
    StoreError::Rule(format!("column {i} was read as {wanted} but holds {}", found.data_type()))
}
