//! What waits, over all accounts: that counts are exact where queues are short, and that what nobody will see counts for nobody.

use super::{ANN, BEN, NOW, open, scan, write};
use crate::ops::backlog::{self, Backlog, Behind, Bounds, EXACT, Outbox};
use crate::ops::consumers::{self, Consumer};
use crate::ops::outbox::{self, NewEntry};
use crate::ops::updates::{self, NewUpdate};
use crate::{Store, each_store};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::outbox::EntryState;
use contactgram_model::scope::Scopes;
use contactgram_model::{UpdateId, UpdateKind, UserId};

const DAY: i64 = 24 * 3600;

async fn look(store: &Store, most: i64) -> Backlog {
    let bounds = Bounds { now: NOW, since: NOW - DAY, others_since: NOW - 30 * DAY, most };
    scan(store, move |tx| backlog::look(tx, bounds)).await
}

/// Logs so many updates of a kind for an account.
async fn log(store: &Store, account: UserId, (kind, date): (UpdateKind, i64), count: i64) {
    write(store, move |tx| {
        (0..count).try_for_each(|_| {
            updates::append(tx, account, &NewUpdate { kind, lane: 5, date, payload: "{}" }).map(drop)
        })
    })
    .await;
}

/// Who is behind, and how far.
fn told(backlog: &Backlog) -> Vec<(UserId, &str, i64, i64)> {
    let told = |one: &'_ Behind| (one.account, one.updates, one.since);
    let named = backlog.farthest.iter().map(|one| (told(one), one.name.as_str()));
    named.map(|((account, updates, since), name)| (account, name, updates, since)).collect()
}

fn entry(send_at: Option<i64>) -> NewEntry {
    NewEntry {
        method: "sendMessage".to_owned(),
        lane: send_at.unwrap_or_default().to_string(),
        params: "{}".to_owned(),
        scopes: Scopes::all(),
        send_at,
        state: EntryState::Queued,
        error: None,
        of: None,
    }
}

each_store! {
    async fn updates_wait_for_each_consumer_that_will_see_them(store: Store) {
        open(&store).await;
        let desk = ConsumerName::parse("desk").unwrap();
        let name = desk.clone();
        write(&store, move |tx| {
            consumers::open(tx, ANN, UpdateId(1))?;
            consumers::open(tx, BEN, UpdateId(1))?;
            let allowed = [UpdateKind::Message, UpdateKind::MessageReaction].into_iter().collect();
            consumers::add(tx, ANN, &name, Consumer { position: UpdateId(1), allowed })
        })
        .await;
        let nothing = look(&store, 10).await;
        assert_eq!((nothing.consumers, nothing.updates, told(&nothing)), (0, 0, vec![]));
        assert!(nothing.bytes > 0);

        // Reactions are for the further consumer alone, and what is older than a day for the default one is gone.
        log(&store, ANN, (UpdateKind::MessageReaction, NOW - 5), 2).await;
        log(&store, BEN, (UpdateKind::Message, NOW - 2 * DAY), 3).await;
        let hidden = look(&store, 10).await;
        assert_eq!(told(&hidden), [(ANN, "desk", 2, NOW - 5)]);
        assert_eq!((hidden.consumers, hidden.updates), (1, 2));

        log(&store, ANN, (UpdateKind::Message, NOW - 1), 1).await;
        let both = look(&store, 10).await;
        assert_eq!(told(&both), [(ANN, "", 1, NOW - 1), (ANN, "desk", 3, NOW - 5)]);
        assert_eq!((both.consumers, both.updates), (2, 4));

        write(&store, move |tx| consumers::confirm(tx, ANN, &desk, UpdateId(4))).await;
        write(&store, |tx| consumers::confirm(tx, ANN, &ConsumerName::DEFAULT, UpdateId(4))).await;
        assert_eq!(told(&look(&store, 10).await), []);
    }

    async fn a_few_are_told_apart_and_all_are_in_the_sum(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            consumers::open(tx, ANN, UpdateId(1))?;
            consumers::open(tx, BEN, UpdateId(1))
        })
        .await;
        log(&store, ANN, (UpdateKind::Message, NOW), 2).await;
        log(&store, BEN, (UpdateKind::Message, NOW), EXACT + 5).await;
        let seen = look(&store, 1).await;
        assert_eq!(told(&seen), [(BEN, "", EXACT + 5, NOW)]);
        assert_eq!((seen.consumers, seen.updates), (2, EXACT + 7));
    }

    async fn the_outbox_is_counted_by_what_its_entries_wait_for(store: Store) {
        open(&store).await;
        let entries = [entry(Some(NOW + 100)), entry(None), entry(None)];
        write(&store, move |tx| outbox::insert(tx, ANN, &entries, NOW - 7)).await;
        let begun = write(&store, |tx| outbox::begin(tx, ANN, 2, (NOW, 60))).await;
        assert!(begun.is_some());
        let seen = look(&store, 1).await.outbox;
        let expected = Outbox { queued: 2, due: 1, due_since: Some(NOW - 7), sending: 1, ..Outbox::default() };
        assert_eq!(seen, expected);
        let lost = outbox::Settled { state: EntryState::Unknown, result: None, error: None };
        write(&store, move |tx| outbox::settle(tx, ANN, 2, (&lost, NOW))).await;
        let seen = look(&store, 1).await.outbox;
        assert_eq!((seen.sending, seen.unknown), (0, 1));
    }
}
