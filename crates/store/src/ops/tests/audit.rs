//! Chains of the audit log grow by one entry at a time, each account's by itself, also where many write at once.

use super::{ANN, BEN, NOW, open, read, write};
use crate::ops::audit::{self, Kept};
use crate::{Store, each_store};
use contactgram_model::UserId;
use contactgram_model::audit::{AuditEntry, FIRST};

pub(super) fn entry(account: UserId, target: &str) -> AuditEntry {
    AuditEntry {
        account,
        seq: 0,
        at: NOW,
        actor_kind: "operator".to_owned(),
        actor_id: 0,
        actor_label: "command line".to_owned(),
        action: "role.changed".to_owned(),
        target: target.to_owned(),
        details: "{}".to_owned(),
    }
}

/// That each entry follows the one before.
fn check(chain: &[Kept]) {
    let mut previous = FIRST;
    for (place, kept) in chain.iter().enumerate() {
        assert_eq!((kept.entry.seq, kept.previous), (place as i64 + 1, previous));
        assert_eq!(kept.hash, kept.entry.hash(&previous));
        previous = kept.hash;
    }
}

each_store! {
    async fn each_entry_is_chained_to_the_one_before(store: Store) {
        open(&store).await;
        for (account, target) in [(ANN, "one"), (BEN, "other"), (ANN, "two"), (UserId(0), "server")] {
            write(&store, move |tx| audit::append(tx, entry(account, target))).await;
        }
        write(&store, |tx| audit::append(tx, AuditEntry { at: NOW - 9, ..entry(ANN, "three") })).await;
        let chain = read(&store, |tx| audit::chain(tx, ANN, 1, 10)).await;
        check(&chain);
        let told: Vec<_> = chain.iter().map(|kept| (kept.entry.target.as_str(), kept.entry.at)).collect();
        assert_eq!(told, [("one", NOW), ("two", NOW), ("three", NOW)], "time does not go back");
        assert_eq!(read(&store, |tx| audit::chain(tx, ANN, 2, 1)).await, chain[1..2]);
        let heads = read(&store, audit::heads).await;
        assert_eq!(heads.iter().map(|head| (head.account, head.seq)).collect::<Vec<_>>(), [
            (UserId(0), 1),
            (ANN, 3),
            (BEN, 1),
        ]);
        assert_eq!(heads[1].hash, chain[2].hash);
        assert_eq!(read(&store, audit::chains).await, [UserId(0), ANN, BEN]);
    }

    async fn many_writers_at_once_make_one_chain(store: Store) {
        open(&store).await;
        let writes = (0..64).map(|n: i64| {
            let store = store.clone();
            // Other keys are other writers, on PostgreSQL.
            tokio::spawn(async move {
                store.write(n, |tx| {
                    audit::append(tx, entry(UserId(0), "x"))?;
                    audit::append(tx, entry(ANN, "x"))
                }).await.unwrap()
            })
        });
        for write in writes.collect::<Vec<_>>() {
            write.await.unwrap();
        }
        for account in [UserId(0), ANN] {
            let chain = read(&store, move |tx| audit::chain(tx, account, 1, 100)).await;
            assert_eq!(chain.len(), 64);
            check(&chain);
        }
    }
}
