//! Backups of a PostgreSQL database with PostgreSQL's own programs, which know each version's data best. Used by backups
//! alone. The password goes to them by the environment, where other users of the machine don't see it.

use std::path::Path;
use std::process::Stdio;
use std::str::FromStr as _;

use tokio::process::Command;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::error::sentence;
use crate::{R, StoreError};

/// Writes the database as it is now into a new file.
pub(crate) async fn save(url: &str, to: &Path) -> R<()> {
    let mut dump = program("pg_dump", url)?;
    run(dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(to)).await
}

/// Fills an empty database from such a file: all of it or nothing.
pub(crate) async fn load(from: &Path, url: &str) -> R<()> {
    if !is_empty(url).await? {
        return Err(StoreError::Unsafe("the database is not empty: restore into a new one".to_owned()));
    }
    let mut restore = program("pg_restore", url)?;
    let name = config(url)?.get_dbname().unwrap_or("postgres").to_owned();
    restore.args([
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        "--dbname",
        &name,
    ]);
    run(restore.arg(from)).await
}

async fn is_empty(url: &str) -> R<bool> {
    let failed = |error: tokio_postgres::Error| StoreError::Other(sentence(&error));
    let (client, connection) = config(url)?.connect(tokio_postgres::NoTls).await.map_err(failed)?;
    let driving = tokio::spawn(connection);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false))";
    let found = client.query_one(tables, &[]).await.map(|row| row.get::<_, i64>(0)).map_err(failed);
    driving.abort();
    Ok(found? == 0)
}

fn config(url: &str) -> R<Config> {
    Config::from_str(url).map_err(|error| StoreError::Unsafe(sentence(&error)))
}

/// The program with what it needs to connect.
fn program(name: &str, url: &str) -> R<Command> {
    let config = config(url)?;
    let mut command = Command::new(name);
    let host = config.get_hosts().first().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    });
    let texts = [
        ("PGHOST", host),
        ("PGPORT", config.get_ports().first().map(u16::to_string)),
        ("PGUSER", config.get_user().map(str::to_owned)),
        ("PGDATABASE", config.get_dbname().map(str::to_owned)),
        ("PGPASSWORD", config.get_password().map(|word| String::from_utf8_lossy(word).into_owned())),
        ("PGOPTIONS", config.get_options().map(str::to_owned)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            command.env(name, text);
        }
    }
    Ok(command)
}

async fn run(command: &mut Command) -> R<()> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output().await;
    match ended {
        Ok(ended) if ended.status.success() => Ok(()),
        Ok(ended) => {
            let said = String::from_utf8_lossy(&ended.stderr);
            let why = said.lines().next().unwrap_or("it does not say why").to_owned();
            Err(StoreError::Other(why))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::Other(format!(
            "{name} is not there: install PostgreSQL's client programs of the server's version"
        ))),
        Err(error) => Err(StoreError::Other(format!("{name}: {error}"))),
    }
}
