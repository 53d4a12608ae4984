//! Further webhooks: what is kept of them and of their deliveries.

use super::{ANN, BEN, NOW, fill, read, write};
use crate::ops::consumers;
use crate::ops::deliveries::{self, Attempt, MOST_KEPT, Range, Status};
use crate::ops::{endpoints, updates, webhooks};
use crate::{Store, each_store};
use contactgram_model::UpdateId;
use contactgram_model::consumer::ConsumerName;

fn attempt(update: i64, attempt: i64, status: Status) -> Attempt {
    let update = UpdateId(update);
    Attempt { update, attempt, at: NOW, status, http_status: None, error: None, duration_ms: 1 }
}

fn further() -> ConsumerName {
    ConsumerName::of_webhook(5)
}

each_store! {
    async fn an_endpoint_is_kept_as_it_was_given_and_goes_with_all_it_has(store: Store) {
        write(&store, |tx| {
            fill::account(tx, ANN, "first", 7)?;
            fill::account(tx, BEN, "second", 8)
        })
        .await;
        let kept = read(&store, |tx| endpoints::get(tx, ANN, 5)).await.unwrap();
        assert_eq!((kept.chats.as_slice(), kept.labels.as_slice()), (&[7][..], &["vip".to_owned()][..]));
        assert_eq!((kept.secret.as_slice(), kept.old_secret.as_ref()), (&b"first"[..], Some(&(vec![1], NOW))));
        assert_eq!(read(&store, |tx| endpoints::list(tx, ANN)).await, [kept]);
        assert_eq!(read(&store, |tx| endpoints::labels_of(tx, ANN, 7)).await, ["vip"]);
        let generation = || read(&store, |tx| Ok(webhooks::get(tx, ANN, &further())?.map(|there| there.generation)));
        let before = generation().await;
        write(&store, |tx| endpoints::pause(tx, ANN, 5, true)).await;
        assert!(read(&store, |tx| endpoints::get(tx, ANN, 5)).await.unwrap().paused);
        assert_eq!(generation().await, before.map(|number| number + 1));
        assert!(write(&store, |tx| endpoints::delete(tx, ANN, 5)).await);
        assert!(!write(&store, |tx| endpoints::delete(tx, ANN, 5)).await, "already");
        assert_eq!(generation().await, None);
        assert_eq!(read(&store, |tx| consumers::get(tx, ANN, &further())).await, None);
        assert_eq!(read(&store, |tx| deliveries::dead(tx, ANN, 5)).await, 0);
        assert_eq!(read(&store, |tx| deliveries::count_replays(tx, ANN, 5)).await, 0);
        assert!(read(&store, |tx| endpoints::get(tx, BEN, 5)).await.is_some(), "another account keeps its own");
        assert_eq!(read(&store, |tx| deliveries::dead(tx, BEN, 5)).await, 1);
    }

    async fn the_newest_tries_are_kept_and_what_was_given_up_stays(store: Store) {
        for begin in (0..1200_i64).step_by(100) {
            write(&store, move |tx| {
                let mut all: Vec<_> = (begin..begin + 99).map(|n| attempt(n, 1, Status::Delivered)).collect();
                all.push(attempt(begin + 99, 3, Status::Dead));
                deliveries::add(tx, ANN, 5, &all)
            })
            .await;
        }
        let list = |status| read(&store, move |tx| deliveries::list(tx, (ANN, 5), status, (3, 0)));
        let (newest, count) = list(None).await;
        assert_eq!((newest[0].update, count), (UpdateId(1199), MOST_KEPT));
        let (taken, _) = list(Some(Status::Delivered)).await;
        assert_eq!(taken[0].update, UpdateId(1198));
        let (dead, count) = list(Some(Status::Dead)).await;
        assert_eq!((dead[0].update, dead[0].attempt, count), (UpdateId(99), 3, 12), "beyond what is kept of tries");
        write(&store, |tx| deliveries::add(tx, ANN, 5, &[attempt(7, 1, Status::Failed), attempt(7, 2, Status::Failed)])).await;
        assert_eq!(read(&store, |tx| deliveries::tried(tx, ANN, 5)).await, [(UpdateId(7), 2)]);
        assert_eq!(write(&store, |tx| deliveries::forget_dead(tx, NOW - 1)).await, 0);
        assert_eq!(write(&store, |tx| deliveries::forget_dead(tx, NOW)).await, 12);
    }

    async fn replays_come_in_the_order_they_were_asked_for(store: Store) {
        write(&store, |tx| fill::account(tx, ANN, "first", 7)).await;
        write(&store, |tx| deliveries::replay(tx, ANN, 5, &[UpdateId(3), UpdateId(1), UpdateId(99)])).await;
        let rows = read(&store, |tx| deliveries::replays(tx, ANN, 5, 0)).await;
        let order: Vec<_> = rows.iter().map(|row| (row.id.0, row.replay)).collect();
        assert_eq!(order, [(2, Some(1)), (3, Some(2)), (1, Some(3))], "one that is not kept is passed over");
        assert_eq!(read(&store, |tx| deliveries::replays(tx, ANN, 5, 2)).await.len(), 1);
        write(&store, |tx| deliveries::replayed(tx, ANN, 5, (1, Some(UpdateId(2))))).await;
        assert_eq!(read(&store, |tx| deliveries::dead(tx, ANN, 5)).await, 0, "it was taken after all");
        write(&store, |tx| deliveries::replayed(tx, ANN, 5, (2, None))).await;
        assert_eq!(read(&store, |tx| deliveries::replays(tx, ANN, 5, 0)).await.len(), 1);
    }

    async fn a_range_has_what_the_endpoint_is_done_with(store: Store) {
        write(&store, |tx| fill::account(tx, ANN, "first", 7)).await;
        let between = |until| {
            let range = Range { since: NOW, until, limit: 10 };
            read(&store, move |tx| deliveries::between(tx, ANN, &further(), range))
        };
        assert_eq!(between(NOW + 1).await, [], "all of it waits still");
        write(&store, |tx| updates::acknowledge(tx, ANN, &further(), &[UpdateId(3), UpdateId(1)])).await;
        let ids: Vec<_> = between(NOW + 1).await.iter().map(|row| row.id.0).collect();
        assert_eq!(ids, [1, 3]);
        assert_eq!(between(NOW).await, []);
    }
}
