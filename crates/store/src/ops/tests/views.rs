//! Views show the contacts with one of their labels and those they name, in lists, histories and syncs alike.

use super::{ANN, BEN, Draft, NOW, add, change, contact, on, open, post, read, remove, scan, write};
use crate::ops::contact_list::{self, Change, Query, Sort, Start};
use crate::ops::views::{self, View, ViewId};
use crate::ops::{contacts, counters, history};
use crate::{R, Store, Tx, each_store};
use contactgram_model::{Contact, ContactId, Direction, MessageId, UserId, search};

fn view() -> ViewId {
    ViewId::new(-77).unwrap()
}

fn labelled(id: i64, labels: &[&str]) -> Contact {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Contact { labels, phone_number: Some(format!("+1555{id}")), ..contact(id, "Common") }
}

/// 7 and 8 by label, 9 by itself, 10 by nothing; Ben has the same contacts and a view of the same number that shows
/// none of them.
async fn filled(store: &Store) {
    open(store).await;
    write(store, |tx| {
        for account in [ANN, BEN] {
            for one in [labelled(7, &["a"]), labelled(8, &["a", "b"]), labelled(9, &[]), labelled(10, &["c"])]
            {
                let chat = one.id.0;
                add(tx, account, &one)?;
                post(
                    tx,
                    account,
                    &Draft { chat, direction: Direction::In, date: NOW, text: "hi".to_owned() },
                )?;
            }
        }
        let shown = View { labels: vec!["a".to_owned(), "b".to_owned()], contacts: vec![ContactId(9)] };
        views::put(tx, ANN, view(), &shown)?;
        views::put(tx, BEN, view(), &View { labels: vec!["nobody's".to_owned()], contacts: Vec::new() })
    })
    .await;
}

fn listed(tx: &mut dyn Tx, account: UserId, q: &str, private: bool) -> R<(Vec<i64>, i64)> {
    let (terms, start) = (search::terms(q), Start::offset(0));
    let query = Query { terms, private, label: None, view: Some(view()), sort: Sort::Id, start, limit: 9 };
    let page = contact_list::page(tx, account, &query)?;
    Ok((on(&page).iter().map(|contact| contact.id.0).collect(), page.total))
}

fn messages(tx: &mut dyn Tx, account: UserId) -> R<(usize, Option<i64>)> {
    let query = history::Query { view: Some(view()), limit: 9, ..Default::default() };
    let mut rows = 0;
    history::page(tx, account, &query, &mut |_| rows += 1)?;
    Ok((rows, history::count(tx, account, &query, 100)?))
}

fn told(tx: &mut dyn Tx, since: i64) -> R<Vec<(i64, bool)>> {
    let all = contact_list::changes(tx, (ANN, Some(view())), since, 9)?;
    let each = |(_, change): (i64, Change)| match change {
        Change::Kept(stored) => (stored.contact().unwrap().id.0, true),
        Change::Removed(id) => (id.0, false),
    };
    Ok(all.into_iter().map(each).collect())
}

each_store! {
    async fn a_view_shows_its_contacts_and_their_chats_alone(store: Store) {
        filled(&store).await;
        for (q, private) in [("", true), ("", false), ("common", true), ("common", false), ("1555", true)] {
            let seen = scan(&store, move |tx| listed(tx, ANN, q, private)).await;
            assert_eq!(seen, (vec![7, 8, 9], 3), "{q:?}");
        }
        assert_eq!(scan(&store, |tx| listed(tx, ANN, "1555", false)).await, (vec![], 0), "a number is private");
        assert_eq!(scan(&store, |tx| listed(tx, BEN, "", true)).await, (vec![], 0));
        assert_eq!(scan(&store, |tx| messages(tx, ANN)).await, (3, Some(3)));
        assert_eq!(scan(&store, |tx| messages(tx, BEN)).await, (0, Some(0)));
        assert_eq!(read(&store, |tx| views::count(tx, ANN, view())).await, 3);
        for (id, shown) in [(7, true), (8, true), (9, true), (10, false), (11, false)] {
            assert_eq!(read(&store, move |tx| views::shows(tx, ANN, view(), ContactId(id))).await, shown, "{id}");
            assert!(!read(&store, move |tx| views::shows(tx, BEN, view(), ContactId(id))).await, "{id}");
        }
        let unknown = ViewId::new(5).unwrap();
        assert_eq!(read(&store, move |tx| views::count(tx, ANN, unknown)).await, 0, "no view shows nothing");
    }

    async fn a_contact_that_is_gone_is_shown_no_more_though_the_view_names_it(store: Store) {
        filled(&store).await;
        write(&store, |tx| remove(tx, ANN, ContactId(9), NOW)).await;
        assert_eq!(scan(&store, |tx| listed(tx, ANN, "", true)).await, (vec![7, 8], 2));
        assert!(!read(&store, |tx| views::shows(tx, ANN, view(), ContactId(9))).await);
        assert_eq!(scan(&store, |tx| messages(tx, ANN)).await, (2, Some(2)));
    }

    async fn who_leaves_a_view_is_told_once_and_who_was_never_in_it_not_at_all(store: Store) {
        filled(&store).await;
        let begin = read(&store, |tx| counters::get(tx, ANN)).await.contact_version;
        write(&store, |tx| {
            let lost = change(tx, ANN, &labelled(8, &["a"]))?;
            contacts::unlabel(tx, ANN, (lost.id, &["b".to_owned()]), (lost.version, NOW))?;
            let gone = change(tx, ANN, &labelled(7, &["x"]))?;
            contacts::unlabel(tx, ANN, (gone.id, &["a".to_owned()]), (gone.version, NOW))?;
            change(tx, ANN, &labelled(10, &["c", "d"]))?;
            remove(tx, ANN, ContactId(9), NOW).map(drop)
        })
        .await;
        let wanted = [(8, true), (7, false), (9, false)];
        assert_eq!(scan(&store, move |tx| told(tx, begin)).await, wanted, "8 is still there by its other label");
        write(&store, |tx| change(tx, ANN, &labelled(7, &["b"]))).await;
        assert_eq!(scan(&store, move |tx| told(tx, begin)).await, [(8, true), (9, false), (7, true)]);
        write(&store, |tx| contact_list::forget_old(tx, NOW)).await;
        assert!(read(&store, |tx| counters::get(tx, ANN)).await.sync_floor > begin, "older tokens are refused");
    }

    async fn a_view_follows_a_contact_to_its_new_id(store: Store) {
        filled(&store).await;
        write(&store, |tx| {
            contacts::add_alias(tx, ANN, ContactId(9), ContactId(12))?;
            contacts::delete(tx, ANN, ContactId(9))?;
            add(tx, ANN, &labelled(12, &[])).map(drop)
        })
        .await;
        assert_eq!(scan(&store, |tx| listed(tx, ANN, "", true)).await, (vec![7, 8, 12], 3));
        let kept = read(&store, |tx| views::get(tx, ANN, view())).await;
        assert_eq!(kept.contacts, [ContactId(9), ContactId(12)]);
        assert_eq!(read(&store, |tx| views::get(tx, BEN, view())).await.contacts, []);
        let one = read(&store, |tx| crate::ops::messages::get(tx, ANN, MessageId(1))).await;
        assert!(one.is_some(), "messages stay where they are");
    }
}
