//! Tokens open their own account until they expire or are deleted.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::tokens::{self, FoundToken, NewToken, TokenInfo};
use crate::{Store, each_store};
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{PlainToken, TokenDigest, UserId};

fn digest(account: UserId, n: u8) -> TokenDigest {
    PlainToken::create(account, &[n; RANDOM_BYTES]).digest()
}

fn token(n: u8, label: Option<&str>, expires_at: Option<i64>) -> NewToken {
    NewToken { digest: digest(ANN, n), label: label.map(str::to_owned), expires_at }
}

each_store! {
    async fn a_token_is_found_by_its_digest_until_it_expires(store: Store) {
        assert_eq!(write(&store, |tx| tokens::insert(tx, ANN, &token(1, None, None), NOW)).await, 1);
        let second = token(2, Some("crm"), Some(NOW + 10));
        assert_eq!(write(&store, move |tx| tokens::insert(tx, ANN, &second, NOW)).await, 2);
        assert_eq!(write(&store, |tx| tokens::insert(tx, BEN, &token(3, None, None), NOW)).await, 1);
        let find = |account, n, now| read(&store, move |tx| tokens::find(tx, account, &digest(ANN, n), now));
        assert_eq!(find(ANN, 1, NOW + 999).await, Some(FoundToken { id: 1, expires_at: None }));
        assert_eq!(find(ANN, 2, NOW + 9).await, Some(FoundToken { id: 2, expires_at: Some(NOW + 10) }));
        assert_eq!(find(ANN, 2, NOW + 10).await, None, "expired");
        assert_eq!(find(ANN, 3, NOW).await, None, "another account's");
        assert_eq!(find(BEN, 1, NOW).await, None);
        let listed = read(&store, |tx| tokens::list(tx, ANN)).await;
        let wanted = [
            TokenInfo { id: 1, label: None, created_at: NOW, expires_at: None },
            TokenInfo { id: 2, label: Some("crm".to_owned()), created_at: NOW, expires_at: Some(NOW + 10) },
        ];
        assert_eq!(listed, wanted);
    }

    async fn deleted_tokens_open_nothing(store: Store) {
        for n in 1..=3 {
            write(&store, move |tx| tokens::insert(tx, ANN, &token(n, None, None), NOW)).await;
        }
        assert!(!write(&store, |tx| tokens::delete(tx, BEN, 1)).await, "another account's");
        assert!(write(&store, |tx| tokens::delete(tx, ANN, 1)).await);
        assert!(!write(&store, |tx| tokens::delete(tx, ANN, 1)).await, "already");
        assert_eq!(read(&store, |tx| tokens::find(tx, ANN, &digest(ANN, 1), NOW)).await, None);
        assert_eq!(write(&store, |tx| tokens::delete_all(tx, ANN)).await, 2);
        assert_eq!(read(&store, |tx| tokens::find(tx, ANN, &digest(ANN, 2), NOW)).await, None);
        assert_eq!(read(&store, |tx| tokens::list(tx, ANN)).await, []);
    }
}
