//! One line of a file, written: whom it is about, and what it changes. Called by `batch`, within a transaction. Whatever
//! it writes goes the ways of contacts that come over the API.

use super::super::identity::Found;
use super::super::{Moment, add_new, add_newcomer, change_known, check_fields, identity};
use super::OnConflict;
use super::merge::{self, agrees, stand_in};
use crate::{Error, Rings};
use contactgram_model::contact::ContactChange;
use contactgram_model::{Contact, ContactId};
use contactgram_store::Tx;
use contactgram_store::ops::contacts;
use contactgram_wire::transfer::Said;
use std::collections::HashMap;

/// A line on its way into the store, with what is made outside of the transaction.
#[derive(Debug)]
pub(super) struct Prepared {
    pub line: u64,
    pub said: Said,
    pub moment: Moment,
    /// The contact with its address, where the line has nothing better to go by.
    pub same_address: Option<ContactId>,
}

/// What a line did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Added,
    Updated,
    Unchanged,
}

/// Why a line did nothing.
#[derive(Debug)]
pub(super) enum Stop {
    /// Before anything was written.
    Before(Error),
    /// Perhaps after that: the transaction must come to nothing.
    Midway(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Before(error)
    }
}

impl From<contactgram_store::StoreError> for Stop {
    fn from(error: contactgram_store::StoreError) -> Stop {
        Stop::Before(error.into())
    }
}

/// Addresses of contacts that were added before in the same transaction, and that have nothing else to be found by.
pub(super) type Addresses = HashMap<String, ContactId>;

/// Whether a line has an address and nothing else that says who it is.
pub(super) fn address_alone(said: &Said) -> Option<String> {
    let change = &said.change;
    let others = matches!(change.phone_number, Some(Some(_)))
        || matches!(change.username, Some(Some(_)))
        || change.user_id.is_some();
    change.email.clone().flatten().filter(|_| !others).map(|address| address.to_lowercase())
}

/// Writes a line.
pub(super) fn apply(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (prepared, rule): (&Prepared, OnConflict),
    addresses: &mut Addresses,
) -> Result<Done, Stop> {
    let moment = prepared.moment;
    check_fields(moment.view, &prepared.said.change)?;
    if let Some(known) = by_id(tx, prepared)? {
        return change_one(tx, rings, (prepared, rule), known);
    }
    let mut said = prepared.said.clone();
    if let Some(id) = said.change.user_id
        && !identity::is_met(tx, moment.account, id)?
    {
        // Another server's: who it is, the rest has to say.
        said.change.user_id = None;
        if !says_who(&said.change) {
            return Err(Error::bad("user_id is nobody's here, and nothing else says who it is").into());
        }
    }
    let address = address_alone(&said);
    if let Some(address) = &address
        && let Some(known) = by_address(tx, prepared, addresses.get(address).copied(), address)?
    {
        return change_one(tx, rings, (prepared, rule), known);
    }
    let added = add_newcomer(tx, rings, moment, &said.change).map_err(Stop::Midway)?;
    if added.is_some() {
        return Ok(Done::Added);
    }
    let found = identity::find(tx, moment, &said.change)?;
    if let Some(known) = found.contact.clone() {
        // A key that is narrowed is not told what it doesn't see.
        moment.view.keeps(tx, known.id)?;
        if rule == OnConflict::Skip {
            return Ok(Done::Unchanged);
        }
        let change = without_known(merge::change(&said, &known, rule), &known);
        check_size(&change)?;
        return changed(tx, rings, moment, (known, &change, &found));
    }
    let is_known = found.user.as_ref().is_some_and(|user| user.kind.is_known());
    if said.change.first_name.is_none() && !is_known {
        said.change.first_name = stand_in(&said.change);
    }
    let answer = add_new(tx, rings, moment, &said.change, &found).map_err(Stop::Midway)?;
    if let (Some(address), Some(id)) = (address, answer.created) {
        addresses.insert(address, id);
    }
    Ok(Done::Added)
}

/// Changes a contact that was found by its id or its address.
fn change_one(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (prepared, rule): (&Prepared, OnConflict),
    known: Contact,
) -> Result<Done, Stop> {
    let moment = prepared.moment;
    moment.view.keeps(tx, known.id)?;
    if rule == OnConflict::Skip {
        return Ok(Done::Unchanged);
    }
    let mut change = without_known(merge::change(&prepared.said, &known, rule), &known);
    if let Some(id) = change.user_id
        && !identity::is_met(tx, moment.account, id)?
    {
        change.user_id = None;
    }
    check_size(&change)?;
    let found = identity::find_for(tx, moment, &known, &change)?;
    changed(tx, rings, moment, (known, &change, &found))
}

fn changed(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    moment: Moment,
    (known, change, found): (Contact, &ContactChange, &Found),
) -> Result<Done, Stop> {
    let before = known.version;
    let answer = change_known(tx, rings, moment, known, change, found).map_err(Stop::Midway)?;
    Ok(if answer.version == Some(before) { Done::Unchanged } else { Done::Updated })
}

fn says_who(change: &ContactChange) -> bool {
    matches!(change.phone_number, Some(Some(_)))
        || [&change.username, &change.email].into_iter().any(|text| matches!(text, Some(Some(_))))
}

/// The user of a contact, once known, is not the file's to say.
fn without_known(change: ContactChange, contact: &Contact) -> ContactChange {
    let user_id = change.user_id.filter(|_| contact.user_id.is_none());
    ContactChange { user_id, ..change }
}

/// What two sources say together may be too much for one contact.
fn check_size(change: &ContactChange) -> Result<(), Error> {
    Ok(contactgram_wire::contact::check_size(change)?)
}

fn by_id(tx: &mut dyn Tx, prepared: &Prepared) -> Result<Option<Contact>, Stop> {
    let (said, Moment { account, view, .. }) = (&prepared.said, prepared.moment);
    let Some(id) = said.id else { return Ok(None) };
    match contacts::get(tx, account, id)? {
        Some(contact) if agrees(said, &contact) && view.shows(tx, contact.id)? => Ok(Some(contact)),
        _ => Ok(None),
    }
}

fn by_address(
    tx: &mut dyn Tx,
    prepared: &Prepared,
    added: Option<ContactId>,
    address: &str,
) -> Result<Option<Contact>, Stop> {
    let Some(id) = added.or(prepared.same_address) else { return Ok(None) };
    let contact = contacts::get(tx, prepared.moment.account, id)?;
    Ok(contact.filter(|contact| contact.email.as_ref().is_some_and(|own| own.to_lowercase() == address)))
}
