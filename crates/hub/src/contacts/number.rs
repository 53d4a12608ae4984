//! Numbers that wait. A contact whose user isn't known has the id of its number's mailbox in the directory,
//! so that what is sent to it waits for whoever registers the number. Called when a contact's number changes;
//! never for a contact whose user is known, whose number is only something that the caller noted.

use super::{Moment, free_own_id, identity};
use crate::Error;
use contactgram_model::{Contact, Timestamp, User, UserId, UserKind};
use contactgram_store::Tx;
use contactgram_store::ops::{accounts, contacts, counters, directory};

/// The user with this number. A number that waits may be given up at this moment by another account, so it is
/// looked at again once nobody else can.
pub(super) fn holder(tx: &mut dyn Tx, phone: &str) -> Result<Option<User>, Error> {
    let found = directory::by_phone(tx, phone)?;
    if let Some(waiting) = found.as_ref().filter(|user| !user.kind.is_known()) {
        counters::lock(tx, waiting.id)?;
        return Ok(directory::by_phone(tx, phone)?);
    }
    Ok(found)
}

/// Lets a contact wait under its new number, which nobody has, or under none. It keeps its id unless messages
/// or another account's contact hold the mailbox to the number before.
pub(super) fn follow(tx: &mut dyn Tx, moment: Moment, contact: Contact) -> Result<Contact, Error> {
    let Moment { account, now, seed } = moment;
    let id = UserId(contact.id.0);
    let waiting = User {
        id,
        kind: UserKind::Placeholder,
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        username: None,
        phone_number: contact.phone_number.clone(),
        email: None,
        language_code: None,
    };
    let wanted = contact.phone_number.is_some();
    if directory::get(tx, id)?.is_none() {
        if wanted {
            place(tx, &waiting, now)?;
        }
        return Ok(contact);
    }
    if is_only_ours(tx, account, id)? {
        directory::update(tx, &waiting)?;
        return Ok(contact);
    }
    let id = free_own_id(tx, account, wanted.then(|| waiting.clone()), (seed, now))?;
    identity::become_user(tx, account, contact, &User { id: UserId(id.0), ..waiting }, now)
}

/// Puts a number that waits into the directory, with its mailbox.
pub(super) fn place(tx: &mut dyn Tx, waiting: &User, now: Timestamp) -> Result<(), Error> {
    if !directory::insert(tx, waiting, now)? {
        let text = "the number was just taken; try again";
        return Err(Error::Unavailable { text: text.into(), retry_after: 1 });
    }
    Ok(counters::open(tx, waiting.id, 0)?)
}

/// Whether nothing but this account's contact hangs on a mailbox that waits.
fn is_only_ours(tx: &mut dyn Tx, account: UserId, id: UserId) -> Result<bool, Error> {
    counters::lock(tx, id)?;
    if counters::get(tx, id)?.message_id > 0 {
        return Ok(false);
    }
    for other in accounts::list(tx)? {
        if other.id != account && contacts::of_user(tx, other.id, id)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}
