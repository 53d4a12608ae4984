//! Schema changes apply once, whole, and in order, whoever comes first.

use super::*;
use crate::migrate::Migration;
use crate::testing::PostgresDatabase;
use crate::{Location, each_store};

static USE: Sql = Sql::new("INSERT INTO m_one (a) VALUES (1)");

fn both(version: i64, name: &'static str, text: &'static str) -> Migration {
    Migration { version, name, sqlite: text, postgres: text }
}

fn one() -> Migration {
    both(1, "one", "CREATE TABLE m_one (a BIGINT NOT NULL); INSERT INTO m_one (a) VALUES (0);")
}

fn two() -> Migration {
    both(2, "two", "CREATE TABLE m_two (b BIGINT NOT NULL)")
}

async fn open(location: &Location, migrations: &[Migration]) -> R<Store> {
    Store::open_with(location, &Options::default(), migrations.to_vec()).await
}

/// The same on a fresh, empty database of each engine.
async fn on_both(body: impl AsyncFn(&Location)) {
    let folder = tempfile::tempdir().unwrap();
    body(&Location::Sqlite { path: folder.path().join("m.db") }).await;
    if let Some(database) = PostgresDatabase::create().await {
        body(&database.location()).await;
        database.remove().await;
    }
}

async fn versions(store: &Store) -> Vec<i64> {
    store.applied().await.unwrap().iter().map(|row| row.version).collect()
}

each_store! {
    async fn the_shipped_schema_applies(store: Store) {
        let known: Vec<i64> = crate::migrate::list().unwrap().iter().map(|m| m.version).collect();
        assert_eq!(versions(&store).await, known);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_apply_once_and_in_order() {
    on_both(async |location| {
        for known in [&[one()][..], &[one(), two()], &[one(), two()]] {
            let store = open(location, known).await.unwrap();
            assert_eq!(versions(&store).await, (1..=known.len() as i64).collect::<Vec<_>>());
            assert_eq!(store.write(1, |tx| tx.execute(&USE, p![])).await, Ok(1));
            store.close().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_migration_leaves_nothing_behind() {
    on_both(async |location| {
        let broken =
            both(2, "two", "CREATE TABLE m_two (b BIGINT NOT NULL); INSERT INTO nowhere VALUES (1);");
        assert!(open(location, &[one(), broken]).await.is_err());
        let store = open(location, &[one(), two()]).await.unwrap();
        assert_eq!(versions(&store).await, [1, 2]);
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_agree() {
    on_both(async |location| {
        let known = [one(), two()];
        let (a, b, c) = tokio::join!(open(location, &known), open(location, &known), open(location, &known));
        for store in [a, b, c] {
            let store = store.unwrap();
            assert_eq!(versions(&store).await, [1, 2]);
            store.close().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_data_and_changed_migrations_are_refused() {
    on_both(async |location| {
        open(location, &[one(), two()]).await.unwrap().close().await;
        let newer = open(location, &[one()]).await.err();
        assert_eq!(newer, Some(StoreError::Newer { found: 2, known: 1 }));
        let changed = both(2, "two", "CREATE TABLE m_two (c BIGINT)");
        let changed = open(location, &[one(), changed]).await.err();
        assert_eq!(changed, Some(StoreError::Changed { version: 2, name: "two".to_owned() }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sqlite_migration_may_not_leave_orphans() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite { path: folder.path().join("m.db") };
    let orphan = both(
        1,
        "orphan",
        "CREATE TABLE p (id BIGINT PRIMARY KEY); CREATE TABLE c (p BIGINT REFERENCES p (id));
         INSERT INTO c VALUES (7);",
    );
    assert_eq!(open(&location, &[orphan]).await.err(), Some(StoreError::Constraint));
}
