//! Prepared statements of the writer, each found by the number of its text: looking them up by their words, as a
//! pooled connection must, costs as much as a small statement. The writer's transactions borrow from it. It never
//! outlives the connection.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use rusqlite::{Connection, PrepFlags, Statement};

use super::error::store_error;
use crate::{R, Sql};

/// A connection with its statements.
pub(super) struct Kept<'c> {
    connection: &'c Connection,
    /// At the number of each text; nothing while it is lent or was never asked for.
    statements: RefCell<Vec<Option<Statement<'c>>>>,
}

/// A statement that goes back where it came from.
pub(super) struct Lent<'k, 'c> {
    kept: &'k Kept<'c>,
    number: usize,
    statement: Option<Statement<'c>>,
}

impl<'c> Kept<'c> {
    pub(super) fn new(connection: &'c Connection) -> Kept<'c> {
        Kept { connection, statements: RefCell::default() }
    }

    pub(super) fn connection(&self) -> &'c Connection {
        self.connection
    }

    pub(super) fn lend(&self, sql: &Sql) -> R<Lent<'_, 'c>> {
        let (text, number) = sql.sqlite_numbered()?;
        let kept = self.statements.borrow_mut().get_mut(number).and_then(Option::take);
        let statement = match kept {
            Some(statement) => statement,
            None => self
                .connection
                .prepare_with_flags(text, PrepFlags::SQLITE_PREPARE_PERSISTENT)
                .map_err(store_error)?,
        };
        Ok(Lent { kept: self, number, statement: Some(statement) })
    }

    fn take_back(&self, number: usize, statement: Statement<'c>) {
        let mut statements = self.statements.borrow_mut();
        if statements.len() <= number {
            statements.resize_with(number + 1, || None);
        }
        statements[number] = Some(statement);
    }
}

impl<'c> Deref for Lent<'_, 'c> {
    type Target = Statement<'c>;

    fn deref(&self) -> &Statement<'c> {
        self.statement.as_ref().expect("lent until it is dropped")
    }
}

impl<'c> DerefMut for Lent<'_, 'c> {
    fn deref_mut(&mut self) -> &mut Statement<'c> {
        self.statement.as_mut().expect("lent until it is dropped")
    }
}

impl Drop for Lent<'_, '_> {
    fn drop(&mut self) {
        if let Some(statement) = self.statement.take() {
            self.kept.take_back(self.number, statement);
        }
    }
}
