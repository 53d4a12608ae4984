//! Connections that only read: point reads run at once on the caller's thread, scans on a blocking thread
//! within one read transaction. Idle connections are kept for the next caller, last used first; there are
//! never more than callers at the same time. They never write (`query_only`).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::error::store_error;
use super::open;
use super::tx::SqliteTx;
use crate::job::guarded;
use crate::{Options, R, StoreError, Tx};

/// All reading connections of one store.
pub(super) struct Readers {
    path: PathBuf,
    options: Options,
    /// `None` once closed.
    idle: Mutex<Option<Vec<Connection>>>,
    slots: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, options: Options) -> Self {
        let slots = Arc::new(Semaphore::new(options.scans.max(1)));
        Readers { path, options, idle: Mutex::new(Some(Vec::new())), slots }
    }

    /// Each statement of `f` sees the latest committed state. Blocks the thread for the length of `f`.
    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        f: impl Fn(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.take()?;
        let outcome = guarded(&mut SqliteTx::reading(&connection), &f);
        self.give(connection);
        outcome
    }

    /// All statements of `f` see one state.
    pub(super) async fn scan<T, E>(
        self: &Arc<Self>,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let slot = tokio::time::timeout(self.options.wait, self.slots.clone().acquire_owned());
        let slot = slot.await.map_err(|_| StoreError::Overloaded)?.map_err(|_| StoreError::Closed)?;
        let readers = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            let outcome = readers.snapshot(f);
            drop(slot);
            outcome
        });
        work.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Closes what is idle; what is in use closes when it comes back.
    pub(super) fn close(&self) {
        self.slots.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn snapshot<T, E: From<StoreError>>(&self, f: impl Fn(&mut dyn Tx) -> Result<T, E>) -> Result<T, E> {
        let connection = self.take()?;
        connection.execute_batch("BEGIN").map_err(store_error)?;
        let outcome = guarded(&mut SqliteTx::reading(&connection), &f);
        // A connection that can't end its transaction is dropped instead of given back.
        match connection.execute_batch("COMMIT") {
            Ok(()) => self.give(connection),
            Err(error) => drop(store_error(error)),
        }
        outcome
    }

    fn take(&self) -> R<Connection> {
        {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(connection) = idle.as_mut().ok_or(StoreError::Closed)?.pop() {
                return Ok(connection);
            }
        }
        open::reader(&self.path, &self.options)
    }

    fn give(&self, connection: Connection) {
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            idle.push(connection);
        }
    }
}
