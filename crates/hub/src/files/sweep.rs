//! Erases files that no message carries: of uploads that broke off, of messages that were deleted, and of accounts that were
//! removed. What may have none left is noted as it happens, and the whole is looked over at the start and once an hour. A
//! file leaves in two steps, so that a message that was under way keeps it.

use crate::{Error, Hub};
use contactgram_model::{Timestamp, UserId};
use contactgram_store::Dialect;
use contactgram_store::ops::files;
use std::sync::{Mutex, PoisonError};

/// How long an upload may take, and how long a file waits for its message, in seconds: what another process takes in is
/// not known here.
const COMING_S: i64 = 24 * 3600;
/// Longer than any transaction, in seconds: what had begun when a file left shows by then whether it carries it.
const PARTING_S: i64 = 120;

/// Files that may have no message left.
#[derive(Debug, Default)]
pub(crate) struct Leftovers(Mutex<Vec<i64>>);

impl Leftovers {
    pub(crate) fn add(&self, file: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }

    fn take(&self) -> Vec<i64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Hub {
    /// Looks at all files. When the server starts on SQLite nobody else can be taking one in: what has no message then is
    /// what uploads left that a crash ended.
    pub(crate) async fn look_for_leftovers(&self, at_start: bool) -> Result<(), Error> {
        let alone = at_start && self.store.dialect() == Dialect::Sqlite;
        let before = if alone { Timestamp::MAX } else { self.clock.now() - COMING_S };
        let found = self.store.scan(move |tx| Ok::<_, Error>(files::unused(tx, before)?)).await?;
        found.into_iter().for_each(|file| self.leftovers.add(file));
        Ok(())
    }

    /// Erases what no message carries.
    pub(crate) async fn erase_leftovers(&self) -> Result<(), Error> {
        let (now, mut noted) = (self.clock.now(), self.leftovers.take());
        while let Some(file) = noted.pop() {
            let leaving = self.change(UserId(file), move |tx, _| Ok(files::leave(tx, file, now)?));
            if let Err(error) = leaving.await {
                noted.into_iter().chain([file]).for_each(|file| self.leftovers.add(file));
                return Err(error);
            }
        }
        // With one writer nothing is under way beside this.
        let wait = if self.store.dialect() == Dialect::Sqlite { 0 } else { PARTING_S };
        for file in self.store.read(move |tx| Ok::<_, Error>(files::leaving(tx, now - wait)?)).await? {
            if self.change(UserId(file), move |tx, _| Ok(files::spare(tx, file)?)).await? {
                continue;
            }
            while self.change(UserId(file), move |tx, _| Ok(files::erase_some(tx, file)?)).await? {
                if self.shutdown.is_cancelled() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
