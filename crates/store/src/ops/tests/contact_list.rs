//! Lists of contacts: orders, cursors, labels, search in several scripts, and changes since a version.

use super::{ANN, BEN, NOW, add, change, contact, on, open, read, remove, scan, write};
use crate::ops::contact_list::{self, Change, Place, Query, Sort, Start};
use crate::ops::{contacts, counters};
use crate::{R, Store, Tx, each_store};
use contactgram_model::{Contact, ContactId, StoredContact, search};

fn query(sort: Sort, start: Start, limit: i64) -> Query {
    Query { terms: Vec::new(), private: true, label: None, view: None, sort, start, limit }
}

fn searching(q: &str, label: Option<&str>) -> Query {
    let label = label.map(str::to_owned);
    Query { terms: search::terms(q), label, ..query(Sort::Id, Start::offset(0), 100) }
}

fn ids(tx: &mut dyn Tx, query: &Query) -> R<Vec<i64>> {
    Ok(on(&contact_list::page(tx, ANN, query)?).iter().map(|contact| contact.id.0).collect())
}

/// Names in an order of their own, another than their ids' and than the order they were changed in.
async fn six(store: &Store) {
    open(store).await;
    write(store, |tx| {
        for (id, first, last) in [
            (4, "anna", None),
            (2, "Émile", None),
            (9, "Anna", None),
            (5, "Anna", Some("Zoe")),
            (7, "Zoe", None),
            (1, "Борис", None),
        ] {
            let last_name = last.map(str::to_owned);
            add(tx, ANN, &Contact { last_name, ..contact(id, first) })?;
        }
        add(tx, BEN, &contact(3, "Anna"))?;
        change(tx, ANN, &contact(2, "Émile")).map(drop)
    })
    .await;
}

each_store! {
    async fn who_types_sees_the_first_hits_in_order_where_there_are_many(store: Store) {
        six(&store).await;
        for private in [true, false] {
            let asked = Query { private, ..searching("an", None) };
            let (few, whole) = (asked.clone(), asked.clone());
            let (page, are_many) = scan(&store, move |tx| contact_list::first(tx, ANN, &few, 3)).await;
            assert_eq!((page, are_many), (scan(&store, move |tx| contact_list::page(tx, ANN, &whole)).await, false));
            let (page, are_many) = scan(&store, move |tx| contact_list::first(tx, ANN, &asked, 2)).await;
            assert!(are_many);
            let seen: Vec<i64> = on(&page).iter().map(|contact| contact.id.0).collect();
            assert_eq!((seen.len(), page.total, page.last.is_some()), (2, 2, false));
            assert!(seen.is_sorted() && seen.iter().all(|id| [4, 5, 9].contains(id)), "{seen:?}");
        }
    }
}

