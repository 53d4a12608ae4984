//! Lines of a file written together, a batch a transaction, so that an import neither waits for the disk with each line
//! nor keeps other writers waiting for long. Called by `Import`. A line that fails after it has written makes its batch
//! come to nothing; then each line has a transaction of its own.

use super::apply::{Addresses, Done, Prepared, Stop, address_alone, apply};
use super::{Import, OnConflict};
use crate::bell::{Ringing, Rings};
use crate::{Error, Hub};
use contactgram_model::{Contact, ContactId, search};
use contactgram_store::ops::contact_list::{self, Query, Sort, Start};
use contactgram_store::ops::counters;
use contactgram_store::{StoreError, Tx};
use std::collections::HashMap;
use std::sync::Arc;

/// Lines of a batch.
pub(super) const BATCH: usize = 100;
/// Contacts that are looked at for one of a certain address.
const ALIKE: i64 = 50;
/// How often a line is tried again that others got in the way of.
const TRIES: usize = 5;

/// What became of each line of a batch.
pub(super) type Outcomes = Vec<Result<Done, Error>>;

/// Why a transaction came to nothing.
#[derive(Debug)]
enum Undone {
    /// It can't be done.
    Failed(Error),
    /// A line was refused after it had written.
    Midway(Error),
    /// It was only to be tried.
    Tried(Outcomes),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Undone {
        Undone::Failed(error.into())
    }
}

impl From<Error> for Undone {
    fn from(error: Error) -> Undone {
        Undone::Failed(error)
    }
}

/// Whether an error is about the line and not about the server.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::BadRequest(_)
            | Error::Forbidden(_)
            | Error::Lacks(_)
            | Error::NotFound(_)
            | Error::Conflict(_)
    )
}

impl Import<'_> {
    /// Writes lines, or finds out what writing them would do.
    pub(super) async fn write(
        &self,
        mut lines: Vec<Prepared>,
    ) -> Result<(Arc<Vec<Prepared>>, Outcomes), Error> {
        self.find_addresses(&mut lines).await?;
        let lines = Arc::new(lines);
        let all = 0..lines.len();
        let outcomes = match self.attempt(&lines, all.clone()).await {
            Ok(outcomes) => outcomes,
            Err(Undone::Failed(error)) => return Err(error),
            Err(Undone::Midway(_) | Undone::Tried(_)) => {
                let mut outcomes = Vec::new();
                for at in all {
                    outcomes.extend(self.alone(&lines, at).await?);
                }
                outcomes
            }
        };
        Ok((lines, outcomes))
    }

    /// A line in a transaction of its own.
    async fn alone(&self, lines: &Arc<Vec<Prepared>>, at: usize) -> Result<Outcomes, Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.attempt(lines, at..at + 1).await {
                Ok(outcomes) | Err(Undone::Tried(outcomes)) => return Ok(outcomes),
                Err(Undone::Midway(error)) if is_refusal(&error) => return Ok(vec![Err(error)]),
                Err(Undone::Midway(Error::Unavailable { .. })) if tried < TRIES => {}
                Err(Undone::Midway(error) | Undone::Failed(error)) => return Err(error),
            }
        }
    }

    async fn attempt(
        &self,
        lines: &Arc<Vec<Prepared>>,
        part: std::ops::Range<usize>,
    ) -> Result<Outcomes, Undone> {
        let (account, rule, dry_run) = (self.account, self.on_conflict, self.dry_run);
        let (bells, lines) = (Arc::clone(&self.hub.bells), Arc::clone(lines));
        let writing = self.hub.store.write(account.0, move |tx| {
            let mut rings = Rings::default();
            counters::lock(tx, account)?;
            let outcomes = each(tx, &mut rings, lines.get(part.clone()).unwrap_or_default(), rule)?;
            if dry_run {
                return Err(Undone::Tried(outcomes));
            }
            Ok((outcomes, bells.ring_after(rings)))
        });
        let written: Result<(Outcomes, Ringing), Undone> = writing.await;
        match written {
            Ok((outcomes, _ringing)) => Ok(outcomes),
            Err(Undone::Tried(outcomes)) => Ok(outcomes),
            Err(other) => Err(other),
        }
    }

    /// Looks for the contacts of those lines that have an address and nothing else.
    async fn find_addresses(&self, lines: &mut [Prepared]) -> Result<(), Error> {
        if !self.permit.view().private() {
            return Ok(());
        }
        let asked: Vec<String> = lines.iter().filter_map(|line| address_alone(&line.said)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let found = self.hub.with_addresses(self.account, asked).await?;
        for line in lines {
            line.same_address = address_alone(&line.said).and_then(|address| found.get(&address).copied());
        }
        Ok(())
    }
}

fn each(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    lines: &[Prepared],
    rule: OnConflict,
) -> Result<Outcomes, Undone> {
    let mut addresses = Addresses::new();
    let mut outcomes = Vec::with_capacity(lines.len());
    for line in lines {
        outcomes.push(match apply(tx, rings, (line, rule), &mut addresses) {
            Ok(done) => Ok(done),
            Err(Stop::Before(error)) if is_refusal(&error) && tx.broken().is_none() => Err(error),
            Err(Stop::Before(error)) => return Err(Undone::Failed(error)),
            Err(Stop::Midway(error)) if tx.broken().is_some() => return Err(Undone::Failed(error)),
            Err(Stop::Midway(error)) => return Err(Undone::Midway(error)),
        });
    }
    Ok(outcomes)
}

impl Hub {
    /// The contacts with these addresses, which are in small letters.
    async fn with_addresses(
        &self,
        account: contactgram_model::UserId,
        asked: Vec<String>,
    ) -> Result<HashMap<String, ContactId>, Error> {
        self.store
            .scan(move |tx| {
                let mut found = HashMap::new();
                for address in &asked {
                    let terms = search::terms(address);
                    if terms.is_empty() || found.contains_key(address) {
                        continue;
                    }
                    let (sort, start) = (Sort::Id, Start::offset(0));
                    let query =
                        Query { terms, private: true, label: None, view: None, sort, start, limit: ALIKE };
                    let bodies = contact_list::walk(tx, account, &query, 0)?.bodies;
                    for body in bodies {
                        let contact: Contact = serde_json::from_str(&body).map_err(Error::internal)?;
                        if contact.email.is_some_and(|own| own.to_lowercase() == *address) {
                            found.insert(address.clone(), contact.id);
                            break;
                        }
                    }
                }
                Ok(found)
            })
            .await
    }
}
