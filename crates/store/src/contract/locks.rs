//! Who waits for whom, for how long, and what is run again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use contactgram_model::UserId;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::*;
use crate::ops::counters;
use crate::{Dialect, each_store};

static BUMP: Sql = Sql::new("UPDATE t_contact SET age = COALESCE(age, 0) + 1 WHERE phone = $1");
static AGE: Sql = Sql::new("SELECT SUM(age) AS ages FROM t_contact HAVING SUM(age) = 4");

static RENAME: Sql = Sql::new("UPDATE t_contact SET name = 'B' WHERE phone = 'b' AND phone <> $1");
static SET_AGE: Sql = Sql::new("UPDATE t_contact SET age = $1 WHERE phone = 'a'");
static GET_AGE: Sql = Sql::new("SELECT COALESCE(age, 0) FROM t_contact WHERE phone = 'a'");

/// Two mailboxes, and a row that their writers change.
fn with_mailboxes(tx: &mut dyn Tx) -> R<u64> {
    counters::open(tx, UserId(1), 0)?;
    counters::open(tx, UserId(2), 0)?;
    insert(tx, 1, "a")
}

fn age(tx: &mut dyn Tx) -> R<i64> {
    tx.one(&GET_AGE, p![], |row| row.int(0))
}

/// Loses counts unless a lock keeps others out.
fn bump_by_hand(tx: &mut dyn Tx) -> R<u64> {
    let next = age(tx)? + 1;
    tx.execute(&SET_AGE, p![next])
}

