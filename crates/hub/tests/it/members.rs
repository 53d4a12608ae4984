//! Who may sign in, with what role, and what ends with what: on both engines, with a clock that the test moves.

use crate::kit::{self, HOUR_MS, permit};
use contactgram_hub::access::{AccountManage, ContactsRead, MessagesSend};
use contactgram_hub::{Error, Hub, NewAccount, NewMember, NewSession, OneTimeLink, SignInFrom};
use contactgram_model::clock::ManualClock;
use contactgram_model::scope::Scope;
use contactgram_model::{AccountKind, Actor, MemberId, Password, Role, UserId};
use contactgram_store::{Store, each_store};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const OPERATOR: Actor = Actor::Operator;
const ALL: UserId = UserId::EVERY_ACCOUNT;

/// A hub on a store of either engine.
struct Place {
    hub: Arc<Hub>,
    clock: ManualClock,
}

impl Place {
    fn on(store: Store) -> Place {
        let clock = ManualClock::at_ms(kit::START_MS);
        Place { hub: kit::hub(store, clock.clone(), CancellationToken::new()), clock }
    }

    /// Waits until what goes on beside the calls is done.
    async fn settle(&self) {
        self.hub.stopped().await;
    }
}

fn from(address: &str) -> SignInFrom {
    SignInFrom { address: address.to_owned(), agent: "Test/1".to_owned() }
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

async fn account(hub: &Hub, name: &str) -> UserId {
    let new = NewAccount {
        name: name.to_owned(),
        username: None,
        phone: None,
        kind: AccountKind::Bot,
        region: None,
        strict: false,
    };
    hub.add_account(OPERATOR, new).await.unwrap().0.id
}

/// A member who signs in with the password `<name>'s password`.
async fn member(hub: &Hub, name: &str, roles: &[(UserId, Role)]) -> MemberId {
    let secret = Some(password(&format!("{name}'s password")));
    let new =
        NewMember { name: name.to_owned(), roles: roles.to_vec(), password: secret, ..NewMember::default() };
    hub.add_member(OPERATOR, new).await.unwrap().0.member_id
}

async fn sign_in(hub: &Hub, name: &str) -> Result<NewSession, Error> {
    hub.sign_in(name, &format!("{name}'s password"), from("10.0.0.1")).await
}

async fn is_in(hub: &Hub, session: &NewSession) -> bool {
    hub.session(&session.secret).await.unwrap().is_some()
}

fn is_conflict(result: Result<(), Error>) -> bool {
    matches!(result, Err(Error::Conflict(_)))
}

fn is_missing<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound(_)))
}

fn is_forbidden<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Forbidden(_)))
}