each_store! {
    async fn each_order_pages_by_offset_and_by_cursor(store: Store) {
        six(&store).await;
        for (sort, order) in [
            (Sort::Name, [4, 9, 5, 2, 7, 1]),
            (Sort::Id, [1, 2, 4, 5, 7, 9]),
            (Sort::UpdatedAt, [4, 9, 5, 7, 1, 2]),
        ] {
            for limit in [1, 2, 4, 6, 100] {
                let (mut seen, mut start) = (Vec::new(), Start::offset(0));
                loop {
                    let page = query(sort, start.clone(), limit);
                    let page = scan(&store, move |tx| contact_list::page(tx, ANN, &page)).await;
                    seen.extend(on(&page).iter().map(|contact| contact.id.0));
                    assert_eq!((page.total, page.version), (6, 7));
                    let Some(last) = page.last else { break };
                    start = Start::after(last);
                }
                assert_eq!(seen, order, "{sort:?} by cursor, {limit} at a time");
            }
            for offset in 0..8 {
                let page = query(sort, Start::offset(offset), 2);
                let seen = scan(&store, move |tx| ids(tx, &page)).await;
                let wanted: Vec<_> = order.into_iter().skip(offset as usize).take(2).collect();
                assert_eq!(seen, wanted, "{sort:?} from row {offset}");
            }
        }
        let none = query(Sort::Id, Start::offset(0), 0);
        assert_eq!(scan(&store, move |tx| ids(tx, &none)).await, [0_i64; 0]);
    }

    async fn a_page_behind_a_place_is_the_page_at_its_offset(store: Store) {
        six(&store).await;
        for sort in [Sort::Name, Sort::Id, Sort::UpdatedAt] {
            for (from, rows, skip) in [(0, 2, 1), (0, 1, 0), (2, 2, 1), (3, 3, 0), (0, 6, 0)] {
                scan(&store, move |tx| {
                    let first = match from {
                        0 => None,
                        from => contact_list::place(tx, ANN, sort, (None, from))?,
                    };
                    let place = contact_list::place(tx, ANN, sort, (first.as_ref(), rows))?;
                    let found = ids(tx, &query(sort, Start { after: place, skip }, 2))?;
                    assert_eq!(found, ids(tx, &query(sort, Start::offset(from + rows + skip), 2))?);
                    Ok(())
                })
                .await;
            }
            let beyond = scan(&store, move |tx| contact_list::place(tx, ANN, sort, (None, 7))).await;
            assert_eq!(beyond, None);
        }
    }

    async fn rows_are_the_bytes_that_were_written(store: Store) {
        open(&store).await;
        let kept = write(&store, |tx| {
            let texts = ["\u{1}\"\\\n/\u{7f}", "\u{2028}\u{1f642}", "é"];
            let mut kept = Vec::new();
            for (id, text) in (1..).zip(texts) {
                let attributes = [(text.to_owned(), serde_json::json!([0.1, 1e300, text]))].into_iter().collect();
                let contact = Contact { version: id, note: Some(text.to_owned()), attributes, ..contact(id, text) };
                kept.push(contacts::insert(tx, ANN, &contact)?);
            }
            Ok(kept)
        })
        .await;
        let page = query(Sort::Id, Start::offset(0), 9);
        assert_eq!(scan(&store, move |tx| contact_list::page(tx, ANN, &page)).await.json, kept.join(","));
        let third = read(&store, |tx| contacts::stored(tx, ANN, contacts::Key::Id(ContactId(3)))).await;
        assert_eq!(third, Some(StoredContact { version: 3, body: kept[2].clone() }));
    }

    async fn a_cursor_holds_when_its_contact_is_gone_or_others_come(store: Store) {
        six(&store).await;
        write(&store, |tx| remove(tx, ANN, ContactId(9), NOW)).await;
        write(&store, |tx| add(tx, ANN, &contact(3, "Aaron"))).await;
        let rest = query(Sort::Name, Start::after(Place::Name("anna".to_owned(), 9)), 100);
        assert_eq!(scan(&store, move |tx| ids(tx, &rest)).await, [5, 2, 7, 1]);
        let rest = query(Sort::Id, Start::after(Place::Number(9)), 100);
        assert_eq!(scan(&store, move |tx| ids(tx, &rest)).await, [0_i64; 0]);
    }

    async fn search_finds_words_prefixes_and_numbers_in_any_script(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            let texts = |id, first: &str, last: &str, phone: &str| Contact {
                last_name: (!last.is_empty()).then(|| last.to_owned()),
                phone_number: (!phone.is_empty()).then(|| phone.to_owned()),
                ..contact(id, first)
            };
            add(tx, ANN, &texts(1, "John", "Doe", "+14155550100"))?;
            add(tx, ANN, &texts(2, "Johanna", "Müller-Lüdenscheidt", "+4930123456"))?;
            add(tx, ANN, &texts(3, "Алёна", "Иванова", "+79161234567"))?;
            add(tx, ANN, &texts(4, "王小明", "", "+8613800138000"))?;
            add(tx, ANN, &texts(5, "田中", "さくら", ""))?;
            add(tx, ANN, &texts(6, "김철수", "", ""))?;
            add(tx, ANN, &texts(7, "J", "100% _ 'x' \"y\" \\ AND OR NOT *", ""))?;
            let email = Some("jane.roe@example.com".to_owned());
            let username = Some("Jane_Roe99".to_owned());
            add(tx, ANN, &Contact { email, username, ..contact(8, "Jane") })?;
            add(tx, BEN, &texts(9, "John", "Doe", "+14155550100")).map(drop)
        })
        .await;
        for (q, found) in [
            ("john", &[1][..]),
            ("JOH", &[1, 2]),
            ("ohn", &[1]),
            ("jo", &[1, 2]),
            ("j", &[1, 2, 7, 8]),
            ("hn", &[]),
            ("doe john", &[1]),
            ("doe jane", &[]),
            ("mull", &[2]),
            ("MÜLLER", &[2]),
            ("lüdensch", &[2]),
            ("muller ludenscheidt johanna", &[2]),
            ("ал", &[3]),
            ("а", &[3]),
            ("ван", &[3]),
            ("ИВАНОВА алена", &[3]),
            ("ва", &[]),
            ("明", &[4]),
            ("小明", &[4]),
            ("王小明", &[4]),
            ("中", &[5]),
            ("くら", &[5]),
            ("철수", &[6]),
            ("+1 415", &[1]),
            ("(415) 555-01", &[1]),
            ("0100", &[1]),
            ("00", &[]),
            ("14", &[1]),
            ("1", &[1, 7]),
            ("138", &[4]),
            ("+7 916 123-45-67", &[3]),
            ("roe99", &[8]),
            ("jane.roe@example", &[8]),
            ("example.com", &[8]),
            ("and or not", &[7]),
            ("NEAR(john doe)", &[]),
            ("100%", &[1, 7]),
            ("jo%n", &[]),
            ("j_h", &[]),
            ("john john john", &[1]),
            ("john doe 1415 555 0100 j d do", &[1]),
        ] {
            let wanted = searching(q, None);
            assert!(!wanted.terms.is_empty(), "{q:?} asks for something");
            let (hits, counted) = scan(&store, move |tx| {
                Ok((ids(tx, &wanted)?, contact_list::page(tx, ANN, &wanted)?.total))
            })
            .await;
            assert_eq!((hits.as_slice(), counted), (found, found.len() as i64), "{q:?}");
        }
    }

    async fn labels_narrow_lists_and_searches(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            for (id, name, labels) in
                [(1, "John", &["a"][..]), (2, "John", &["A", "b"]), (3, "Jane", &["a", "b"]), (4, "Joe", &[])]
            {
                let labels = labels.iter().map(|&label| label.to_owned()).collect();
                add(tx, ANN, &Contact { labels, ..contact(id, name) })?;
            }
            add(tx, BEN, &Contact { labels: vec!["a".to_owned()], ..contact(4, "John") }).map(drop)
        })
        .await;
        for (q, label, found) in [
            ("", Some("a"), &[1, 3][..]),
            ("", Some("b"), &[2, 3]),
            ("", Some("A"), &[2]),
            ("", Some("c"), &[]),
            ("", None, &[1, 2, 3, 4]),
            ("john", Some("a"), &[1]),
            ("j", Some("b"), &[2, 3]),
            ("joe", Some("a"), &[]),
        ] {
            let wanted = searching(q, label);
            let (hits, counted) = scan(&store, move |tx| {
                Ok((ids(tx, &wanted)?, contact_list::page(tx, ANN, &wanted)?.total))
            })
            .await;
            assert_eq!((hits.as_slice(), counted), (found, found.len() as i64), "{q:?} {label:?}");
        }
    }

    async fn changes_tell_each_contact_once_in_the_order_of_versions(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            for (id, name) in [(1, "A"), (2, "B"), (3, "C")] {
                add(tx, ANN, &contact(id, name))?;
            }
            add(tx, BEN, &contact(1, "Ben's"))?;
            change(tx, ANN, &contact(1, "A2"))?;
            remove(tx, ANN, ContactId(2), NOW)?;
            add(tx, ANN, &contact(4, "D")).map(drop)
        })
        .await;
        let changes = |since, limit| {
            read(&store, move |tx| {
                let changes = contact_list::changes(tx, (ANN, None), since, limit)?;
                Ok(changes
                    .into_iter()
                    .map(|(version, change)| match change {
                        Change::Kept(contact) => (version, contact.contact().unwrap().id.0, true),
                        Change::Removed(id) => (version, id.0, false),
                    })
                    .collect::<Vec<_>>())
            })
        };
        let all = [(3, 3, true), (4, 1, true), (5, 2, false), (6, 4, true)];
        assert_eq!(changes(0, 100).await, all);
        for since in 0..=6 {
            for limit in 0..=4 {
                let wanted: Vec<_> =
                    all.into_iter().filter(|(version, ..)| *version > since).take(limit as usize).collect();
                assert_eq!(changes(since, limit).await, wanted, "{limit} since {since}");
            }
        }
    }

    async fn forgotten_tombstones_expire_the_tokens_that_needed_them(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            for (id, name) in [(1, "A"), (2, "B"), (3, "C")] {
                add(tx, ANN, &contact(id, name))?;
                add(tx, BEN, &contact(id, name))?;
            }
            remove(tx, ANN, ContactId(1), NOW)?;
            remove(tx, ANN, ContactId(2), NOW + 1)?;
            remove(tx, ANN, ContactId(3), NOW + 2)?;
            remove(tx, BEN, ContactId(3), NOW + 2).map(drop)
        })
        .await;
        write(&store, |tx| contact_list::forget_old(tx, NOW + 1)).await;
        let floor = |account| read(&store, move |tx| Ok(counters::get(tx, account)?.sync_floor));
        assert_eq!((floor(ANN).await, floor(BEN).await), (5, 0));
        let left = read(&store, |tx| contact_list::changes(tx, (ANN, None), 0, 9)).await;
        assert_eq!(left, [(6, Change::Removed(ContactId(3)))]);
        assert_eq!(read(&store, |tx| contact_list::changes(tx, (BEN, None), 0, 9)).await.len(), 3);
        write(&store, |tx| contact_list::forget_old(tx, NOW + 1)).await;
        assert_eq!(floor(ANN).await, 5);
    }
}
