//! Rows are found from the moment they are written, whether the index holds them yet or not, and the index
//! never holds another row's text.

use super::{ANN, BEN, Draft, add, contact, draft, on, open, post, remove, scan, write};
use crate::ops::contact_list::{self, Query, Sort, Start};
use crate::ops::{accounts, history, search as index};
use crate::{Dialect, R, Store, Tx, each_store};
use contactgram_model::{Contact, ContactId, Direction, search};

/// Indexes all there is.
pub(super) fn index_all(tx: &mut dyn Tx) -> R<()> {
    while index::index_batch(tx)? > 0 {}
    Ok(())
}

fn found(tx: &mut dyn Tx, q: &str) -> R<Vec<i64>> {
    let terms = search::terms(q);
    let query = Query {
        terms,
        private: true,
        label: None,
        view: None,
        sort: Sort::Id,
        start: Start::offset(0),
        limit: 100,
    };
    let page = contact_list::page(tx, ANN, &query)?;
    Ok(on(&page).iter().map(|contact| contact.id.0).collect())
}

fn named(id: i64, name: &str) -> Contact {
    contact(id, name)
}

each_store! {
    async fn rows_are_found_before_and_after_they_are_indexed(store: Store) {
        open(&store).await;
        let lite = store.dialect() == Dialect::Sqlite;
        write(&store, |tx| {
            for id in 1..=8 {
                add(tx, ANN, &named(id, "Maria"))?;
                add(tx, BEN, &named(id, "Maria"))?;
            }
            Ok(())
        })
        .await;
        assert_eq!(scan(&store, index::waiting).await, if lite { 16 } else { 0 });
        let all: Vec<i64> = (1..=8).collect();
        assert_eq!(scan(&store, |tx| found(tx, "mari")).await, all);
        write(&store, |tx| index::index_batch(tx)).await;
        assert_eq!(scan(&store, |tx| found(tx, "mari")).await, all, "some are indexed");
        write(&store, index_all).await;
        assert_eq!(scan(&store, index::waiting).await, 0);
        assert_eq!(scan(&store, |tx| found(tx, "mari")).await, all, "all are indexed");
    }

    async fn a_row_that_gets_the_number_of_a_removed_one_is_found_by_its_own_text(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            for id in 1..=3 {
                add(tx, ANN, &named(id, "Maria"))?;
            }
            index_all(tx)?;
            for id in [2, 3] {
                remove(tx, ANN, ContactId(id), 0)?;
            }
            add(tx, ANN, &named(4, "Peter"))?;
            add(tx, ANN, &named(5, "Peter"))
        })
        .await;
        for _ in 0..2 {
            assert_eq!(scan(&store, |tx| found(tx, "maria")).await, [1]);
            assert_eq!(scan(&store, |tx| found(tx, "peter")).await, [4, 5]);
            write(&store, index_all).await;
        }
    }

    async fn after_an_account_that_wrote_last_is_removed_new_rows_are_indexed(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            add(tx, ANN, &named(1, "Maria"))?;
            post(tx, ANN, &draft(3, Direction::In, "hello"))?;
            for id in 1..=5 {
                add(tx, BEN, &named(id, "Maria"))?;
                post(tx, BEN, &draft(3, Direction::In, "hello"))?;
            }
            index_all(tx)?;
            accounts::remove(tx, BEN)?;
            for id in 2..=6 {
                add(tx, ANN, &named(id, "Peter"))?;
                post(tx, ANN, &Draft { text: "howdy".to_owned(), ..draft(4, Direction::In, "") })?;
            }
            Ok(())
        })
        .await;
        for _ in 0..2 {
            assert_eq!(scan(&store, |tx| found(tx, "peter")).await, [2, 3, 4, 5, 6]);
            let query = history::Query { terms: search::terms("howdy"), ..Default::default() };
            assert_eq!(scan(&store, move |tx| history::count(tx, ANN, &query, 100)).await, Some(5));
            write(&store, index_all).await;
        }
    }
}
