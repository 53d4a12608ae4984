//! What the audit log says of backups, and what changes in data that come back from one. Called by the commands that
//! make and use them; how the data are copied is the store's business.

use crate::accounts::record;
use crate::members::EVERYWHERE;
use crate::{Error, Hub};
use contactgram_model::{Action, Actor};
use contactgram_store::ops::restored;
pub use contactgram_store::ops::restored::Settled;
use serde_json::json;

impl Hub {
    /// Writes down that all data are being taken out.
    pub async fn note_backup(&self) -> Result<(), Error> {
        let by = (Actor::Operator, self.clock.now());
        self.change(EVERYWHERE, move |tx, _| {
            record(tx, by, (EVERYWHERE, Action::DataSaved), ("data".to_owned(), json!({})))
        })
        .await
    }

    /// Changes what has to be changed in data that came back from a backup, before they are used.
    pub async fn settle_restored(&self) -> Result<Settled, Error> {
        let now = self.clock.now();
        self.change(EVERYWHERE, move |tx, _| {
            let settled = restored::settle(tx, now)?;
            let Settled { unknown, paused, sessions } = settled;
            let details = json!({ "unknown": unknown, "paused": paused, "sessions": sessions });
            let action = (EVERYWHERE, Action::DataRestored);
            record(tx, (Actor::Operator, now), action, ("data".to_owned(), details))?;
            Ok(settled)
        })
        .await
    }
}
