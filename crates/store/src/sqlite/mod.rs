//! The embedded engine: one writer thread that commits in groups, readers beside it. [`Store`](crate::Store)
//! calls it; nothing of rusqlite leaves this folder.

mod checkpoint;
pub(crate) mod copy;
mod error;
mod group;
mod kept;
mod migrate;
mod open;
mod readers;
mod scans;
mod tx;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use crate::figures::{Figures, Files};
use crate::job::Call;
use crate::migrate::Migration;
use crate::{Options, R, StoreError, Tx};
use readers::Readers;
use writer::Queue;

/// One data file, open.
pub(crate) struct Sqlite {
    queue: Queue,
    readers: Arc<Readers>,
    outside: watch::Receiver<u64>,
    path: PathBuf,
}

impl Sqlite {
    pub(crate) async fn open(path: &Path, options: &Options, migrations: Vec<Migration>) -> R<Self> {
        let (path, options) = (path.to_owned(), options.clone());
        let opening = tokio::task::spawn_blocking(move || {
            let connection = open::writer(&path, &options)?;
            migrate::run(&connection, &migrations)?;
            open::enforce_foreign_keys(&connection)?;
            let (sender, outside) = watch::channel(0);
            let beside = open::beside(&path, &options)?;
            let readers = Arc::new(Readers::new(path.clone(), options.clone()));
            let queue = writer::start((connection, beside), readers.clone(), &options, sender)?;
            Ok(Sqlite { queue, readers, outside, path })
        });
        opening.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(crate) async fn write<T, E>(
        &self,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (call, answer) = Call::new(f);
        self.queue.put(Box::new(call))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        f: impl Fn(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.read(f)
    }

    pub(crate) async fn scan<T, E>(
        &self,
        f: impl Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.scan(f).await
    }

    pub(crate) fn outside(&self) -> watch::Receiver<u64> {
        self.outside.clone()
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures {
            writes: self.queue.figures(),
            scans: self.readers.figures(),
            reads: None,
            files: Some(Files::of(&self.path)),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Readers close first, so that the writer's last checkpoint finds no one in its way.
    pub(crate) async fn close(&self) {
        self.readers.close();
        self.queue.close().await;
    }
}
