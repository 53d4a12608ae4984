//! For tests of this and other crates: [`each_store!`](crate::each_store) runs one test body on SQLite and
//! on PostgreSQL, each time on a fresh, migrated database that is removed afterwards. Behind the feature
//! `testing`; never part of the program.
//!
//! PostgreSQL is found through `CONTACTGRAM_TEST_POSTGRES`, the URL of a superuser. Without it these tests
//! say so and pass, unless `CI=true` or `CONTACTGRAM_REQUIRE_POSTGRES` is set: then they fail.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::migrate::{self, Migration};
use crate::{Location, Options, Store};

/// `each_store! { async fn a_sentence(store: Store) { … } }`, one or more of them: each becomes the tests
/// `a_sentence::sqlite` and `a_sentence::postgres`. The calling crate needs tokio's `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! each_store {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: $type:ty) $body:block)+) => {$(
        async fn $name($store: $type) $body

        mod $name {
            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                $crate::testing::on_sqlite(super::$name).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                $crate::testing::on_postgres(super::$name).await;
            }
        }
    )+};
}

/// A store in a file under `folder`, with the program's migrations.
pub async fn sqlite_store(folder: &Path) -> Store {
    open(&Location::Sqlite { path: folder.join("test.db") }, migrations()).await
}

/// Runs `body` on a fresh SQLite store.
pub async fn on_sqlite<F: Future<Output = ()>>(body: impl FnOnce(Store) -> F) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = sqlite_store(folder.path()).await;
    body(store.clone()).await;
    store.close().await;
}

/// Runs `body` on a fresh PostgreSQL database, or says that there is none.
pub async fn on_postgres<F>(body: impl FnOnce(Store) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(database) = PostgresDatabase::create_ready().await else { return };
    let store = open(&database.location(), migrations()).await;
    database.run(store.clone(), body(store)).await;
}

/// A database of its own on the test server.
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    /// An empty one; `None` when there is no test server and none is required.
    pub async fn create() -> Option<Self> {
        Some(Self::copy(server()?, "template1").await)
    }

    /// The same with the program's tables: a copy of one that was migrated once, since that takes long.
    pub async fn create_ready() -> Option<Self> {
        let server = server()?;
        let template = template(&server).await;
        Some(Self::copy(server, &template).await)
    }

    async fn copy(server: String, template: &str) -> Self {
        let name = format!("cg_{:016x}", RandomState::new().hash_one(std::process::id()));
        let database = PostgresDatabase { server, name };
        database.command(&format!("CREATE DATABASE {} TEMPLATE {template}", database.name)).await;
        database
    }

    pub fn location(&self) -> Location {
        Location::Postgres { url: url_of_database(&self.server, &self.name) }
    }

    /// Runs one statement on the server, outside the new database.
    pub async fn command(&self, sql: &str) {
        connect(&self.server).await.batch_execute(sql).await.expect("the server obeys a superuser");
    }

    /// Runs `body`, closes `store` and removes the database, then passes on a panic.
    pub async fn run(self, store: Store, body: impl Future<Output = ()> + Send + 'static) {
        let outcome = tokio::spawn(body).await;
        store.close().await;
        self.remove().await;
        if let Err(failed) = outcome {
            std::panic::resume_unwind(failed.into_panic());
        }
    }

    pub async fn remove(self) {
        self.command(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

#[allow(clippy::print_stderr)]
fn server() -> Option<String> {
    let server = std::env::var("CONTACTGRAM_TEST_POSTGRES").ok();
    if server.is_none() {
        let required = std::env::var("CI").is_ok_and(|ci| ci == "true")
            || std::env::var_os("CONTACTGRAM_REQUIRE_POSTGRES").is_some();
        assert!(!required, "CONTACTGRAM_TEST_POSTGRES must name a PostgreSQL server to test against");
        eprintln!("ignored: no PostgreSQL");
    }
    server
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("the server answers");
    // It ends with its client; how, is no matter.
    tokio::spawn(connection);
    client
}

/// The name of a database with the program's tables, made by the first test of all processes that asks.
async fn template(server: &str) -> String {
    let mut digest = Sha256::new();
    migrations().iter().for_each(|migration| digest.update(migration.postgres));
    let mut digits = contactgram_model::hex::encode(&digest.finalize());
    digits.truncate(16);
    let name = format!("cg_template_{digits}");
    let client = connect(server).await;
    let find = "SELECT count(*) FROM pg_database WHERE datname = $1 AND NOT datallowconn";
    let ready =
        async || client.query_one(find, &[&name]).await.expect("the server answers").get::<_, i64>(0) > 0;
    if ready().await {
        return name;
    }
    // Held until the connection ends, also by a panic.
    client.batch_execute("SELECT pg_advisory_lock(7166456)").await.expect("a lock can be taken");
    if !ready().await {
        let half_made = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        client.batch_execute(&half_made).await.expect("the server obeys a superuser");
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("the server obeys a superuser");
        let location = Location::Postgres { url: url_of_database(server, &name) };
        open(&location, migrations()).await.close().await;
        // Nobody may be connected to what is copied.
        let done = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        client.batch_execute(&done).await.expect("the server obeys a superuser");
    }
    name
}

async fn open(location: &Location, migrations: Vec<Migration>) -> Store {
    Store::open_with(location, &Options::default(), migrations).await.expect("the test store opens")
}

fn migrations() -> Vec<Migration> {
    migrate::list().expect("the embedded migrations are a series")
}

/// The URL `server` with another database name.
fn url_of_database(server: &str, name: &str) -> String {
    let (address, query) =
        server.split_once('?').map_or((server, String::new()), |(a, q)| (a, format!("?{q}")));
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    let end = address[host..].find('/').map_or(address.len(), |slash| host + slash);
    format!("{}/{name}{query}", &address[..end])
}

#[cfg(test)]
mod tests {
    use super::url_of_database;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        assert_eq!(url_of_database("postgres://u@h:1/a?x=y", "b"), "postgres://u@h:1/b?x=y");
        assert_eq!(url_of_database("postgres://u@h", "b"), "postgres://u@h/b");
    }
}
