//! Upstreams: connected, connected anew, stopped; and messages found by the numbers they have there.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::upstreams::{self, NewUpstream, Place};
use crate::{Store, each_store};
use contactgram_model::{ChatId, MessageId};

const fn new<'a>(base_url: &'a str, token: &'a [u8]) -> NewUpstream<'a> {
    NewUpstream { base_url, token, webhook: None }
}

const fn place(space: i64, chat: i64, number: i64) -> Place {
    Place { space, chat: ChatId(chat), number }
}

each_store! {
    async fn an_upstream_is_connected_stopped_and_connected_anew(store: Store) {
        assert_eq!(read(&store, |tx| upstreams::get(tx, ANN)).await, None);
        write(&store, |tx| upstreams::put(tx, ANN, new("https://a.example", b"one"))).await;
        write(&store, |tx| upstreams::put(tx, BEN, new("https://b.example", b"two"))).await;
        write(&store, |tx| upstreams::taken(tx, ANN, 9)).await;
        write(&store, |tx| upstreams::ask_for(tx, ANN, "new_kind newer_kind")).await;
        write(&store, |tx| upstreams::stop(tx, ANN, (NOW, "401 Unauthorized"))).await;
        let stopped = read(&store, |tx| upstreams::get(tx, ANN)).await.unwrap();
        assert_eq!((stopped.next_update, stopped.stopped), (9, Some((NOW, "401 Unauthorized".to_owned()))));
        let secret = Some(&b"secret"[..]);
        write(&store, move |tx| {
            upstreams::put(tx, ANN, NewUpstream { webhook: secret, ..new("https://a.example", b"new") })
        })
        .await;
        let all = read(&store, upstreams::all).await;
        let seen: Vec<_> = all.iter().map(|row| (row.account, row.base_url.as_str(), row.next_update)).collect();
        assert_eq!(seen, [(ANN, "https://a.example", 9), (BEN, "https://b.example", 0)]);
        assert!(all[0].token == b"new" && all[0].stopped.is_none());
        assert_eq!((all[0].webhook.as_deref(), all[1].webhook.as_deref()), (secret, None));
        assert_eq!(all[0].further_kinds, "new_kind newer_kind");
        assert_eq!(read(&store, |tx| upstreams::next_update(tx, ANN)).await, Some(9));
    }

    async fn at_another_server_updates_are_counted_anew(store: Store) {
        write(&store, |tx| upstreams::put(tx, ANN, new("https://a.example", b"one"))).await;
        write(&store, |tx| upstreams::taken(tx, ANN, 9)).await;
        assert!(write(&store, |tx| upstreams::receive(tx, ANN, 12, NOW)).await);
        assert!(!write(&store, |tx| upstreams::receive(tx, ANN, 12, NOW + 1)).await, "it came before");
        write(&store, |tx| upstreams::put(tx, ANN, new("https://c.example", b"one"))).await;
        assert_eq!(read(&store, |tx| upstreams::next_update(tx, ANN)).await, Some(0));
        write(&store, |tx| upstreams::forget_all_received(tx, ANN)).await;
        assert!(write(&store, |tx| upstreams::receive(tx, ANN, 12, NOW)).await);
        write(&store, |tx| upstreams::forget_received(tx, NOW)).await;
        assert!(write(&store, |tx| upstreams::receive(tx, ANN, 12, NOW)).await);
    }

    async fn one_process_polls_until_it_leaves_it_or_is_not_heard_of(store: Store) {
        write(&store, |tx| upstreams::put(tx, ANN, new("https://a.example", b"one"))).await;
        let lease = async |poller, at| {
            write(&store, move |tx| upstreams::lease(tx, ANN, poller, (NOW + at, NOW + at + 10))).await
        };
        assert!(lease(1, 0).await);
        assert!(!lease(2, 9).await);
        assert!(lease(1, 9).await, "it goes on");
        assert!(lease(2, 19).await, "the other is not heard of");
        assert!(!lease(1, 20).await);
        write(&store, |tx| upstreams::release(tx, 2)).await;
        assert!(lease(1, 20).await);
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
