//! Counters rise one by one, dates never fall, and mailboxes count apart.

use super::{ANN, BEN, NOW, open, read, write};
use crate::ops::consumers;
use crate::ops::counters::{self, ContactPlace, Counters};
use crate::{Store, StoreError, each_store};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::update::Wanted;
use contactgram_model::{MessageId, UpdateId, UpdateKind, UserId};

each_store! {
    async fn numbers_rise_one_by_one_in_each_mailbox(store: Store) {
        write(&store, |tx| counters::open(tx, ANN, 500)).await;
        write(&store, |tx| counters::open(tx, ANN, 900)).await;
        write(&store, |tx| counters::open(tx, BEN, 0)).await;
        let updates = write(&store, |tx| Ok((counters::next_update(tx, ANN)?, counters::next_update(tx, ANN)?)));
        assert_eq!(updates.await, (UpdateId(501), UpdateId(502)), "opening again changes nothing");
        for (added, version) in [(1, 1), (1, 2), (0, 3), (-1, 4)] {
            let place = write(&store, move |tx| counters::next_contact(tx, ANN, added)).await;
            assert_eq!(place, ContactPlace { version, wanted: Wanted::default() });
        }
        write(&store, |tx| counters::next_message(tx, ANN, NOW, None)).await;
        write(&store, |tx| counters::next_message(tx, ANN, NOW, Some(UpdateKind::Message))).await;
        write(&store, |tx| counters::fewer_messages(tx, ANN, 1)).await;
        let ann = read(&store, |tx| counters::get(tx, ANN)).await;
        let wanted =
            Counters { message_id: 2, update_id: 502, contact_version: 4, sync_floor: 0, messages: 1, contacts: 1 };
        assert_eq!(ann, wanted);
        assert_eq!(read(&store, |tx| counters::get(tx, BEN)).await, Counters::default());
    }

    async fn a_clock_that_goes_back_does_not_take_dates_along(store: Store) {
        open(&store).await;
        for (now, id, date) in [(NOW, 1, NOW), (NOW - 60, 2, NOW), (NOW + 1, 3, NOW + 1)] {
            let next = write(&store, move |tx| counters::next_message(tx, ANN, now, None)).await;
            assert_eq!((next.id, next.date), (MessageId(id), date));
        }
    }

    async fn what_an_account_wants_is_told_with_its_numbers(store: Store) {
        open(&store).await;
        let message = |kind| write(&store, move |tx| Ok(counters::next_message(tx, ANN, NOW, kind)?.update.map(|place| place.id)));
        let wants = |kinds: &'static [UpdateKind]| {
            write(&store, move |tx| {
                consumers::open(tx, ANN, UpdateId(1))?;
                consumers::allow(tx, ANN, &ConsumerName::DEFAULT, kinds.iter().copied().collect())
            })
        };
        let kind = Some(UpdateKind::Message);
        assert_eq!(message(kind).await, None, "nobody listens");
        wants(&[UpdateKind::ContactAdded]).await;
        assert_eq!(message(kind).await, None, "nobody asked for messages");
        let place = write(&store, |tx| counters::next_contact(tx, ANN, 1)).await;
        assert_eq!(place.wanted, Wanted::by_default([UpdateKind::ContactAdded].into_iter().collect()));
        wants(&[UpdateKind::Message, UpdateKind::EditedMessage]).await;
        assert_eq!(message(None).await, None, "one of the account's own");
        assert_eq!((message(kind).await, message(kind).await), (Some(UpdateId(1)), Some(UpdateId(2))));
        assert_eq!(read(&store, |tx| counters::get(tx, ANN)).await.update_id, 2);
    }

    async fn a_number_that_waits_has_its_mailbox_with_its_first_message(store: Store) {
        write(&store, |tx| counters::open_waiting(tx, ANN)).await;
        assert_eq!(read(&store, |tx| counters::get(tx, ANN)).await, Counters::default());
        let place = write(&store, |tx| counters::next_message(tx, ANN, NOW, None)).await;
        assert_eq!((place.id, place.date), (MessageId(1), NOW));
        assert_eq!(read(&store, |tx| counters::get(tx, ANN)).await.messages, 1);
    }

    async fn the_sync_floor_only_rises(store: Store) {
        open(&store).await;
        for (version, floor) in [(5, 5), (3, 5), (9, 9)] {
            write(&store, move |tx| counters::raise_sync_floor(tx, ANN, version)).await;
            assert_eq!(read(&store, |tx| counters::get(tx, ANN)).await.sync_floor, floor);
        }
        assert_eq!(read(&store, |tx| counters::get(tx, BEN)).await.sync_floor, 0);
    }

    async fn a_mailbox_that_is_not_open_counts_nothing(store: Store) {
        let next = store.write(1, |tx| counters::next_update(tx, ANN)).await;
        assert_eq!(next, Err(StoreError::NotFound));
        assert_eq!(read(&store, |tx| counters::get(tx, ANN)).await, Counters::default());
    }

    async fn mailboxes_lock_in_any_order_and_more_than_once(store: Store) {
        open(&store).await;
        let tasks: Vec<_> = [[ANN, BEN, ANN], [BEN, ANN, UserId(1)], [BEN, BEN, ANN]]
            .into_iter()
            .cycle()
            .take(12)
            .map(|order| {
                let store = store.clone();
                tokio::spawn(async move {
                    write(&store, move |tx| {
                        counters::lock_all(tx, &order)?;
                        counters::next_update(tx, order[0])?;
                        counters::next_update(tx, order[1]).map(drop)
                    })
                    .await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let (ann, ben) =
            read(&store, |tx| Ok((counters::get(tx, ANN)?.update_id, counters::get(tx, BEN)?.update_id))).await;
        assert_eq!((ann, ben), (8, 16));
    }
}
