//! Commands are kept for each scope and language apart.

use super::{ANN, BEN, read, write};
use crate::ops::commands::{self, Audience};
use crate::{Store, each_store};

fn audience(scope: &str, language: &str) -> Audience {
    Audience { scope: scope.to_owned(), language: language.to_owned() }
}

each_store! {
    async fn commands_are_kept_for_each_audience(store: Store) {
        let all = || audience("{\"type\":\"default\"}", "");
        let german = || audience("{\"type\":\"default\"}", "de");
        write(&store, move |tx| commands::put(tx, ANN, &all(), "[1]")).await;
        write(&store, move |tx| commands::put(tx, ANN, &german(), "[2]")).await;
        write(&store, move |tx| commands::put(tx, ANN, &all(), "[3]")).await;
        assert_eq!(read(&store, move |tx| commands::get(tx, ANN, &all())).await.as_deref(), Some("[3]"));
        assert_eq!(read(&store, move |tx| commands::get(tx, ANN, &german())).await.as_deref(), Some("[2]"));
        assert_eq!(read(&store, move |tx| commands::get(tx, BEN, &all())).await, None);
        write(&store, move |tx| commands::delete(tx, ANN, &all())).await;
        assert_eq!(read(&store, move |tx| commands::get(tx, ANN, &all())).await, None);
        assert!(read(&store, move |tx| commands::get(tx, ANN, &german())).await.is_some());
    }
}
