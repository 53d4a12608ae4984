//! Waits that upstreams asked for: the longer one stays, and one that is over is gone.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::freezes;
use crate::{Store, each_store};

each_store! {
    async fn the_longer_wait_stays_until_it_is_over(store: Store) {
        write(&store, |tx| {
            freezes::put(tx, ANN, ("chat:5", NOW + 9), NOW)?;
            freezes::put(tx, ANN, ("chat:5", NOW + 3), NOW)?;
            freezes::put(tx, ANN, ("account", NOW + 2), NOW)?;
            freezes::put(tx, BEN, ("chat:5", NOW + 4), NOW)
        })
        .await;
        let all = |now| read(&store, move |tx| freezes::all(tx, now));
        let kept = |list: &[(_, &str, _)]| list.iter().map(|(who, scope, until)| (*who, (*scope).to_owned(), *until)).collect::<Vec<_>>();
        assert_eq!(
            all(NOW).await,
            kept(&[(ANN, "account", NOW + 2), (ANN, "chat:5", NOW + 9), (BEN, "chat:5", NOW + 4)])
        );
        assert_eq!(all(NOW + 4).await, kept(&[(ANN, "chat:5", NOW + 9)]));
        write(&store, |tx| freezes::put(tx, ANN, ("account", NOW + 20), NOW + 10)).await;
        assert_eq!(all(NOW).await, kept(&[(ANN, "account", NOW + 20), (BEN, "chat:5", NOW + 4)]));
    }
}
