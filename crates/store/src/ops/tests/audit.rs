//! Chains of the audit log grow by one entry at a time, each account's by itself, also where many write at once.

use super::{ANN, BEN, NOW, open, read, write};
use crate::ops::audit::{self, Kept, Place, Query};
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

    async fn entries_are_read_newest_first_in_pages_and_by_filters(store: Store) {
        open(&store).await;
        for n in 0..5 {
            for account in [ANN, BEN] {
                let action = if n % 2 == 0 { "key.added" } else { "role.changed" }.to_owned();
                let entry = AuditEntry { at: NOW + n, action, actor_id: n, ..entry(account, "x") };
                write(&store, move |tx| audit::append(tx, entry.clone())).await;
            }
        }
        let all = Query {
            account: None, from: 0, until: i64::MAX, actor: None, action: None, before: None, limit: 3,
        };
        let places = async |query: &Query| {
            let query = query.clone();
            let page = read(&store, move |tx| audit::page(tx, &query)).await;
            page.iter().map(|kept| (kept.entry.at - NOW, kept.entry.account, kept.entry.seq)).collect::<Vec<_>>()
        };
        let (mut seen, mut query) = (Vec::new(), all.clone());
        loop {
            let page = places(&query).await;
            let Some(&(at, account, seq)) = page.last() else { break };
            query.before = Some(Place { at: NOW + at, account, seq });
            seen.extend(page);
        }
        let expected: Vec<_> = (0..5).rev().flat_map(|n| [(n, BEN, n + 1), (n, ANN, n + 1)]).collect();
        assert_eq!(seen, expected);
        let of_ann = Query { account: Some(ANN), ..all.clone() };
        assert_eq!(places(&of_ann).await, [(4, ANN, 5), (3, ANN, 4), (2, ANN, 3)]);
        let since = Query { from: NOW + 1, until: NOW + 3, ..of_ann.clone() };
        assert_eq!(places(&since).await, [(2, ANN, 3), (1, ANN, 2)]);
        let changed = Query { action: Some("role.changed".to_owned()), ..of_ann.clone() };
        assert_eq!(places(&changed).await, [(3, ANN, 4), (1, ANN, 2)]);
        let by = |kind: &str, number| Query { actor: Some((kind.to_owned(), number)), ..of_ann.clone() };
        assert_eq!(places(&by("operator", Some(0))).await, [(0, ANN, 1)]);
        assert_eq!(places(&by("operator", None)).await.len(), 3);
        assert_eq!(places(&by("member", None)).await, []);
    }
}
