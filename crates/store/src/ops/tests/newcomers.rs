//! Newcomers: admitted where nobody knows the number or the id, and else left as they were.

use super::{ANN, BEN, NOW, add, contact, open, read, write};
use crate::ops::counters::{self, ContactPlace, Counters};
use crate::ops::{consumers, contacts, directory, newcomers};
use crate::{Store, each_store};
use contactgram_model::update::Wanted;
use contactgram_model::{Contact, ContactId, UpdateId, UpdateKinds, User, UserId, UserKind};

const OWN: i64 = ContactId::OWN.start;

fn waiting(id: i64, phone: &str) -> User {
    User {
        id: UserId(OWN + id),
        kind: UserKind::Placeholder,
        first_name: "Ann".to_owned(),
        last_name: Some("Lee".to_owned()),
        username: None,
        phone_number: Some(phone.to_owned()),
        email: None,
        language_code: None,
    }
}

async fn admit(store: &Store, account: UserId, user: &User) -> Option<ContactPlace> {
    let user = user.clone();
    write(store, move |tx| {
        counters::lock(tx, account)?;
        newcomers::admit(tx, account, &user, NOW)
    })
    .await
}

async fn standing(store: &Store) -> Counters {
    read(store, |tx| counters::get(tx, ANN)).await
}

each_store! {
    async fn a_newcomer_gets_a_user_a_mailbox_and_a_place(store: Store) {
        open(&store).await;
        write(&store, |tx| consumers::open(tx, ANN, UpdateId(1))).await;
        let before = standing(&store).await;
        let user = waiting(1, "+1415");
        let place = admit(&store, ANN, &user).await.unwrap();
        assert_eq!((place.version, place.wanted), (before.contact_version + 1, Wanted::by_default(UpdateKinds::usual())));
        let after = standing(&store).await;
        assert_eq!((after.contact_version, after.contacts), (place.version, before.contacts + 1));
        assert_eq!(read(&store, |tx| directory::by_phone(tx, "+1415")).await, Some(user.clone()));
        // Its first message has the first id.
        let first = write(&store, move |tx| counters::next_message(tx, user.id, NOW, None)).await;
        assert_eq!(first.id.0, 1);
    }

    async fn who_is_known_is_no_newcomer(store: Store) {
        open(&store).await;
        let known = Contact { phone_number: Some("+1".to_owned()), ..contact(OWN + 7, "A contact") };
        write(&store, move |tx| add(tx, ANN, &known)).await;
        write(&store, |tx| directory::insert(tx, &waiting(8, "+2"), NOW)).await;
        write(&store, |tx| contacts::add_alias(tx, ANN, ContactId(OWN + 9), ContactId(OWN + 7))).await;
        let before = standing(&store).await;
        let contacts_number = waiting(1, "+1");
        let (users_number, users_id) = (waiting(1, "+2"), waiting(8, "+3"));
        let (contacts_id, old_id) = (waiting(7, "+3"), waiting(9, "+3"));
        for user in [contacts_number, users_number, users_id, contacts_id, old_id] {
            assert_eq!(admit(&store, ANN, &user).await, None, "{user:?}");
        }
        assert_eq!(standing(&store).await, before);
        assert_eq!(read(&store, |tx| directory::by_phone(tx, "+3")).await, None);
        // What one account noted is nothing to another.
        assert!(admit(&store, BEN, &waiting(9, "+1")).await.is_some());
    }

    async fn one_of_many_who_come_at_once_is_the_newcomer(store: Store) {
        open(&store).await;
        let mut callers = tokio::task::JoinSet::new();
        for i in 0..20_i64 {
            let (store, account) = (store.clone(), if i % 2 == 0 { ANN } else { BEN });
            callers.spawn(async move { admit(&store, account, &waiting(i, "+1415")).await });
        }
        assert_eq!(callers.join_all().await.iter().flatten().count(), 1);
    }
}
