//! Statements and rows of SQLite behind [`Tx`] and [`Row`]. The writer and the readers make one for each
//! closure. It never begins or ends a transaction.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::error::store_error;
use crate::{Dialect, Param, R, Row, Sql, StoreError, Tx};

/// A connection lent to one closure.
pub(super) struct SqliteTx<'c> {
    connection: &'c Connection,
    may_write: bool,
    broken: Option<StoreError>,
}

impl<'c> SqliteTx<'c> {
    pub(super) fn writing(connection: &'c Connection) -> Self {
        SqliteTx { connection, may_write: true, broken: None }
    }

    pub(super) fn reading(connection: &'c Connection) -> Self {
        SqliteTx { connection, may_write: false, broken: None }
    }

    /// Remembers the first error that did not come from a visitor.
    fn mark<T>(&mut self, result: R<T>) -> R<T> {
        if let Err(error) = &result {
            self.broken.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn ready(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<CachedStatement<'c>> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let prepared = prepare(self.connection, sql, params);
        self.mark(prepared)
    }
}

impl Tx for SqliteTx<'_> {
    fn execute(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<u64> {
        if !self.may_write {
            return self.mark(Err(StoreError::Rule("execute through a reading door".to_owned())));
        }
        let mut statement = self.ready(sql, params)?;
        let changed = statement.raw_execute().map(|rows| rows as u64).map_err(store_error);
        self.mark(changed)
    }

    fn query(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        each: &mut dyn FnMut(&dyn Row) -> R<()>,
    ) -> R<()> {
        let mut statement = self.ready(sql, params)?;
        let mut rows = statement.raw_query();
        loop {
            match rows.next() {
                Ok(Some(row)) => each(&SqliteRow(row))?,
                Ok(None) => return Ok(()),
                Err(error) => return self.mark(Err(store_error(error))),
            }
        }
    }

    fn broken(&self) -> Option<&StoreError> {
        self.broken.as_ref()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

fn prepare<'c>(connection: &'c Connection, sql: &Sql, params: &[Param<'_>]) -> R<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(sql.sqlite()?).map_err(store_error)?;
    if statement.parameter_count() != params.len() {
        let wanted = statement.parameter_count();
        return Err(StoreError::Rule(format!("{wanted} parameters wanted, {} given", params.len())));
    }
    for (i, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(i + 1, Bound(param)).map_err(store_error)?;
    }
    Ok(statement)
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
