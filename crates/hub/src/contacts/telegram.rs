//! Whom an account meets through a Bot API server: people of Telegram, who are in no directory of this server. Their ids,
//! names and numbers are known from what the upstream tells alone. Called by `gateway`.

use super::learn::{add, change, met};
use super::{Moment, blank, free_id, identity};
use crate::access::View;
use crate::{Error, Rings};
use contactgram_model::{
    Contact, ContactId, ContactSource, PhoneNumber, Timestamp, User, UserId, UserKind, ids,
};
use contactgram_store::Tx;
use contactgram_store::ops::contacts;
use contactgram_wire::foreign::Person;
use contactgram_wire::message::SharedContact;
use contactgram_wire::vcard;

/// Records that `account` met somebody. What they changed of themselves is taken over; a name that the caller saved
/// stays.
pub(crate) fn learn_person(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    person: &Person,
) -> Result<(), Error> {
    let mut user = user(person);
    let Some(known) = contacts::of_user(tx, account, user.id)? else {
        return add(tx, rings, account, met(&user, ContactSource::Message, now), now);
    };
    // Most updates don't say the language: that is no change of it.
    user.language_code = user.language_code.or_else(|| known.language_code.clone());
    let mut contact = known.clone();
    super::take_over(&mut contact, &user);
    // Nobody saved a name of one's own for whom the account only met: it is theirs, and follows them.
    if contact.source == ContactSource::Message {
        contact.first_name.clone_from(&user.first_name);
        contact.last_name.clone_from(&user.last_name);
    }
    if contact == known { Ok(()) } else { change(tx, rings, account, contact, now) }
}

/// Records a contact that `from` shared with `account`: their own, which proves the number, or another's.
pub(crate) fn learn_number(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    from: Option<UserId>,
    shared: &SharedContact,
) -> Result<(), Error> {
    let Ok(phone) = PhoneNumber::from_telegram(&shared.phone_number) else { return Ok(()) };
    let phone = phone.e164().to_owned();
    let email = shared.vcard.as_deref().and_then(|card| vcard::emails(card).into_iter().next());
    let own = shared.user_id.is_some() && shared.user_id == from;
    let by_user = match shared.user_id {
        Some(id) => contacts::of_user(tx, account, id)?,
        None => None,
    };
    let by_phone = contacts::by_phone(tx, account, &phone)?;
    let known = match (by_user, by_phone) {
        // The number was saved before its holder was known: the two are one person now.
        (Some(user), Some(number)) if user.id != number.id => {
            let entry = holder(&user);
            Some(identity::become_user(tx, account, number, &entry, now)?)
        }
        (Some(user), _) => Some(user),
        (None, Some(number)) => match shared.user_id {
            Some(id) if number.user_id.is_none() => {
                let entry = User { id, ..named(shared) };
                Some(identity::become_user(tx, account, number, &entry, now)?)
            }
            _ => Some(number),
        },
        (None, None) => None,
    };
    let Some(mut known) = known else {
        let mut contact = match shared.user_id {
            Some(id) => met(&User { id, ..named(shared) }, ContactSource::Shared, now),
            None => blank(own_id(tx, (account, now), &phone)?, ContactSource::Shared, now),
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

/// An id for somebody who has none that is known. A rerun must choose the same: the number and the time are chance enough.
fn own_id(tx: &mut dyn Tx, (account, now): (UserId, Timestamp), phone: &str) -> Result<ContactId, Error> {
    let digits: u64 = phone.trim_start_matches('+').parse().unwrap_or_default();
    let seed = digits ^ (now as u64).rotate_left(40);
    let fresh = ContactId(ids::pick(&ContactId::OWN, seed));
    free_id(tx, Moment { account, view: View::whole(account), now, fresh, seed })
}

fn user(person: &Person) -> User {
    User {
        id: person.id,
        kind: if person.is_bot { UserKind::Bot } else { UserKind::Person },
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        username: person.username.clone(),
        phone_number: None,
        email: None,
        language_code: person.language_code.clone(),
    }
}

/// The user behind a contact that was met.
fn holder(contact: &Contact) -> User {
    User {
        id: UserId(contact.id.0),
        kind: if contact.is_bot { UserKind::Bot } else { UserKind::Person },
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        username: contact.username.clone(),
        phone_number: None,
        email: None,
        language_code: contact.language_code.clone(),
    }
}

/// Somebody of whom only the shared contact tells.
fn named(shared: &SharedContact) -> User {
    User {
        id: UserId(0),
        kind: UserKind::Person,
        first_name: shared.first_name.clone(),
        last_name: shared.last_name.clone(),
        username: None,
        phone_number: None,
        email: None,
        language_code: None,
    }
}
