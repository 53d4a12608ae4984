//! Pages of a mailbox: every filter, both directions, offsets, counts, and the first message of a time.

use super::{ANN, BEN, Draft, NOW, draft, open, post, scan, write};
use crate::ops::history::{self, Query};
use crate::ops::messages;
use crate::{R, Store, StoreError, Tx, each_store};
use contactgram_model::{ChatId, Direction, MessageId, search};

fn ids(tx: &mut dyn Tx, query: &Query) -> R<Vec<i64>> {
    let mut ids = Vec::new();
    history::page(tx, ANN, query, &mut |body| {
        let id = body.trim_start_matches("{\"message_id\":").split(',').next().unwrap();
        ids.push(id.parse().unwrap());
    })?;
    Ok(ids)
}

fn all() -> Query {
    Query { limit: 100, ..Default::default() }
}

/// Messages 1 to 8 of Ann, 4 of them removed again, and one of Ben.
async fn mailbox(store: &Store) {
    open(store).await;
    write(store, |tx| {
        for (chat, direction, text) in [
            (3, Direction::In, "Hello Ann"),
            (3, Direction::Out, "hello back"),
            (4, Direction::In, "Привет, Аня"),
            (3, Direction::In, "to be removed"),
            (-9, Direction::In, "明日は晴れ"),
            (4, Direction::Out, "Привет!"),
            (3, Direction::In, ""),
            (3, Direction::Out, "see you at 10:30, hello"),
        ] {
            post(tx, ANN, &draft(chat, direction, text))?;
        }
        post(tx, BEN, &draft(3, Direction::In, "Hello Ben"))?;
        let gone = messages::get(tx, ANN, MessageId(4))?.ok_or(StoreError::NotFound)?;
        messages::delete(tx, ANN, &gone)
    })
    .await;
}

each_store! {
    async fn every_filter_narrows_pages_and_counts_alike(store: Store) {
        mailbox(&store).await;
        let text = |q| Query { terms: search::terms(q), ..all() };
        for (query, found) in [
            (all(), &[1, 2, 3, 5, 6, 7, 8][..]),
            (Query { chat: Some(ChatId(3)), ..all() }, &[1, 2, 7, 8]),
            (Query { chat: Some(ChatId(-9)), ..all() }, &[5]),
            (Query { chat: Some(ChatId(99)), ..all() }, &[]),
            (Query { direction: Some(Direction::Out), ..all() }, &[2, 6, 8]),
            (Query { direction: Some(Direction::In), ..all() }, &[1, 3, 5, 7]),
            (Query { from: Some(MessageId(4)), ..all() }, &[5, 6, 7, 8]),
            (Query { below: Some(MessageId(5)), ..all() }, &[1, 2, 3]),
            (Query { from: Some(MessageId(3)), below: Some(MessageId(7)), ..all() }, &[3, 5, 6]),
            (Query { from: Some(MessageId(7)), below: Some(MessageId(3)), ..all() }, &[]),
            (text("hello"), &[1, 2, 8]),
            (text("he"), &[1, 2, 8]),
            (text("removed"), &[]),
            (text("привет"), &[3, 6]),
            (text("晴れ"), &[5]),
            (text("10:30"), &[8]),
            (text("ben"), &[]),
            (Query { chat: Some(ChatId(3)), direction: Some(Direction::In), ..text("hello") }, &[1]),
            (
                Query {
                    chat: Some(ChatId(3)),
                    direction: Some(Direction::Out),
                    from: Some(MessageId(3)),
                    below: Some(MessageId(9)),
                    ..text("hello you")
                },
                &[8],
            ),
        ] {
            let described = format!("{query:?}");
            let up = Query { ascending: true, ..query.clone() };
            let (rising, falling, counted, capped) = scan(&store, move |tx| {
                let falling = ids(tx, &query)?;
                let counted = history::count(tx, ANN, &query, 100)?;
                Ok((ids(tx, &up)?, falling, counted, history::count(tx, ANN, &query, 0)?))
            })
            .await;
            assert_eq!(rising, found, "{described}");
            assert_eq!(falling, found.iter().rev().copied().collect::<Vec<_>>(), "{described}");
            assert_eq!(counted, Some(found.len() as i64), "{described}");
            assert!(capped.is_none() || capped == counted, "{described}: {capped:?}");
        }
    }

    async fn offsets_and_limits_cut_the_page(store: Store) {
        mailbox(&store).await;
        for (ascending, order) in [(true, [1, 2, 3, 5, 6, 7, 8]), (false, [8, 7, 6, 5, 3, 2, 1])] {
            for (offset, limit) in [(0, 3), (3, 3), (6, 3), (7, 3), (0, 0), (2, 100)] {
                let query = Query { ascending, offset, limit, ..Default::default() };
                let wanted: Vec<_> =
                    order.into_iter().skip(offset as usize).take(limit as usize).collect();
                let seen = scan(&store, move |tx| ids(tx, &query)).await;
                assert_eq!(seen, wanted, "{limit} from row {offset}, ascending {ascending}");
            }
        }
    }

    async fn counts_stop_at_their_limit_where_they_must_count(store: Store) {
        mailbox(&store).await;
        let count = |query: Query, most| scan(&store, move |tx| history::count(tx, ANN, &query, most));
        let out = || Query { direction: Some(Direction::Out), ..all() };
        assert_eq!(count(out(), 3).await, Some(3));
        assert_eq!(count(out(), 2).await, None);
        assert_eq!(count(all(), 2).await, Some(7), "the mailbox knows");
        assert_eq!(count(Query { chat: Some(ChatId(3)), ..all() }, 2).await, Some(4), "the chat knows");
    }

    async fn the_first_message_of_a_time_is_found_through_gaps_and_equal_dates(store: Store) {
        open(&store).await;
        assert_eq!(scan(&store, |tx| history::first_at(tx, ANN, NOW)).await, MessageId(1), "none yet");
        // Ids 1 to 12, two a second from NOW on; 1, 4, 5 and 12 are removed again.
        write(&store, |tx| {
            for i in 0..12 {
                post(tx, ANN, &Draft { date: NOW + i / 2, ..draft(3, Direction::In, "") })?;
            }
            for id in [1, 4, 5, 12] {
                let gone = messages::get(tx, ANN, MessageId(id))?.ok_or(StoreError::NotFound)?;
                messages::delete(tx, ANN, &gone)?;
            }
            post(tx, BEN, &Draft { date: NOW + 99, ..draft(3, Direction::In, "") }).map(drop)
        })
        .await;
        let kept: Vec<(i64, i64)> = [2, 3, 6, 7, 8, 9, 10, 11].map(|id| (id, NOW + (id - 1) / 2)).to_vec();
        for time in NOW - 2..NOW + 9 {
            let (first, page) = scan(&store, move |tx| {
                let first = history::first_at(tx, ANN, time)?;
                Ok((first, ids(tx, &Query { from: Some(first), ascending: true, ..all() })?))
            })
            .await;
            let since: Vec<_> = kept.iter().filter(|(_, date)| *date >= time).map(|(id, _)| *id).collect();
            assert_eq!(page, since, "from {first} on, at NOW + {}", time - NOW);
        }
    }
}
