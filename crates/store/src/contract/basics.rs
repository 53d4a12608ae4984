//! Statements, values and rows mean the same on both engines.

use super::*;
use crate::{Param, each_store, intern};

each_store! {
    async fn values_of_every_type_come_back(store: Store) {
        static FULL: Sql = Sql::new(
            "INSERT INTO t_contact (account, phone, name, age, active, photo) VALUES ($1, $2, $3, $4, $5, $6)",
        );
        static ALL: Sql = Sql::new("SELECT age, active, photo, name FROM t_contact ORDER BY phone");
        with_table(&store).await;
        store
            .write(1, |tx| {
                tx.execute(&FULL, p![i64::MAX, "1", "Ünal 'q' $1 ?", -5, false, [0u8, 255]])?;
                tx.execute(&FULL, p![1, "2", "", None::<i64>, true, Param::Null])
            })
            .await
            .unwrap();
        let rows = store
            .read(|tx| {
                tx.all(&ALL, p![], |row| {
                    let photo = row.opt_blob(2)?.map(<[u8]>::to_vec);
                    Ok((row.opt_int(0)?, row.bool(1)?, photo, row.string(3)?))
                })
            })
            .await
            .unwrap();
        let wanted = [
            (Some(-5), false, Some(vec![0, 255]), "Ünal 'q' $1 ?".to_owned()),
            (None, true, None, String::new()),
        ];
        assert_eq!(rows, wanted);
    }

    async fn an_upsert_is_read_back_by_its_key(store: Store) {
        with_table(&store).await;
        for name in ["Ann", "Bo"] {
            let told = store
                .write(7, move |tx| tx.one(&UPSERT, p![7, "+1", name], |row| row.string(0)))
                .await
                .unwrap();
            assert_eq!(told, name);
        }
        let found = store.read(|tx| tx.opt(&NAME, p![7, "+1"], |row| row.string(0))).await;
        assert_eq!(found, Ok(Some("Bo".to_owned())));
        let other = store.read(|tx| tx.opt(&NAME, p![8, "+1"], |row| row.string(0))).await;
        assert_eq!(other, Ok(None));
        let missing = store.read(|tx| tx.one(&NAME, p![8, "+1"], |row| row.string(0))).await;
        assert_eq!(missing, Err(StoreError::NotFound));
    }

    async fn what_is_asked_ahead_is_answered_as_if_asked_then(store: Store) {
        with_table(&store).await;
        let asked = move |tx: &mut dyn Tx, i: i64, gives_up: bool| {
            insert(tx, i, "1")?;
            for account in [i, i + 1000, i] {
                tx.ahead(&NAME, p![account, "1"])?;
            }
            if gives_up {
                return Err(StoreError::NotFound);
            }
            tx.later(&INSERT, p![i, "2", "Bo"])?;
            let mut names = Vec::new();
            for (account, phone) in [(i + 1000, "1"), (i, "1"), (i, "2"), (i, "1"), (i, "1")] {
                names.push(tx.opt(&NAME, p![account, phone], |row| row.string(0))?);
            }
            Ok(names)
        };
        let callers: Vec<_> = (0..40_i64)
            .map(|i| {
                let store = store.clone();
                tokio::spawn(async move { store.write(1, move |tx| asked(tx, i, i % 5 == 0)).await })
            })
            .collect();
        let (ann, bo) = (Some("Ann".to_owned()), Some("Bo".to_owned()));
        for (i, caller) in callers.into_iter().enumerate() {
            let wanted = match i % 5 {
                0 => Err(StoreError::NotFound),
                _ => Ok(vec![None, ann.clone(), bo.clone(), ann.clone(), ann.clone()]),
            };
            assert_eq!(caller.await.unwrap(), wanted, "{i}");
        }
        assert_eq!(kept(&store).await, 64);
    }

    async fn pages_follow_the_key(store: Store) {
        static PAGE: Sql =
            Sql::new("SELECT phone FROM t_contact WHERE account = $1 AND phone > $2 ORDER BY phone LIMIT $3");
        with_table(&store).await;
        store
            .write(1, |tx| (0..25).try_for_each(|i| insert(tx, 1, &format!("{i:02}")).map(drop)))
            .await
            .unwrap();
        let (mut after, mut sizes) = (String::new(), Vec::new());
        loop {
            let from = after.clone();
            let page = store
                .scan(move |tx| tx.all(&PAGE, p![1, from, 10], |row| row.string(0)))
                .await
                .unwrap();
            sizes.push(page.len());
            let Some(last) = page.last() else { break };
            after.clone_from(last);
        }
        assert_eq!(sizes, [10, 10, 5, 0]);
    }

    async fn placeholders_are_positions_in_any_order(store: Store) {
        static SWAPPED: Sql = Sql::new("SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), '$1', CAST($2 AS TEXT)");
        let row = store
            .read(|tx| {
                tx.one(&SWAPPED, p!["a", "b"], |row| {
                    Ok([row.string(0)?, row.string(1)?, row.string(2)?, row.string(3)?])
                })
            })
            .await
            .unwrap();
        assert_eq!(row, ["b", "a", "$1", "b"]);
    }

    async fn misuse_is_an_error_and_no_panic(store: Store) {
        with_table(&store).await;
        let rule = |result: R<i64>| matches!(result, Err(StoreError::Rule(_)));
        assert!(rule(store.read(|tx| tx.one(&NAME, p![1], |row| row.int(0))).await), "too few parameters");
        store.write(1, |tx| insert(tx, 1, "1")).await.unwrap();
        assert!(rule(store.read(|tx| tx.one(&NAME, p![1, "1"], |row| row.int(0))).await), "text as a number");
        assert!(rule(store.read(|tx| tx.one(&NAME, p![1, "1"], |row| row.int(9))).await), "no such column");
        let cast = store.read(|tx| tx.one(intern("SELECT 1::text".into()), p![], |row| row.int(0))).await;
        assert!(rule(cast), "a cast of one engine");
        assert_eq!(kept(&store).await, 1, "the connections are still good");
    }

    async fn reading_doors_refuse_writes(store: Store) {
        with_table(&store).await;
        let refused = [
            store.read(|tx| insert(tx, 1, "1").map(drop)).await,
            store.scan(|tx| insert(tx, 1, "2").map(drop)).await,
            store.read(|tx| tx.one(&UPSERT, p![1, "3", "x"], |_| Ok(()))).await,
            store.scan(|tx| tx.one(&UPSERT, p![1, "4", "x"], |_| Ok(()))).await,
        ];
        for result in refused {
            assert!(matches!(result, Err(StoreError::Rule(_))), "{result:?}");
        }
        assert_eq!(kept(&store).await, 0);
    }

    async fn long_results_stream_and_can_be_left_early(store: Store) {
        static SERIES: Sql = Sql::new(
            "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1)
             SELECT i FROM n",
        );
        let sum = store
            .scan(|tx| {
                let mut sum = 0;
                tx.query(&SERIES, p![10_000], &mut |row| {
                    sum += row.int(0)?;
                    Ok(())
                })?;
                Ok::<_, StoreError>(sum)
            })
            .await;
        assert_eq!(sum, Ok(50_005_000));
        let left = store
            .scan(|tx| {
                let mut seen = 0;
                let visit = tx.query(&SERIES, p![10_000], &mut |_| {
                    seen += 1;
                    if seen == 300 { Err(StoreError::NotFound) } else { Ok(()) }
                });
                assert_eq!(visit, Err(StoreError::NotFound));
                // The visitor's own error breaks nothing.
                tx.one(&SERIES, p![1], |row| row.int(0)).map(|one| one + seen)
            })
            .await;
        assert_eq!(left, Ok(301));
    }

    async fn a_scan_sees_one_state(store: Store) {
        with_table(&store).await;
        let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let (written, go_on) = mpsc::channel::<()>();
        let scanning = store.clone();
        let scan = tokio::spawn(async move {
            scanning
                .scan(move |tx| {
                    let before = count(tx)?;
                    began.send(()).unwrap();
                    go_on.recv().unwrap();
                    Ok::<_, StoreError>((before, count(tx)?))
                })
                .await
        });
        begun.recv().await.unwrap();
        store.write(1, |tx| insert(tx, 1, "1")).await.unwrap();
        written.send(()).unwrap();
        assert_eq!(scan.await.unwrap(), Ok((0, 0)));
        assert_eq!(kept(&store).await, 1);
    }
}
