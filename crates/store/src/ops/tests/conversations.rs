//! A mailbox from above: chats by their newest message, page by page and each once, hours, and labels.

use super::{ANN, BEN, Draft, NOW, add, contact, open, post, read, write};
use crate::ops::conversations::{self, Hour};
use crate::ops::views::{self, View, ViewId};
use crate::{Store, each_store};
use contactgram_model::{ChatId, ContactId, Direction, MessageId};

async fn said(store: &Store, messages: &'static [(i64, i64, Direction)]) {
    open(store).await;
    write(store, move |tx| {
        for &(chat, date, direction) in messages {
            post(tx, ANN, &Draft { chat, direction, date, text: format!("{chat} at {date}") })?;
        }
        post(tx, BEN, &Draft { chat: 99, direction: Direction::In, date: NOW, text: "Ben's".to_owned() })
    })
    .await;
}

each_store! {
    async fn chats_come_by_their_newest_message_each_on_one_page(store: Store) {
        use Direction::{In, Out};
        said(
            &store,
            &[(1, NOW, In), (2, NOW, In), (1, NOW, Out), (3, NOW, In), (2, NOW, In), (4, NOW, In), (1, NOW, In)],
        )
        .await;
        let (mut below, mut seen) = (None, Vec::new());
        loop {
            let page = read(&store, move |tx| conversations::chats(tx, (ANN, None), below, 2)).await;
            assert!(page.rows.iter().all(|(chat, body)| body.contains(&format!("{} at", chat.0))), "{page:?}");
            seen.extend(page.rows.iter().map(|(chat, _)| chat.0));
            below = page.below;
            if below.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 4, 2, 3]);
    }
}

each_store! {
    async fn a_view_shows_the_chats_of_its_contacts_alone(store: Store) {
        said(&store, &[(7, NOW, Direction::In), (8, NOW, Direction::In)]).await;
        let view = ViewId::new(5).unwrap();
        write(&store, move |tx| {
            for id in [7, 8] {
                add(tx, ANN, &contact(id, "Common"))?;
            }
            views::put(tx, ANN, view, &View { labels: Vec::new(), contacts: vec![ContactId(8)] })
        })
        .await;
        let page = read(&store, move |tx| conversations::chats(tx, (ANN, Some(view)), None, 9)).await;
        assert_eq!(page.rows.iter().map(|(chat, _)| *chat).collect::<Vec<_>>(), [ChatId(8)]);
    }
}

each_store! {
    async fn messages_are_counted_by_the_hour_and_direction(store: Store) {
        use Direction::{In, Out};
        said(&store, &[(1, 3600, In), (1, 3700, Out), (2, 7199, In), (1, 7200, Out)]).await;
        let range = (MessageId(1), MessageId(100));
        let hours = read(&store, move |tx| conversations::by_hour(tx, ANN, range)).await;
        let wanted =
            [Hour { hour: 1, received: 2, sent: 1 }, Hour { hour: 2, received: 0, sent: 1 }];
        assert_eq!(hours, wanted);
    }
}

each_store! {
    async fn labels_are_named_once_by_the_alphabet(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            for (id, labels) in [(7, &["b", "a"][..]), (8, &["a", "c"]), (9, &[])] {
                let labels = labels.iter().map(|label| (*label).to_owned()).collect();
                add(tx, ANN, &contactgram_model::Contact { labels, ..contact(id, "Common") })?;
            }
            Ok(())
        })
        .await;
        assert_eq!(read(&store, |tx| conversations::labels(tx, ANN, 2)).await, ["a", "b"]);
        assert_eq!(read(&store, |tx| conversations::labels(tx, ANN, 9)).await, ["a", "b", "c"]);
    }
}
