//! Makes PostgreSQL connections with the time-outs the promises rest on, and refuses servers whose settings
//! break them. Used at start and by the pools. It speaks no TLS.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::error::{sentence, store_error};
use crate::{Options, R, Sql, StoreError};

/// Reaching the server and logging in, together.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// A transaction that does nothing for so long is ended by the server.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// How to connect, and what each new connection is told first.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    settings: String,
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
        Ok(Connector { config, settings })
    }

    /// The same server for long statements: `limit` each, and no limit on pauses between them.
    pub(super) fn for_scans(&self, limit: Duration) -> Self {
        let settings = format!("SET statement_timeout = {};", millis(limit));
        Connector { config: self.config.clone(), settings }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// A connection, driven by a task of its own. Errors are texts for a log.
    pub(super) async fn connect(&self) -> Result<Connection, String> {
        let connecting = async {
            let (client, driver) = self.config.connect(NoTls).await?;
            // Its end shows in the client's next call.
            tokio::spawn(
                async move { driver.await.map_err(|error| tracing::debug!(%error, "connection ended")) },
            );
            client.batch_execute(&self.settings).await?;
            Ok::<_, tokio_postgres::Error>(client)
        };
        match tokio::time::timeout(CONNECT_LIMIT, connecting).await {
            Ok(Ok(client)) => Ok(Connection { client, statements: HashMap::new() }),
            Ok(Err(error)) => Err(sentence(&error)),
            Err(_) => Err("connecting took too long".to_owned()),
        }
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

/// A connection with its prepared statements.
pub(super) struct Connection {
    pub(super) client: Client,
    /// By the address of the [`Sql`], which is never freed.
    statements: HashMap<usize, Statement>,
}

impl Connection {
    pub(super) async fn prepare(&mut self, sql: &'static Sql) -> R<Statement> {
        let address = std::ptr::from_ref(sql).addr();
        if let Some(statement) = self.statements.get(&address) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql.postgres()?).await.map_err(store_error)?;
        self.statements.insert(address, statement.clone());
        Ok(statement)
    }

    /// After the schema has changed, plans made before may be refused for good.
    pub(super) fn forget_statements(&mut self) {
        self.statements.clear();
    }
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
