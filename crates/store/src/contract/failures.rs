//! A failing closure keeps nothing, says what happened, and never harms a neighbour.

use tokio::task::JoinSet;

use super::*;
use crate::{Dialect, each_store};

each_store! {
    async fn a_second_row_of_the_same_key_is_unique_and_keeps_nothing(store: Store) {
        with_table(&store).await;
        let refused = store
            .write(1, |tx| {
                insert(tx, 1, "new")?;
                insert(tx, 1, "new")
            })
            .await;
        assert_eq!(refused, Err(StoreError::Unique));
        assert_eq!(kept(&store).await, 0);
    }

    async fn a_null_where_none_may_be_is_a_constraint(store: Store) {
        with_table(&store).await;
        let refused = store.write(1, |tx| tx.execute(&INSERT, p![1, "1", None::<&str>])).await;
        assert_eq!(refused, Err(StoreError::Constraint));
    }

    async fn a_swallowed_error_is_answered_all_the_same(store: Store) {
        with_table(&store).await;
        let swallowed = store
            .write(1, |tx| {
                insert(tx, 1, "1")?;
                assert_eq!(insert(tx, 1, "1"), Err(StoreError::Unique));
                assert_eq!(insert(tx, 1, "2"), Err(StoreError::Unique), "a broken transaction stays broken");
                Ok::<_, StoreError>("all is well")
            })
            .await;
        assert_eq!(swallowed, Err(StoreError::Unique));
        assert_eq!(kept(&store).await, 0);
    }

    async fn a_panic_is_an_error_and_the_store_goes_on(store: Store) {
        with_table(&store).await;
        let panicked = store
            .write(1, |tx| {
                insert(tx, 1, "1")?;
                if count(tx)? == 1 { panic!("on purpose") }
                Ok::<_, Refusal>(())
            })
            .await;
        assert_eq!(panicked, Err(Refusal::Store(StoreError::Panic)));
        let panicked = store.read(|_| -> R<()> { panic!("on purpose") }).await;
        assert_eq!(panicked, Err(StoreError::Panic));
        let panicked = store
            .scan(|tx| tx.query(&COUNT, p![], &mut |_| panic!("on purpose")))
            .await;
        assert_eq!(panicked, Err(StoreError::Panic));
        assert_eq!(store.write(1, |tx| insert(tx, 1, "1")).await, Ok(1));
        assert_eq!(kept(&store).await, 1);
    }

    async fn a_refusal_is_handed_through_unchanged_and_undone_alone(store: Store) {
        with_table(&store).await;
        let refused = store
            .write(1, |tx| {
                insert(tx, 1, "1")?;
                Err::<(), _>(Refusal::Domain("no"))
            })
            .await;
        assert_eq!(refused, Err(Refusal::Domain("no")));
        assert_eq!(kept(&store).await, 0);
    }

    async fn sixty_four_callers_get_each_its_own_answer(store: Store) {
        with_table(&store).await;
        store.write(0, |tx| insert(tx, 0, "taken")).await.unwrap();
        let held = Held::new(&store, |_| Ok(())).await;
        let mut callers = JoinSet::new();
        for i in 0..64 {
            let store = store.clone();
            callers.spawn(async move {
                let answer = store
                    .write(i, move |tx| {
                        insert(tx, i, "first")?;
                        match i % 4 {
                            0 => Ok(i),
                            1 => Ok(insert(tx, 0, "taken").map(|_| i)?),
                            2 => Err(Refusal::Domain("no")),
                            _ => panic!("on purpose"),
                        }
                    })
                    .await;
                (i, answer)
            });
        }
        held.release().await;
        while let Some(caller) = callers.join_next().await {
            let (i, answer) = caller.unwrap();
            let wanted = match i % 4 {
                0 => Ok(i),
                1 => Err(Refusal::Store(StoreError::Unique)),
                2 => Err(Refusal::Domain("no")),
                _ => Err(Refusal::Store(StoreError::Panic)),
            };
            assert_eq!(answer, wanted, "caller {i}");
        }
        assert_eq!(kept(&store).await, 17);
    }

    async fn a_statement_that_need_not_be_waited_for_fails_its_own_job_alone(store: Store) {
        with_table(&store).await;
        store.write(0, |tx| insert(tx, 0, "taken")).await.unwrap();
        let held = Held::new(&store, |_| Ok(())).await;
        let mut callers = JoinSet::new();
        for i in 0..32_i64 {
            let store = store.clone();
            callers.spawn(async move {
                let taken = i % 8 == 0;
                let answer = store
                    .write(1, move |tx| {
                        tx.later(&INSERT, p![i, "1", "Ann"])?;
                        assert_eq!(tx.opt(&NAME, p![i, "1"], |_| Ok(()))?, Some(()), "it is there for the next");
                        if taken { tx.later(&INSERT, p![0, "taken", "Ann"]) } else { Ok(()) }
                    })
                    .await;
                (taken, answer)
            });
        }
        held.release().await;
        while let Some(caller) = callers.join_next().await {
            let (taken, answer) = caller.unwrap();
            assert_eq!(answer, if taken { Err(StoreError::Unique) } else { Ok(()) });
        }
        assert_eq!(kept(&store).await, 29);
    }

    async fn a_constraint_at_commit_fails_only_who_broke_it(store: Store) {
        static PARENT: Sql = Sql::new("CREATE TABLE t_parent (id BIGINT NOT NULL PRIMARY KEY)");
        static CHILD: Sql = Sql::new(
            "CREATE TABLE t_child (id BIGINT NOT NULL PRIMARY KEY,
             parent BIGINT REFERENCES t_parent (id) DEFERRABLE INITIALLY DEFERRED)",
        );
        static ADD: Sql = Sql::new("INSERT INTO t_child (id, parent) VALUES ($1, $2)");
        static CHILDREN: Sql = Sql::new("SELECT COUNT(*) FROM t_child");
        store
            .write(1, |tx| {
                tx.execute(&PARENT, p![])?;
                tx.execute(&CHILD, p![])
            })
            .await
            .unwrap();
        let held = Held::new(&store, |_| Ok(())).await;
        let mut callers = JoinSet::new();
        for i in 0..32_i64 {
            let store = store.clone();
            let orphan = i % 8 == 0;
            callers.spawn(async move {
                let parent = orphan.then_some(99);
                (orphan, store.write(i, move |tx| tx.execute(&ADD, p![i, parent])).await)
            });
        }
        held.release().await;
        while let Some(caller) = callers.join_next().await {
            let (orphan, answer) = caller.unwrap();
            assert_eq!(answer, if orphan { Err(StoreError::Constraint) } else { Ok(1) });
        }
        let children = store.read(|tx| tx.one(&CHILDREN, p![], |row| row.int(0))).await;
        assert_eq!(children, Ok(28));
    }

    async fn a_full_disk_refuses_writes_and_recovers(store: Store) {
        static PAGES: Sql = Sql::new("PRAGMA page_count");
        static LARGE: Sql = Sql::new("PRAGMA max_page_count = 1000000");
        // PostgreSQL has no way to be made full from within.
        if store.dialect() == Dialect::Postgres {
            return;
        }
        with_table(&store).await;
        let limit = store.write(1, |tx| tx.one(&PAGES, p![], |row| row.int(0))).await.unwrap() + 4;
        let small = crate::intern(format!("PRAGMA max_page_count = {limit}"));
        store.write(1, move |tx| tx.query(small, p![], &mut |_| Ok(()))).await.unwrap();

        let held = Held::new(&store, |_| Ok(())).await;
        let mut callers = JoinSet::new();
        for i in 0..64 {
            let store = store.clone();
            callers.spawn(async move { store.write(i, move |tx| insert(tx, i, &"9".repeat(1500))).await });
        }
        held.release().await;
        let answers = callers.join_all().await;
        let done = answers.iter().filter(|answer| answer.is_ok()).count() as i64;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(1) | Err(StoreError::Full))), "{answers:?}");
        assert!(done < 64, "the limit was reached");
        assert_eq!(kept(&store).await, done, "exactly what was acknowledged is there");

        store.write(1, |tx| tx.query(&LARGE, p![], &mut |_| Ok(()))).await.unwrap();
        assert_eq!(store.write(99, |tx| insert(tx, 99, &"9".repeat(1500))).await, Ok(1));
    }
}
