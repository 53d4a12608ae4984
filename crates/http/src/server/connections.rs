//! How many connections a listener has, and how many it turned away: for metrics. The accept loop says so; it costs a connection
//! nothing.

use std::sync::{Arc, OnceLock};

use contactgram_model::measure::Counter;
use tokio_util::task::TaskTracker;

/// The connections of the first listener that is served with it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    served: OnceLock<TaskTracker>,
    refused: Counter,
}

impl Connections {
    /// How many are open.
    pub fn open(&self) -> usize {
        self.0.served.get().map_or(0, TaskTracker::len)
    }

    /// How many were turned away because there were too many.
    pub fn refused(&self) -> u64 {
        self.0.refused.get()
    }

    pub(super) fn are_tracked_by(&self, served: &TaskTracker) {
        let _first_wins = self.0.served.set(served.clone());
    }

    pub(super) fn refuse(&self) {
        self.0.refused.one();
    }
}
