//! Which contact, and which user, a caller means; and what happens when the user of a contact becomes
//! known: the contact takes the user's id, and the id it had keeps working.

use super::learn::own_name;
use super::{Moment, log, number, take_over};
use crate::{Error, Rings};
use contactgram_model::contact::ContactChange;
use contactgram_model::{Contact, ContactId, Timestamp, UpdateKind, User, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::counters::ContactPlace;
use contactgram_store::ops::{accounts, contacts, counters, directory};

/// Whom a change is about.
#[derive(Debug)]
pub(super) struct Found {
    /// The contact that the account has.
    pub contact: Option<Contact>,
    /// The user of the directory.
    pub user: Option<User>,
}

/// Looks up whom a new contact would be.
pub(super) fn find(tx: &mut dyn Tx, moment: Moment, change: &ContactChange) -> Result<Found, Error> {
    let phone = change.phone_number.as_ref().and_then(Option::as_ref);
    let username = change.username.as_ref().and_then(Option::as_deref);
    let email = change.email.as_ref().and_then(Option::as_deref);
    if phone.is_none() && username.is_none() && email.is_none() && change.user_id.is_none() {
        return Err(Error::bad(
            "parameter \"phone_number\", \"user_id\", \"username\" or \"email\" is required",
        ));
    }
    let user = user(tx, moment.account, change)?;
    let by_user = match &user {
        Some(user) => contacts::of_user(tx, moment.account, user.id)?,
        None => None,
    };
    let by_phone = match phone {
        Some(phone) => contacts::by_phone(tx, moment.account, phone.e164())?,
        None => None,
    };
    if let (Some(one), Some(other)) = (&by_user, &by_phone)
        && one.id != other.id
    {
        return Err(number_of_another(tx, moment, other)?);
    }
    let by_username = match (&by_user, &by_phone, &user, username) {
        (None, None, None, Some(name)) if phone.is_none() => contacts::by_username(tx, moment.account, name)?,
        _ => None,
    };
    Ok(Found { contact: by_user.or(by_phone).or(by_username), user })
}

/// Looks up whether a change gives a contact a user.
pub(super) fn find_for(
    tx: &mut dyn Tx,
    moment: Moment,
    contact: &Contact,
    change: &ContactChange,
) -> Result<Found, Error> {
    let phone = change.phone_number.as_ref().and_then(Option::as_ref);
    if let Some(phone) = phone
        && let Some(other) = contacts::by_phone(tx, moment.account, phone.e164())?
        && other.id != contact.id
    {
        return Err(number_of_another(tx, moment, &other)?);
    }
    if let (Some(asked), Some(known)) = (change.user_id, contact.user_id)
        && asked != known
    {
        return Err(Error::bad("user_id can't be changed: the contact's user is known"));
    }
    let mut user = None;
    if contact.user_id.is_none() {
        user = self::user(tx, moment.account, change)?;
    }
    Ok(Found { contact: Some(contact.clone()), user })
}

/// The user that a change names: by id, by number, or else by username. A number that waits has no name and no
/// other way to be found: whoever doesn't know the number is not to learn of it by trying ids.
fn user(tx: &mut dyn Tx, account: UserId, change: &ContactChange) -> Result<Option<User>, Error> {
    if let Some(id) = change.user_id {
        return met(tx, account, id)?.map(Some).ok_or(Error::bad("user not found"));
    }
    if let Some(phone) = change.phone_number.as_ref().and_then(Option::as_ref)
        && let Some(user) = number::holder(tx, phone.e164())?
    {
        return Ok(Some(user));
    }
    match change.username.as_ref().and_then(Option::as_deref) {
        Some(name) => Ok(directory::by_username(tx, name)?),
        None => Ok(None),
    }
}

/// Whether an account may name this user by its id.
pub(super) fn is_met(tx: &mut dyn Tx, account: UserId, id: UserId) -> Result<bool, Error> {
    Ok(met(tx, account, id)?.is_some())
}

fn met(tx: &mut dyn Tx, account: UserId, id: UserId) -> Result<Option<User>, Error> {
    let user = directory::get(tx, id)?;
    let is_met = match &user {
        Some(user) => user.kind.is_known() || contacts::of_user(tx, account, id)?.is_some(),
        None => false,
    };
    Ok(user.filter(|_| is_met))
}

/// Gives `contact` the id of `user`. If the account has met the user already, the two contacts become one:
/// what the caller saved wins, and what only the other had is kept.
pub(super) fn become_user(
    tx: &mut dyn Tx,
    account: UserId,
    mut contact: Contact,
    user: &User,
    now: Timestamp,
) -> Result<Contact, Error> {
    let (old, new) = (contact.id, ContactId(user.id.0));
    if user.kind.is_known() {
        take_over(&mut contact, user);
        contact.follow(own_name(user));
    }
    if old == new {
        return Ok(contact);
    }
    let met = contacts::of_user(tx, account, user.id)?;
    // First, or the ids from which `old` was reached would be forgotten with it.
    contacts::add_alias(tx, account, old, new)?;
    contacts::delete(tx, account, old)?;
    let version = counters::next_contact(tx, account, if met.is_some() { -1 } else { 0 })?.version;
    contacts::bury(tx, account, old, (version, now))?;
    contacts::unlabel(tx, account, (old, &contact.labels), (version, now))?;
    contact.id = new;
    match met {
        Some(met) => {
            contact.phone_verified |= met.phone_verified && met.phone_number == contact.phone_number;
            contact.phone_number = contact.phone_number.or(met.phone_number);
            contact.email = contact.email.or(met.email);
            contact.note = contact.note.or(met.note);
            contact.labels.extend(met.labels);
            contact.labels.sort_unstable();
            contact.labels.dedup();
            for (key, value) in met.attributes {
                contact.attributes.entry(key).or_insert(value);
            }
            contact.is_blocked = met.is_blocked;
            contact.created_at = contact.created_at.min(met.created_at);
        }
        None => {
            contact.version = version;
            contacts::insert(tx, account, &contact)?;
        }
    }
    Ok(contact)
}

/// Tells every account that waited for this user, under its id, phone or username, that it is there.
pub(crate) fn user_became_known(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    user: &User,
    now: Timestamp,
) -> Result<(), Error> {
    for account in accounts::list(tx)? {
        let account = account.id;
        let mut waiting = contacts::of_user(tx, account, user.id)?.filter(waits);
        if let (None, Some(name)) = (&waiting, &user.username) {
            waiting = contacts::by_username(tx, account, name)?.filter(waits);
        }
        let Some(waiting) = waiting else { continue };
        let mut contact = become_user(tx, account, waiting, user, now)?;
        contact.updated_at = now;
        let ContactPlace { version, wanted } = counters::next_contact(tx, account, 0)?;
        contact.version = version;
        contacts::update(tx, account, &contact)?;
        log(tx, rings, account, (wanted, UpdateKind::ContactChanged, now), &contact)?;
    }
    Ok(())
}

fn waits(contact: &Contact) -> bool {
    contact.user_id.is_none()
}

fn number_of_another(tx: &mut dyn Tx, moment: Moment, other: &Contact) -> Result<Error, Error> {
    moment.view.keeps(tx, other.id)?;
    Ok(Error::BadRequest(format!("phone_number belongs to another contact, {}", other.id).into()))
}
