//! The update log: what is logged, read, confirmed and forgotten, and how webhooks move past gaps.

use super::{ANN, BEN, NOW, open, read, write};
use crate::ops::consumers::{self, Consumer, Standing};
use crate::ops::updates::{self, KEPT_S, NewUpdate, Seen, Span};
use crate::ops::webhooks::SetBy;
use crate::ops::{accounts, counters, webhooks};
use crate::{R, Store, Tx, each_store};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::scope::Scopes;
use contactgram_model::webhook::WebhookSettings;
use contactgram_model::{Account, AccountKind, UpdateId, UpdateKind, UpdateKinds, UserId};

/// The default consumer.
const US: &ConsumerName = &ConsumerName::DEFAULT;

/// Ann's log begins at 11, Ben's at 1.
async fn logs(store: &Store) {
    write(store, |tx| {
        counters::open(tx, ANN, 10)?;
        consumers::open(tx, ANN, UpdateId(11))
    })
    .await;
    open(store).await;
    write(store, |tx| consumers::open(tx, BEN, UpdateId(1))).await;
}

fn append(tx: &mut dyn Tx, account: UserId, kind: UpdateKind, date: i64) -> R<Option<i64>> {
    let update = NewUpdate { kind, lane: date % 7, date, payload: "{\"a\":1}" };
    Ok(updates::append(tx, account, &update)?.map(|id| id.0))
}

/// Logs `n` messages at `date`.
async fn log(store: &Store, n: usize, date: i64) {
    write(store, move |tx| (0..n).try_for_each(|_| append(tx, ANN, UpdateKind::Message, date).map(drop)))
        .await;
}

fn span(from: i64, limit: i64) -> Span {
    Span { from: UpdateId(from), since: NOW - KEPT_S, limit, seen: Seen::ByDefault }
}

async fn ids(store: &Store, span: Span) -> Vec<i64> {
    read(store, move |tx| updates::read(tx, ANN, span)).await.iter().map(|(id, _)| id.0).collect()
}

async fn waiting(store: &Store) -> (i64, Vec<i64>) {
    read(store, |tx| {
        let position = consumers::get(tx, ANN, US)?.map_or(0, |consumer| consumer.position.0);
        let rows = updates::pending_rows(tx, ANN, US, span(position, 100))?;
        assert_eq!(updates::pending(tx, ANN, US, NOW - KEPT_S)?, rows.len() as i64);
        Ok((position, rows.iter().map(|row| row.id.0).collect()))
    })
    .await
}

async fn acknowledge(store: &Store, taken: &[i64]) {
    let taken: Vec<_> = taken.iter().map(|&id| UpdateId(id)).collect();
    write(store, move |tx| updates::acknowledge(tx, ANN, US, &taken)).await;
}

