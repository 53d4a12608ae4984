//! The server as a process: it binds, opens the store, builds the hub and the routes, serves until a signal,
//! and closes in the opposite order. Called by `serve`. What requests mean is not known here.

mod first;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use contactgram_http::server::{self as http, Connections, Limits, Room};
use contactgram_http::{Build, Metrics, Options};
use contactgram_hub::{Hub, Seal, oauth};
use contactgram_oauth::Issuer;
use contactgram_oauth::grant::Lifetimes;
use contactgram_store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::admin::AdminToken;
use crate::banner::{Banner, reachable};
use crate::cli::context::Context;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::{secrets, shutdown, supervisor};

/// What closing the store may take of the time for stopping.
const CLOSING: Duration = Duration::from_secs(1);

/// Serves until a signal, and closes.
pub fn run(context: Context) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::while_doing("the runtime can't start", error))?;
    let served = runtime.block_on(serve(&context));
    // What still runs by then was given its time.
    runtime.shutdown_timeout(Duration::from_millis(200));
    served
}

async fn serve(context: &Context) -> Outcome {
    let config = context.config();
    match http::raise_open_files() {
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
    let shutdown = shutdown::on_signal()?;
    // Before the store: where another server runs, nothing is touched.
    let api = bind("listen", &config.listen).await?;
    let metrics = match &config.metrics_listen {
        Some(address) => Some(bind("metrics_listen", address).await?),
        None => None,
    };
    let store = context.open().await?;
    let oauth = oauth(config, &api.local_addr()?.to_string())?;
    let hub = context.hub(store.clone(), shutdown.clone()).with_oauth(oauth);
    let hub = Arc::new(match seal(config)? {
        Some(seal) => context.with_gateways(hub, seal)?,
        None => hub,
    });
    let served = serve_hub(context, &hub, (api, metrics), shutdown.clone()).await;
    // Also where serving failed: whatever works beside it has to end.
    shutdown.cancel();
    // Deliveries under way would be repeated after the next start.
    if tokio::time::timeout(CLOSING, hub.stopped()).await.is_err() {
        tracing::warn!("webhooks are left in the middle of their deliveries; those will be repeated");
    }
    close(&store).await;
    served
}

/// The key for secrets. Made here where there is none, or a bot that is connected while the server runs would wait for its
/// restart; a server that has nowhere to keep one serves its other accounts.
fn seal(config: &Config) -> Outcome<Option<Seal>> {
    if let Some(seal) = secrets::find(config)? {
        return Ok(Some(seal));
    }
    match secrets::find_or_make(config) {
        Ok(seal) => Ok(Some(seal)),
        Err(error) => {
            tracing::warn!(%error, "there is no key for secrets, so bots at a Bot API server can't run here");
            Ok(None)
        }
    }
}

async fn serve_hub(
    context: &Context,
    hub: &Arc<Hub>,
    (api, metrics): (TcpListener, Option<TcpListener>),
    shutdown: CancellationToken,
) -> Outcome {
    let config = context.config();
    // Counting costs a little with every request: only where somebody can read it.
    let limits = limits(config);
    let counted = metrics.as_ref().map(|_| Metrics::new(build(), limits.connections.clone()));
    let first = first::account(hub, config).await?;
    let admin_token = first::admin_token(hub, config).await?;
    let owner_link = first::owner_link(hub).await?;
    hub.start().await?;
    let listening = api.local_addr()?.to_string();
    let local = || format!("http://{}", reachable(&listening));
    let url = config.public_url.clone().unwrap_or_else(local);
    let options = Options { url: url.clone(), metrics: counted.clone(), ..options(config) };
    let app = contactgram_http::app(Arc::clone(hub), options);
    let banner = Banner {
        owner_link: owner_link.map(|path| format!("{}{path}", url.trim_end_matches('/'))),
        url,
        metrics: metrics.as_ref().map(|listener| listener.local_addr()).transpose()?.map(|at| at.to_string()),
        accounts: first::accounts(hub).await?,
        first,
        admin_token: admin_token.map(|token| token.reveal().to_owned()),
        listening,
    };
    context.answer(&banner, || banner.text())?;
    tracing::info!(address = banner.listening, accounts = banner.accounts, "serving");
    // What is connected from now on waits for `serve` at most a moment.
    supervisor::ready(&banner.listening);
    let api = http::serve(api, app, limits.clone(), shutdown.clone());
    match metrics.zip(counted) {
        None => api.await?,
        Some((listener, counted)) => {
            let limits = Limits { connections: Connections::default(), ..limits };
            let metrics = http::serve(listener, counted.app(Arc::clone(hub)), limits, shutdown);
            tokio::try_join!(api, metrics)?;
        }
    }
    tracing::info!("stopped");
    Ok(())
}

/// Which program this is.
fn build() -> Build {
    let commit = option_env!("CONTACTGRAM_BUILD_COMMIT").unwrap_or_default();
    Build { version: env!("CARGO_PKG_VERSION").to_owned(), commit: commit.to_owned() }
}

/// What applications know the server by: its public address, or where it listens.
fn oauth(config: &Config, listening: &str) -> Outcome<oauth::Settings> {
    let local = || format!("http://{}", reachable(listening));
    let issuer = Issuer::parse(&config.public_url.clone().unwrap_or_else(local));
    let issuer = issuer.map_err(|error| format!("public_url can't be used: {error}"))?;
    let access = i64::try_from(config.access_token_ttl_s).unwrap_or(i64::MAX);
    Ok(oauth::Settings { issuer, lifetimes: Lifetimes { access, ..Lifetimes::default() } })
}

async fn bind(key: &str, address: &str) -> Outcome<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "is taken by another program".to_owned(),
            _ => format!("can't be used: {error}"),
        };
        let flag = key.replace('_', "-");
        format!("{address} {why}; choose another with --{flag} or the setting {key}").into()
    })
}

fn limits(config: &Config) -> Limits {
    let seconds = Duration::from_secs;
    Limits {
        head_timeout: seconds(config.head_timeout_s),
        body_idle_timeout: seconds(config.body_timeout_s),
        idle_timeout: seconds(config.idle_timeout_s),
        max_connections: config.max_connections,
        max_body: config.max_body,
        room: Room::for_bodies_of(config.max_body),
        drain: draining(config),
        ..Limits::default()
    }
}

fn options(config: &Config) -> Options {
    let limits = limits(config);
    Options {
        body: limits.body(),
        max_upload: Options::default().max_upload.max(config.max_body),
        allow_basic: config.allow_basic,
        allow_token_in_path: config.allow_token_in_path,
        cors_origins: config.cors_origins.clone(),
        admin_digest: config.admin_token.clone().map(|token| AdminToken::from(token).digest()),
        ..Options::default()
    }
}

/// The setting counts from the signal to the end of the process; closing needs a part of it.
fn draining(config: &Config) -> Duration {
    let whole = Duration::from_secs(config.drain_s);
    whole.saturating_sub(CLOSING + Duration::from_millis(500)).max(whole / 2)
}

async fn close(store: &Store) {
    if tokio::time::timeout(CLOSING, store.close()).await.is_err() {
        tracing::warn!("the store is left to close by itself; what was answered is kept");
    }
}
