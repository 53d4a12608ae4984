//! A bounded set of connections: a slot first, then an idle connection or a new one. Doors take slots on
//! the async side; the blocking side takes and gives back connections. It never waits longer than
//! `Options::wait` for a slot and never repairs a broken connection: that is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connect::{Connection, Connector};
use crate::{R, StoreError};

pub(super) struct Pool {
    connector: Connector,
    idle: Mutex<Vec<Connection>>,
    slots: Arc<Semaphore>,
    size: u32,
    wait: Duration,
    closed: AtomicBool,
    /// The runtime that drives the connections.
    pub(super) handle: Handle,
}

impl Pool {
    /// Must be called within the runtime.
    pub(super) fn new(connector: Connector, size: usize, wait: Duration) -> Arc<Self> {
        let size = u32::try_from(size).unwrap_or(u32::MAX).clamp(1, 10_000);
        Arc::new(Pool {
            connector,
            idle: Mutex::new(Vec::new()),
            slots: Arc::new(Semaphore::new(size as usize)),
            size,
            wait,
            closed: AtomicBool::new(false),
            handle: Handle::current(),
        })
    }

    pub(super) async fn slot(&self) -> R<OwnedSemaphorePermit> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        tokio::time::timeout(self.wait, self.slots.clone().acquire_owned())
            .await
            .map_err(|_| StoreError::Overloaded)?
            .map_err(|_| StoreError::Closed)
    }

    /// For the holder of a slot. The last used connection first: the others may rest.
    pub(super) async fn take(&self) -> R<Connection> {
        while let Some(connection) = self.pop() {
            if !connection.client.is_closed() {
                return Ok(connection);
            }
        }
        self.connector.connect().await.map_err(|error| {
            tracing::warn!(error, "PostgreSQL can't be reached");
            StoreError::Closed
        })
    }

    pub(super) fn give(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// Waits for everyone who asked for a slot before, then closes the connections.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // An error means that another caller has closed it already.
        let _all = self.slots.acquire_many(self.size).await;
        self.slots.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn pop(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}
