//! The outbox: entries of a chat go one after the other, nobody takes one twice, and what is finished stays so. Broadcasts
//! go on where they stopped.

use super::{ANN, BEN, NOW, open, read, scan, write};
use crate::ops::broadcasts::{self, NewBroadcast};
use crate::ops::outbox::{self, Entry, List, NewEntry, Settled};
use crate::{R, Store, Tx, each_store};
use contactgram_model::Timestamp;
use contactgram_model::outbox::{BroadcastState, EntryState};
use contactgram_model::scope::Scopes;

const LEASE: i64 = 60;

fn entry(lane: &str, send_at: Option<Timestamp>) -> NewEntry {
    NewEntry {
        method: "sendMessage".to_owned(),
        lane: lane.to_owned(),
        params: "{}".to_owned(),
        scopes: Scopes::all(),
        send_at,
        state: EntryState::Queued,
        error: None,
        of: None,
    }
}

async fn queue(store: &Store, lanes: &'static [&'static str]) {
    write(store, |tx| {
        let entries: Vec<NewEntry> = lanes.iter().map(|lane| entry(lane, None)).collect();
        outbox::insert(tx, ANN, &entries, NOW)
    })
    .await;
}

async fn heads(store: &Store, now: Timestamp) -> Vec<i64> {
    read(store, move |tx| outbox::heads(tx, ANN, now, 100)).await
}

async fn begin(store: &Store, id: i64, now: Timestamp) -> Option<Entry> {
    write(store, move |tx| outbox::begin(tx, ANN, id, (now, LEASE))).await
}

async fn settle(store: &Store, id: i64, state: EntryState) -> bool {
    let settled = Settled { state, result: None, error: None };
    write(store, move |tx| outbox::settle(tx, ANN, id, (&settled, NOW))).await
}

fn state(tx: &mut dyn Tx, id: i64) -> R<EntryState> {
    Ok(outbox::get(tx, ANN, id)?.unwrap().state)
}

