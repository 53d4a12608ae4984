//! The update log: what is logged, read, confirmed and forgotten, and how webhooks move past gaps.

use super::{ANN, BEN, NOW, open, read, write};
use crate::ops::updates::{self, KEPT_S, NewUpdate, Span, Standing};
use crate::ops::webhooks::SetBy;
use crate::ops::{accounts, counters, webhooks};
use crate::{R, Store, Tx, each_store};
use contactgram_model::scope::Scopes;
use contactgram_model::webhook::WebhookSettings;
use contactgram_model::{Account, AccountKind, UpdateId, UpdateKind, UpdateKinds, UserId};

/// Ann's log begins at 11, Ben's at 1.
async fn logs(store: &Store) {
    write(store, |tx| {
        counters::open(tx, ANN, 10)?;
        updates::open(tx, ANN, UpdateId(11))
    })
    .await;
    open(store).await;
    write(store, |tx| updates::open(tx, BEN, UpdateId(1))).await;
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
    Span { from: UpdateId(from), now: NOW, limit }
}

async fn ids(store: &Store, span: Span) -> Vec<i64> {
    read(store, move |tx| updates::read(tx, ANN, span)).await.iter().map(|(id, _)| id.0).collect()
}

async fn waiting(store: &Store) -> (i64, Vec<i64>) {
    read(store, |tx| {
        let position = updates::consumer(tx, ANN)?.map_or(0, |consumer| consumer.position.0);
        let rows = updates::pending_rows(tx, ANN, span(position, 100))?;
        assert_eq!(updates::pending(tx, ANN, NOW)?, rows.len() as i64);
        Ok((position, rows.iter().map(|row| row.id.0).collect()))
    })
    .await
}

async fn acknowledge(store: &Store, taken: &[i64]) {
    let taken: Vec<_> = taken.iter().map(|&id| UpdateId(id)).collect();
    write(store, move |tx| updates::acknowledge(tx, ANN, &taken)).await;
}

each_store! {
    async fn only_what_is_asked_for_is_logged(store: Store) {
        logs(&store).await;
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::Message, NOW)).await, Some(11));
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::ContactAdded, NOW)).await, None);
        let asked = UpdateKinds::asked(["contact_added"]);
        write(&store, move |tx| updates::allow(tx, ANN, asked)).await;
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
        let consumer = read(&store, |tx| updates::consumer(tx, ANN)).await.unwrap();
        assert_eq!((consumer.position, consumer.allowed), (UpdateId(11), asked));
        assert_eq!(read(&store, |tx| updates::consumer(tx, UserId(1))).await, None);
    }

    async fn where_a_log_stands_is_told_at_once(store: Store) {
        logs(&store).await;
        let stands = || read(&store, |tx| updates::standing(tx, ANN));
        assert_eq!(stands().await, None, "no account yet");
        write(&store, |tx| {
            let kind = AccountKind::Bot;
            accounts::insert(tx, &Account { id: ANN, kind, region: None, strict: true, created_at: NOW })
        })
        .await;
        let consumer = read(&store, |tx| updates::consumer(tx, ANN)).await.unwrap();
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
        write(&store, move |tx| webhooks::put(tx, ANN, &settings, (1, SetBy::Nobody))).await;
        assert_eq!(stands().await, Some(Standing { newest: UpdateId(12), has_webhook: true, ..empty }));
        assert_eq!(read(&store, |tx| updates::standing(tx, UserId(1))).await, None);
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
            write(&store, move |tx| updates::confirm(tx, ANN, UpdateId(to))).await;
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
        assert_eq!(write(&store, |tx| updates::forget_old(tx, NOW)).await, 2);
        acknowledge(&store, &[13]).await;
        assert_eq!(waiting(&store).await, (15, vec![]));
    }

    async fn a_switch_to_polling_goes_on_where_the_webhook_was(store: Store) {
        logs(&store).await;
        log(&store, 4, NOW).await;
        acknowledge(&store, &[12, 13]).await;
        write(&store, |tx| updates::confirm(tx, ANN, UpdateId(12))).await;
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
        assert_eq!(write(&store, |tx| updates::forget_old(tx, NOW)).await, 1);
        assert_eq!(write(&store, |tx| updates::forget_old(tx, NOW + 1)).await, 1);
        assert_eq!(write(&store, |tx| append(tx, ANN, UpdateKind::Message, NOW)).await, Some(13), "ids go on");
    }

    async fn only_what_every_consumer_is_past_is_forgotten(store: Store) {
        logs(&store).await;
        log(&store, 4, NOW).await;
        write(&store, |tx| append(tx, BEN, UpdateKind::Message, NOW)).await;
        assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, 0);
        assert_eq!(read(&store, updates::with_confirmed).await, []);
        write(&store, |tx| updates::confirm(tx, ANN, UpdateId(13))).await;
        assert_eq!(read(&store, updates::with_confirmed).await, [ANN]);
        assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, 2);
        assert_eq!(ids(&store, span(0, 100)).await, [13, 14]);
        let bens = read(&store, |tx| updates::read(tx, BEN, span(0, 100))).await;
        assert_eq!(bens.len(), 1);
    }

    async fn a_long_log_is_forgotten_piece_by_piece(store: Store) {
        logs(&store).await;
        log(&store, 1100, NOW).await;
        write(&store, |tx| updates::confirm(tx, ANN, UpdateId(1106))).await;
        for forgotten in [1000, 95, 0] {
            assert_eq!(write(&store, |tx| updates::forget_confirmed(tx, ANN)).await, forgotten);
        }
        assert_eq!(ids(&store, span(0, 100)).await, [1106, 1107, 1108, 1109, 1110]);
    }

    async fn rows_for_webhooks_carry_lane_and_date(store: Store) {
        logs(&store).await;
        log(&store, 1, NOW).await;
        let rows = read(&store, |tx| updates::pending_rows(tx, ANN, span(0, 1))).await;
        assert_eq!((rows[0].lane, rows[0].date), (NOW % 7, NOW));
        let body = read(&store, |tx| updates::body(tx, ANN, UpdateId(11))).await;
        assert_eq!(body.as_deref(), Some("{\"update_id\":11,\"message\":{\"a\":1}}"));
        assert_eq!(read(&store, |tx| updates::body(tx, ANN, UpdateId(12))).await, None);
    }
}
