//! Presses of buttons are answered once, and only while they are young.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::callbacks;
use crate::{Store, each_store};
use contactgram_model::UserId;

each_store! {
    async fn a_press_is_answered_once_and_by_its_own_account(store: Store) {
        write(&store, |tx| callbacks::insert(tx, ANN, 7, UserId(3), NOW)).await;
        assert_eq!(read(&store, |tx| callbacks::get(tx, ANN, 7)).await, Some((UserId(3), None)));
        assert!(!write(&store, |tx| callbacks::answer(tx, BEN, 7, 0, "{}")).await, "somebody else's");
        assert!(!write(&store, |tx| callbacks::answer(tx, ANN, 8, 0, "{}")).await, "no such press");
        assert!(write(&store, |tx| callbacks::answer(tx, ANN, 7, NOW - 1, "{}")).await);
        assert!(!write(&store, |tx| callbacks::answer(tx, ANN, 7, NOW - 1, "[]")).await, "answered");
        let kept = read(&store, |tx| callbacks::get(tx, ANN, 7)).await;
        assert_eq!(kept, Some((UserId(3), Some("{}".to_owned()))));
    }

    async fn old_presses_are_neither_answered_nor_kept(store: Store) {
        write(&store, |tx| callbacks::insert(tx, ANN, 1, UserId(3), NOW)).await;
        write(&store, |tx| callbacks::insert(tx, ANN, 2, UserId(3), NOW + 1)).await;
        assert!(!write(&store, |tx| callbacks::answer(tx, ANN, 1, NOW, "{}")).await, "too old by then");
        assert_eq!(write(&store, |tx| callbacks::forget_old(tx, NOW)).await, 1);
        assert_eq!(read(&store, |tx| callbacks::get(tx, ANN, 1)).await, None);
        assert!(read(&store, |tx| callbacks::get(tx, ANN, 2)).await.is_some());
    }
}