/// Waits a while for `other`; on SQLite it never comes, since writers take turns.
fn wait_for(other: &AtomicBool) {
    let began = Instant::now();
    while !other.load(Ordering::SeqCst) && began.elapsed() < Duration::from_millis(300) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

each_store! {
    async fn a_deadlock_is_run_again_until_both_succeed(store: Store) {
        with_table(&store).await;
        store
            .write(1, |tx| {
                insert(tx, 1, "a")?;
                insert(tx, 1, "b")
            })
            .await
            .unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let locked = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let crossing = |me: usize| {
            let (store, runs, locked) = (store.clone(), runs.clone(), locked.clone());
            async move {
                // Keys of different writers: those of one take turns.
                store
                    .write(me as i64, move |tx| {
                        runs.fetch_add(1, Ordering::SeqCst);
                        tx.execute(&BUMP, p![["a", "b"][me]])?;
                        locked[me].store(true, Ordering::SeqCst);
                        wait_for(&locked[1 - me]);
                        tx.execute(&BUMP, p![["a", "b"][1 - me]])
                    })
                    .await
            }
        };
        assert_eq!(tokio::join!(crossing(0), crossing(1)), (Ok(1), Ok(1)));
        let four = store.read(|tx| tx.opt(&AGE, p![], |_| Ok(()))).await;
        assert_eq!(four, Ok(Some(())), "each row was bumped twice, no run counted double");
        if store.dialect() == Dialect::Postgres {
            assert!(runs.load(Ordering::SeqCst) > 2, "the deadlock happened");
        }
    }

    async fn who_locks_mailboxes_crosswise_succeeds(store: Store) {
        with_table(&store).await;
        store.write(1, with_mailboxes).await.unwrap();
        let mut callers = JoinSet::new();
        for i in 0..40_i64 {
            let store = store.clone();
            callers.spawn(async move {
                let order = if i % 2 == 0 { [1, 2] } else { [2, 1] };
                store
                    .write(i, move |tx| {
                        tx.lock(order[0])?;
                        count(tx)?;
                        tx.lock(order[1])?;
                        bump_by_hand(tx)
                    })
                    .await
            });
        }
        assert!(callers.join_all().await.iter().all(Result::is_ok));
        assert_eq!(store.read(age).await, Ok(40));
    }

    async fn a_locked_mailbox_keeps_out_the_writers_of_another_process(store: Store) {
        with_table(&store).await;
        store.write(1, with_mailboxes).await.unwrap();
        let other = again(&store, &Options::default()).await;
        let mut callers = JoinSet::new();
        for i in 0..64_i64 {
            let store = if i % 2 == 0 { store.clone() } else { other.clone() };
            callers.spawn(async move {
                store
                    .write(i % 8, |tx| {
                        tx.lock(1)?;
                        bump_by_hand(tx)
                    })
                    .await
            });
        }
        assert!(callers.join_all().await.iter().all(Result::is_ok));
        assert_eq!(store.read(age).await, Ok(64), "no two read the same before they wrote");
        other.close().await;
    }

    async fn a_mailbox_that_is_not_there_is_no_obstacle(store: Store) {
        with_table(&store).await;
        let held = Held::new(&store, |_| Ok(())).await;
        let mut callers = JoinSet::new();
        for i in 0..4 {
            let store = store.clone();
            callers.spawn(async move {
                store
                    .write(1, move |tx| {
                        tx.lock(9)?;
                        insert(tx, i, "1")
                    })
                    .await
            });
        }
        held.release().await;
        assert!(callers.join_all().await.iter().all(|answer| *answer == Ok(1)));
    }

    async fn a_lock_held_elsewhere_is_busy_and_passes(store: Store) {
        with_table(&store).await;
        store.write(1, |tx| insert(tx, 1, "a")).await.unwrap();
        let impatient = Options { lock_wait: Duration::from_millis(100), ..Options::default() };
        let other = again(&store, &impatient).await;
        let held = Held::new(&store, |tx| tx.execute(&BUMP, p!["a"]).map(drop)).await;
        assert_eq!(other.write(1, |tx| tx.execute(&BUMP, p!["a"])).await, Err(StoreError::Busy));
        assert_eq!(kept(&other).await, 1, "reading goes on");
        held.release().await;
        assert_eq!(other.write(1, |tx| tx.execute(&BUMP, p!["a"])).await, Ok(1));
        other.close().await;
    }

    async fn who_waits_behind_others_of_a_group_is_as_patient_as_alone(store: Store) {
        with_table(&store).await;
        store.write(1, with_mailboxes).await.unwrap();
        let other = again(&store, &Options { pool: 1, ..Options::default() }).await;
        let held = Held::new(&store, |tx| {
            tx.lock(1)?;
            tx.execute(&BUMP, p!["a"]).map(drop)
        })
        .await;
        // They wait together while the first has its turn. On SQLite it is the other store's lock that it waits for.
        let mut callers = JoinSet::new();
        for i in 0..30_i64 {
            let other = other.clone();
            callers.spawn(async move {
                other
                    .write(2, move |tx| {
                        match i % 3 {
                            0 => std::thread::sleep(Duration::from_millis(5)),
                            1 => tx.lock(1)?,
                            _ => {}
                        }
                        tx.execute(if i % 3 == 0 { &RENAME } else { &BUMP }, p!["a"])
                    })
                    .await
            });
        }
        tokio::time::sleep(Duration::from_millis(800)).await;
        held.release().await;
        let answers = callers.join_all().await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(store.read(age).await, Ok(21));
        other.close().await;
    }

    async fn a_full_queue_is_overloaded(store: Store) {
        let narrow = again(&store, &Options { pool: 1, queue: 1, ..Options::default() }).await;
        with_table(&narrow).await;
        let held = Held::new(&narrow, |_| Ok(())).await;
        let mut writes = JoinSet::new();
        for i in 0..4 {
            let store = narrow.clone();
            writes.spawn(async move { store.write(1, move |tx| insert(tx, i, "1")).await });
        }
        // The one that has a place is answered after the release; the others are refused before.
        for _ in 0..3 {
            assert_eq!(writes.join_next().await.unwrap().unwrap(), Err(StoreError::Overloaded));
        }
        held.release().await;
        assert_eq!(writes.join_next().await.unwrap().unwrap(), Ok(1));
        assert_eq!(kept(&narrow).await, 1);
        narrow.close().await;
    }

    async fn scans_beyond_the_queue_are_overloaded_and_hinder_nobody_else(store: Store) {
        let options =
            Options { scans: 1, waiting: 2, wait: Duration::from_secs(60), ..Options::default() };
        let narrow = again(&store, &options).await;
        with_table(&narrow).await;
        let gate = Arc::new(Mutex::new(()));
        let closed = gate.clone().lock_owned().await;
        let mut scans = JoinSet::new();
        for _ in 0..10 {
            let (store, gate) = (narrow.clone(), gate.clone());
            scans.spawn(async move {
                store
                    .scan(move |tx| {
                        drop(gate.blocking_lock());
                        count(tx)
                    })
                    .await
            });
        }
        // One runs and two wait.
        for _ in 0..7 {
            assert_eq!(scans.join_next().await.unwrap().unwrap(), Err(StoreError::Overloaded));
        }
        assert_eq!(narrow.write(1, |tx| insert(tx, 1, "a")).await, Ok(1), "writes go on");
        assert_eq!(kept(&narrow).await, 1, "point reads go on");
        drop(closed);
        assert_eq!(scans.join_all().await, [Ok(1), Ok(1), Ok(1)], "who waits has a turn");
        narrow.close().await;
    }

    async fn a_caller_gone_before_its_turn_is_skipped(store: Store) {
        let narrow = again(&store, &Options { pool: 1, ..Options::default() }).await;
        with_table(&narrow).await;
        let held = Held::new(&narrow, |_| Ok(())).await;
        let (gone, stays) = (narrow.clone(), narrow.clone());
        let gone = tokio::spawn(async move { gone.write(1, |tx| insert(tx, 1, "gone")).await });
        let stays = tokio::spawn(async move { stays.write(1, |tx| insert(tx, 1, "stays")).await });
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        held.release().await;
        assert_eq!(stays.await.unwrap(), Ok(1));
        assert_eq!(kept(&narrow).await, 1);
        narrow.close().await;
    }
}
