//! The directory: numbers and usernames are nobody's or one user's.

use super::{NOW, read, write};
use crate::ops::directory;
use crate::{Store, StoreError, each_store};
use contactgram_model::{User, UserId, UserKind, ids};

fn user(id: i64, kind: UserKind) -> User {
    User {
        id: UserId(id),
        kind,
        first_name: format!("User {id}"),
        last_name: None,
        username: None,
        phone_number: None,
        email: None,
        language_code: None,
    }
}

each_store! {
    async fn users_are_found_by_id_number_and_username_in_any_case(store: Store) {
        let full = User {
            last_name: Some("Doe".to_owned()),
            username: Some("John_Doe".to_owned()),
            phone_number: Some("+14155550100".to_owned()),
            email: Some("j@example.com".to_owned()),
            language_code: Some("en".to_owned()),
            ..user(7, UserKind::Person)
        };
        let given = full.clone();
        assert!(write(&store, move |tx| directory::insert(tx, &given, NOW)).await);
        assert_eq!(read(&store, |tx| directory::get(tx, UserId(7))).await, Some(full.clone()));
        assert_eq!(read(&store, |tx| directory::by_phone(tx, "+14155550100")).await, Some(full.clone()));
        assert_eq!(read(&store, |tx| directory::by_username(tx, "jOHN_dOE")).await, Some(full.clone()));
        assert_eq!(read(&store, |tx| directory::by_username(tx, "john")).await, None);
        assert_eq!(read(&store, |tx| directory::by_phone(tx, "14155550100")).await, None);

        let bare = user(7, UserKind::Bot);
        let given = bare.clone();
        write(&store, move |tx| directory::update(tx, &given)).await;
        assert_eq!(read(&store, |tx| directory::get(tx, UserId(7))).await, Some(bare));
        assert_eq!(read(&store, |tx| directory::by_username(tx, "john_doe")).await, None, "given up");
        write(&store, |tx| directory::delete(tx, UserId(7))).await;
        assert_eq!(read(&store, |tx| directory::get(tx, UserId(7))).await, None);
    }

    async fn what_is_taken_is_refused_and_nothing_is_no_name(store: Store) {
        let named = |id, name: &str| User { username: Some(name.to_owned()), ..user(id, UserKind::Person) };
        let phoned = |id| User { phone_number: Some("+1415".to_owned()), ..user(id, UserKind::Person) };
        assert!(write(&store, move |tx| directory::insert(tx, &named(1, "Anna"), NOW)).await);
        assert!(write(&store, move |tx| directory::insert(tx, &phoned(2), NOW)).await);
        assert!(!write(&store, move |tx| directory::insert(tx, &named(3, "aNNA"), NOW)).await, "the name");
        assert!(!write(&store, move |tx| directory::insert(tx, &phoned(3), NOW)).await, "the number");
        assert!(!write(&store, move |tx| directory::insert(tx, &named(1, "Bob1"), NOW)).await, "the id");
        assert!(write(&store, |tx| directory::insert(tx, &user(3, UserKind::Person), NOW)).await);
        assert!(write(&store, |tx| directory::insert(tx, &user(4, UserKind::Person), NOW)).await);
        let taken = store.write(1, move |tx| directory::update(tx, &named(4, "ANNA"))).await;
        assert_eq!(taken, Err(StoreError::Unique));
    }

    async fn people_are_paged_without_accounts(store: Store) {
        use UserKind::{Account, Bot, Person, Placeholder};
        write(&store, |tx| {
            for (id, kind) in [(1, Person), (2, Bot), (3, Placeholder), (4, Account), (5, Person), (6, Person)] {
                directory::insert(tx, &user(id, kind), NOW)?;
            }
            Ok(())
        })
        .await;
        let ids = |users: Vec<User>| users.iter().map(|user| user.id.0).collect::<Vec<_>>();
        assert_eq!(ids(read(&store, |tx| directory::people(tx, UserId(0), 2)).await), [1, 3]);
        assert_eq!(ids(read(&store, |tx| directory::people(tx, UserId(3), 2)).await), [5, 6]);
        assert_eq!(ids(read(&store, |tx| directory::people(tx, UserId(6), 2)).await), [0_i64; 0]);
    }

    async fn a_free_id_is_free_and_a_full_range_is_an_error(store: Store) {
        let range = 10..14;
        let first = ids::pick(&range, 42);
        let given = user(first, UserKind::Person);
        write(&store, move |tx| directory::insert(tx, &given, NOW)).await;
        let asked = range.clone();
        let free = read(&store, move |tx| directory::free_id(tx, &asked, 42)).await;
        assert!(range.contains(&free.0) && free.0 != first);
        let asked = range.clone();
        assert_eq!(read(&store, move |tx| directory::free_id(tx, &asked, 42)).await, free, "the same seed");
        write(&store, |tx| {
            (10..14).try_for_each(|id| directory::insert(tx, &user(id, UserKind::Person), NOW).map(drop))
        })
        .await;
        let full = store.read(move |tx| directory::free_id(tx, &range, 42)).await;
        assert!(matches!(full, Err(StoreError::Other(_))), "{full:?}");
    }
}
