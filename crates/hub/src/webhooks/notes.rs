//! What a dispatcher has seen of its deliveries and not written yet, and the writing of it: where the webhook stands, how the
//! tries of an endpoint went, what was given up. All of it in one transaction, so that the counts agree at any time.

use crate::Error;
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{UpdateId, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::deliveries::{self, Attempt};
use contactgram_store::ops::webhooks::{self, Failure};
use contactgram_store::ops::{consumers, endpoints, updates};

/// How deliveries ended, as far as it is not in the store yet.
#[derive(Default, Clone)]
pub(super) struct Notes {
    pub taken: Vec<UpdateId>,
    pub failure: Option<Failure>,
    /// Whether the receiver has been gone for so long that the webhook goes too.
    pub gone: bool,
    /// Tries of an endpoint.
    pub attempts: Vec<Attempt>,
    /// Replays that are done with, and the update if the receiver took it.
    pub replayed: Vec<(i64, Option<UpdateId>)>,
}

impl Notes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
            && self.failure.is_none()
            && !self.gone
            && self.attempts.is_empty()
            && self.replayed.is_empty()
    }

    /// Writes all of it. `generation` is of the settings that were tried; `done` is the end of what was loaded, where
    /// nothing of it is open any more.
    pub fn write(
        &self,
        tx: &mut dyn Tx,
        (account, name): (UserId, &ConsumerName),
        generation: Option<i64>,
        done: Option<UpdateId>,
    ) -> Result<(), Error> {
        match done {
            Some(position) => consumers::confirm(tx, account, name, position)?,
            None if !self.taken.is_empty() => updates::acknowledge(tx, account, name, &self.taken)?,
            None => {}
        }
        if let Some(failure) = &self.failure {
            webhooks::failed(tx, account, name, failure)?;
        }
        if let Some(id) = name.webhook() {
            if !self.attempts.is_empty() {
                deliveries::add(tx, account, id, &self.attempts)?;
            }
            for replayed in &self.replayed {
                deliveries::replayed(tx, account, id, *replayed)?;
            }
        }
        if self.gone
            && generation.is_some()
            && webhooks::get(tx, account, name)?.map(|there| there.generation) == generation
        {
            match name.webhook() {
                // Whoever made it may want it again: nothing is delivered until they say so.
                Some(id) => endpoints::pause(tx, account, id, true)?,
                None => drop(webhooks::delete(tx, account, name)?),
            }
        }
        Ok(())
    }
}
