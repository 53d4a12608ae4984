//! Members, their roles and links, and sessions: found while they are good, and ended together.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::members::{self, Member};
use crate::ops::sessions::{self, Good, Session};
use crate::{Store, StoreError, each_store};
use contactgram_model::{MemberId, PlainSecret, Role, TokenDigest, UserId};

const ALWAYS: Good = Good { seen: 0, created: 0 };

fn digest(n: u8) -> TokenDigest {
    PlainSecret::create(&[n; 32]).digest()
}

async fn member(store: &Store, name: &'static str) -> MemberId {
    write(store, move |tx| members::insert(tx, (name, "Shown"), NOW)).await
}

async fn role(store: &Store, member: MemberId, account: UserId, role: Option<Role>) {
    write(store, move |tx| members::set_role(tx, member, account, role)).await;
}

async fn session(store: &Store, (member, id): (MemberId, i64), n: u8, at: i64) -> Session {
    let (address, agent) = ("127.0.0.1".to_owned(), "test".to_owned());
    let session = Session { member, id, created_at: at, seen_at: at, address, agent };
    let kept = session.clone();
    write(store, move |tx| sessions::insert(tx, &kept, &digest(n))).await;
    session
}

each_store! {
    async fn a_member_is_found_by_a_name_of_any_capitals_which_is_taken_once(store: Store) {
        let ann = member(&store, "Ann@example.org").await;
        let (found, hash) = read(&store, |tx| members::by_name(tx, "aNN@example.ORG")).await.unwrap();
        let expected = Member {
            id: ann,
            name: "Ann@example.org".to_owned(),
            display_name: "Shown".to_owned(),
            has_password: false,
            created_at: NOW,
            last_sign_in_at: None,
            disabled_at: None,
        };
        assert_eq!((&found, hash), (&expected, None));
        let taken = store.write(0, |tx| members::insert(tx, ("ann@EXAMPLE.org", "x"), NOW)).await;
        assert_eq!(taken, Err(StoreError::Unique));
        assert!(!read(&store, members::any_password).await);
        write(&store, move |tx| {
            members::set_password(tx, ann, "hash", None)?;
            members::signed_in(tx, ann, NOW + 5)?;
            members::rename(tx, ann, "Ann")
        })
        .await;
        let (found, hash) = read(&store, |tx| members::by_name(tx, "ann@example.org")).await.unwrap();
        assert_eq!((found.display_name.as_str(), found.last_sign_in_at), ("Ann", Some(NOW + 5)));
        assert_eq!((found.has_password, hash.as_deref()), (true, Some("hash")));
        assert!(read(&store, members::any_password).await);
        let ben = member(&store, "ben").await;
        assert!(ben > ann);
        write(&store, move |tx| members::delete(tx, ben)).await;
        assert!(member(&store, "ben").await > ben, "numbers come not back");
        assert_eq!(read(&store, members::count).await, 2);
    }

    async fn the_higher_of_two_roles_counts(store: Store) {
        let ann = member(&store, "ann").await;
        let effective = |account| read(&store, move |tx| members::role(tx, ann, account));
        assert_eq!(effective(ANN).await, None);
        role(&store, ann, UserId::EVERY_ACCOUNT, Some(Role::Agent)).await;
        role(&store, ann, ANN, Some(Role::Owner)).await;
        role(&store, ann, BEN, Some(Role::Viewer)).await;
        assert_eq!(effective(ANN).await, Some(Role::Owner));
        assert_eq!(effective(BEN).await, Some(Role::Agent));
        assert_eq!(effective(UserId(7)).await, Some(Role::Agent));
        let given = read(&store, move |tx| members::roles(tx, ann)).await;
        assert_eq!(given, [(UserId(0), Role::Agent), (ANN, Role::Owner), (BEN, Role::Viewer)]);
        let on_ben = read(&store, |tx| members::with_role(tx, BEN)).await;
        assert_eq!(on_ben.iter().map(|with| (with.everywhere, with.role)).collect::<Vec<_>>(), [(true, Role::Agent)]);
        role(&store, ann, UserId::EVERY_ACCOUNT, None).await;
        assert_eq!(effective(BEN).await, Some(Role::Viewer));
        assert_eq!(effective(UserId(7)).await, None);
    }

    async fn only_enabled_owners_are_counted(store: Store) {
        let (ann, ben) = (member(&store, "ann").await, member(&store, "ben").await);
        role(&store, ann, UserId::EVERY_ACCOUNT, Some(Role::Owner)).await;
        role(&store, ben, BEN, Some(Role::Owner)).await;
        let owners = |account| read(&store, move |tx| Ok(members::owners(tx, account)?.all));
        assert_eq!((owners(UserId(0)).await, owners(ANN).await, owners(BEN).await), (1, 1, 2));
        let with_password = || read(&store, |tx| Ok(members::owners(tx, BEN)?.can_sign_in));
        assert_eq!(with_password().await, 0);
        write(&store, move |tx| members::set_password(tx, ann, "hash", None)).await;
        assert_eq!(with_password().await, 1);
        write(&store, move |tx| members::set_disabled(tx, ann, Some(NOW))).await;
        assert_eq!((owners(UserId(0)).await, owners(ANN).await, owners(BEN).await), (0, 0, 1));
        assert_eq!(with_password().await, 0);
    }

    async fn a_link_opens_until_it_expires_is_replaced_or_the_password_is_set(store: Store) {
        let ann = member(&store, "ann").await;
        let put = |n, end| write(&store, move |tx| members::put_link(tx, ann, &digest(n), end));
        let open = async |n, now| {
            read(&store, move |tx| members::by_link(tx, &digest(n), now)).await.map(|member| member.id)
        };
        put(1, NOW + 10).await;
        assert_eq!((open(1, NOW + 9).await, open(1, NOW + 10).await), (Some(ann), None));
        put(2, NOW + 10).await;
        assert_eq!((open(1, NOW).await, open(2, NOW).await), (None, Some(ann)));
        write(&store, move |tx| members::set_password(tx, ann, "hash", None)).await;
        assert_eq!(open(2, NOW).await, None);
        put(3, NOW + 10).await;
        write(&store, |tx| members::forget_old_links(tx, NOW + 9)).await;
        assert_eq!(open(3, NOW).await, Some(ann));
        write(&store, |tx| members::forget_old_links(tx, NOW + 10)).await;
        assert_eq!(open(3, NOW).await, None);
    }

    async fn a_session_is_found_while_it_is_good(store: Store) {
        let ann = member(&store, "ann").await;
        let made = session(&store, (ann, 1), 1, NOW).await;
        let find = |n, good| read(&store, move |tx| sessions::find(tx, &digest(n), good));
        assert_eq!(find(1, ALWAYS).await, Some(made.clone()));
        assert_eq!(find(2, ALWAYS).await, None);
        assert_eq!(find(1, Good { seen: NOW, created: 0 }).await, None);
        assert_eq!(find(1, Good { seen: 0, created: NOW }).await, None);
        write(&store, move |tx| sessions::seen(tx, (ann, 1), NOW + 60)).await;
        let seen = Session { seen_at: NOW + 60, ..made };
        assert_eq!(find(1, Good { seen: NOW, created: 0 }).await, Some(seen.clone()));
        write(&store, move |tx| sessions::forget_old(tx, Good { seen: NOW, created: 0 })).await;
        assert_eq!(find(1, ALWAYS).await, Some(seen));
        write(&store, move |tx| sessions::forget_old(tx, Good { seen: 0, created: NOW })).await;
        assert_eq!(find(1, ALWAYS).await, None);
    }

    async fn sessions_end_alone_all_but_one_and_with_password_or_member(store: Store) {
        let (ann, ben) = (member(&store, "ann").await, member(&store, "ben").await);
        for id in 1..=4 {
            session(&store, (ann, id), id as u8, NOW + id).await;
        }
        session(&store, (ben, 9), 9, NOW).await;
        let left = async |of| {
            let sessions = read(&store, move |tx| sessions::list(tx, of, ALWAYS)).await;
            sessions.iter().map(|session| session.id).collect::<Vec<_>>()
        };
        assert_eq!(left(ann).await, [4, 3, 2, 1]);
        assert!(write(&store, move |tx| sessions::end(tx, (ann, 2))).await);
        assert!(!write(&store, move |tx| sessions::end(tx, (ann, 9))).await, "another's");
        assert_eq!(write(&store, move |tx| sessions::end_all(tx, ann, Some(3))).await, 2);
        assert_eq!(left(ann).await, [3]);
        write(&store, move |tx| members::set_password(tx, ann, "hash", None)).await;
        assert_eq!((left(ann).await, left(ben).await), (vec![], vec![9]));
        write(&store, move |tx| members::set_disabled(tx, ben, Some(NOW))).await;
        assert_eq!(left(ben).await, [0; 0]);
    }
}
