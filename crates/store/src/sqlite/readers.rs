//! Connections that only read: point reads run at once on the caller's thread, scans on a blocking thread. Idle
//! connections are kept for the next caller, last used first; there are never more than callers at the same
//! time. A connection goes on reading the state it has read while that is the latest: to begin and to end a read
//! costs as much as a small one. They never write (`query_only`).

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::error::store_error;
use super::open;
use super::scans::Scans;
use super::tx::SqliteTx;
use crate::figures::Queue;
use crate::job::guarded;
use crate::{Options, R, StoreError, Tx};

/// How long a state counts as the latest, unless this process is known to have made a later one: what another
/// process commits is seen that much later.
const FRESH: Duration = Duration::from_millis(1);

/// All reading connections of one store.
pub(super) struct Readers {
    path: PathBuf,
    options: Options,
    /// `None` once closed.
    idle: Mutex<Option<Vec<Reader>>>,
    scans: Arc<Scans>,
    /// How many states there have been: each commit of this process makes one.
    states: AtomicU64,
}

/// A connection, and what it is reading.
struct Reader {
    connection: Connection,
    snapshot: Option<Snapshot>,
}

struct Snapshot {
    /// The state it is of, or an earlier one.
    state: u64,
    since: Instant,
}

impl Reader {
    /// Has it read the latest state.
    fn renew(&mut self, state: u64) -> R<()> {
        let now = Instant::now();
        let is_fresh = |snapshot: &Snapshot| snapshot.state == state && now - snapshot.since < FRESH;
        if self.snapshot.as_ref().is_some_and(is_fresh) {
            return Ok(());
        }
        self.let_go()?;
        self.mark("BEGIN")?;
        self.snapshot = Some(Snapshot { state, since: now });
        Ok(())
    }

    /// Ends what it is reading.
    fn let_go(&mut self) -> R<()> {
        match self.snapshot.take() {
            Some(_) => self.mark("COMMIT"),
            None => Ok(()),
        }
    }

    fn mark(&self, statement: &'static str) -> R<()> {
        let mut statement = self.connection.prepare_cached(statement).map_err(store_error)?;
        statement.raw_execute().map(drop).map_err(store_error)
    }
}

impl Readers {
    pub(super) fn new(path: PathBuf, options: Options) -> Self {
        let scans = Arc::new(Scans::new(&options));
        Readers { path, options, idle: Mutex::new(Some(Vec::new())), scans, states: AtomicU64::new(0) }
    }

    /// All statements of `f` see one state, the latest committed. Blocks the thread for the length of `f`.
    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        f: impl Fn(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        // Before the snapshot begins: a later state than it is marked with does no harm.
        let state = self.states.load(Ordering::Acquire);
        let mut reader = self.take()?;
        reader.renew(state)?;
        let mut tx = SqliteTx::reading(&reader.connection);
        let outcome = guarded(&mut tx, &f);
        // A connection that failed is dropped instead of given back.
        if tx.broken().is_none() {
            self.give(reader);
        }
        outcome
    }

    /// The same on a thread that may be blocked for long, for a few at a time.
    pub(super) async fn scan<T, E>(
        self: &Arc<Self>,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let readers = self.clone();
        self.scans.run(move || readers.read(f)).await
    }

    /// Says that there is a later state, before anybody is told of it.
    pub(super) fn outdate(&self) {
        self.states.fetch_add(1, Ordering::Release);
    }

    /// Has idle connections let go of what they read: the log can't begin anew while one holds on to it.
    pub(super) fn let_go(&self) {
        self.outdate();
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            idle.retain_mut(|reader| reader.let_go().is_ok());
        }
    }

    /// How many scans run and wait.
    pub(super) fn figures(&self) -> Queue {
        self.scans.figures()
    }

    /// Closes what is idle; what is in use closes when it comes back.
    pub(super) fn close(&self) {
        self.scans.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn take(&self) -> R<Reader> {
        {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(reader) = idle.as_mut().ok_or(StoreError::Closed)?.pop() {
                return Ok(reader);
            }
        }
        Ok(Reader { connection: open::reader(&self.path, &self.options)?, snapshot: None })
    }

    fn give(&self, mut reader: Reader) {
        // It may rest for long, and would keep the log from beginning anew meanwhile.
        if self.is_outdated(&reader) && reader.let_go().is_err() {
            return;
        }
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            // Once more: those who were idle until now may just have been told to let go.
            if !self.is_outdated(&reader) || reader.let_go().is_ok() {
                idle.push(reader);
            }
        }
    }

    fn is_outdated(&self, reader: &Reader) -> bool {
        let latest = self.states.load(Ordering::Acquire);
        reader.snapshot.as_ref().is_some_and(|snapshot| snapshot.state != latest)
    }
}
