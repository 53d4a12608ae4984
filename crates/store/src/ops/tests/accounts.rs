//! Accounts: kept, listed and counted. Their removal is in `removal`.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::accounts;
use crate::{Store, StoreError, each_store};
use contactgram_model::{Account, AccountKind, UserId};

fn account(id: UserId, kind: AccountKind) -> Account {
    Account { id, kind, region: Some("GB".to_owned()), strict: true, created_at: NOW }
}

each_store! {
    async fn accounts_come_back_in_the_order_of_their_ids(store: Store) {
        let ben = account(BEN, AccountKind::Bot);
        let ann = Account { region: None, strict: false, ..account(ANN, AccountKind::User) };
        let given = (ben.clone(), ann.clone());
        write(&store, move |tx| {
            accounts::insert(tx, &given.0)?;
            accounts::insert(tx, &given.1)
        })
        .await;
        assert_eq!(read(&store, accounts::list).await, [ann.clone(), ben]);
        assert_eq!(read(&store, accounts::count).await, 2);
        assert_eq!(read(&store, |tx| accounts::get(tx, ANN)).await, Some(ann));
        assert_eq!(read(&store, |tx| accounts::get(tx, UserId(1))).await, None);
    }

    async fn an_account_is_made_once(store: Store) {
        write(&store, |tx| accounts::insert(tx, &account(ANN, AccountKind::Bot))).await;
        let again = store.write(1, |tx| accounts::insert(tx, &account(ANN, AccountKind::User))).await;
        assert_eq!(again, Err(StoreError::Unique));
        assert_eq!(read(&store, accounts::count).await, 1);
    }
}
