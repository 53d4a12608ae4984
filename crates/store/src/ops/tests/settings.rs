//! Settings are set and set again.

use super::{read, write};
use crate::ops::settings;
use crate::{Store, each_store};

each_store! {
    async fn a_setting_has_the_value_it_got_last(store: Store) {
        assert_eq!(read(&store, |tx| settings::get(tx, "admin")).await, None);
        write(&store, |tx| settings::put(tx, "admin", "one")).await;
        write(&store, |tx| settings::put(tx, "admin", "two")).await;
        write(&store, |tx| settings::put(tx, "other", "")).await;
        assert_eq!(read(&store, |tx| settings::get(tx, "admin")).await.as_deref(), Some("two"));
        assert_eq!(read(&store, |tx| settings::get(tx, "other")).await.as_deref(), Some(""));
    }
}
