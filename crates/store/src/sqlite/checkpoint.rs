//! Moves the log into the data file, on a thread and a connection of its own: the fsync of the data file takes
//! long, and nobody's write should wait for it. The writer says when; the last few pages it moves itself,
//! since the log begins anew only when all of it is moved while nobody writes.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::error::store_error;
use super::readers::Readers;
use crate::{R, StoreError};

/// Pages in the log (4 KiB each) after which it is moved into the data file.
const DUE: i32 = 4000;
/// Pages that the writer moves itself.
const FEW: i32 = 500;
/// A log that grows to this many pages is moved by the writer, however long that takes.
const TOO_MANY: i32 = 16_000;
/// Passes beside a writer that goes on writing. A reader that stays may keep pages from being moved at all.
const PASSES: u32 = 4;

/// Where the writer is with the log.
pub(super) struct Checkpoints {
    mover: Option<Mover>,
    readers: Arc<Readers>,
    state: State,
    /// Pages of the present log that need no moving any more, or that could not be moved.
    moved: i32,
}

enum State {
    Resting,
    /// The mover is at work, for the time of this number since the log was due.
    Moving(u32),
}

/// The thread beside.
struct Mover {
    work: Sender<()>,
    /// Pages moved in all, or nothing where it failed.
    done: Receiver<Option<i32>>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    /// `connection` is for the thread alone.
    pub(super) fn start(connection: Connection, readers: Arc<Readers>) -> R<Checkpoints> {
        let (work, orders) = channel();
        let (report, done) = channel();
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || {
                while orders.recv().is_ok() {
                    // An error means that the writer is gone.
                    let _ = report.send(move_pages(&connection));
                }
            })
            .map_err(|error| StoreError::Other(format!("the checkpoint thread can't be started: {error}")))?;
        let mover = Some(Mover { work, done, thread });
        Ok(Checkpoints { mover, readers, state: State::Resting, moved: 0 })
    }

    /// Does what is due with `pages` in the log after the last COMMIT. The writer calls it between groups.
    pub(super) fn look(&mut self, writer: &Connection, pages: i32) {
        if pages < self.moved {
            self.moved = 0;
        }
        match self.state {
            State::Resting if pages - self.moved >= DUE => self.begin(writer, pages, 1),
            State::Resting => {}
            State::Moving(pass) => match self.report() {
                None if pages < TOO_MANY => {}
                None => {
                    self.wait();
                    self.finish(writer, pages);
                }
                Some(moved) => {
                    let left = pages - moved.unwrap_or_default();
                    if left <= FEW || pages >= TOO_MANY {
                        self.finish(writer, pages);
                    } else if pass < PASSES {
                        self.begin(writer, pages, pass + 1);
                    } else {
                        (self.moved, self.state) = (pages, State::Resting);
                    }
                }
            },
        }
    }

    /// Ends the thread, so that the writer's last checkpoint finds no one in its way.
    pub(super) fn end(&mut self) {
        if let Some(Mover { work, thread, .. }) = self.mover.take() {
            drop(work);
            if thread.join().is_err() {
                tracing::warn!("the checkpoint thread had panicked");
            }
        }
    }

    fn begin(&mut self, writer: &Connection, pages: i32, pass: u32) {
        self.readers.let_go();
        let begun = self.mover.as_ref().is_some_and(|mover| mover.work.send(()).is_ok());
        if begun { self.state = State::Moving(pass) } else { self.finish(writer, pages) }
    }

    /// Moves what is left while nobody writes.
    fn finish(&mut self, writer: &Connection, pages: i32) {
        self.readers.let_go();
        move_pages(writer);
        // The next write alone can begin the log anew, and not while anybody holds a state from before.
        self.readers.let_go();
        (self.moved, self.state) = (pages, State::Resting);
    }

    fn wait(&self) {
        if let Some(mover) = &self.mover {
            // An error means that there is nobody to wait for.
            let _ = mover.done.recv();
        }
    }

    /// What the thread says: nothing while it works; that it moved nothing if it is gone.
    fn report(&self) -> Option<Option<i32>> {
        match self.mover.as_ref().map(|mover| mover.done.try_recv()) {
            Some(Ok(moved)) => Some(moved),
            Some(Err(TryRecvError::Empty)) => None,
            Some(Err(TryRecvError::Disconnected)) | None => Some(None),
        }
    }
}

/// Failing costs only the room of the log; a failed fsync ends the process in `store_error`.
fn move_pages(connection: &Connection) -> Option<i32> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2));
    moved
        .map_err(store_error)
        .inspect_err(|error| tracing::warn!(%error, "the log could not be moved into the data file"))
        .ok()
}
