//! Contacts one at a time: every field comes back, what is unique stays so, and old ids lead on.

use super::{ANN, BEN, NOW, add, change, contact, on, open, read, remove, scan, write};
use crate::ops::{contact_list, contacts};
use crate::{R, Store, StoreError, Tx, each_store};
use contactgram_model::{Contact, ContactId, ContactSource, UserId, search};
use serde_json::json;

const OWN: i64 = ContactId::OWN.start;

fn full(id: i64) -> Contact {
    Contact {
        last_name: Some("Müller 'q' $1 ?".to_owned()),
        username: Some("John_Doe".to_owned()),
        phone_number: Some("+14155550100".to_owned()),
        email: Some("john@example.com".to_owned()),
        user_id: Some(UserId(id)),
        own_name: None,
        language_code: Some("de-AT".to_owned()),
        is_bot: true,
        labels: vec!["friends".to_owned(), "vip".to_owned()],
        note: Some("line\nline \u{1f642}".to_owned()),
        attributes: json!({"a": [1, null], "ключ": {"b": "\u{0}"}}).as_object().unwrap().clone(),
        phone_verified: true,
        is_blocked: true,
        source: ContactSource::Shared,
        created_at: NOW - 5,
        updated_at: NOW,
        ..contact(id, "王小明")
    }
}

fn get(tx: &mut dyn Tx, id: i64) -> R<Option<Contact>> {
    contacts::get(tx, ANN, ContactId(id))
}

/// Ids of Ann's contacts with a label, or matching a search.
fn listed(tx: &mut dyn Tx, label: Option<&str>, q: &str) -> R<Vec<i64>> {
    let query = contact_list::Query {
        terms: search::terms(q),
        private: true,
        label: label.map(str::to_owned),
        view: None,
        sort: contact_list::Sort::Id,
        start: contact_list::Start::offset(0),
        limit: 100,
    };
    Ok(on(&contact_list::page(tx, ANN, &query)?).iter().map(|contact| contact.id.0).collect())
}

