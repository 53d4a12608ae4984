//! What every command works with: the configuration and a hub over the store. Called by the commands.
//! A command that changed something tells the other processes before it ends.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contactgram_connector::bot::{UplinkOptions, Uplinks};
use contactgram_connector::courier::{Courier, CourierOptions};
use contactgram_hub::{GatewaySettings, Hub, Pacing, Parts, Seal};
use contactgram_model::{Clock, SystemClock, Timestamp};
use contactgram_store::{Location, Store};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Loaded};
use crate::failure::{Failure, Outcome};
use crate::{output, progress};

/// What every command works with.
pub struct Context {
    /// The configuration.
    pub loaded: Loaded,
    /// Whether to answer in JSON.
    pub json: bool,
}

impl Context {
    /// The settings.
    pub fn config(&self) -> &Config {
        &self.loaded.config
    }

    /// Opens the store, making it where there is none.
    pub async fn open(&self) -> Outcome<Store> {
        self.open_at(&self.config().location()).await
    }

    /// The same at another place.
    pub async fn open_at(&self, location: &Location) -> Outcome<Store> {
        let options = self.config().store_options();
        let opened = progress::during("Opening the store", Store::open(location, &options)).await;
        opened.map_err(|error| Failure::while_doing(shown(location), error))
    }

    /// A hub over an open store.
    pub fn hub(&self, store: Store, shutdown: CancellationToken) -> Hub {
        let options = CourierOptions {
            allow_private: self.config().webhooks_allow_private,
            timeout: Duration::from_secs(self.config().webhook_timeout_s),
            ..CourierOptions::default()
        };
        let retention = i64::try_from(self.config().updates_retention_days).unwrap_or(i64::MAX);
        Hub::new(Parts { store, clock: Arc::new(SystemClock), courier: Courier::new(options), shutdown })
            .with_retention(retention.saturating_mul(24 * 3600))
    }

    /// The same hub with the way to bots' upstreams.
    pub fn with_gateways(&self, hub: Hub, seal: Seal) -> Outcome<Hub> {
        let pem = self.config().upstream_ca_file.as_ref().map(|path| {
            std::fs::read_to_string(path).map_err(|error| Failure::while_doing(path.display(), error))
        });
        let options = UplinkOptions { authorities: pem.transpose()?, ..UplinkOptions::default() };
        let uplinks = Uplinks::new(options).map_err(|why| format!("upstream_ca_file {why}"))?;
        let config = self.config();
        let longest = Duration::from_secs(config.flood_wait_s);
        let pacing = Pacing::of(
            config.flood_account_per_s,
            config.flood_chat_per_s,
            config.flood_group_per_min,
            longest,
        );
        let settings = GatewaySettings { pacing, public_url: config.public_url.clone() };
        Ok(hub.with_gateways(seal, uplinks, settings))
    }

    /// Runs something that only looks; there must be data to look at.
    pub async fn look<T>(&self, work: impl AsyncFnOnce(&Hub) -> Outcome<T>) -> Outcome<T> {
        self.must_exist()?;
        let store = self.open().await?;
        let done = work(&self.hub(store.clone(), CancellationToken::new())).await;
        store.close().await;
        done
    }

    /// Runs something that changes data that is there.
    pub async fn change<T>(&self, work: impl AsyncFnOnce(&Hub) -> Outcome<T>) -> Outcome<T> {
        self.must_exist()?;
        self.make(work).await
    }

    /// Runs something that may be the first to be kept.
    pub async fn make<T>(&self, work: impl AsyncFnOnce(&Hub) -> Outcome<T>) -> Outcome<T> {
        self.make_with(Ok, work).await
    }

    /// The same, with a hub that can do more.
    pub async fn make_with<T>(
        &self,
        more: impl FnOnce(Hub) -> Outcome<Hub>,
        work: impl AsyncFnOnce(&Hub) -> Outcome<T>,
    ) -> Outcome<T> {
        let store = self.open().await?;
        let hub = more(self.hub(store.clone(), CancellationToken::new()))?;
        let done = progress::during("Working", work(&hub)).await;
        if done.is_ok()
            && let Err(error) = store.announce().await
        {
            // What was asked for is done; a server elsewhere only learns of it later.
            tracing::warn!(%error, "running servers could not be told of the change");
        }
        store.close().await;
        done
    }

    /// Waits until tokens that were revoked open nothing at any server that runs: only then it is said.
    pub async fn tokens_have_ended(&self) {
        tokio::time::sleep(contactgram_hub::access::KNOWN_FOR).await;
    }

    /// Answers with a value in JSON, or with text.
    pub fn answer<T: serde::Serialize + ?Sized>(&self, value: &T, text: impl FnOnce() -> String) -> Outcome {
        if self.json {
            return Ok(output::say_json(value)?);
        }
        let text = text();
        if !text.is_empty() {
            output::say(text);
        }
        Ok(())
    }

    fn must_exist(&self) -> Outcome {
        match self.config().location() {
            Location::Sqlite { path } if !path.exists() => Err(nothing_there(&path).into()),
            _ => Ok(()),
        }
    }
}

/// What is said of a data file that isn't there.
pub fn nothing_there(path: &Path) -> String {
    format!(
        "there is no data at {} yet; `contactgram` starts a server, `contactgram account add` makes an account",
        path.display()
    )
}

/// A location without its password.
pub fn shown(location: &Location) -> String {
    match location {
        Location::Sqlite { path } => path.display().to_string(),
        Location::Postgres { .. } => "PostgreSQL".to_owned(),
    }
}

/// Now, as the commands show it.
pub fn now() -> Timestamp {
    SystemClock.now()
}

/// Runs a command to its end.
pub fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    // SQLite's doors may block; one thread for the command and one to spare.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| Failure::while_doing("the runtime can't start", error))?.block_on(work)
}

/// `1 account`, `3 accounts`.
pub fn counted(count: impl Display + PartialEq<i64>, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
