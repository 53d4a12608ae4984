//! What a store counts about its own work: how full its queues are, how large the groups of writes and how long they took, how
//! much room its files have. Counted where the work is done, read by whoever serves metrics. Nothing here asks the database.

use std::path::Path;
use std::time::Duration;

use contactgram_model::measure::{Counter, Histogram, Snapshot};

/// Writes in a group.
static SIZES: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/// Microseconds from the first write of a group to the end of its COMMIT.
static TIMES: [u64; 11] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// A store at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The writers.
    pub writes: Writes,
    /// Lists, searches and exports.
    pub scans: Queue,
    /// Point reads; on SQLite they never wait.
    pub reads: Option<Queue>,
    /// The files of an SQLite database.
    pub files: Option<Files>,
}

/// What goes on at the writers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writes {
    /// Before a writer.
    pub queue: Queue,
    /// Writes that were not kept though nothing was wrong with them: a full disk, a lock, a lost database.
    pub failed: u64,
    /// Writes in a transaction.
    pub sizes: Snapshot,
    /// How long transactions took, in microseconds.
    pub times: Snapshot,
}

/// Those who are served, who wait, and who were turned away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    /// Being served; not known of writes.
    pub running: u64,
    /// Waiting for their turn.
    pub waiting: u64,
    /// How many may wait; those beyond are refused.
    pub room: u64,
    /// Refused so far.
    pub refused: u64,
}

/// The files of an SQLite database, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Files {
    /// The data file.
    pub data: u64,
    /// The write-ahead log.
    pub wal: u64,
    /// What is left on their file system for whoever is not root, if it says.
    pub free: Option<u64>,
}

impl Files {
    /// Of the database at this path. What is not there takes no room.
    pub(crate) fn of(path: &Path) -> Files {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let room = rustix::fs::statvfs(folder.unwrap_or(Path::new(".")));
        Files {
            data: size(path),
            wal: size(Path::new(&wal)),
            free: room.ok().map(|room| room.f_bavail.saturating_mul(room.f_frsize)),
        }
    }
}

/// What writers note.
#[derive(Debug)]
pub(crate) struct Meter {
    sizes: Histogram<10>,
    times: Histogram<11>,
    failed: Counter,
}

impl Default for Meter {
    fn default() -> Meter {
        Meter { sizes: Histogram::new(&SIZES), times: Histogram::new(&TIMES), failed: Counter::new() }
    }
}

impl Meter {
    /// So many writes shared a transaction, or were tried one by one.
    pub(crate) fn group(&self, writes: usize, took: Duration) {
        self.sizes.note(writes as u64);
        self.times.note_time(took);
    }

    /// So many were not kept.
    pub(crate) fn failed(&self, writes: usize) {
        self.failed.add(writes as u64);
    }

    pub(crate) fn read(&self, queue: Queue) -> Writes {
        Writes {
            queue,
            failed: self.failed.get(),
            sizes: self.sizes.snapshot(),
            times: self.times.snapshot(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_measured_with_what_is_left_for_them() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("cg.db");
        assert_eq!((Files::of(&path).data, Files::of(&path).wal), (0, 0), "nothing is there yet");
        std::fs::write(&path, [0; 100]).unwrap();
        std::fs::write(home.path().join("cg.db-wal"), [0; 7]).unwrap();
        let files = Files::of(&path);
        assert_eq!((files.data, files.wal), (100, 7));
        assert!(files.free.is_some_and(|free| free > 0));
    }
}