each_store! {
    async fn the_first_owner_comes_in_by_a_link_that_a_restart_replaces(store: Store) {
        let world = Place::on(store);
        let first = world.hub.first_owner_link().await.unwrap().unwrap();
        let second = world.hub.first_owner_link().await.unwrap().unwrap();
        assert!(is_missing(&world.hub.link_holder(&first.secret).await));
        assert_eq!(world.hub.link_holder(&second.secret).await.unwrap().name, "owner");
        assert!(second.path().starts_with("/portal/welcome?code="));

        let opened = world.hub.accept_link(&second.secret, password("the owner's own"), from("10.0.0.1")).await.unwrap();
        let signed_in = world.hub.session(&opened.secret).await.unwrap().unwrap();
        assert_eq!((signed_in.member.name.as_str(), signed_in.member.roles[0].role), ("owner", "owner"));
        assert!(signed_in.csrf.fits(opened.secret.csrf().reveal()));
        let again = world.hub.accept_link(&second.secret, password("somebody else's"), from("10.0.0.2")).await;
        assert!(is_missing(&again), "a link is good once");
        assert!(world.hub.first_owner_link().await.unwrap().is_none());
        world.hub.sign_in("OWNER", "the owner's own", from("10.0.0.1")).await.unwrap();
    }

    async fn nobody_is_made_an_owner_where_the_operator_made_members(store: Store) {
        let world = Place::on(store);
        let new = NewMember { name: "ann".to_owned(), roles: vec![(ALL, Role::Owner)], ..NewMember::default() };
        world.hub.add_member(OPERATOR, new).await.unwrap();
        assert!(world.hub.first_owner_link().await.unwrap().is_none());
    }

    async fn a_link_is_good_for_a_day(store: Store) {
        let world = Place::on(store);
        let new = NewMember { name: "ann".to_owned(), ..NewMember::default() };
        let (ann, link) = world.hub.add_member(OPERATOR, new).await.unwrap();
        let OneTimeLink { secret, .. } = link.unwrap();
        assert!(!ann.has_password);
        assert_eq!(world.hub.sign_in("ann", "", from("a")).await.unwrap_err(), Error::Unauthorized);
        world.clock.advance_ms(24 * HOUR_MS - 1000);
        assert!(world.hub.link_holder(&secret).await.is_ok());
        world.clock.advance_ms(1000);
        assert!(is_missing(&world.hub.link_holder(&secret).await));
        let late = world.hub.accept_link(&secret, password("too late by now"), from("a")).await;
        assert!(is_missing(&late));
    }

    async fn wrong_names_and_passwords_get_one_answer_and_then_have_to_wait(store: Store) {
        let world = Place::on(store);
        member(&world.hub, "ann", &[]).await;
        for name in ["ann", "nobody"] {
            for n in 0..5 {
                let refused = world.hub.sign_in(name, "a wrong one", from(&format!("10.0.{n}.1"))).await;
                assert_eq!(refused.unwrap_err(), Error::Unauthorized);
            }
            let waiting = world.hub.sign_in(name, "ann's password", from("10.0.9.1")).await;
            assert_eq!(waiting.unwrap_err(), Error::TooMany { retry_after: 15 });
        }
        world.clock.advance_ms(15_000);
        world.hub.sign_in("ann", "ann's password", from("10.0.9.1")).await.unwrap();
    }

    async fn a_session_ends_after_twelve_hours_unused_and_a_week_in_any_case(store: Store) {
        let world = Place::on(store);
        member(&world.hub, "ann", &[]).await;
        let (idle, used) = (sign_in(&world.hub, "ann").await.unwrap(), sign_in(&world.hub, "ann").await.unwrap());
        world.clock.advance_ms(11 * HOUR_MS);
        assert!(is_in(&world.hub, &used).await);
        world.settle().await;
        world.clock.advance_ms(HOUR_MS);
        assert!(!is_in(&world.hub, &idle).await);
        for _ in 0..14 {
            assert!(is_in(&world.hub, &used).await);
            world.settle().await;
            world.clock.advance_ms(11 * HOUR_MS);
        }
        assert!(is_in(&world.hub, &used).await, "6 days and 22 hours");
        world.settle().await;
        world.clock.advance_ms(2 * HOUR_MS);
        assert!(!is_in(&world.hub, &used).await);
    }

    async fn sessions_are_listed_and_ended_by_their_member_and_by_owners_of_all(store: Store) {
        let world = Place::on(store);
        let hub = &world.hub;
        let (ann, ben) = (member(hub, "ann", &[]).await, member(hub, "ben", &[]).await);
        let boss = member(hub, "boss", &[(ALL, Role::Owner)]).await;
        let (one, two) = (sign_in(hub, "ann").await.unwrap(), sign_in(hub, "ann").await.unwrap());
        let three = sign_in(hub, "ann").await.unwrap();
        assert_eq!(hub.sessions_of(Actor::Member(ann), ann).await.unwrap().len(), 3);
        assert!(is_forbidden(&hub.sessions_of(Actor::Member(ben), ann).await));
        let id = one.session.session_id;
        assert!(is_forbidden(&hub.end_session(Actor::Member(ben), ann, id).await));
        assert!(is_missing(&hub.end_session(Actor::Member(ben), ben, id).await), "not theirs");
        hub.end_session(Actor::Member(boss), ann, id).await.unwrap();
        assert!(!is_in(hub, &one).await && is_in(hub, &two).await);
        let signed_in = hub.session(&two.secret).await.unwrap().unwrap();
        assert_eq!(hub.end_other_sessions(&signed_in).await, Ok(1));
        assert!(!is_in(hub, &three).await && is_in(hub, &two).await);
        hub.sign_out(&two.secret).await.unwrap();
        assert!(!is_in(hub, &two).await);
    }

    async fn another_password_ends_all_other_sessions(store: Store) {
        let world = Place::on(store);
        let hub = &world.hub;
        member(hub, "ann", &[]).await;
        let (here, there) = (sign_in(hub, "ann").await.unwrap(), sign_in(hub, "ann").await.unwrap());
        let signed_in = hub.session(&here.secret).await.unwrap().unwrap();
        let wrong = hub.change_password(&signed_in, "not hers", password("another one")).await;
        assert!(matches!(wrong, Err(Error::BadRequest(_))));
        hub.change_password(&signed_in, "ann's password", password("another one")).await.unwrap();
        assert!(is_in(hub, &here).await && !is_in(hub, &there).await);
        assert_eq!(sign_in(hub, "ann").await.unwrap_err(), Error::Unauthorized);
        hub.sign_in("ann", "another one", from("10.0.0.1")).await.unwrap();
    }

    async fn a_member_does_what_the_role_says_and_other_accounts_are_not_there(store: Store) {
        let world = Place::on(store);
        let hub = &world.hub;
        let (shop, other) = (account(hub, "Shop").await, account(hub, "Other").await);
        let ann = member(hub, "ann", &[(shop, Role::Agent)]).await;
        let (caller, role) = hub.as_member(ann, shop).await.unwrap();
        assert_eq!((role, caller.actor(), caller.account()), (Role::Agent, Actor::Member(ann), shop));
        permit::<ContactsRead>(&caller);
        permit::<MessagesSend>(&caller);
        let refused = caller.permit::<AccountManage>().unwrap_err();
        assert_eq!(refused, Error::Lacks(Scope::AccountManage));
        let (elsewhere, nowhere) = (hub.as_member(ann, other).await, hub.as_member(ann, UserId(4711)).await);
        assert!(is_missing(&elsewhere));
        assert_eq!(elsewhere.unwrap_err(), nowhere.unwrap_err(), "as if it had never been");
        let seen = hub.accounts_of(ann).await.unwrap();
        assert_eq!(seen.iter().map(|(account, role)| (account.id, *role)).collect::<Vec<_>>(), [(shop, Role::Agent)]);

        hub.set_role(OPERATOR, ann, ALL, Some(Role::Admin)).await.unwrap();
        let mut seen: Vec<_> = hub.accounts_of(ann).await.unwrap().iter().map(|(_, role)| *role).collect();
        seen.dedup();
        assert_eq!(seen, [Role::Admin]);
        hub.set_role(OPERATOR, ann, ALL, None).await.unwrap();
        hub.set_role(OPERATOR, ann, shop, None).await.unwrap();
        assert!(is_missing(&hub.as_member(ann, shop).await));
    }

    async fn a_callers_scopes_are_the_roles(store: Store) {
        use contactgram_model::scope::Scope;
        let place = Place::on(store);
        let shop = account(&place.hub, "Shop").await;
        for role in Role::ALL {
            let id = member(&place.hub, role.name(), &[(shop, role)]).await;
            let (caller, found) = place.hub.as_member(id, shop).await.unwrap();
            assert_eq!(found, role);
            for scope in Scope::ALL {
                assert_eq!(caller.may(scope), role.scopes().has(scope), "{} {}", role.name(), scope.name());
            }
            assert_eq!(caller.is_whole(), role == Role::Owner);
        }
    }

    async fn only_owners_give_roles_and_only_on_what_they_own(store: Store) {
        let world = Place::on(store);
        let hub = &world.hub;
        let (shop, other) = (account(hub, "Shop").await, account(hub, "Other").await);
        let boss = Actor::Member(member(hub, "boss", &[(ALL, Role::Owner)]).await);
        let owner = Actor::Member(member(hub, "owner", &[(shop, Role::Owner)]).await);
        let admin = Actor::Member(member(hub, "admin", &[(shop, Role::Admin)]).await);
        let ann = member(hub, "ann", &[]).await;
        assert!(is_forbidden(&hub.set_role(admin, ann, shop, Some(Role::Viewer)).await));
        assert!(is_missing(&hub.set_role(owner, ann, other, Some(Role::Viewer)).await));
        assert!(is_forbidden(&hub.set_role(owner, ann, ALL, Some(Role::Viewer)).await));
        hub.set_role(owner, ann, shop, Some(Role::Viewer)).await.unwrap();
        hub.set_role(boss, ann, ALL, Some(Role::Agent)).await.unwrap();
        assert_eq!(hub.role_of(ann, shop).await, Ok(Role::Agent));

        let invite = |roles: &[(UserId, Role)], name: &str| NewMember {
            name: name.to_owned(),
            roles: roles.to_vec(),
            ..NewMember::default()
        };
        assert!(is_forbidden(&hub.add_member(admin, invite(&[(shop, Role::Viewer)], "x")).await));
        assert!(is_missing(&hub.add_member(owner, invite(&[(other, Role::Viewer)], "x")).await));
        assert!(is_forbidden(&hub.add_member(owner, invite(&[], "x")).await));
        let (_, link) = hub.add_member(owner, invite(&[(shop, Role::Viewer)], "x")).await.unwrap();
        assert!(link.is_some());
        let taken = hub.add_member(owner, invite(&[(shop, Role::Viewer)], "X")).await;
        assert!(matches!(taken, Err(Error::BadRequest(_))));
        // With a link to another member's password an account's owner would be that member everywhere.
        assert!(is_forbidden(&hub.new_link(owner, ann).await));
        assert!(hub.new_link(boss, ann).await.is_ok());
        for refused in [
            hub.disable_member(owner, ann).await,
            hub.remove_member(owner, ann).await,
            hub.rename_member(owner, ann, "x").await,
        ] {
            assert!(is_forbidden(&refused));
        }
        assert_eq!(hub.members_of(admin, shop).await.unwrap().len(), 5);
        assert!(is_forbidden(&hub.members_of(Actor::Member(ann), shop).await));
        assert!(is_forbidden(&hub.members(owner).await));
        assert_eq!(hub.members(boss).await.unwrap().len(), 5);
    }

    async fn tokens_are_for_owners_and_keys_for_admins_within_their_scopes(store: Store) {
        use contactgram_hub::NewKey;
        use contactgram_model::scope::{Scope, Scopes};
        let world = Place::on(store);
        let hub = &world.hub;
        let shop = account(hub, "Shop").await;
        let [owner, admin, agent] = [("owner", Role::Owner), ("admin", Role::Admin), ("agent", Role::Agent)];
        let owner = Actor::Member(member(hub, owner.0, &[(shop, owner.1)]).await);
        let admin = Actor::Member(member(hub, admin.0, &[(shop, admin.1)]).await);
        let agent = Actor::Member(member(hub, agent.0, &[(shop, agent.1)]).await);
        let key = |scopes: Scopes| NewKey { scopes, ..NewKey::default() };
        let manage: Scopes = [Scope::AccountManage].into_iter().collect();
        assert!(is_forbidden(&hub.add_key(agent, shop, key(Role::Viewer.scopes())).await));
        assert!(is_forbidden(&hub.add_key(admin, shop, key(manage)).await));
        let made = hub.add_key(admin, shop, key(Role::Admin.scopes())).await.unwrap();
        hub.add_key(owner, shop, key(manage)).await.unwrap();
        assert!(is_forbidden(&hub.revoke_key(agent, shop, made.view.key_id).await));
        hub.revoke_key(admin, shop, made.view.key_id).await.unwrap();
        assert!(is_forbidden(&hub.add_token(admin, shop, None, None).await));
        let token = hub.add_token(owner, shop, None, None).await.unwrap();
        assert!(is_forbidden(&hub.revoke_token(admin, shop, token.token_id).await));
        assert!(is_forbidden(&hub.rotate_token(admin, shop, None, None).await));
        hub.rotate_token(owner, shop, None, None).await.unwrap();
        let new = NewAccount {
            name: "New".to_owned(),
            username: None,
            phone: None,
            kind: AccountKind::User,
            region: None,
            strict: false,
        };
        assert!(is_forbidden(&hub.add_account(owner, new).await), "owners of all accounts alone");
        assert!(is_forbidden(&hub.remove_account(admin, shop).await));
        hub.remove_account(owner, shop).await.unwrap();
        assert!(is_missing(&hub.add_token(owner, shop, None, None).await));
    }

    async fn the_last_owner_stays(store: Store) {
        let world = Place::on(store);
        let hub = &world.hub;
        let shop = account(hub, "Shop").await;
        let ann = member(hub, "ann", &[(shop, Role::Owner)]).await;
        assert!(is_conflict(hub.set_role(OPERATOR, ann, shop, Some(Role::Admin)).await), "the account's last owner");
        let boss = member(hub, "boss", &[(ALL, Role::Owner)]).await;
        for refused in [
            hub.set_role(OPERATOR, boss, ALL, Some(Role::Admin)).await,
            hub.set_role(Actor::Member(boss), boss, ALL, None).await,
            hub.disable_member(Actor::Member(boss), boss).await,
            hub.remove_member(OPERATOR, boss).await,
        ] {
            assert!(is_conflict(refused));
        }
        assert_eq!(hub.role_of(boss, shop).await, Ok(Role::Owner), "nothing of it was done");
        hub.set_role(OPERATOR, ann, shop, None).await.unwrap();
        hub.set_role(OPERATOR, ann, ALL, Some(Role::Owner)).await.unwrap();
        hub.disable_member(OPERATOR, ann).await.unwrap();
        assert!(is_conflict(hub.remove_member(OPERATOR, boss).await), "who is disabled owns nothing");
        hub.enable_member(OPERATOR, ann).await.unwrap();
        hub.remove_member(OPERATOR, boss).await.unwrap();
    }

    async fn of_two_owners_who_remove_each_other_at_once_one_stays(store: Store) {
        let world = Place::on(store);
        for round in 0..8 {
            let (a, b) = (format!("a{round}"), format!("b{round}"));
            let one = member(&world.hub, &a, &[(ALL, Role::Owner)]).await;
            let two = member(&world.hub, &b, &[(ALL, Role::Owner)]).await;
            if round > 0 {
                // The one that is left of the round before.
                let all = world.hub.members(OPERATOR).await.unwrap();
                world.hub.remove_member(OPERATOR, all[0].member_id).await.unwrap();
            }
            let (first, second) = tokio::join!(
                world.hub.remove_member(Actor::Member(one), two),
                world.hub.remove_member(Actor::Member(two), one),
            );
            assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
            assert_eq!(world.hub.members(OPERATOR).await.unwrap().len(), 1);
        }
    }

    async fn who_is_disabled_or_removed_is_out_at_once(store: Store) {
        let world = Place::on(store);
        let hub = &world.hub;
        let shop = account(hub, "Shop").await;
        let ann = member(hub, "ann", &[(shop, Role::Agent)]).await;
        let session = sign_in(hub, "ann").await.unwrap();
        hub.disable_member(OPERATOR, ann).await.unwrap();
        assert!(!is_in(hub, &session).await);
        assert!(is_missing(&hub.as_member(ann, shop).await));
        assert!(hub.accounts_of(ann).await.unwrap().is_empty());
        assert_eq!(sign_in(hub, "ann").await.unwrap_err(), Error::Unauthorized);
        hub.enable_member(OPERATOR, ann).await.unwrap();
        assert!(!is_in(hub, &session).await, "what was ended stays ended");
        assert!(hub.as_member(ann, shop).await.is_ok());
        let session = sign_in(hub, "ann").await.unwrap();
        hub.remove_member(OPERATOR, ann).await.unwrap();
        assert!(!is_in(hub, &session).await);
        assert!(is_missing(&hub.member(OPERATOR, ann).await));
        assert!(hub.members_of(OPERATOR, shop).await.unwrap().is_empty());
    }
}