each_store! {
    async fn only_what_is_asked_for_is_logged(store: Store) {
        logs(&store).await;
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::Message, NOW)).await, Some(11));
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::ContactAdded, NOW)).await, None);
        let asked = UpdateKinds::asked(["contact_added"]);
        write(&store, move |tx| consumers::allow(tx, ANN, US, asked)).await;
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::Message, NOW)).await, None);
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::ContactAdded, NOW)).await, Some(12));
        assert_eq!(write(&store, |tx| append(tx, BEN, UpdateKind::Message, NOW)).await, Some(1));
        assert_eq!(write(&store, |tx| append(tx, UserId(1), UpdateKind::Message, NOW)).await, None, "no account");
        let rows = read(&store, |tx| updates::read(tx, ANN, span(0, 100))).await;
        let wanted = [
            (UpdateId(11), "{\"update_id\":11,\"message\":{\"a\":1}}".to_owned()),
            (UpdateId(12), "{\"update_id\":12,\"contact_added\":{\"a\":1}}".to_owned()),
        ];
        assert_eq!(rows, wanted);
        let consumer = read(&store, |tx| consumers::get(tx, ANN, US)).await.unwrap();
        assert_eq!((consumer.position, consumer.allowed), (UpdateId(11), asked));
        assert_eq!(read(&store, |tx| consumers::get(tx, UserId(1), US)).await, None);
    }

    async fn where_a_log_stands_is_told_at_once(store: Store) {
        logs(&store).await;
        let stands = || read(&store, |tx| consumers::standing(tx, ANN, US));
        assert_eq!(stands().await, None, "no account yet");
        write(&store, |tx| {
            let kind = AccountKind::Bot;
            accounts::insert(tx, &Account { id: ANN, kind, region: None, strict: true, created_at: NOW })
        })
        .await;
        let consumer = read(&store, |tx| consumers::get(tx, ANN, US)).await.unwrap();
        let empty = Standing { consumer, newest: UpdateId(10), strict: true, has_webhook: false };
        assert_eq!(stands().await, Some(empty));
        log(&store, 2, NOW).await;
        let url = "https://example.com".to_owned();
        let settings = WebhookSettings {
            url,
            secret_token: None,
            max_connections: 40,
            ip_address: None,
            certificate: None,
            scopes: Scopes::all(),
        };
        write(&store, move |tx| webhooks::put(tx, (ANN, US), &settings, (1, SetBy::Nobody))).await;
        assert_eq!(stands().await, Some(Standing { newest: UpdateId(12), has_webhook: true, ..empty }));
        assert_eq!(read(&store, |tx| consumers::standing(tx, UserId(1), US)).await, None);
    }

    async fn updates_are_read_from_a_position_and_from_the_end(store: Store) {
        logs(&store).await;
        log(&store, 5, NOW).await;
        assert_eq!(ids(&store, span(11, 100)).await, [11, 12, 13, 14, 15]);
        assert_eq!(ids(&store, span(13, 2)).await, [13, 14]);
        assert_eq!(ids(&store, span(16, 2)).await, [0_i64; 0]);
        for (from, back, found) in
            [(11, 0, Some(15)), (11, 1, Some(14)), (11, 4, Some(11)), (11, 5, None), (14, 1, Some(14)), (16, 0, None)]
        {
            let last = read(&store, move |tx| updates::nth_last(tx, ANN, span(from, 1), back)).await;
            assert_eq!(last.map(|id| id.0), found, "{back} before the last from {from}");
        }
    }

    async fn confirming_moves_forward_only(store: Store) {
        logs(&store).await;
        log(&store, 4, NOW).await;
        for (to, position, left) in [(13, 13, vec![13, 14]), (12, 13, vec![13, 14]), (15, 15, vec![])] {
            write(&store, move |tx| consumers::confirm(tx, ANN, US, UpdateId(to))).await;
            assert_eq!(waiting(&store).await, (position, left));
        }
        assert_eq!(ids(&store, span(0, 100)).await, [11, 12, 13, 14], "still in the log");
        assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, 4);
        assert_eq!(ids(&store, span(0, 100)).await, [0_i64; 0]);
    }

    async fn what_a_webhook_takes_out_of_order_moves_it_only_past_what_has_no_gap(store: Store) {
        logs(&store).await;
        log(&store, 6, NOW).await;
        for (taken, position, left) in [
            (&[13][..], 11, vec![11, 12, 14, 15, 16]),
            (&[12, 15], 11, vec![11, 14, 16]),
            (&[], 11, vec![11, 14, 16]),
            (&[11], 14, vec![14, 16]),
            (&[11, 13], 14, vec![14, 16]),
            (&[16], 14, vec![14]),
            (&[14], 17, vec![]),
        ] {
            acknowledge(&store, taken).await;
            assert_eq!(waiting(&store).await, (position, left), "after {taken:?}");
        }
        log(&store, 1, NOW).await;
        assert_eq!(waiting(&store).await, (17, vec![17]), "nothing new is lost");
    }

    async fn a_hole_that_was_forgotten_holds_nobody_up(store: Store) {
        logs(&store).await;
        log(&store, 2, NOW - KEPT_S).await;
        log(&store, 2, NOW).await;
        acknowledge(&store, &[14]).await;
        assert_eq!(waiting(&store).await, (11, vec![13]), "what is too old is not shown");
        assert_eq!(write(&store, |tx| updates::forget_old(tx, NOW - KEPT_S)).await, 2);
        acknowledge(&store, &[13]).await;
        assert_eq!(waiting(&store).await, (15, vec![]));
    }

    async fn a_switch_to_polling_goes_on_where_the_webhook_was(store: Store) {
        logs(&store).await;
        log(&store, 4, NOW).await;
        acknowledge(&store, &[12, 13]).await;
        write(&store, |tx| consumers::confirm(tx, ANN, US, UpdateId(12))).await;
        assert_eq!(waiting(&store).await, (12, vec![14]));
        acknowledge(&store, &[]).await;
        assert_eq!(waiting(&store).await, (14, vec![14]));
    }

    async fn a_day_old_is_too_old(store: Store) {
        logs(&store).await;
        log(&store, 1, NOW - KEPT_S).await;
        log(&store, 1, NOW - KEPT_S + 1).await;
        assert_eq!(ids(&store, span(0, 100)).await, [12], "also before it is forgotten");
        let last = read(&store, |tx| updates::nth_last(tx, ANN, span(11, 1), 1)).await;
        assert_eq!(last, None);
        assert_eq!(write(&store, |tx| updates::forget_old(tx, NOW - KEPT_S)).await, 1);
        assert_eq!(write(&store, |tx| updates::forget_old(tx, NOW + 1 - KEPT_S)).await, 1);
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::Message, NOW)).await, Some(13), "ids go on");
    }

    async fn only_what_every_consumer_is_past_is_forgotten(store: Store) {
        logs(&store).await;
        log(&store, 4, NOW).await;
        write(&store, |tx| append(tx, BEN, UpdateKind::Message, NOW)).await;
        assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, 0);
        assert_eq!(read(&store, updates::with_confirmed).await, []);
        write(&store, |tx| consumers::confirm(tx, ANN, US, UpdateId(13))).await;
        assert_eq!(read(&store, updates::with_confirmed).await, [ANN]);
        assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, 2);
        assert_eq!(ids(&store, span(0, 100)).await, [13, 14]);
        let bens = read(&store, |tx| updates::read(tx, BEN, span(0, 100))).await;
        assert_eq!(bens.len(), 1);
    }

    async fn what_only_others_asked_for_stands_aside(store: Store) {
        logs(&store).await;
        let desk = || ConsumerName::parse("desk").unwrap();
        let asked = UpdateKinds::asked(["contact_added", "message"]);
        write(&store, move |tx| consumers::allow(tx, ANN, US, UpdateKinds::asked(["message"]))).await;
        let new = Consumer { position: UpdateId(11), allowed: asked };
        write(&store, move |tx| consumers::add(tx, ANN, &desk(), new)).await;
        for (kind, id) in [(UpdateKind::ContactAdded, 11), (UpdateKind::Message, 12)] {
            assert_eq!(write(&store, move |tx| append(tx, ANN, kind, NOW)).await, Some(id));
        }
        let place = write(&store, |tx| counters::next_message(tx, ANN, NOW, Some(UpdateKind::Message))).await;
        assert_eq!(place.update.map(|place| (place.id.0, place.aside)), Some((13, false)));
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::Poll, NOW)).await, None);
        assert_eq!(ids(&store, span(0, 100)).await, [12], "the default consumer never sees it");
        assert_eq!(waiting(&store).await, (11, vec![12]));
        let named = Span { seen: Seen::Kinds(asked), ..span(0, 100) };
        assert_eq!(ids(&store, named).await, [11, 12]);
        let last = read(&store, move |tx| updates::nth_last(tx, ANN, span(0, 1), 1)).await;
        assert_eq!(last, None);
        assert!(write(&store, move |tx| consumers::remove(tx, ANN, &desk())).await);
        assert!(!write(&store, move |tx| consumers::remove(tx, ANN, &desk())).await, "already");
        assert!(!write(&store, move |tx| consumers::remove(tx, ANN, US)).await, "the default one stays");
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::ContactAdded, NOW)).await, None);
    }

    async fn a_further_consumer_keeps_the_log_until_it_is_past_it(store: Store) {
        logs(&store).await;
        let desk = || ConsumerName::parse("desk").unwrap();
        let new = Consumer { position: UpdateId(11), allowed: UpdateKinds::usual() };
        write(&store, move |tx| consumers::add(tx, ANN, &desk(), new)).await;
        log(&store, 4, NOW).await;
        write(&store, |tx| consumers::confirm(tx, ANN, US, UpdateId(15))).await;
        assert_eq!(read(&store, updates::with_confirmed).await, []);
        assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, 0);
        write(&store, move |tx| consumers::confirm(tx, ANN, &desk(), UpdateId(13))).await;
        assert_eq!(read(&store, updates::with_confirmed).await, [ANN]);
        assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, 2);
        let standing = read(&store, move |tx| consumers::further(tx, ANN)).await;
        assert_eq!(standing, [(desk(), Consumer { position: UpdateId(13), ..new })]);
        let waits = read(&store, move |tx| updates::pending(tx, ANN, &desk(), 0)).await;
        assert_eq!(waits, 2);
    }

    async fn what_is_too_old_for_the_default_consumer_alone_is_passed_and_not_forgotten(store: Store) {
        logs(&store).await;
        log(&store, 2, NOW - KEPT_S).await;
        log(&store, 1, NOW).await;
        let since = NOW - KEPT_S;
        assert_eq!(read(&store, move |tx| updates::with_expired(tx, since - 1)).await, []);
        assert_eq!(read(&store, move |tx| updates::with_expired(tx, since)).await, [ANN]);
        write(&store, move |tx| updates::pass_expired(tx, ANN, since)).await;
        assert_eq!(waiting(&store).await, (13, vec![13]));
        assert_eq!(read(&store, move |tx| updates::with_expired(tx, since)).await, []);
        write(&store, move |tx| updates::pass_expired(tx, ANN, NOW)).await;
        assert_eq!(waiting(&store).await, (14, vec![]));
        assert_eq!(ids(&store, Span { since: 0, ..span(0, 100) }).await, [11, 12, 13]);
    }

    async fn a_consumer_is_led_past_what_it_is_not_shown(store: Store) {
        logs(&store).await;
        let desk = || ConsumerName::parse("desk").unwrap();
        let new = Consumer { position: UpdateId(11), allowed: UpdateKinds::asked(["poll"]) };
        write(&store, move |tx| consumers::add(tx, ANN, &desk(), new)).await;
        assert_eq!(read(&store, updates::at_unseen).await, []);
        log(&store, 2, NOW).await;
        write(&store, |tx| append(tx, ANN, UpdateKind::Poll, NOW)).await;
        assert_eq!(read(&store, updates::at_unseen).await, [(ANN, desk())]);
        write(&store, move |tx| updates::acknowledge(tx, ANN, &desk(), &[])).await;
        let stands = read(&store, move |tx| consumers::get(tx, ANN, &desk())).await.unwrap();
        assert_eq!(stands.position, UpdateId(13));
        assert_eq!(read(&store, updates::at_unseen).await, []);
    }

    async fn a_long_log_is_forgotten_piece_by_piece(store: Store) {
        logs(&store).await;
        log(&store, 1100, NOW).await;
        write(&store, |tx| consumers::confirm(tx, ANN, US, UpdateId(1106))).await;
        for forgotten in [1000, 95, 0] {
            assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, forgotten);
        }
        assert_eq!(ids(&store, span(0, 100)).await, [1106, 1107, 1108, 1109, 1110]);
    }

    async fn rows_for_webhooks_carry_lane_and_date(store: Store) {
        logs(&store).await;
        log(&store, 1, NOW).await;
        let rows = read(&store, |tx| updates::pending_rows(tx, ANN, US, span(0, 1))).await;
        assert_eq!((rows[0].lane, rows[0].date), (NOW % 7, NOW));
        let body = read(&store, |tx| updates::body(tx, ANN, UpdateId(11))).await;
        assert_eq!(body.as_deref(), Some("{\"update_id\":11,\"message\":{\"a\":1}}"));
        assert_eq!(read(&store, |tx| updates::body(tx, ANN, UpdateId(12))).await, None);
    }
}
