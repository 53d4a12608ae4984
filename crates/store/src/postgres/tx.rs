//! One closure's view of a connection: [`Tx`] over a [`Line`]. It remembers the first error, whether anything
//! was written, and which mailboxes are locked. It never begins or ends a transaction.

use super::line::{Aim, Line};
use super::locks::Locks;
use crate::{Dialect, Param, R, Row, Sql, StoreError, Tx};

static LOCK: Sql = Sql::new("SELECT 1 FROM counters WHERE account_id = $1 FOR UPDATE");
static TRY_LOCK: Sql = Sql::new("SELECT 1 FROM counters WHERE account_id = $1 FOR UPDATE SKIP LOCKED");

/// A connection lent to one closure.
pub(super) struct PostgresTx<'c> {
    line: &'c mut Line,
    /// None behind a reading door.
    locks: Option<&'c mut Locks>,
    wrote: bool,
    broken: Option<StoreError>,
}

impl<'c> PostgresTx<'c> {
    pub(super) fn reading(line: &'c mut Line) -> Self {
        PostgresTx { line, locks: None, wrote: false, broken: None }
    }

    pub(super) fn writing(line: &'c mut Line, locks: &'c mut Locks) -> Self {
        PostgresTx { line, locks: Some(locks), wrote: false, broken: None }
    }

    /// Whether there is something to undo.
    pub(super) fn has_written(&self) -> bool {
        self.wrote
    }

    /// Learns whether the locks asked for are taken, and with `all`, how everything that waits went.
    pub(super) fn settle(&mut self, all: bool) -> R<()> {
        if !all && !self.line.waits_for_lock() {
            return Ok(());
        }
        let settled = self.line.flush();
        self.mark(settled)
    }

    /// Locks mailboxes that an earlier run wanted, in their order, before anything else.
    pub(super) fn lock_first(&mut self, wanted: &mut Vec<i64>) -> R<()> {
        wanted.sort_unstable();
        wanted.dedup();
        wanted.drain(..).try_for_each(|account| self.lock(account))
    }

    fn mark<T>(&mut self, result: R<T>) -> R<T> {
        // A lock that is somebody else's ends the run, whatever else was learned.
        let result = if self.line.take_missed() {
            if let Some(locks) = &mut self.locks {
                locks.missed = true;
            }
            Err(StoreError::Retry)
        } else {
            result
        };
        if let Err(error) = &result {
            self.broken.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn check(&mut self, reads: bool) -> R<()> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        if self.locks.is_some() && !reads {
            // With a lock missed it would wait for the row, and what it wrote would have to be undone.
            self.settle(false)?;
            self.wrote = true;
        }
        if self.locks.is_some() || reads {
            return Ok(());
        }
        self.mark(Err(StoreError::Rule("a write through a reading door".to_owned())))
    }
}

impl Tx for PostgresTx<'_> {
    fn execute(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<u64> {
        self.check(false)?;
        let changed = self.line.run(sql, params, &mut |_| Ok(()));
        self.mark(changed)
    }

    fn later(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<()> {
        self.check(false)?;
        let taken = self.line.later(sql, params, Aim::Effect);
        self.mark(taken)
    }

    fn ahead(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<()> {
        if self.locks.is_none() {
            return Ok(());
        }
        self.check(sql.reads())?;
        let taken = self.line.ahead(sql, params);
        self.mark(taken)
    }

    fn lock(&mut self, account: i64) -> R<()> {
        self.check(true)?;
        let Some(locks) = &mut self.locks else {
            return self.mark(Err(StoreError::Rule("a lock through a reading door".to_owned())));
        };
        if locks.has(account) {
            return Ok(());
        }
        let (sql, aim) =
            if locks.may_wait_for(account) { (&LOCK, Aim::Effect) } else { (&TRY_LOCK, Aim::Lock) };
        locks.take(account);
        let taken = self.line.later(sql, &[Param::Int(account)], aim);
        self.mark(taken)
    }

    fn query(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        each: &mut dyn FnMut(&dyn Row) -> R<()>,
    ) -> R<()> {
        self.check(sql.reads())?;
        // What a visitor says is the caller's, and does not break the transaction.
        let mut refused = Ok(());
        let visited = self.line.run(sql, params, &mut |row| {
            if refused.is_ok() {
                refused = each(row);
            }
            Ok(())
        });
        self.mark(visited)?;
        refused
    }

    fn broken(&self) -> Option<&StoreError> {
        self.broken.as_ref()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}