each_store! {
    async fn every_field_comes_back_by_id_number_and_username(store: Store) {
        open(&store).await;
        let john = write(&store, |tx| add(tx, ANN, &full(7))).await;
        let bare = write(&store, |tx| add(tx, ANN, &contact(8, "B"))).await;
        assert_eq!(read(&store, |tx| get(tx, 7)).await, Some(john.clone()));
        assert_eq!(read(&store, |tx| get(tx, 8)).await, Some(bare));
        let by_phone = |phone: &'static str| read(&store, move |tx| contacts::by_phone(tx, ANN, phone));
        assert_eq!(by_phone("+14155550100").await, Some(john.clone()));
        assert_eq!(by_phone("+1415555010").await, None);
        let by_name = |account, name: &'static str| read(&store, move |tx| contacts::by_username(tx, account, name));
        assert_eq!(by_name(ANN, "JOHN_doe").await, Some(john));
        assert_eq!(by_name(ANN, "john%doe").await, None);
        assert_eq!(by_name(BEN, "john_doe").await, None);
    }

    async fn a_number_and_an_id_are_one_contacts_within_an_account(store: Store) {
        open(&store).await;
        write(&store, |tx| add(tx, ANN, &full(7))).await;
        let same_id = store.write(1, |tx| add(tx, ANN, &contact(7, "X"))).await;
        assert_eq!(same_id, Err(StoreError::Unique));
        let same_phone = store.write(1, |tx| add(tx, ANN, &Contact { username: None, ..full(8) })).await;
        assert_eq!(same_phone, Err(StoreError::Unique));
        write(&store, |tx| add(tx, BEN, &full(7))).await;
        let namesake = Contact { phone_number: None, ..full(6) };
        write(&store, move |tx| add(tx, ANN, &namesake)).await;
        let found = read(&store, |tx| contacts::by_username(tx, ANN, "john_doe")).await;
        assert_eq!(found.map(|contact| contact.id), Some(ContactId(6)), "the lowest id of several");
    }

    async fn an_update_writes_every_field_its_labels_and_its_search(store: Store) {
        open(&store).await;
        write(&store, |tx| add(tx, ANN, &full(7))).await;
        let other = Contact { labels: vec!["vip".to_owned(), "work".to_owned()], ..contact(7, "Алёна") };
        let alena = write(&store, move |tx| change(tx, ANN, &other)).await;
        assert_eq!(read(&store, |tx| get(tx, 7)).await, Some(alena));
        for (label, q, ids) in [
            (Some("friends"), "", &[][..]),
            (Some("vip"), "", &[7]),
            (Some("work"), "", &[7]),
            (Some("vip"), "алена", &[7]),
            (None, "alen", &[]),
            (None, "alena", &[]),
            (None, "小明", &[]),
            (None, "+1415", &[]),
            (None, "муллер", &[]),
        ] {
            let found = scan(&store, move |tx| listed(tx, label, q)).await;
            assert_eq!(found, ids, "{label:?} {q:?}");
        }
        let back = write(&store, |tx| change(tx, ANN, &full(7))).await;
        assert_eq!(read(&store, |tx| get(tx, 7)).await, Some(back));
        assert_eq!(scan(&store, |tx| listed(tx, None, "小明 muller")).await, [7]);
        assert_eq!(scan(&store, |tx| listed(tx, None, "алена")).await, [0_i64; 0]);
    }

    async fn a_deleted_contact_leaves_no_label_alias_or_search_hit(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            add(tx, ANN, &full(7))?;
            add(tx, ANN, &contact(8, "Stays"))?;
            contacts::add_alias(tx, ANN, ContactId(OWN + 1), ContactId(7))?;
            contacts::add_alias(tx, ANN, ContactId(OWN + 2), ContactId(8))?;
            remove(tx, ANN, ContactId(7), NOW).map(drop)
        })
        .await;
        assert_eq!(read(&store, |tx| get(tx, 7)).await, None);
        assert_eq!(read(&store, |tx| get(tx, OWN + 1)).await, None);
        assert!(read(&store, |tx| get(tx, OWN + 2)).await.is_some());
        assert_eq!(read(&store, |tx| contacts::by_phone(tx, ANN, "+14155550100")).await, None);
        assert_eq!(scan(&store, |tx| listed(tx, Some("vip"), "")).await, [0_i64; 0]);
        assert_eq!(scan(&store, |tx| listed(tx, None, "小明")).await, [0_i64; 0]);
        write(&store, |tx| contacts::delete(tx, ANN, ContactId(7))).await;
        // The same number and id may come back, and nothing of before with them.
        let again = Contact { labels: Vec::new(), ..full(7) };
        write(&store, move |tx| add(tx, ANN, &again)).await;
        assert_eq!(scan(&store, |tx| listed(tx, None, "小明")).await, [7]);
        assert_eq!(scan(&store, |tx| listed(tx, Some("vip"), "")).await, [0_i64; 0]);
    }

    async fn old_ids_lead_on_however_often_a_contact_moves(store: Store) {
        open(&store).await;
        let (first, second, third) = (OWN + 1, OWN + 2, 7);
        write(&store, move |tx| {
            add(tx, ANN, &contact(third, "C"))?;
            contacts::add_alias(tx, ANN, ContactId(first), ContactId(second))?;
            contacts::add_alias(tx, ANN, ContactId(second), ContactId(third))
        })
        .await;
        for id in [first, second, third] {
            assert_eq!(read(&store, move |tx| get(tx, id)).await.map(|c| c.id.0), Some(third), "{id}");
        }
        assert_eq!(read(&store, move |tx| contacts::get(tx, BEN, ContactId(first))).await, None);
        assert_eq!(read(&store, |tx| get(tx, OWN + 3)).await, None);
    }

    async fn a_block_is_noted_with_its_version_and_the_rest_stays(store: Store) {
        open(&store).await;
        let john = write(&store, |tx| add(tx, ANN, &full(7))).await;
        let unblocked = Contact { is_blocked: false, updated_at: NOW + 3, version: 9, ..john.clone() };
        let given = unblocked.clone();
        write(&store, move |tx| contacts::set_blocked(tx, ANN, &given)).await;
        assert_eq!(read(&store, |tx| get(tx, 7)).await, Some(unblocked));
        assert_eq!(scan(&store, |tx| listed(tx, Some("vip"), "小明")).await, [7]);
    }

    async fn updating_what_is_not_there_changes_nothing(store: Store) {
        open(&store).await;
        write(&store, |tx| add(tx, BEN, &contact(7, "Ben's"))).await;
        let refused = store
            .write(1, |tx| {
                let labelled = Contact { labels: vec!["vip".to_owned()], version: 3, ..contact(7, "X") };
                contacts::update(tx, ANN, &labelled).map(drop)
            })
            .await;
        assert_eq!(refused, Err(StoreError::NotFound));
        assert_eq!(scan(&store, |tx| listed(tx, Some("vip"), "")).await, [0_i64; 0]);
        let bens = read(&store, |tx| contacts::get(tx, BEN, ContactId(7))).await;
        assert_eq!(bens.map(|contact| contact.first_name).as_deref(), Some("Ben's"));
    }
}
