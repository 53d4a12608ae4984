//! Opening, closing, other processes, and connections that die.

use std::time::Duration;

use tokio::task::JoinSet;

use super::*;
use crate::testing::{PostgresDatabase, sqlite_store};
use crate::{Dialect, Location, each_store};

each_store! {
    async fn what_was_acknowledged_is_there_after_opening_again(store: Store) {
        with_table(&store).await;
        store.write(1, |tx| insert(tx, 1, "1")).await.unwrap();
        store.close().await;
        let store = again(&store, &Options::default()).await;
        assert_eq!(kept(&store).await, 1);
        store.close().await;
    }

    async fn a_closed_store_says_so_and_answers_what_was_queued(store: Store) {
        with_table(&store).await;
        let mut callers = JoinSet::new();
        for i in 0..40 {
            let store = store.clone();
            callers.spawn(async move { store.write(i, move |tx| insert(tx, i, "1")).await });
        }
        tokio::task::yield_now().await;
        store.close().await;
        let answers = callers.join_all().await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(1) | Err(StoreError::Closed))), "{answers:?}");
        assert_eq!(store.write(1, count).await, Err(StoreError::Closed));
        assert_eq!(store.read(count).await, Err(StoreError::Closed));
        assert_eq!(store.scan(count).await, Err(StoreError::Closed));
        assert_eq!(store.ready().await, Err(StoreError::Closed));
        store.close().await;

        let store = again(&store, &Options::default()).await;
        assert_eq!(store.ready().await, Ok(()));
        assert_eq!(kept(&store).await, answers.iter().filter(|answer| answer.is_ok()).count() as i64);
        store.close().await;
    }

    async fn a_connection_serves_for_long(store: Store) {
        // Often enough for plans to be made anew, on the one writer and among the readers.
        let narrow = again(&store, &Options { pool: 1, scans: 1, ..Options::default() }).await;
        with_table(&narrow).await;
        for i in 0..300 {
            assert_eq!(narrow.write(1, move |tx| insert(tx, i, "1")).await, Ok(1));
            let name = narrow.read(move |tx| tx.one(&NAME, p![i, "1"], |row| row.string(0))).await;
            assert_eq!(name.as_deref(), Ok("Ann"));
            assert_eq!(narrow.scan(count).await, Ok(i + 1));
        }
        narrow.close().await;
    }

    async fn writes_of_another_process_are_noticed(store: Store) {
        with_table(&store).await;
        let other = again(&store, &Options::default()).await;
        let mut changes = store.on_outside_change();
        store.write(1, |tx| insert(tx, 1, "own")).await.unwrap();
        if store.dialect() == Dialect::Sqlite {
            assert!(!changes.has_changed().unwrap(), "its own writes are no news");
        }
        let noticed = async {
            for i in 0.. {
                changes.mark_unchanged();
                other.write(2, move |tx| insert(tx, 2, &i.to_string())).await.unwrap();
                other.announce().await.unwrap();
                // On PostgreSQL the first announcement may come before anyone listens.
                if tokio::time::timeout(Duration::from_secs(1), changes.changed()).await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), noticed).await.unwrap();
        other.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_moved_into_the_data_file_while_running() {
    static PHOTO: Sql =
        Sql::new("INSERT INTO t_contact (account, phone, name, photo) VALUES ($1, $2, $3, $4)");
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite_store(folder.path()).await;
    with_table(&store).await;
    for i in 0..200 {
        store.write(1, move |tx| tx.execute(&PHOTO, p![i, "1", "x", vec![7u8; 500_000]])).await.unwrap();
        assert_eq!(kept(&store).await, i + 1);
    }
    let size = |name: &str| folder.path().join(name).metadata().map_or(0, |file| file.len());
    assert!(size("test.db-wal") < 75_000_000, "of 100 MB written, {} are in the log", size("test.db-wal"));
    store.close().await;
    assert_eq!(size("test.db-wal"), 0);
    assert!(size("test.db") > 100_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_begins_anew_however_many_read_while_it_is_written() {
    static GROW: Sql = Sql::new("UPDATE t_contact SET photo = $1 WHERE account = $2");
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite_store(folder.path()).await;
    with_table(&store).await;
    for i in 0..8 {
        store.write(1, move |tx| insert(tx, i, "1")).await.unwrap();
    }
    let reading = (0..4).map(|_| {
        let store = store.clone();
        async move {
            loop {
                assert_eq!(kept(&store).await, 8);
                tokio::task::yield_now().await;
            }
        }
    });
    let mut reading: JoinSet<()> = reading.collect();
    let writing = (0..8).map(|i| {
        let store = store.clone();
        async move {
            for n in 0..500 {
                let photo = vec![(n % 256) as u8; 40_000];
                store.write(1, move |tx| tx.execute(&GROW, p![photo.clone(), i])).await.unwrap();
            }
        }
    });
    writing.collect::<JoinSet<_>>().join_all().await;
    reading.shutdown().await;
    // The file of the log never becomes smaller while it is open.
    let log = folder.path().join("test.db-wal").metadata().unwrap().len();
    assert!(log < 90_000_000, "of 160 MB written, {log} are in the log");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_in_the_log_is_in_the_data_file_before_anything_is_answered() {
    let [running, crashed, alone] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let store = sqlite_store(running.path()).await;
    with_table(&store).await;
    store.write(1, |tx| insert(tx, 1, "1")).await.unwrap();
    for name in ["test.db", "test.db-wal"] {
        std::fs::copy(running.path().join(name), crashed.path().join(name)).unwrap();
    }
    store.close().await;
    let store = sqlite_store(crashed.path()).await;
    std::fs::copy(crashed.path().join("test.db"), alone.path().join("test.db")).unwrap();
    store.close().await;
    let store = sqlite_store(alone.path()).await;
    assert_eq!(kept(&store).await, 1, "without the log the data file is whole");
    store.close().await;
}

static END_OTHERS: Sql = Sql::new(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()",
);

/// On PostgreSQL only, with a store of its own.
async fn on_postgres(body: impl AsyncFnOnce(Store) + Send) {
    if let Some(database) = PostgresDatabase::create().await {
        let store = Store::open(&database.location(), &Options::default()).await.unwrap();
        body(store.clone()).await;
        store.close().await;
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_were_killed_are_replaced() {
    on_postgres(async |store| {
        with_table(&store).await;
        let killer = again(&store, &Options::default()).await;
        for i in 0..3 {
            killer.read(|tx| tx.query(&END_OTHERS, p![], &mut |_| Ok(()))).await.unwrap();
            assert_eq!(store.write(i, move |tx| insert(tx, i, "1")).await, Ok(1));
            killer.read(|tx| tx.query(&END_OTHERS, p![], &mut |_| Ok(()))).await.unwrap();
            assert_eq!(kept(&store).await, i + 1);
        }
        killer.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_in_commit_leaves_the_outcome_open() {
    static FUNCTION: Sql = Sql::new(
        "CREATE FUNCTION t_die() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
    );
    static TRIGGER: Sql = Sql::new(
        "CREATE CONSTRAINT TRIGGER t_die AFTER INSERT ON t_contact
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION t_die()",
    );
    on_postgres(async |store| {
        with_table(&store).await;
        store
            .write(1, |tx| {
                tx.execute(&FUNCTION, p![])?;
                tx.execute(&TRIGGER, p![])
            })
            .await
            .unwrap();
        assert_eq!(store.write(1, |tx| insert(tx, 1, "1")).await, Err(StoreError::InDoubt));
        assert_eq!(kept(&store).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_lose_commits_is_refused() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let Location::Postgres { url } = database.location() else { panic!("a PostgreSQL location") };
    let url = format!("{url}?options=-c%20synchronous_commit%3Doff");
    let refused = Store::open(&Location::Postgres { url }, &Options::default()).await.err();
    let Some(StoreError::Unsafe(sentence)) = refused else { panic!("{refused:?}") };
    assert!(sentence.contains("synchronous_commit=off"), "{sentence}");
    database.remove().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_one_clear_line() {
    let location = Location::Postgres { url: "postgres://u:secret@127.0.0.1:1/x".to_owned() };
    let refused = Store::open(&location, &Options::default()).await.err().unwrap().to_string();
    assert!(refused.contains("can't be reached") && !refused.contains("secret"), "{refused}");
}
