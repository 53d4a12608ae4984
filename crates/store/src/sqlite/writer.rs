//! The one thread that writes to SQLite, and the bounded queue before it. Between groups it has the log moved
//! into the data file and notices what other processes wrote. The engine puts jobs in; only the thread
//! itself touches the connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot, watch};

use super::checkpoint::Checkpoints;
use super::error::store_error;
use super::group;
use super::kept::Kept;
use super::readers::Readers;
use crate::figures::{Meter, Writes};
use crate::job::Job;
use crate::slots::Places;
use crate::{Options, R, Sql, StoreError};

/// Jobs that share one transaction at most.
const GROUP: usize = 512;
/// How often an idle writer looks for writes of other processes.
const IDLE: Duration = Duration::from_millis(200);

enum Message {
    Run(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// The writer's queue, as callers see it.
pub(super) struct Queue {
    messages: Sender<Message>,
    places: Places,
    meter: Arc<Meter>,
}

impl Queue {
    /// Refuses the job at once when no place is free. Once it returns, the job will be run, unless its caller
    /// goes away first.
    pub(super) fn put(&self, job: Box<dyn Job>) -> R<()> {
        self.places.take()?;
        self.messages.send(Message::Run(job)).map_err(|_| StoreError::Closed)
    }

    /// Refuses new jobs, lets the queued ones be answered, and returns when the file is closed.
    pub(super) async fn close(&self) {
        self.places.close();
        let (done, closed) = oneshot::channel();
        if self.messages.send(Message::Close(done)).is_ok() {
            // An error means that the writer is gone, which is what was asked for.
            let _ = closed.await;
        }
    }

    pub(super) fn figures(&self) -> Writes {
        self.meter.read(self.places.figures())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.places.is_closed()
    }
}

/// Starts the thread. It ends with [`Queue::close`], or when the queue is dropped. `beside` is a second
/// connection, for checkpoints.
pub(super) fn start(
    (mut connection, beside): (Connection, Connection),
    readers: Arc<Readers>,
    options: &Options,
    outside: watch::Sender<u64>,
) -> R<Queue> {
    let log_pages = Arc::new(AtomicI32::new(0));
    let (counter, outdated) = (log_pages.clone(), readers.clone());
    // After each COMMIT, before it returns. Takes the place of SQLite's own checkpoints, which hide a failed fsync.
    connection
        .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counter.store(pages, Ordering::Relaxed);
            outdated.outdate();
            Ok(())
        }))
        .map_err(store_error)?;
    let (sender, messages) = channel();
    let queue_places = Places::new("writes", options.queue);
    let places = queue_places.freed();
    let seen = data_version(&Kept::new(&connection))?;
    let meter = Arc::<Meter>::default();
    let queue = Queue { messages: sender, places: queue_places, meter: meter.clone() };
    let checkpoints = Checkpoints::start(beside, readers.clone())?;
    let writer = Writer { messages, places, meter, readers, outside, seen, log_pages, checkpoints };
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || writer.run(connection))
        .map_err(|error| StoreError::Other(format!("the writer thread can't be started: {error}")))?;
    Ok(queue)
}

struct Writer {
    messages: Receiver<Message>,
    places: Arc<Semaphore>,
    meter: Arc<Meter>,
    readers: Arc<Readers>,
    outside: watch::Sender<u64>,
    /// `data_version` as last seen.
    seen: i64,
    /// Pages in the log after the last COMMIT.
    log_pages: Arc<AtomicI32>,
    checkpoints: Checkpoints,
}

impl Writer {
    fn run(mut self, connection: Connection) {
        let closing = self.serve(&Kept::new(&connection));
        self.checkpoints.end();
        // Readers of another process may be in its way: then the log stays, and that process moves it.
        let emptied = connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        if let Err(error) = emptied.map_err(store_error) {
            tracing::warn!(%error, "the log could not be moved into the data file");
        }
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "SQLite would not close");
        }
        if let Some(done) = closing {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
    }

    /// Until somebody asks it to close, or nobody is left who could.
    fn serve(&mut self, kept: &Kept<'_>) -> Option<oneshot::Sender<()>> {
        loop {
            let closing = match self.messages.recv_timeout(IDLE) {
                Ok(Message::Run(job)) => self.run_group(kept, job),
                Ok(Message::Close(done)) => Some(done),
                Err(RecvTimeoutError::Timeout) => {
                    self.look_outside(kept);
                    self.look_at_log(kept);
                    self.readers.let_go();
                    None
                }
                Err(RecvTimeoutError::Disconnected) => return None,
            };
            if closing.is_some() {
                return closing;
            }
        }
    }

    /// Runs `first` with everything that is queued behind it; the answer is a request to close found there.
    fn run_group(&mut self, kept: &Kept<'_>, first: Box<dyn Job>) -> Option<oneshot::Sender<()>> {
        let mut jobs = vec![first];
        let mut closing = None;
        while jobs.len() < GROUP {
            match self.messages.try_recv() {
                Ok(Message::Run(job)) => jobs.push(job),
                Ok(Message::Close(done)) => {
                    closing = Some(done);
                    break;
                }
                Err(_) => break,
            }
        }
        self.places.add_permits(jobs.len());
        self.look_outside(kept);
        group::run(kept, jobs, &self.meter);
        self.look_at_log(kept);
        closing
    }

    fn look_outside(&mut self, kept: &Kept<'_>) {
        match data_version(kept) {
            Ok(version) if version != self.seen => {
                self.seen = version;
                self.readers.outdate();
                self.outside.send_modify(|changes| *changes += 1);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "can't tell whether another process has written"),
        }
    }

    fn look_at_log(&mut self, kept: &Kept<'_>) {
        self.checkpoints.look(kept.connection(), self.log_pages.load(Ordering::Relaxed));
    }
}

/// Changes when another connection has committed, never through this one's own commits.
fn data_version(kept: &Kept<'_>) -> R<i64> {
    static VERSION: Sql = Sql::new("PRAGMA data_version");
    kept.lend(&VERSION)?.query_row([], |row| row.get(0)).map_err(store_error)
}
