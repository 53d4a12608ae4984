//! Kept answers: one a key and account, for a day.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::idempotency::{self, KEPT_S, Kept};
use crate::{Store, each_store};

each_store! {
    async fn an_answer_is_kept_for_a_day_under_its_account_and_key(store: Store) {
        let put = |fingerprint: u8, answer: &'static str, now| {
            write(&store, move |tx| {
                idempotency::put(tx, ANN, &Kept { key: "k", fingerprint: &[fingerprint, 0, 255], answer }, now)
            })
        };
        let get = |account, key: &'static str, now| {
            read(&store, move |tx| idempotency::get(tx, account, key, now))
        };
        put(1, "first", NOW).await;
        assert_eq!(get(ANN, "k", NOW).await, Some((vec![1, 0, 255], "first".to_owned())));
        assert_eq!(get(ANN, "K", NOW).await, None, "keys are compared as they are");
        assert_eq!(get(BEN, "k", NOW).await, None);
        assert!(get(ANN, "k", NOW + KEPT_S - 1).await.is_some());
        assert_eq!(get(ANN, "k", NOW + KEPT_S).await, None, "also before it is forgotten");
        put(2, "second", NOW + KEPT_S).await;
        assert_eq!(get(ANN, "k", NOW + KEPT_S).await, Some((vec![2, 0, 255], "second".to_owned())));
        assert_eq!(write(&store, |tx| idempotency::forget_old(tx, NOW + 2 * KEPT_S - 1)).await, 0);
        assert_eq!(write(&store, |tx| idempotency::forget_old(tx, NOW + 2 * KEPT_S)).await, 1);
    }
}
