//! Whom an account meets: everybody who writes to it or is shared with it is a contact from then on.
//! What the caller saved is never overwritten by what is learnt.

use super::{Moment, blank, free_id, log, number, take_over};
use crate::access::View;
use crate::{Error, Rings};
use contactgram_model::{
    Contact, ContactId, ContactSource, PhoneNumber, Timestamp, UpdateKind, User, UserId, ids,
};
use contactgram_store::Tx;
use contactgram_store::ops::counters::ContactPlace;
use contactgram_store::ops::{chats, contacts, counters, directory};
use contactgram_wire::message::SharedContact;
use contactgram_wire::vcard;

/// Asks ahead what [`learn`] will.
pub(crate) fn learn_ahead(tx: &mut dyn Tx, account: UserId, user: &User) -> Result<(), Error> {
    Ok(contacts::of_user_ahead(tx, account, user.id)?)
}

/// Records that `account` met `user`.
pub(crate) fn learn(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    account: UserId,
    user: &User,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(mut known) = contacts::of_user(tx, account, user.id)? else {
        let contact = met(user, ContactSource::Message, now);
        return add(tx, rings, account, contact, now);
    };
    let same = known.username == user.username
        && known.language_code == user.language_code
        && known.user_id == Some(user.id);
    if same {
        return Ok(());
    }
    take_over(&mut known, user);
    change(tx, rings, account, known, now)
}

/// Records a contact that `from` shared with `account`: their own, which proves the number, or another's.
pub(crate) fn learn_shared(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    from: &User,
    shared: &SharedContact,
) -> Result<(), Error> {
    let Ok(phone) = PhoneNumber::from_telegram(&shared.phone_number) else { return Ok(()) };
    let phone = phone.e164().to_owned();
    let email = shared.vcard.as_deref().and_then(|card| vcard::emails(card).into_iter().next());
    let own = shared.user_id == Some(from.id);
    let by_user = match shared.user_id {
        Some(id) => contacts::of_user(tx, account, id)?,
        None => None,
    };
    let by_phone = contacts::by_phone(tx, account, &phone)?;
    let known = match (by_user, by_phone) {
        // The number stands under another contact of the caller's: the two are one person now.
        (Some(user), Some(number)) if user.id != number.id => {
            let Some(entry) = directory::get(tx, UserId(user.id.0))? else { return Ok(()) };
            Some(super::identity::become_user(tx, account, number, &entry, now)?)
        }
        (Some(user), _) => Some(user),
        (None, number) => number,
    };
    let Some(mut known) = known else {
        let user = match shared.user_id {
            Some(id) => directory::get(tx, id)?,
            None => directory::by_phone(tx, &phone)?,
        };
        let mut contact = match &user {
            Some(user) => met(user, ContactSource::Shared, now),
            None => {
                // A rerun must choose the same id: the number and the time are chance enough.
                let digits: u64 = phone.trim_start_matches('+').parse().unwrap_or_default();
                let seed = digits ^ (now as u64).rotate_left(40);
                let fresh = ContactId(ids::pick(&ContactId::OWN, seed));
                let moment = Moment { account, view: View::whole(account), now, fresh, seed };
                let names = (shared.first_name.as_str(), shared.last_name.clone());
                let id = free_id(tx, moment)?;
                let id = number::place(tx, moment, number::waiting(id, names, Some(&phone)))?;
                blank(id, ContactSource::Shared, now)
            }
        };
        contact.first_name.clone_from(&shared.first_name);
        contact.last_name.clone_from(&shared.last_name);
        contact.phone_number = Some(phone);
        contact.phone_verified = own;
        contact.email = email;
        return add(tx, rings, account, contact, now);
    };
    let before = known.clone();
    if own || known.phone_number.is_none() {
        known.phone_verified = own || (known.phone_verified && known.phone_number.as_ref() == Some(&phone));
        known.phone_number = Some(phone);
    }
    if known.email.is_none() || (own && email.is_some()) {
        known.email = email;
    }
    if known == before { Ok(()) } else { change(tx, rings, account, known, now) }
}

/// Records that a contact's user blocked the account, or no longer does.
pub(crate) fn set_blocked(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    user: UserId,
    blocked: bool,
) -> Result<(), Error> {
    // The whole contact is written: nobody may change it between here and there.
    counters::lock(tx, account)?;
    let Some(mut contact) = contacts::of_user(tx, account, user)? else { return Ok(()) };
    if contact.is_blocked == blocked {
        return Ok(());
    }
    contact.is_blocked = blocked;
    contact.updated_at = now;
    let ContactPlace { version, wanted } = counters::next_contact(tx, account, 0)?;
    contact.version = version;
    contacts::set_blocked(tx, account, &contact)?;
    log(tx, rings, account, (wanted, UpdateKind::ContactChanged, now), &contact)
}

pub(super) fn met(user: &User, source: ContactSource, now: Timestamp) -> Contact {
    let mut contact = Contact {
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        ..blank(ContactId(user.id.0), source, now)
    };
    if user.kind.is_known() {
        take_over(&mut contact, user);
    }
    contact
}

pub(super) fn add(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    account: UserId,
    mut contact: Contact,
    now: Timestamp,
) -> Result<(), Error> {
    contact.is_blocked = chats::is_blocked(tx, account, UserId(contact.id.0))?;
    let ContactPlace { version, wanted } = counters::next_contact(tx, account, 1)?;
    contact.version = version;
    contacts::insert(tx, account, &contact)?;
    log(tx, rings, account, (wanted, UpdateKind::ContactAdded, now), &contact)
}

pub(super) fn change(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    account: UserId,
    mut contact: Contact,
    now: Timestamp,
) -> Result<(), Error> {
    contact.updated_at = now;
    let ContactPlace { version, wanted } = counters::next_contact(tx, account, 0)?;
    contact.version = version;
    contacts::update(tx, account, &contact)?;
    log(tx, rings, account, (wanted, UpdateKind::ContactChanged, now), &contact)
}
