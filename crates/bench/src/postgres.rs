//! Databases on a PostgreSQL server that the caller named: made, copied and dropped for the measurements, and
//! `pgbench`, which inserts rows there as fast as the server takes them one at a time. Called by `stage`. It drops
//! only databases with names of its own, and leaves the server's settings alone.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use crate::Failed;
use crate::fill::set::Set;

/// All names begin with it.
const OURS: &str = "contactgram_bench_";
/// A set's description, kept in the database that it describes.
const DESCRIPTION: &str = "CREATE TABLE bench_set (description TEXT NOT NULL)";

/// A row a transaction, and the table that the floor has on SQLite.
const TABLE: &str = "CREATE TABLE contacts (id BIGSERIAL PRIMARY KEY, first_name TEXT, last_name TEXT, \
                     phone_number TEXT, email TEXT); CREATE INDEX contacts_phone ON contacts (phone_number);";
const INSERT: &str = "\\set number random(1, 10000000)\n\
                      INSERT INTO contacts (first_name, last_name, phone_number, email) \
                      VALUES ('Ann', 'Steinwell', '+1415' || :number, 'new.' || :number || '@example.com');\n";

/// A server where databases may be made.
pub struct Server {
    /// Its URL, of any database on it.
    url: String,
}

impl Server {
    pub fn new(url: &str) -> Server {
        Server { url: url.to_owned() }
    }

    /// The URL of a database of this name.
    pub fn database(&self, name: &str) -> String {
        let (rest, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let scheme = rest.find("://").map_or(0, |at| at + 3);
        let host = rest[scheme..].find('/').map_or(rest, |at| &rest[..scheme + at]);
        let question = if query.is_empty() { "" } else { "?" };
        format!("{host}/{OURS}{name}{question}{query}")
    }

    /// Makes a database anew, empty or as a copy of another of ours.
    pub fn make(&self, name: &str, like: Option<&str>) -> Result<(), Failed> {
        self.drop(name)?;
        let like = like.map(|other| format!(" TEMPLATE {OURS}{other}")).unwrap_or_default();
        on(&self.url, &format!("CREATE DATABASE {OURS}{name}{like}"))?;
        // What was copied is written out now and not in the middle of a measurement.
        on(&self.url, "CHECKPOINT")
    }

    pub fn drop(&self, name: &str) -> Result<(), Failed> {
        on(&self.url, &format!("DROP DATABASE IF EXISTS {OURS}{name} WITH (FORCE)"))
    }

    /// The set that a database holds, if it was finished.
    pub fn set(&self, name: &str) -> Result<Option<Set>, Failed> {
        let exists = format!("SELECT count(*)::TEXT FROM pg_database WHERE datname = '{OURS}{name}'");
        if text(&self.url, &exists)? == "0" {
            return Ok(None);
        }
        let url = self.database(name);
        if text(&url, "SELECT count(*)::TEXT FROM pg_tables WHERE tablename = 'bench_set'")? == "0" {
            return Ok(None);
        }
        Ok(Some(serde_json::from_str(&text(&url, "SELECT description FROM bench_set")?)?))
    }

    /// Writes a set's description, last of all, and lets the planner count the rows.
    pub fn keep(&self, name: &str, set: &Set) -> Result<(), Failed> {
        let url = self.database(name);
        let description = serde_json::to_string(set)?;
        // Ids and tokens: no quote can be in it.
        on(&url, &format!("{DESCRIPTION}; INSERT INTO bench_set VALUES ('{description}')"))?;
        on(&url, "VACUUM ANALYZE")
    }
}

/// Inserts through pgbench.
pub struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    url: String,
}

impl Pgbench {
    /// Prepares a table in a new database.
    pub fn prepare(server: &Server, script: PathBuf) -> Result<Pgbench, Failed> {
        server.make("pgbench", None)?;
        let url = server.database("pgbench");
        on(&url, TABLE)?;
        std::fs::write(&script, INSERT)?;
        Ok(Pgbench { program: program()?, script, url })
    }

    /// Inserts a second and the mean time of one, in milliseconds.
    pub fn run(&self, clients: usize, length: Duration) -> Result<(f64, f64), Failed> {
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.arg(format!("--client={clients}")).arg(format!("--time={}", length.as_secs().max(1)));
        let output = command.arg("--file").arg(&self.script).arg(&self.url).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let figure = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        };
        figure("tps = ")
            .zip(figure("latency average = "))
            .ok_or_else(|| format!("pgbench: {said}{}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// The newest of Debian's, or the one on PATH.
fn program() -> Result<PathBuf, Failed> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|entry| entry.path().join("bin/pgbench")).filter(|path| path.is_file()).max();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named =
        || std::env::split_paths(&path).map(|folder| folder.join("pgbench")).find(|path| path.is_file());
    found.or_else(named).ok_or_else(|| "pgbench is not installed".into())
}

fn on(url: &str, sql: &str) -> Result<(), Failed> {
    with(url, async |client| Ok(client.batch_execute(sql).await?))
}

fn text(url: &str, sql: &str) -> Result<String, Failed> {
    with(url, async |client| Ok(client.query_one(sql, &[]).await?.try_get(0)?))
}

fn with<T>(url: &str, work: impl AsyncFnOnce(&Client) -> Result<T, Failed>) -> Result<T, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let driver = tokio::spawn(connection);
        let done = work(&client).await;
        drop(client);
        driver.await??;
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_the_place_of_the_one_in_the_url() {
        let named = |url: &str| Server::new(url).database("x");
        assert_eq!(
            named("postgres://u:p@h:5/db?sslmode=disable"),
            "postgres://u:p@h:5/contactgram_bench_x?sslmode=disable"
        );
        assert_eq!(named("postgres://h"), "postgres://h/contactgram_bench_x");
    }
}
