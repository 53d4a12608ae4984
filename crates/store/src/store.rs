//! The doors of the database: write, read, scan. The hub holds one [`Store`] and passes closures in; which
//! engine runs them, and how, is decided here and below.

use std::sync::Arc;

use tokio::sync::watch;

use crate::figures::Figures;
use crate::migrate::{self, Applied, Migration, SELECT_APPLIED};
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;
use crate::{Dialect, Location, Options, R, Sql, StoreError, Tx};

static PING: Sql = Sql::new("SELECT 1");

/// An open database. Clones share it. Dropping the last clone closes it, after what is queued;
/// [`Store::close`] does so and waits.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    location: Arc<Location>,
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens the database, refuses settings under which a promise would break ([`StoreError::Unsafe`]), and
    /// applies missing migrations ([`StoreError::Newer`], [`StoreError::Changed`]). Needs a tokio runtime.
    pub async fn open(location: &Location, options: &Options) -> R<Store> {
        Store::open_with(location, options, migrate::list()?).await
    }

    /// [`Store::open`] with other migrations than the program's own: for tests.
    pub async fn open_with(location: &Location, options: &Options, migrations: Vec<Migration>) -> R<Store> {
        let engine = match location {
            Location::Sqlite { path } => Engine::Sqlite(Sqlite::open(path, options, migrations).await?),
            Location::Postgres { url } => Engine::Postgres(Postgres::open(url, options, &migrations).await?),
        };
        Ok(Store { engine: Arc::new(engine), location: Arc::new(location.clone()) })
    }

    /// Runs `f` in a transaction: kept, and on the disk, when `f` returns `Ok` and this returns `Ok`.
    /// An error of `f` undoes it and is handed through unchanged. `key` is the account that is written to:
    /// PostgreSQL lets the writes of one account take turns.
    ///
    /// `f` may run more than once and must not call the store's doors. When the caller stops waiting, a
    /// write whose turn has not come is skipped; one that is running is completed.
    pub async fn write<T, E>(
        &self,
        key: i64,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.write(f).await,
            Engine::Postgres(engine) => engine.write(key, f).await,
        }
    }

    /// For point reads: short, by key. Each statement sees the latest committed state; statements of one
    /// closure may see different ones. On SQLite it runs on the calling thread.
    pub async fn read<T, E>(&self, f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.read(f),
            Engine::Postgres(engine) => engine.read(f).await,
        }
    }

    /// For lists, searches and exports: one snapshot for the whole closure, on a thread where blocking is
    /// allowed, on one of [`Options::scans`] connections. An SQLite snapshot held for long makes the log
    /// grow: exports take it page by page.
    pub async fn scan<T, E>(&self, f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.scan(f).await,
            Engine::Postgres(engine) => engine.scan(f).await,
        }
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    pub fn dialect(&self) -> Dialect {
        match &*self.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> R<()> {
        if let Engine::Sqlite(engine) = &*self.engine
            && engine.is_closed()
        {
            return Err(StoreError::Closed);
        }
        self.read(|tx| tx.one(&PING, &[], |row| row.int(0)).map(drop)).await
    }

    /// What it counts about its own work. Asks the database nothing.
    pub fn figures(&self) -> Figures {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.figures(),
            Engine::Postgres(engine) => engine.figures(),
        }
    }

    /// The migrations this database has, oldest first.
    pub async fn applied(&self) -> R<Vec<Applied>> {
        self.read(|tx| {
            tx.all(&SELECT_APPLIED, &[], |row| {
                Ok(Applied { version: row.int(0)?, name: row.string(1)?, checksum: row.string(2)? })
            })
        })
        .await
    }

    /// Changes whenever another process has written: what this one remembers of the data may be stale. The
    /// number means nothing. Spurious changes are possible, missed ones are not, but for a lost connection
    /// to PostgreSQL, which counts as a change when it is back.
    ///
    /// SQLite notices by itself within about 200 ms; on PostgreSQL the other process must
    /// [`announce`](Store::announce).
    pub fn on_outside_change(&self) -> watch::Receiver<u64> {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.outside(),
            Engine::Postgres(engine) => engine.outside(),
        }
    }

    /// Tells the other processes that this one has written. Nothing to do on SQLite.
    pub async fn announce(&self) -> R<()> {
        match &*self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(engine) => engine.announce().await,
        }
    }

    /// Refuses new calls with [`StoreError::Closed`], completes what is queued and running, and closes.
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.close().await,
            Engine::Postgres(engine) => engine.close().await,
        }
    }
}
