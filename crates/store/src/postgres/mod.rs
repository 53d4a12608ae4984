//! The networked engine: writers that group what waits into shared transactions, and a pool of connections
//! that read on blocking threads. [`Store`](crate::Store) calls it; nothing of the protocol leaves this folder.

mod connect;
pub(crate) mod dump;
mod early;
mod error;
mod group;
mod line;
mod listen;
mod locks;
mod login;
mod migrate;
mod plans;
mod pool;
mod run;
mod tx;
mod value;
mod writers;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::figures::Figures;
use crate::job::Call;
use crate::migrate::Migration;
use crate::slots::Slots;
use crate::{AsParam, Options, R, StoreError, Tx};
use connect::Connector;
use pool::Pool;
use run::Mode;
use writers::Writers;

/// The longest statement of a scan.
const SCAN_LIMIT: Duration = Duration::from_secs(600);

/// One database, reachable.
pub(crate) struct Postgres {
    writers: Writers,
    pool: Arc<Pool>,
    scans: Arc<Pool>,
    /// Tells this store's announcements from those of others.
    me: String,
    outside: watch::Receiver<u64>,
    listener: AbortHandle,
}

impl Postgres {
    pub(crate) async fn open(url: &str, options: &Options, migrations: &[Migration]) -> R<Self> {
        let mut connector = Connector::new(url, options)?;
        let client = connector.open().await?;
        connect::check_settings(&client).await?;
        migrate::run(&client, migrations).await?;

        let me = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        let (sender, outside) = watch::channel(0);
        let listening = listen::listen(connector.config().clone(), me.clone(), sender);
        let scans = Pool::new(connector.for_scans(SCAN_LIMIT), Slots::new("scans", options.scans, options));
        let writers = Writers::start(&connector, options)?;
        let pool = Pool::new(connector, Slots::new("reads", options.pool, options));
        let listener = tokio::spawn(listening).abort_handle();
        Ok(Postgres { writers, pool, scans, me, outside, listener })
    }

    pub(crate) async fn write<T, E>(
        &self,
        key: i64,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (call, answer) = Call::new(f);
        self.writers.put(key, Box::new(call))?;
        // A writer that went away kept nothing that it did not answer.
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    pub(crate) async fn read<T, E>(
        &self,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        on_a_thread(&self.pool, Mode::Read, f).await
    }

    pub(crate) async fn scan<T, E>(
        &self,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        on_a_thread(&self.scans, Mode::Scan, f).await
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures {
            writes: self.writers.figures(),
            scans: self.scans.figures(),
            reads: Some(self.pool.figures()),
            files: None,
        }
    }

    pub(crate) fn outside(&self) -> watch::Receiver<u64> {
        self.outside.clone()
    }

    pub(crate) async fn announce(&self) -> R<()> {
        let me = self.me.clone();
        self.read(move |tx| tx.one(&listen::ANNOUNCE, &[me.as_param()], |_| Ok(()))).await
    }

    pub(crate) async fn close(&self) {
        self.listener.abort();
        self.writers.close().await;
        self.pool.close().await;
        self.scans.close().await;
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// The slot goes along to the thread: a caller who stops waiting must not make room for one more.
async fn on_a_thread<T, E>(
    pool: &Arc<Pool>,
    mode: Mode,
    f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let slot = pool.slot().await?;
    let pool = pool.clone();
    let work = tokio::task::spawn_blocking(move || {
        let outcome = run::run(&pool, mode, f);
        drop(slot);
        outcome
    });
    // It never panics; a runtime that shuts down may drop it.
    work.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
}