/// Every byte that a store has in a folder.
fn written_in(folder: &std::path::Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| std::fs::read(path).unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_link_or_session_is_in_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let store = contactgram_store::testing::sqlite_store(folder.path()).await;
    let place = Place::on(store.clone());
    let hub = &place.hub;
    let first = hub.first_owner_link().await.unwrap().unwrap();
    let owner =
        hub.accept_link(&first.secret, password("canary number one"), from("10.0.0.1")).await.unwrap();
    hub.sign_in("owner", "canary number two", from("10.0.0.1")).await.unwrap_err();
    hub.sign_in("canary number three", "canary number one", from("10.0.0.1")).await.unwrap_err();
    let second = hub.sign_in("owner", "canary number one", from("10.0.0.1")).await.unwrap();
    let signed_in = hub.session(&owner.secret).await.unwrap().unwrap();
    hub.change_password(&signed_in, "canary number one", password("canary number four")).await.unwrap();
    let invited = NewMember { name: "ann".to_owned(), ..NewMember::default() };
    let (_, link) = hub.add_member(signed_in.actor(), invited).await.unwrap();
    let link = link.unwrap();
    let mut secrets: Vec<String> =
        ["one", "two", "three", "four"].map(|word| format!("canary number {word}")).to_vec();
    for secret in [&first.secret, &owner.secret, &second.secret, &link.secret] {
        secrets.extend([secret.reveal().to_owned(), secret.csrf().reveal().to_owned()]);
    }
    let mut written = written_in(folder.path());
    store.close().await;
    written.extend(written_in(folder.path()));
    assert!(written.windows(5).any(|window| window == b"owner"), "the data is there");
    for secret in secrets {
        assert!(!written.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}
