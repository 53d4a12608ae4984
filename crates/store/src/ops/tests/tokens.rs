//! Tokens open their own account until they expire or are deleted.

use super::{ANN, BEN, NOW, open, read, write};
use crate::ops::tokens::{self, FoundToken, NewToken, TokenInfo};
use crate::ops::views::{self, View, ViewId};
use crate::{Store, each_store};
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{ContactId, PlainToken, TokenDigest, TokenKind, UserId};

fn digest(account: UserId, n: u8) -> TokenDigest {
    PlainToken::create(account, &[n; RANDOM_BYTES]).digest()
}

fn token(n: u8, label: Option<&str>, expires_at: Option<i64>) -> NewToken {
    NewToken { label: label.map(str::to_owned), expires_at, ..NewToken::of_account(digest(ANN, n)) }
}

fn found(id: i64, expires_at: Option<i64>) -> FoundToken {
    FoundToken { id, expires_at, scopes: Scopes::all(), view: None, last_used_at: None, given_to: None }
}

fn listed_as(id: i64, label: Option<&str>, expires_at: Option<i64>) -> TokenInfo {
    let (label, scopes) = (label.map(str::to_owned), Scopes::all());
    TokenInfo { id, label, created_at: NOW, expires_at, scopes, view: None, last_used_at: None }
}

each_store! {
    async fn a_key_is_kept_with_its_scopes_and_its_view_which_goes_with_it(store: Store) {
        open(&store).await;
        let view = ViewId::new(i64::MIN + 5).unwrap();
        let scopes: Scopes = [Scope::ContactsRead, Scope::MessagesRead].into_iter().collect();
        let shown = View { labels: vec!["a".to_owned(), "b".to_owned()], contacts: vec![ContactId(9)] };
        let (key, wanted) = (
            NewToken { kind: TokenKind::Key, scopes, view: Some(view), ..token(4, None, None) },
            shown.clone(),
        );
        write(&store, move |tx| {
            tokens::insert(tx, ANN, &token(1, None, None), NOW)?;
            views::put(tx, ANN, view, &shown)?;
            tokens::insert(tx, ANN, &key, NOW)
        })
        .await;
        let found = read(&store, |tx| tokens::find(tx, ANN, &digest(ANN, 4), NOW)).await.unwrap();
        assert_eq!((found.id, found.scopes, found.view), (2, scopes, Some(view)));
        assert_eq!(read(&store, move |tx| views::get(tx, ANN, view)).await, wanted);
        let listed = |kind| read(&store, move |tx| tokens::list(tx, ANN, kind));
        assert_eq!(listed(TokenKind::Key).await.iter().map(|key| key.id).collect::<Vec<_>>(), [2]);
        assert_eq!(listed(TokenKind::Account).await.len(), 1);

        write(&store, |tx| tokens::used(tx, ANN, 2, NOW + 60)).await;
        write(&store, |tx| tokens::used(tx, ANN, 2, NOW + 30)).await;
        assert_eq!(listed(TokenKind::Key).await[0].last_used_at, Some(NOW + 60), "time does not go back");

        assert!(!write(&store, |tx| tokens::delete(tx, ANN, (2, TokenKind::Account))).await, "it is a key");
        assert_eq!(write(&store, |tx| tokens::delete_all(tx, ANN)).await, 1, "keys stay");
        assert!(write(&store, |tx| tokens::delete(tx, ANN, (2, TokenKind::Key))).await);
        assert_eq!(read(&store, move |tx| views::get(tx, ANN, view)).await, View::default());
    }

    async fn a_token_is_found_by_its_digest_until_it_expires(store: Store) {
        open(&store).await;
        assert_eq!(write(&store, |tx| tokens::insert(tx, ANN, &token(1, None, None), NOW)).await, 1);
        let second = token(2, Some("crm"), Some(NOW + 10));
        assert_eq!(write(&store, move |tx| tokens::insert(tx, ANN, &second, NOW)).await, 2);
        assert_eq!(write(&store, |tx| tokens::insert(tx, BEN, &token(3, None, None), NOW)).await, 1);
        let find = |account, n, now| read(&store, move |tx| tokens::find(tx, account, &digest(ANN, n), now));
        assert_eq!(find(ANN, 1, NOW + 999).await, Some(found(1, None)));
        assert_eq!(find(ANN, 2, NOW + 9).await, Some(found(2, Some(NOW + 10))));
        assert_eq!(find(ANN, 2, NOW + 10).await, None, "expired");
        assert_eq!(find(ANN, 3, NOW).await, None, "another account's");
        assert_eq!(find(BEN, 1, NOW).await, None);
        let listed = read(&store, |tx| tokens::list(tx, ANN, TokenKind::Account)).await;
        let wanted = [
            listed_as(1, None, None),
            listed_as(2, Some("crm"), Some(NOW + 10)),
        ];
        assert_eq!(listed, wanted);
    }

    async fn deleted_tokens_open_nothing_and_their_numbers_come_not_back(store: Store) {
        open(&store).await;
        for n in 1..=3 {
            write(&store, move |tx| tokens::insert(tx, ANN, &token(n, None, None), NOW)).await;
        }
        assert!(!write(&store, |tx| tokens::delete(tx, BEN, (1, TokenKind::Account))).await, "another account's");
        assert!(write(&store, |tx| tokens::delete(tx, ANN, (1, TokenKind::Account))).await);
        assert!(!write(&store, |tx| tokens::delete(tx, ANN, (1, TokenKind::Account))).await, "already");
        assert_eq!(read(&store, |tx| tokens::find(tx, ANN, &digest(ANN, 1), NOW)).await, None);
        assert_eq!(write(&store, |tx| tokens::delete_all(tx, ANN)).await, 2);
        assert_eq!(write(&store, |tx| tokens::insert(tx, ANN, &token(4, None, None), NOW)).await, 4);
        assert_eq!(write(&store, |tx| tokens::delete_all(tx, ANN)).await, 1);
        assert_eq!(read(&store, |tx| tokens::find(tx, ANN, &digest(ANN, 2), NOW)).await, None);
        assert_eq!(read(&store, |tx| tokens::list(tx, ANN, TokenKind::Account)).await, []);
    }
}
