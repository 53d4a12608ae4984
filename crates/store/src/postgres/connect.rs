//! Makes PostgreSQL connections with the time-outs the promises rest on, and refuses servers whose settings
//! break them. Used at start, by the pools and by the writers. It speaks no TLS.

use std::time::Duration;

use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use super::error::{sentence, store_error};
use super::line::Line;
use super::login::login;
use crate::{Options, R, StoreError};

/// Reaching the server and logging in, together, at start.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A transaction that does nothing for so long is ended by the server.
const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// Beyond the time a statement may take, before the server counts as lost.
const SILENCE: Duration = Duration::from_secs(10);

/// How to connect, and what each new connection is told first.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    settings: String,
    /// The longest that the server may say nothing.
    limit: Duration,
    /// Who logs in, if the URL doesn't say.
    user: String,
}

impl Connector {
    /// For writes and point reads.
    pub(super) fn new(url: &str, options: &Options) -> R<Self> {
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            StoreError::Unsafe(format!("the PostgreSQL URL can't be used: {}", sentence(&error)))
        })?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(StoreError::Unsafe(
                "sslmode=require is not supported: connect to PostgreSQL over a socket, the same machine \
                 or an encrypted network"
                    .to_owned(),
            ));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(30));
        }
        if config.get_application_name().is_none() {
            config.application_name("contactgram");
        }
        config.keepalives_idle(Duration::from_secs(60));
        let settings = format!(
            "SET lock_timeout = {}; SET statement_timeout = {}; \
             SET idle_in_transaction_session_timeout = {};",
            millis(options.lock_wait),
            millis(options.statement_limit),
            millis(IDLE_LIMIT),
        );
        Ok(Connector { config, settings, limit: options.statement_limit + SILENCE, user: String::new() })
    }

    /// The same server for long statements: `limit` each, and no limit on pauses between them.
    pub(super) fn for_scans(&self, limit: Duration) -> Self {
        let settings = format!("SET statement_timeout = {};", millis(limit));
        Connector { settings, limit: limit + SILENCE, ..self.clone() }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The first connection, for what is done once. Also learns who logs in.
    pub(super) async fn open(&mut self) -> R<Client> {
        let connecting = async {
            let (client, driver) = self.config.connect(NoTls).await?;
            // Its end shows in the client's next call.
            tokio::spawn(
                async move { driver.await.map_err(|error| tracing::debug!(%error, "connection ended")) },
            );
            client.batch_execute(&self.settings).await?;
            let user = client.query_one("SELECT CAST(session_user AS text)", &[]).await?.try_get(0)?;
            Ok::<(Client, String), tokio_postgres::Error>((client, user))
        };
        let reason = match tokio::time::timeout(CONNECT_LIMIT, connecting).await {
            Ok(Ok((client, user))) => {
                self.user = user;
                return Ok(client);
            }
            Ok(Err(error)) => sentence(&error),
            Err(_) => "connecting took too long".to_owned(),
        };
        Err(StoreError::Other(format!("PostgreSQL can't be reached: {reason}")))
    }

    /// A further connection. Blocks.
    pub(super) fn line(&self) -> R<Line> {
        let opened = login(&self.config, &self.user).and_then(|(socket, input)| {
            let limits = socket
                .set_read_timeout(Some(self.limit))
                .and_then(|()| socket.set_write_timeout(Some(self.limit)));
            limits.map_err(|error| error.to_string())?;
            let mut line = Line::new(socket, input);
            line.batch(&self.settings).map_err(|error| error.to_string())?;
            Ok(line)
        });
        opened.map_err(|error| {
            tracing::warn!(error, "PostgreSQL can't be reached");
            StoreError::Closed
        })
    }
}

/// Refuses a server that answers COMMIT before the data is safe.
pub(super) async fn check_settings(client: &Client) -> R<()> {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let row = client.query_one("SELECT current_setting($1)", &[&setting]).await.map_err(store_error)?;
        if row.try_get::<_, &str>(0).map_err(store_error)? == "off" {
            return Err(StoreError::Unsafe(format!(
                "PostgreSQL runs with {setting}=off, which loses acknowledged writes: turn {setting} on"
            )));
        }
    }
    Ok(())
}

fn millis(time: Duration) -> u128 {
    time.as_millis().clamp(1, i32::MAX as u128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_tls_is_refused_in_one_sentence() {
        let refused = Connector::new("postgres://u@h/db?sslmode=require", &Options::default()).err();
        assert!(refused.unwrap().to_string().contains("sslmode=require"));
    }

    #[test]
    fn a_url_that_can_not_be_read_is_refused() {
        let refused = Connector::new("postgres://u@h:port/db", &Options::default()).err();
        assert!(matches!(refused, Some(StoreError::Unsafe(_))));
    }
}
