//! Numbers that wait. A contact whose user isn't known has the id of its number's mailbox in the directory,
//! so that what is sent to it waits for whoever registers the number. Called when a contact's number changes;
//! never for a contact whose user is known, whose number is only something that the caller noted.

use super::{Moment, free_id, identity};
use crate::Error;
use contactgram_model::{Contact, ContactId, User, UserId, UserKind};
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
    let Moment { account, now, .. } = moment;
    let id = UserId(contact.id.0);
    let names = (contact.first_name.as_str(), contact.last_name.clone());
    let waiting = waiting(contact.id, names, contact.phone_number.as_deref());
    let wanted = contact.phone_number.is_some();
    if directory::get(tx, id)?.is_none() {
        if wanted && place(tx, moment, waiting)? != contact.id {
            return Err(Error::internal("a contact's own id was taken by another number"));
        }
        return Ok(contact);
    }
    if is_only_ours(tx, account, id)? {
        directory::update(tx, &waiting)?;
        return Ok(contact);
    }
    let mut waiting = User { id: UserId(free_id(tx, moment)?.0), ..waiting };
    if wanted {
        waiting.id = UserId(place(tx, moment, waiting.clone())?.0);
    }
    identity::become_user(tx, account, contact, &waiting, now)
}

/// A number that waits, under the names that somebody gave it.
pub(super) fn waiting(
    id: ContactId,
    (first_name, last_name): (&str, Option<String>),
    phone: Option<&str>,
) -> User {
    User {
        id: UserId(id.0),
        kind: UserKind::Placeholder,
        first_name: first_name.to_owned(),
        last_name,
        username: None,
        phone_number: phone.map(str::to_owned),
        email: None,
        language_code: None,
    }
}

/// Puts a number that waits into the directory, with its mailbox: under its id, or another that is free when
/// somebody took that one at this moment.
pub(super) fn place(tx: &mut dyn Tx, moment: Moment, mut waiting: User) -> Result<ContactId, Error> {
    for _ in 0..8 {
        if directory::insert(tx, &waiting, moment.now)? {
            counters::open_waiting(tx, waiting.id)?;
            return Ok(ContactId(waiting.id.0));
        }
        let phone = waiting.phone_number.as_deref().unwrap_or_default();
        if directory::by_phone(tx, phone)?.is_some() {
            break;
        }
        waiting.id = UserId(free_id(tx, moment)?.0);
    }
    let text = "the number was just taken; try again";
    Err(Error::Unavailable { text: text.into(), retry_after: 1 })
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
