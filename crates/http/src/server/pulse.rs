//! What one connection's parts tell each other: the service and its bodies, the wire, and the clock above them.
//! All of them run inside the connection's one task, so the atomics order nothing: they only make it `Send`.
//! It never blocks and never wakes; who writes here is being polled anyway.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

/// Where a connection is between two requests, as far as its timers care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing has come yet.
    Silent,
    /// Bytes have come, but no whole head.
    Head,
    /// A handler works, or its answer's body is on its way.
    Busy,
    /// The last answer is handed over; the client may ask again.
    Idle,
    /// The client takes no more of what we write.
    Blocked,
}

/// A moment of a connection: two equal ones mean that nothing has happened in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beat {
    count: u32,
    pub stage: Stage,
}

pub(super) struct Pulse {
    count: AtomicU32,
    /// One of `SILENT`, `HEAD`, `BUSY`, `IDLE`.
    stage: AtomicU8,
    /// Apart from the stage: a client may stop reading at any of them.
    blocked: AtomicBool,
    /// Whether the service has produced output since `take_spoke` was last called.
    spoke: AtomicBool,
}

const SILENT: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;
const IDLE: u8 = 3;

impl Pulse {
    pub fn new() -> Self {
        Self {
            count: AtomicU32::new(0),
            stage: AtomicU8::new(SILENT),
            blocked: AtomicBool::new(false),
            spoke: AtomicBool::new(false),
        }
    }

    pub fn beat(&self) -> Beat {
        let stage = match self.stage.load(Relaxed) {
            _ if self.blocked.load(Relaxed) => Stage::Blocked,
            SILENT => Stage::Silent,
            HEAD => Stage::Head,
            BUSY => Stage::Busy,
            _ => Stage::Idle,
        };
        Beat { count: self.count.load(Relaxed), stage }
    }

    /// Bytes have come. Those that come while a handler works (its body, the next request) change nothing.
    pub fn received(&self) {
        if matches!(self.stage.load(Relaxed), SILENT | IDLE) {
            self.enter(HEAD);
        }
    }

    /// A whole head has come and a handler was called.
    pub fn called(&self) {
        self.enter(BUSY);
    }

    /// The service has produced a head or a piece of a body.
    pub fn speaks(&self) {
        self.spoke.store(true, Relaxed);
    }

    /// The last piece of an answer was taken from the service.
    pub fn answered(&self) {
        self.speaks();
        self.enter(IDLE);
    }

    /// The client's window is full.
    pub fn is_blocked(&self) {
        if !self.blocked.swap(true, Relaxed) {
            self.tick();
        }
    }

    /// The client took some of it.
    pub fn is_moving(&self) {
        if self.blocked.load(Relaxed) {
            self.blocked.store(false, Relaxed);
            self.tick();
        }
    }

    /// Whether any of what hyper has buffered since the last call is the service's.
    pub fn take_spoke(&self) -> bool {
        self.spoke.swap(false, Relaxed)
    }

    fn enter(&self, stage: u8) {
        self.stage.store(stage, Relaxed);
        self.tick();
    }

    fn tick(&self) {
        self.count.store(self.count.load(Relaxed).wrapping_add(1), Relaxed);
    }
}
