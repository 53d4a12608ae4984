//! What an operation sees of a database: a transaction that runs statements and rows that are read where
//! they stand. Operations are plain functions over `&mut dyn Tx`; each engine implements both traits.
//! Nothing here knows an engine.

use crate::{Param, Sql, StoreError};

/// The result of everything in the store.
pub type R<T> = Result<T, StoreError>;

/// Which engine runs the statements. For diagnostics and engine-specific maintenance, not for operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// One row, valid during the visit. Columns count from 0. A column of another type, or NULL where a value
/// is asked for, is [`StoreError::Rule`].
pub trait Row {
    fn int(&self, i: usize) -> R<i64>;
    fn text(&self, i: usize) -> R<&str>;
    fn blob(&self, i: usize) -> R<&[u8]>;
    fn bool(&self, i: usize) -> R<bool>;
    fn is_null(&self, i: usize) -> R<bool>;

    fn string(&self, i: usize) -> R<String> {
        self.text(i).map(str::to_owned)
    }

    fn opt_int(&self, i: usize) -> R<Option<i64>> {
        if self.is_null(i)? { Ok(None) } else { self.int(i).map(Some) }
    }

    fn opt_text(&self, i: usize) -> R<Option<&str>> {
        if self.is_null(i)? { Ok(None) } else { self.text(i).map(Some) }
    }

    fn opt_blob(&self, i: usize) -> R<Option<&[u8]>> {
        if self.is_null(i)? { Ok(None) } else { self.blob(i).map(Some) }
    }

    fn opt_bool(&self, i: usize) -> R<Option<bool>> {
        if self.is_null(i)? { Ok(None) } else { self.bool(i).map(Some) }
    }

    fn opt_string(&self, i: usize) -> R<Option<String>> {
        Ok(self.opt_text(i)?.map(str::to_owned))
    }
}

/// A transaction under way. After the first SQL error it is broken: every further statement answers that
/// error again and nothing will be kept, whatever the closure returns. To go on after a conflict use
/// `ON CONFLICT`.
pub trait Tx {
    /// Runs a statement without rows; the number of rows it changed.
    fn execute(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<u64>;

    /// Runs a statement and shows each row to `each`; an error of `each` ends the visit and is returned,
    /// without breaking the transaction.
    fn query(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        each: &mut dyn FnMut(&dyn Row) -> R<()>,
    ) -> R<()>;

    /// Runs a statement whose outcome the closure does not depend on. It may be sent together with the next one;
    /// its error then is that one's, or the transaction's.
    fn later(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<()> {
        self.execute(sql, params).map(drop)
    }

    /// Sends a question ahead that a later [`Tx::query`] asks with the same statement and values, so that several
    /// are answered at once. What is changed in between must not concern it. Where asking costs no way, nothing.
    fn ahead(&mut self, _sql: &'static Sql, _params: &[Param<'_>]) -> R<()> {
        Ok(())
    }

    /// Makes other writers of this account's mailbox wait until this transaction ends. May end the run with
    /// [`StoreError::Retry`], to take this lock earlier in the next. Where there is one writer, nothing.
    fn lock(&mut self, _account: i64) -> R<()> {
        Ok(())
    }

    /// The first SQL error of this transaction.
    fn broken(&self) -> Option<&StoreError>;

    fn dialect(&self) -> Dialect;
}

impl dyn Tx + '_ {
    /// The first row, or [`StoreError::NotFound`].
    pub fn one<T>(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        f: impl FnMut(&dyn Row) -> R<T>,
    ) -> R<T> {
        self.opt(sql, params, f)?.ok_or(StoreError::NotFound)
    }

    /// The first row, if there is one.
    pub fn opt<T>(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        mut f: impl FnMut(&dyn Row) -> R<T>,
    ) -> R<Option<T>> {
        let mut found = None;
        self.query(sql, params, &mut |row| {
            if found.is_none() {
                found = Some(f(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// All rows. For long results visit with [`Tx::query`] instead.
    pub fn all<T>(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        mut f: impl FnMut(&dyn Row) -> R<T>,
    ) -> R<Vec<T>> {
        let mut rows = Vec::new();
        self.query(sql, params, &mut |row| {
            rows.push(f(row)?);
            Ok(())
        })?;
        Ok(rows)
    }
}
