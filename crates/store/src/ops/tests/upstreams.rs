//! Upstreams: connected, connected anew, stopped; and messages found by the numbers they have there.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::upstreams::{self, Place};
use crate::{Store, each_store};
use contactgram_model::{ChatId, MessageId};

const fn place(space: i64, chat: i64, number: i64) -> Place {
    Place { space, chat: ChatId(chat), number }
}

each_store! {
    async fn an_upstream_is_connected_stopped_and_connected_anew(store: Store) {
        assert_eq!(read(&store, |tx| upstreams::get(tx, ANN)).await, None);
        write(&store, |tx| upstreams::put(tx, ANN, "https://a.example", b"one")).await;
        write(&store, |tx| upstreams::put(tx, BEN, "https://b.example", b"two")).await;
        for next in [7, 9, 8] {
            write(&store, move |tx| upstreams::taken(tx, ANN, next)).await;
        }
        write(&store, |tx| upstreams::stop(tx, ANN, (NOW, "401 Unauthorized"))).await;
        let stopped = read(&store, |tx| upstreams::get(tx, ANN)).await.unwrap();
        assert_eq!((stopped.next_update, stopped.stopped), (9, Some((NOW, "401 Unauthorized".to_owned()))));
        write(&store, |tx| upstreams::put(tx, ANN, "https://c.example", b"new")).await;
        let all = read(&store, upstreams::all).await;
        let seen: Vec<_> = all.iter().map(|row| (row.account, row.base_url.as_str(), row.next_update)).collect();
        assert_eq!(seen, [(ANN, "https://c.example", 9), (BEN, "https://b.example", 0)]);
        assert!(all[0].token == b"new" && all[0].stopped.is_none());
        assert_eq!(read(&store, |tx| upstreams::next_update(tx, ANN)).await, Some(9));
    }

    async fn a_number_is_a_messages_within_its_chat_and_connection(store: Store) {
        let kept = [(place(0, 5, 1), 10), (place(0, -100, 1), 11), (place(3, 5, 1), 12), (place(0, 5, 4), 13)];
        for (at, id) in kept {
            write(&store, move |tx| upstreams::keep_message(tx, ANN, at, MessageId(id))).await;
        }
        for (at, id) in kept {
            assert_eq!(read(&store, move |tx| upstreams::message(tx, ANN, at)).await, Some(MessageId(id)));
            assert_eq!(read(&store, move |tx| upstreams::message(tx, BEN, at)).await, None);
        }
        let from = |number| read(&store, move |tx| upstreams::first_from(tx, ANN, place(0, 5, number)));
        assert_eq!((from(2).await, from(4).await, from(5).await), (Some(MessageId(13)), Some(MessageId(13)), None));
        write(&store, |tx| upstreams::forget_message(tx, ANN, MessageId(10))).await;
        assert_eq!(read(&store, |tx| upstreams::message(tx, ANN, place(0, 5, 1))).await, None);
    }
}
