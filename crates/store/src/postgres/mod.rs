//! The networked engine: being written.

use tokio::sync::watch;

use crate::migrate::Migration;
use crate::{Options, R, StoreError, Tx};

pub(crate) struct Postgres;

#[allow(clippy::unused_async)]
impl Postgres {
    pub(crate) async fn open(_url: &str, _options: &Options, _migrations: &[Migration]) -> R<Self> {
        Err(StoreError::Unsafe("PostgreSQL is not there yet".to_owned()))
    }
    pub(crate) async fn write<T, E: From<StoreError>>(
        &self,
        _f: impl Fn(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        Err(StoreError::Closed.into())
    }
    pub(crate) async fn read<T, E: From<StoreError>>(
        &self,
        _f: impl Fn(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        Err(StoreError::Closed.into())
    }
    pub(crate) async fn scan<T, E: From<StoreError>>(
        &self,
        _f: impl Fn(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        Err(StoreError::Closed.into())
    }
    pub(crate) fn outside(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }
    pub(crate) async fn announce(&self) -> R<()> {
        Ok(())
    }
    pub(crate) async fn close(&self) {}
}
