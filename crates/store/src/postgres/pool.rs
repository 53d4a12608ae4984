//! A bounded set of connections for reading: a slot first, then an idle connection or a new one. Doors take
//! slots on the async side; the blocking side takes and gives back connections. It never repairs a broken
//! connection: that is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::connect::Connector;
use super::line::Line;
use crate::figures::Queue;
use crate::slots::{Slot, Slots};
use crate::{R, StoreError};

pub(super) struct Pool {
    connector: Connector,
    idle: Mutex<Vec<Line>>,
    slots: Slots,
    closed: AtomicBool,
}

impl Pool {
    pub(super) fn new(connector: Connector, slots: Slots) -> Arc<Self> {
        Arc::new(Pool { connector, idle: Mutex::new(Vec::new()), slots, closed: AtomicBool::new(false) })
    }

    pub(super) async fn slot(&self) -> R<Slot> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        self.slots.take().await
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

    /// How many have a connection and how many wait for one.
    pub(super) fn figures(&self) -> Queue {
        self.slots.figures()
    }

    /// After one connection was found dead: the others are no better.
    pub(super) fn drop_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits for everyone who asked for a slot before, then closes the connections.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.slots.drain().await;
        self.drop_idle();
    }
}
