//! The audit log: what is written down, who reads it, and what shows when somebody has changed it in the database.

use crate::kit::{self, permit};
use contactgram_hub::access::{AccountManage, ContactsWrite, UpdatesRead};
use contactgram_hub::{
    AuditHead, AuditQuery, Caller, ContactKey, Error, Hub, NewAccount, NewKey, NewMember, SignInFrom,
    WebhookRequest,
};
use contactgram_model::clock::ManualClock;
use contactgram_model::contact::ContactChange;
use contactgram_model::{AccountKind, Actor, ContactId, Password, PhoneNumber, PlainToken, Role, UserId};
use contactgram_store::{Store, each_store, intern, p};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const OPERATOR: Actor = Actor::Operator;
const SERVER: UserId = UserId::EVERY_ACCOUNT;

fn hub(store: Store) -> Arc<Hub> {
    kit::hub(store, ManualClock::at_ms(kit::START_MS), CancellationToken::new())
}

async fn account(hub: &Hub) -> (UserId, Caller) {
    let new = NewAccount {
        name: "Shop".to_owned(),
        username: None,
        phone: None,
        kind: AccountKind::Bot,
        region: None,
        strict: false,
    };
    let (account, token) = hub.add_account(OPERATOR, new).await.unwrap();
    (account.id, hub.authenticate(&PlainToken::parse(&token.token).unwrap()).await.unwrap())
}

fn ben_to_be() -> ContactChange {
    let phone = PhoneNumber::parse("+14155550107", None).unwrap();
    ContactChange {
        first_name: Some("Ben".to_owned()),
        phone_number: Some(Some(phone)),
        ..ContactChange::default()
    }
}

fn all() -> AuditQuery {
    AuditQuery { limit: 1000, ..AuditQuery::default() }
}

/// Who did what to what, the oldest first.
async fn told(hub: &Hub, account: UserId) -> Vec<String> {
    let page = hub.audit_as(OPERATOR, Some(account), all()).await.unwrap();
    let line = |entry: &contactgram_hub::AuditView| {
        format!("{} {} {}", entry.actor.kind, entry.action, entry.target)
    };
    page.entries.iter().rev().map(line).collect()
}

/// Six entries in an account's log.
async fn six_entries(hub: &Hub) -> UserId {
    let (shop, _) = account(hub).await;
    for _ in 0..5 {
        hub.add_token(OPERATOR, shop, None, None).await.unwrap();
    }
    shop
}

/// Changes the database as somebody might who has got at it. The statement names the account as `$1`.
async fn tamper(store: &Store, account: UserId, statements: &[&str]) {
    let statements: Vec<String> = statements.iter().map(|text| (*text).to_owned()).collect();
    store
        .write(0, move |tx| {
            for text in &statements {
                assert!(tx.execute(intern(text.clone()), p![account])? > 0, "{text} changes nothing");
            }
            Ok::<_, contactgram_store::StoreError>(())
        })
        .await
        .unwrap();
}

/// The number of the first entry that is found to be wrong, and in how many words.
async fn broken(hub: &Hub, kept: &[AuditHead]) -> Option<(UserId, i64, &'static str)> {
    let (_, broken) = hub.verify_audit(kept).await.unwrap();
    assert!(broken.len() < 2, "{broken:?}");
    broken.first().map(|broken| (broken.account_id, broken.seq, broken.why))
}

