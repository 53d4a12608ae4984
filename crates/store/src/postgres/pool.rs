//! A bounded set of connections for reading: a slot first, then an idle connection or a new one. Doors take
//! slots on the async side; the blocking side takes and gives back connections. It never waits longer than
//! `Options::wait` for a slot and never repairs a broken connection: that is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connect::Connector;
use super::line::Line;
use crate::{R, StoreError};

pub(super) struct Pool {
    connector: Connector,
    idle: Mutex<Vec<Line>>,
    slots: Arc<Semaphore>,
    size: u32,
    wait: Duration,
    closed: AtomicBool,
}

impl Pool {
    pub(super) fn new(connector: Connector, size: usize, wait: Duration) -> Arc<Self> {
        let size = u32::try_from(size).unwrap_or(u32::MAX).clamp(1, 10_000);
        Arc::new(Pool {
            connector,
            idle: Mutex::new(Vec::new()),
            slots: Arc::new(Semaphore::new(size as usize)),
            size,
            wait,
            closed: AtomicBool::new(false),
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

    /// For the holder of a slot, where blocking is allowed. The last used connection first: the others may
    /// rest.
    pub(super) fn take(&self) -> R<Line> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.connector.line(), Ok)
    }

    /// For one that is as good as new.
    pub(super) fn give(&self, line: Line) {
        if line.is_idle() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    /// After one connection was found dead: the others are no better.
    pub(super) fn drop_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits for everyone who asked for a slot before, then closes the connections.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // An error means that another caller has closed it already.
        let _all = self.slots.acquire_many(self.size).await;
        self.slots.close();
        self.drop_idle();
    }
}
