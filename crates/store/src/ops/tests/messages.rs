//! Messages one at a time: copies find each other, and counters and chats stay right.

use super::{ANN, BEN, Draft, draft, open, post, read, scan, stored, write};
use crate::ops::chats::{self, ChatState};
use crate::ops::counters::{self, MessagePlace};
use crate::ops::{history, messages};
use crate::{R, Store, StoreError, Tx, each_store};
use contactgram_model::{ChatId, Direction, MessageId, StoredMessage, UserId, search};

/// How many messages Ann has in all, and how the chat with 3 stands.
fn counted(tx: &mut dyn Tx) -> R<(i64, ChatState)> {
    Ok((counters::get(tx, ANN)?.messages, chats::get(tx, ANN, ChatId(3))?))
}

fn hits(tx: &mut dyn Tx, q: &str) -> R<Option<i64>> {
    history::count(tx, ANN, &history::Query { terms: search::terms(q), ..Default::default() }, 100)
}

each_store! {
    async fn messages_come_back_by_id_and_chat(store: Store) {
        open(&store).await;
        let sent = write(&store, |tx| post(tx, ANN, &draft(3, Direction::Out, "Hello 🙂"))).await;
        let got = write(&store, |tx| post(tx, ANN, &draft(3, Direction::In, ""))).await;
        assert_eq!((sent.id, got.id), (MessageId(1), MessageId(2)));
        let get = |owner, id| read(&store, move |tx| messages::get(tx, owner, id));
        assert_eq!(get(ANN, sent.id).await, Some(stored(&sent)));
        assert_eq!(get(ANN, got.id).await, Some(stored(&got)));
        assert_eq!(get(ANN, MessageId(3)).await, None);
        assert_eq!(get(BEN, sent.id).await, None);
        let get_in = |chat| read(&store, move |tx| messages::get_in(tx, ANN, ChatId(chat), MessageId(1)));
        assert_eq!(get_in(3).await, Some(stored(&sent)));
        assert_eq!(get_in(4).await, None);
    }

    async fn copies_of_one_message_are_found_by_its_origin(store: Store) {
        open(&store).await;
        let (sent, got) = write(&store, |tx| {
            // Ben's ids run ahead of Ann's.
            post(tx, BEN, &draft(9, Direction::Out, "other"))?;
            let sent = post(tx, ANN, &draft(BEN.0, Direction::Out, "Hi"))?;
            let MessagePlace { id, date, .. } = counters::next_message(tx, BEN, sent.date, None)?;
            let got = StoredMessage {
                id,
                date,
                chat: ANN.chat(),
                direction: Direction::In,
                ..sent.clone()
            };
            messages::insert(tx, BEN, &got, false)?;
            Ok((sent, got))
        })
        .await;
        let origin = sent.origin;
        let copy = |owner, origin| read(&store, move |tx| messages::copy(tx, owner, origin));
        assert_eq!(copy(ANN, origin).await, Some(stored(&sent)));
        assert_eq!(copy(BEN, origin).await, Some(stored(&got)));
        assert_eq!(copy(UserId(7), origin).await, None);
        assert_eq!(copy(BEN, (ANN, MessageId(2))).await, None);
    }

    async fn counters_and_chats_stay_right(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            for direction in [Direction::Out, Direction::In, Direction::Out] {
                post(tx, ANN, &draft(3, direction, "text"))?;
            }
            post(tx, ANN, &draft(4, Direction::Out, "text"))?;
            post(tx, BEN, &draft(3, Direction::Out, "text")).map(drop)
        })
        .await;
        assert_eq!(read(&store, counted).await, (4, ChatState { messages: 3, wrote: true }));
        write(&store, |tx| {
            let message = messages::get(tx, ANN, MessageId(2))?.ok_or(StoreError::NotFound)?;
            messages::delete(tx, ANN, &message)
        })
        .await;
        assert_eq!(read(&store, counted).await, (3, ChatState { messages: 2, wrote: true }));
        assert_eq!(scan(&store, |tx| hits(tx, "text")).await, Some(3), "the index forgets it too");
        let next = write(&store, |tx| post(tx, ANN, &draft(3, Direction::Out, ""))).await;
        assert_eq!(next.id, MessageId(5), "ids are not used twice");
    }

    async fn deleting_what_is_gone_counts_nothing_off(store: Store) {
        open(&store).await;
        let message = write(&store, |tx| {
            post(tx, ANN, &draft(3, Direction::Out, "one"))?;
            post(tx, ANN, &draft(3, Direction::Out, "two"))
        })
        .await;
        for _ in 0..2 {
            let gone = message.clone();
            write(&store, move |tx| messages::delete(tx, ANN, &gone)).await;
            assert_eq!(read(&store, counted).await.0, 1);
            assert_eq!(read(&store, counted).await.1.messages, 1);
        }
    }

    async fn an_edit_changes_text_and_body_and_nothing_else(store: Store) {
        open(&store).await;
        let message = write(&store, |tx| post(tx, ANN, &draft(3, Direction::Out, "before"))).await;
        let edited =
            StoredMessage { text: "после".to_owned(), body: "{}".to_owned(), ..message.clone() };
        let given = StoredMessage { chat: ChatId(99), ..edited.clone() };
        write(&store, move |tx| messages::update(tx, ANN, &given, true)).await;
        assert_eq!(read(&store, |tx| messages::get(tx, ANN, MessageId(1))).await, Some(stored(&edited)));
        assert_eq!(scan(&store, |tx| hits(tx, "before")).await, Some(0));
        assert_eq!(scan(&store, |tx| hits(tx, "после")).await, Some(1));
        let silent = StoredMessage { text: String::new(), ..edited.clone() };
        write(&store, move |tx| messages::update(tx, ANN, &silent, true)).await;
        assert_eq!(scan(&store, |tx| hits(tx, "после")).await, Some(0));
        assert_eq!(read(&store, counted).await, (1, ChatState { messages: 1, wrote: false }));
    }

    async fn editing_what_is_gone_is_an_error(store: Store) {
        open(&store).await;
        let message = write(&store, |tx| post(tx, ANN, &draft(3, Direction::Out, "one"))).await;
        let gone = message.clone();
        write(&store, move |tx| messages::delete(tx, ANN, &gone)).await;
        let refused = store.write(1, move |tx| messages::update(tx, ANN, &message, true)).await;
        assert_eq!(refused, Err(StoreError::NotFound));
    }

    async fn mailboxes_that_nobody_searches_are_not_indexed(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            let Draft { chat, text, .. } = draft(3, Direction::In, "secret");
            let MessagePlace { id, date, .. } = counters::next_message(tx, ANN, 1, None)?;
            let message = StoredMessage {
                id,
                date,
                chat: ChatId(chat),
                from: UserId(chat),
                direction: Direction::In,
                origin: (UserId(chat), id),
                text,
                body: "{}".to_owned(),
            };
            messages::insert(tx, ANN, &message, false)?;
            messages::update(tx, ANN, &message, false)?;
            post(tx, ANN, &draft(3, Direction::In, "secret")).map(drop)
        })
        .await;
        assert_eq!(scan(&store, |tx| hits(tx, "secret")).await, Some(1));
    }
}