each_store! {
    async fn what_is_done_is_written_down_with_who_did_it(store: Store) {
        let hub = hub(store);
        let (shop, caller) = account(&hub).await;
        let new = NewKey { scopes: Role::Viewer.scopes(), ..NewKey::default() };
        let key = hub.add_key(OPERATOR, shop, new).await.unwrap().view.key_id;
        let secret = Password::new("ann's password").unwrap();
        let new = NewMember {
            name: "ann".to_owned(),
            roles: vec![(shop, Role::Owner)],
            password: Some(secret),
            ..NewMember::default()
        };
        let ann = hub.add_member(OPERATOR, new).await.unwrap().0.member_id;
        let from = SignInFrom { address: "192.0.2.7".to_owned(), agent: "Test".to_owned() };
        hub.sign_in("ann", "not this one", from.clone()).await.unwrap_err();
        hub.sign_in("my password by mistake", "x", from.clone()).await.unwrap_err();
        let session = hub.sign_in("ann", "ann's password", from).await.unwrap();
        hub.sign_out(&session.secret).await.unwrap();
        hub.revoke_key(Actor::Member(ann), shop, key).await.unwrap();
        let change = ben_to_be();
        let added = hub.add_contact(&permit::<ContactsWrite>(&caller), change, None).await.unwrap();
        let ben = added.created.unwrap();
        hub.delete_contact(&permit::<ContactsWrite>(&caller), (ContactKey::Id(ben), None), None).await.unwrap();
        let hook = WebhookRequest { url: "http://127.0.0.1:9/path-of-a-hook?x=1".to_owned(), ..WebhookRequest::default() };
        let hooks = permit::<UpdatesRead>(&caller);
        hub.set_webhook(&hooks, hook.clone()).await.unwrap();
        hub.set_webhook(&hooks, hook).await.unwrap();
        hub.delete_webhook(&hooks, false).await.unwrap();
        hub.delete_webhook(&hooks, false).await.unwrap();
        assert_eq!(told(&hub, shop).await, [
            format!("operator account.added account {shop}"),
            format!("operator key.added key {key}"),
            format!("operator role.changed member {ann}"),
            format!("member key.revoked key {key}"),
            format!("token contact.removed contact {ben}"),
            "token webhook.set webhook".to_owned(),
            "token webhook.deleted webhook".to_owned(),
        ]);
        assert_eq!(told(&hub, SERVER).await, [
            format!("operator member.added member {ann}"),
            format!("anonymous member.sign_in_failed member {ann}"),
            "anonymous member.sign_in_failed nobody".to_owned(),
            format!("member member.signed_in member {ann}"),
            format!("member session.ended member {ann}"),
        ]);
        let page = hub.audit_as(OPERATOR, None, all()).await.unwrap();
        assert_eq!(page.entries.len(), 12, "both logs together");
        let everything = serde_json::to_string(&page).unwrap();
        for secret in ["ann's password", "my password", "4155550107", "path-of-a-hook", session.secret.reveal()] {
            assert!(!everything.contains(secret), "{secret}: {everything}");
        }
        assert!(everything.contains("192.0.2.7") && everything.contains("\"host\":\"127.0.0.1:9\""));
    }

    async fn what_is_refused_leaves_no_entry_and_what_is_removed_keeps_its_own(store: Store) {
        let hub = hub(store);
        let (shop, caller) = account(&hub).await;
        let gone = (ContactKey::Id(ContactId(7)), None);
        hub.delete_contact(&permit::<ContactsWrite>(&caller), gone, None).await.unwrap_err();
        hub.revoke_token(OPERATOR, shop, 99).await.unwrap_err();
        assert_eq!(told(&hub, shop).await.len(), 1);
        hub.remove_account(OPERATOR, shop).await.unwrap();
        assert_eq!(told(&hub, shop).await.len(), 1);
        assert_eq!(told(&hub, SERVER).await, [format!("operator account.removed account {shop}")]);
    }

    async fn the_log_is_read_by_admins_owners_and_who_manages_the_account(store: Store) {
        let hub = hub(store);
        let (shop, caller) = account(&hub).await;
        let mut made = Vec::new();
        for (name, on, role) in [
            ("boss", SERVER, Role::Owner),
            ("owner", shop, Role::Owner),
            ("admin", shop, Role::Admin),
            ("agent", shop, Role::Agent),
        ] {
            let new = NewMember { name: name.to_owned(), roles: vec![(on, role)], ..NewMember::default() };
            made.push(Actor::Member(hub.add_member(OPERATOR, new).await.unwrap().0.member_id));
        }
        let [boss, owner, admin, agent] = made[..] else { panic!("four") };
        for reader in [boss, owner, admin] {
            assert_eq!(hub.audit_as(reader, Some(shop), all()).await.unwrap().entries.len(), 4);
        }
        assert!(matches!(hub.audit_as(agent, Some(shop), all()).await, Err(Error::Forbidden(_))));
        for part in [None, Some(SERVER)] {
            assert!(matches!(hub.audit_as(owner, part, all()).await, Err(Error::Forbidden(_))));
            assert!(!hub.audit_as(boss, part, all()).await.unwrap().entries.is_empty());
        }
        assert!(matches!(hub.audit_as(owner, Some(UserId(9)), all()).await, Err(Error::NotFound(_))));
        assert_eq!(hub.audit(&permit::<AccountManage>(&caller), all()).await.unwrap().entries.len(), 4);
    }

    async fn a_log_as_it_was_written_is_whole(store: Store) {
        let hub = hub(store);
        six_entries(&hub).await;
        let kept = hub.audit_heads().await.unwrap();
        hub.add_token(OPERATOR, kept[0].account_id, None, None).await.unwrap();
        assert_eq!(hub.verify_audit(&kept).await.unwrap(), (7, Vec::new()), "a head from before is still on its chain");
    }

    async fn a_changed_entry_shows_whatever_was_changed(store: Store) {
        let hub = hub(store.clone());
        let shop = six_entries(&hub).await;
        for change in [
            "target = 'token 9'", "details = '{}'", "actor_kind = 'member'", "actor_id = 4", "actor_label = 'ann'",
            "action = 'token.revoked'", "at = at + 1",
        ] {
            let column = change.split(' ').next().unwrap();
            let before = read_column(&store, shop, column).await;
            tamper(&store, shop, &[&format!("UPDATE audit SET {change} WHERE account_id = $1 AND seq = 3")]).await;
            assert_eq!(broken(&hub, &[]).await, Some((shop, 3, "this entry is not as it was written")), "{change}");
            tamper(&store, shop, &[
                &format!("UPDATE audit SET {column} = {before} WHERE account_id = $1 AND seq = 3"),
            ]).await;
            assert_eq!(broken(&hub, &[]).await, None);
        }
    }

    async fn a_deleted_entry_shows(store: Store) {
        let hub = hub(store.clone());
        let shop = six_entries(&hub).await;
        tamper(&store, shop, &["DELETE FROM audit WHERE account_id = $1 AND seq = 3"]).await;
        assert_eq!(broken(&hub, &[]).await, Some((shop, 3, "this entry is missing")));
        tamper(&store, shop, &[
            "UPDATE audit SET seq = seq - 1 WHERE account_id = $1 AND seq = 4",
            "UPDATE audit SET seq = seq - 1 WHERE account_id = $1 AND seq = 5",
            "UPDATE audit SET seq = seq - 1 WHERE account_id = $1 AND seq = 6",
            "UPDATE audit_heads SET seq = 5 WHERE account_id = $1",
        ]).await;
        assert_eq!(broken(&hub, &[]).await, Some((shop, 3, "this entry does not follow the one before it")));
    }

    async fn reordered_entries_show(store: Store) {
        let hub = hub(store.clone());
        let shop = six_entries(&hub).await;
        tamper(&store, shop, &[
            "UPDATE audit SET seq = 99 WHERE account_id = $1 AND seq = 3",
            "UPDATE audit SET seq = 3 WHERE account_id = $1 AND seq = 4",
            "UPDATE audit SET seq = 4 WHERE account_id = $1 AND seq = 99",
        ]).await;
        assert_eq!(broken(&hub, &[]).await, Some((shop, 3, "this entry does not follow the one before it")));
    }

    async fn a_cut_end_shows_by_the_head_and_with_a_new_head_by_one_that_was_kept(store: Store) {
        let hub = hub(store.clone());
        let shop = six_entries(&hub).await;
        let kept = hub.audit_heads().await.unwrap();
        tamper(&store, shop, &["DELETE FROM audit WHERE account_id = $1 AND seq > 4"]).await;
        assert_eq!(broken(&hub, &[]).await, Some((shop, 5, "entries from this one on are missing")));
        tamper(&store, shop, &[
            "UPDATE audit_heads SET seq = 4, hash = (SELECT hash FROM audit WHERE account_id = $1 AND seq = 4) \
             WHERE account_id = $1",
        ]).await;
        assert_eq!(broken(&hub, &[]).await, None, "nothing in the database tells of it any more");
        let (at, why) = (5, "entries from this one on are missing, though a head of them was kept");
        assert_eq!(broken(&hub, &kept).await, Some((shop, at, why)));
        // Written on until there are as many again: others than those were.
        for _ in 0..3 {
            hub.add_key(OPERATOR, shop, NewKey { scopes: Role::Viewer.scopes(), ..NewKey::default() }).await.unwrap();
        }
        assert_eq!(broken(&hub, &[]).await, None);
        let why = "this entry is another than the one whose head was kept";
        assert_eq!(broken(&hub, &kept).await, Some((shop, 6, why)));
    }

    async fn a_log_that_is_gone_and_a_head_that_is_wrong_show(store: Store) {
        let hub = hub(store.clone());
        let shop = six_entries(&hub).await;
        let kept = hub.audit_heads().await.unwrap();
        tamper(&store, shop, &["UPDATE audit_heads SET seq = 5 WHERE account_id = $1"]).await;
        assert_eq!(broken(&hub, &[]).await, Some((shop, 6, "the head knows nothing of this entry")));
        tamper(&store, shop, &[
            "UPDATE audit_heads SET seq = 6, hash = (SELECT hash FROM audit WHERE account_id = $1 AND seq = 4) \
             WHERE account_id = $1",
        ]).await;
        assert_eq!(broken(&hub, &[]).await, Some((shop, 6, "the head has another digest than this entry")));
        tamper(&store, shop, &["DELETE FROM audit WHERE account_id = $1"]).await;
        assert_eq!(broken(&hub, &[]).await, Some((shop, 1, "entries from this one on are missing")));
        tamper(&store, shop, &["DELETE FROM audit_heads WHERE account_id = $1"]).await;
        assert_eq!(broken(&hub, &[]).await, None);
        assert_eq!(broken(&hub, &kept).await.map(|(account, seq, _)| (account, seq)), Some((shop, 1)));
    }

    async fn what_happens_at_once_makes_whole_logs(store: Store) {
        let hub = hub(store);
        let (shop, caller) = account(&hub).await;
        let (other, _) = account(&hub).await;
        let mut people = Vec::new();
        for n in 0..12 {
            let new = NewMember { name: format!("member{n}"), ..NewMember::default() };
            people.push(hub.add_member(OPERATOR, new).await.unwrap().0.member_id);
        }
        let mut contacts = Vec::new();
        for n in 0..12 {
            let phone = PhoneNumber::parse(&format!("+141555501{n:02}"), None).unwrap();
            let change = ContactChange { phone_number: Some(Some(phone)), ..ben_to_be() };
            let added = hub.add_contact(&permit::<ContactsWrite>(&caller), change, None).await.unwrap();
            contacts.push(added.created.unwrap());
        }
        let mut work = tokio::task::JoinSet::new();
        for (member, contact) in people.into_iter().zip(contacts) {
            for account in [shop, other] {
                let hub = Arc::clone(&hub);
                work.spawn(async move {
                    hub.set_role(OPERATOR, member, account, Some(Role::Agent)).await?;
                    hub.add_token(OPERATOR, account, None, None).await?;
                    hub.set_role(OPERATOR, member, account, None).await
                });
            }
            let (hub, permit) = (Arc::clone(&hub), permit::<ContactsWrite>(&caller));
            work.spawn(async move {
                hub.delete_contact(&permit, (ContactKey::Id(contact), None), None).await.map(drop)
            });
        }
        while let Some(done) = work.join_next().await {
            done.unwrap().unwrap();
        }
        // Two accounts, 12 members, 24 tokens, 48 changes of roles, 12 removed contacts.
        assert_eq!(hub.verify_audit(&[]).await.unwrap(), (98, Vec::new()));
    }

    async fn what_cannot_be_written_down_is_not_done(store: Store) {
        let hub = hub(store.clone());
        let (shop, caller) = account(&hub).await;
        let change = ben_to_be();
        let ben = hub.add_contact(&permit::<ContactsWrite>(&caller), change, None).await.unwrap().created.unwrap();
        // The next entry has a number that is taken.
        tamper(&store, shop, &["UPDATE audit_heads SET seq = 0 WHERE account_id = $1"]).await;
        assert_eq!(hub.add_token(OPERATOR, shop, None, None).await.unwrap_err(), Error::Internal);
        let target = (ContactKey::Id(ben), None);
        let refused = hub.delete_contact(&permit::<ContactsWrite>(&caller), target, None).await;
        assert_eq!(refused.unwrap_err(), Error::Internal);
        assert_eq!(hub.tokens(shop).await.unwrap().len(), 1);
        assert!(hub.contact(&permit(&caller), ContactKey::Id(ben)).await.is_ok());
    }
}

/// A column of the third entry, as SQL writes it.
async fn read_column(store: &Store, account: UserId, column: &str) -> String {
    let sql = intern(format!("SELECT CAST({column} AS TEXT) FROM audit WHERE account_id = $1 AND seq = 3"));
    let text = store.read(move |tx| tx.one(sql, p![account], |row| row.string(0))).await.unwrap();
    if text.parse::<i64>().is_ok() { text } else { format!("'{text}'") }
}