each_store! {
    async fn a_chats_entries_go_one_after_the_other_and_each_is_taken_once(store: Store) {
        open(&store).await;
        queue(&store, &["5", "6", "5", "5"]).await;
        assert_eq!(read(&store, |tx| outbox::due_accounts(tx, NOW)).await, [ANN]);
        assert_eq!(heads(&store, NOW).await, [1, 2]);
        assert_eq!(begin(&store, 3, NOW).await, None, "it is not its turn");
        let first = begin(&store, 1, NOW).await.unwrap();
        assert_eq!((first.state, first.tries), (EntryState::Sending, 1));
        assert_eq!(begin(&store, 1, NOW).await, None, "somebody has it");
        assert_eq!(heads(&store, NOW).await, [2]);
        // Put back for a while it keeps its place.
        let held = first.clone();
        assert!(write(&store, move |tx| outbox::again(tx, &held, (NOW + 7, (Some(429), "wait")), NOW)).await);
        assert_eq!((heads(&store, NOW).await, heads(&store, NOW + 7).await), (vec![2], vec![2, 1]));
        assert_eq!(read(&store, |tx| outbox::next_due(tx, NOW)).await, Some(NOW + 7));
        let again = begin(&store, 1, NOW + 7).await.unwrap();
        assert_eq!((again.tries, again.error), (2, Some((Some(429), "wait".to_owned()))));
        assert!(settle(&store, 1, EntryState::Sent).await);
        assert!(!settle(&store, 1, EntryState::Failed).await, "what is sent stays sent");
        assert_eq!(heads(&store, NOW).await, [2, 3]);
    }

    async fn a_time_that_was_asked_for_is_kept_and_can_be_changed_until_it_begins(store: Store) {
        open(&store).await;
        let entries = [entry("5", Some(NOW + 100)), entry("5", None)];
        write(&store, move |tx| outbox::insert(tx, ANN, &entries, NOW)).await;
        assert_eq!((heads(&store, NOW).await, heads(&store, NOW + 100).await), (vec![2], vec![2]));
        begin(&store, 2, NOW).await.unwrap();
        settle(&store, 2, EntryState::Sent).await;
        assert_eq!((heads(&store, NOW + 99).await, heads(&store, NOW + 100).await), (vec![], vec![1]));
        let mut first = read(&store, |tx| outbox::get(tx, ANN, 1)).await.unwrap();
        (first.params, first.send_at) = ("{\"text\":\"x\"}".to_owned(), Some(NOW + 5));
        let changed = first.clone();
        assert!(write(&store, move |tx| outbox::change(tx, &changed, NOW)).await);
        let begun = begin(&store, 1, NOW + 5).await.unwrap();
        assert_eq!((begun.params, begun.send_at), (first.params.clone(), Some(NOW + 5)));
        assert!(!write(&store, move |tx| outbox::change(tx, &first, NOW)).await, "too late");
        assert!(!write(&store, |tx| outbox::cancel(tx, ANN, 1, NOW)).await, "too late");
    }

    async fn what_was_begun_by_somebody_who_is_gone_is_found_when_its_time_is_over(store: Store) {
        open(&store).await;
        queue(&store, &["5", "5"]).await;
        begin(&store, 1, NOW).await.unwrap();
        let left = |now| read(&store, move |tx| outbox::left_behind(tx, now));
        assert_eq!((left(NOW + LEASE - 1).await, left(NOW + LEASE).await), (vec![], vec![(ANN, 1)]));
        assert!(settle(&store, 1, EntryState::Unknown).await);
        assert_eq!(heads(&store, NOW).await, [2], "nothing waits for what is unknown");
        let unknown = |lane| read(&store, move |tx| outbox::unknown(tx, ANN, lane));
        assert_eq!((unknown("5").await.len(), unknown("6").await.len()), (1, 0));
        assert!(settle(&store, 1, EntryState::Sent).await, "it turned up");
    }

    async fn lists_show_an_accounts_own_and_old_ones_are_forgotten(store: Store) {
        open(&store).await;
        queue(&store, &["5", "6", "7"]).await;
        let others = [entry("5", None)];
        assert_eq!(write(&store, move |tx| outbox::insert(tx, BEN, &others, NOW)).await, 1);
        assert!(write(&store, |tx| outbox::cancel(tx, ANN, 3, NOW)).await);
        assert!(write(&store, |tx| outbox::cancel(tx, ANN, 1, NOW)).await);
        let list = |state, limit, offset| {
            scan(&store, move |tx| {
                let (entries, total) = outbox::list(tx, ANN, List { state, limit, offset })?;
                Ok((entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), total))
            })
        };
        assert_eq!(list(None, 2, 0).await, (vec![3, 2], 3));
        assert_eq!(list(None, 2, 2).await, (vec![1], 3));
        assert_eq!(list(Some(EntryState::Cancelled), 9, 0).await, (vec![3, 1], 2));
        write(&store, |tx| outbox::forget_old(tx, NOW + outbox::KEPT_S - 1)).await;
        assert_eq!(list(None, 9, 0).await.1, 3);
        write(&store, |tx| outbox::forget_old(tx, NOW + outbox::KEPT_S)).await;
        assert_eq!(list(None, 9, 0).await.0, [3, 2], "the newest stays, so that its number comes once");
        queue(&store, &["5"]).await;
        assert_eq!(list(None, 1, 0).await.0, [4]);
    }

    async fn a_broadcast_goes_on_where_it_stopped_and_its_entries_stop_with_it(store: Store) {
        open(&store).await;
        let new = NewBroadcast {
            method: "sendMessage".to_owned(),
            params: "{}".to_owned(),
            selection: "{}".to_owned(),
            scopes: Scopes::all(),
            total: 3,
        };
        assert_eq!(write(&store, move |tx| broadcasts::insert(tx, ANN, &new, NOW)).await, 1);
        let begun = read(&store, broadcasts::open).await.remove(0);
        let (entries, first) = ([5, 6].map(|id| NewEntry { of: Some((1, id)), ..entry(&id.to_string(), None) }), begun.clone());
        write(&store, move |tx| {
            outbox::insert(tx, ANN, &entries, NOW)?;
            broadcasts::advance(tx, &first, (2, "6", false), NOW)
        })
        .await;
        let twice = write(&store, move |tx| broadcasts::advance(tx, &begun, (2, "6", false), NOW)).await;
        assert!(!twice, "somebody else went on");
        let kept = read(&store, |tx| broadcasts::get(tx, ANN, 1)).await.unwrap();
        assert_eq!((kept.made, kept.reached.as_str(), kept.total), (2, "6", 3));
        assert_eq!(read(&store, |tx| broadcasts::waiting(tx, ANN, 1)).await, 2);
        begin(&store, 1, NOW).await.unwrap();
        let held = (EntryState::Queued, EntryState::Held, NOW);
        assert_eq!(write(&store, move |tx| broadcasts::move_entries(tx, ANN, 1, held)).await, 1);
        assert_eq!(heads(&store, NOW).await, [0_i64; 0]);
        assert_eq!(read(&store, |tx| state(tx, 1)).await, EntryState::Sending, "what was begun goes on");
        settle(&store, 1, EntryState::Blocked).await;
        let counts = scan(&store, |tx| outbox::counts_of(tx, ANN, 1)).await;
        assert_eq!(counts, [(EntryState::Blocked, 1), (EntryState::Held, 1)]);
        let all = List { state: None, limit: 9, offset: 0 };
        let contacts = scan(&store, move |tx| outbox::of_broadcast(tx, ANN, 1, all)).await;
        assert_eq!(contacts.iter().map(|entry| entry.contact).collect::<Vec<_>>(), [Some(5), Some(6)]);
        write(&store, |tx| broadcasts::set_state(tx, ANN, 1, (BroadcastState::Paused, NOW))).await;
        assert_eq!(read(&store, broadcasts::open).await, []);
    }
}
