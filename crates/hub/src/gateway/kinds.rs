//! Which kinds of updates an upstream is asked for: all that have a name here, and those that nobody here knows yet but
//! some consumer named. The upstream is asked to leave none of them out.

use super::Gateway;
use crate::{Error, Hub};
use contactgram_model::{UpdateKind, UserId};
use contactgram_store::ops::{counters, upstreams};
use std::sync::PoisonError;

/// Names that nobody here knows, at most; what is above it is passed over, as a name that the upstream doesn't know.
const MOST: usize = 16;

/// The names for `allowed_updates`.
pub(super) fn names(further: &str) -> Vec<String> {
    // Those of this server's own are no business of the upstream.
    let ours = |kind: &UpdateKind| *kind == UpdateKind::Unknown || kind.name().starts_with("contact_");
    let known = UpdateKind::ALL.iter().filter(|kind| !ours(kind)).map(|kind| kind.name());
    known.chain(further.split_ascii_whitespace()).map(str::to_owned).collect()
}

impl Gateway {
    fn asks_for(&self, name: &str) -> bool {
        let further = self.further.lock().unwrap_or_else(PoisonError::into_inner);
        further.split_ascii_whitespace().any(|known| known == name)
    }

    fn now_asks_for(&self, further: String) {
        *self.further.lock().unwrap_or_else(PoisonError::into_inner) = further;
        self.anew.notify_one();
    }
}

impl Hub {
    /// Has an account's upstream asked for kinds of updates that a consumer named and nobody here knows. Of an account
    /// that has no upstream there are none.
    ///
    /// # Errors
    /// What the store says.
    pub async fn ask_upstream_for<'n>(
        &self,
        account: UserId,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<(), Error> {
        let unknown = names.into_iter().filter(|name| UpdateKind::may_become(name));
        let Some(Some(gateway)) = self.gateways.get(account) else { return Ok(()) };
        let new: Vec<String> = unknown.filter(|name| !gateway.asks_for(name)).map(str::to_owned).collect();
        if new.is_empty() {
            return Ok(());
        }
        let further = self
            .change(account, move |tx, _| {
                counters::lock(tx, account)?;
                let Some(row) = upstreams::get(tx, account)? else { return Ok(String::new()) };
                let mut all: Vec<&str> = row.further_kinds.split_ascii_whitespace().collect();
                for name in &new {
                    if all.len() < MOST && !all.contains(&name.as_str()) {
                        all.push(name);
                    }
                }
                let all = all.join(" ");
                if all != row.further_kinds {
                    upstreams::ask_for(tx, account, &all)?;
                }
                Ok(all)
            })
            .await?;
        gateway.now_asks_for(further);
        Ok(())
    }
}
