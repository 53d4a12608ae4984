//! Files come whole or not at all, are kept once for each content, and go when no message carries them.

use super::{ANN, BEN, NOW, open, read, scan, write};
use crate::ops::files::{self, Coming, Ending, PIECE_BYTES, Whole};
use crate::{R, Store, Tx, each_store};
use contactgram_model::MessageId;

const SALT: &[u8] = b"salt";

fn coming(id: i64) -> Coming<'static> {
    Coming { id, salt: SALT, now: NOW }
}

/// A file of so many pieces, each of its own number, whole.
fn put(tx: &mut dyn Tx, id: i64, pieces: u8, content: &[u8]) -> R<()> {
    for seq in 0..pieces {
        assert!(files::add(tx, &coming(id), (i64::from(seq), &[seq; 3]))?);
    }
    let ending = Ending { sha256: content, bytes: 3 * i64::from(pieces), image: Some("image/png"), now: NOW };
    assert!(files::finish(tx, id, &ending)?);
    Ok(())
}

async fn pieces(store: &Store, id: i64) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(piece) = read(store, {
        let seq = all.len() as i64;
        move |tx| files::piece(tx, id, seq)
    })
    .await
    {
        all.push(piece);
    }
    all
}

async fn erase(store: &Store, id: i64) {
    while write(store, move |tx| files::erase_some(tx, id)).await {}
}

each_store! {
    async fn a_file_comes_back_as_it_came_and_is_found_by_its_content(store: Store) {
        write(&store, |tx| put(tx, 7, 3, b"content")).await;
        assert_eq!(pieces(&store, 7).await, [[0; 3], [1; 3], [2; 3]]);
        let whole = Whole {
            id: 7,
            salt: SALT.to_vec(),
            bytes: 9,
            sha256: b"content".to_vec(),
            image: Some("image/png".to_owned()),
        };
        assert_eq!(read(&store, |tx| files::with_content(tx, b"content")).await, Some(whole));
        assert_eq!(read(&store, |tx| files::with_content(tx, b"other")).await, None);
    }

    async fn a_piece_may_be_as_large_as_they_are_cut(store: Store) {
        let data: Vec<u8> = (0..PIECE_BYTES).map(|at| (at % 251) as u8).collect();
        let wanted = data.clone();
        write(&store, move |tx| files::add(tx, &coming(1), (0, &data)).map(drop)).await;
        assert!(pieces(&store, 1).await == [wanted]);
    }

    async fn what_is_not_whole_has_no_content_and_what_was_given_up_takes_no_more(store: Store) {
        write(&store, |tx| files::add(tx, &coming(1), (0, b"a")).map(drop)).await;
        assert_eq!(read(&store, |tx| files::with_content(tx, b"")).await, None);
        assert!(write(&store, |tx| files::leave(tx, 1, NOW)).await);
        assert!(!write(&store, |tx| files::add(tx, &coming(1), (1, b"b"))).await);
        let ending = Ending { sha256: b"x", bytes: 1, image: None, now: NOW };
        assert!(!write(&store, move |tx| files::finish(tx, 1, &ending)).await);
        assert_eq!(read(&store, |tx| files::leaving(tx, NOW)).await, [1]);
        erase(&store, 1).await;
        assert_eq!(pieces(&store, 1).await, [b""; 0]);
        assert_eq!(read(&store, |tx| files::leaving(tx, NOW)).await, [0; 0]);
    }

    async fn a_message_leads_to_its_file_in_its_own_mailbox_alone(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            put(tx, 1, 1, b"one")?;
            put(tx, 2, 1, b"two")?;
            files::carry(tx, ANN, (MessageId(5), MessageId(5)), 1)?;
            files::carry(tx, ANN, (MessageId(9), MessageId(5)), 1)?;
            files::carry(tx, BEN, (MessageId(5), MessageId(5)), 2)
        })
        .await;
        let found = |owner, number| move |tx: &mut dyn Tx| {
            Ok(files::carried(tx, owner, MessageId(number), 10)?.map(|(file, messages)| (file.id, messages)))
        };
        let both = vec![MessageId(5), MessageId(9)];
        assert_eq!(read(&store, found(ANN, 5)).await, Some((1, both)));
        assert_eq!(read(&store, found(BEN, 5)).await, Some((2, vec![MessageId(5)])));
        assert_eq!(read(&store, found(ANN, 9)).await, None, "it is known by its first number");
        assert_eq!(write(&store, |tx| files::put_down(tx, ANN, MessageId(5))).await, Some(1));
        assert_eq!(write(&store, |tx| files::put_down(tx, ANN, MessageId(5))).await, None);
        assert_eq!(read(&store, found(ANN, 5)).await, Some((1, vec![MessageId(9)])), "one is left");
    }

    async fn a_file_leaves_only_when_no_message_carries_it_and_is_spared_if_one_does(store: Store) {
        open(&store).await;
        write(&store, |tx| {
            put(tx, 1, 9, b"one")?;
            files::carry(tx, ANN, (MessageId(5), MessageId(5)), 1)
        })
        .await;
        assert!(!write(&store, |tx| files::leave(tx, 1, NOW)).await, "it is carried");
        assert_eq!(scan(&store, |tx| files::unused(tx, NOW + 1)).await, [0; 0]);
        write(&store, |tx| files::put_down(tx, ANN, MessageId(5)).map(drop)).await;
        assert_eq!(scan(&store, |tx| files::unused(tx, NOW)).await, [0; 0], "it came just now");
        assert_eq!(scan(&store, |tx| files::unused(tx, NOW + 1)).await, [1]);
        assert!(write(&store, |tx| files::leave(tx, 1, NOW + 5)).await);
        assert_eq!(read(&store, |tx| files::with_content(tx, b"one")).await, None, "nobody finds it any more");
        assert_eq!(read(&store, |tx| files::leaving(tx, NOW + 4)).await, [0; 0]);
        // A message was under way.
        write(&store, |tx| files::carry(tx, ANN, (MessageId(6), MessageId(6)), 1)).await;
        assert!(write(&store, |tx| files::spare(tx, 1)).await);
        assert!(read(&store, |tx| files::with_content(tx, b"one")).await.is_some());
        write(&store, |tx| files::put_down(tx, ANN, MessageId(6)).map(drop)).await;
        assert!(write(&store, |tx| files::leave(tx, 1, NOW)).await);
        assert!(!write(&store, |tx| files::spare(tx, 1)).await);
        assert!(write(&store, |tx| files::erase_some(tx, 1)).await, "nine pieces are more than one step");
        erase(&store, 1).await;
        assert_eq!(pieces(&store, 1).await, [b""; 0]);
        assert_eq!(read(&store, |tx| files::leaving(tx, NOW + 9)).await, [0; 0]);
    }
}
