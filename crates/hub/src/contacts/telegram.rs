//! Whom an account meets through a Bot API server: people of Telegram, who are in no directory of this server. Their ids,
//! names and numbers are known from what the upstream tells alone. Called by `gateway`.

use super::learn::{Card, add, change, met, own_name};
use super::{blank, free_id, identity};
use crate::{Error, Rings};
use contactgram_model::{Contact, ContactSource, Timestamp, User, UserId, UserKind};
use contactgram_store::Tx;
use contactgram_store::ops::contacts;
use contactgram_wire::foreign::Person;
use contactgram_wire::message::SharedContact;

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
    contact.follow(own_name(&user));
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
    let Some(mut card) = Card::read(from, shared) else { return Ok(()) };
    let by_user = match shared.user_id {
        Some(id) => contacts::of_user(tx, account, id)?,
        None => None,
    };
    let mut by_phone = match &card.phone {
        Some(phone) => contacts::by_phone(tx, account, phone)?,
        None => None,
    };
    // Numbers go from one person to the next. Who proves to have it has it; what others say doesn't take it away.
    if let (Some(id), Some(holder)) = (shared.user_id, &by_phone)
        && holder.user_id.is_some_and(|holder| holder != id)
    {
        if card.own {
            let mut holder = holder.clone();
            holder.phone_number = None;
            holder.phone_verified = false;
            change(tx, rings, account, holder, now)?;
        } else {
            card.phone = None;
        }
        by_phone = None;
    }
    let known = match (by_user, by_phone) {
        // The number was saved before its holder was known: the two are one person now.
        (Some(user), Some(number)) if user.id != number.id => {
            let own = user.own_name.clone().unwrap_or_else(|| own_name(&holder(&user)));
            let mut known = identity::become_user(tx, account, number, &holder(&user), now)?;
            known.follow(own);
            Some(known)
        }
        (Some(user), _) => Some(user),
        (None, Some(number)) => match shared.user_id.map(|id| named(id, shared)) {
            Some(entry) if number.user_id.is_none() => {
                Some(identity::become_user(tx, account, number, &entry, now)?)
            }
            _ => Some(number),
        },
        (None, None) => None,
    };
    let Some(mut known) = known else {
        let mut contact = match shared.user_id.map(|id| named(id, shared)) {
            Some(entry) => met(&entry, ContactSource::Shared, now),
            None => blank(free_id(tx, card.moment(account, now))?, ContactSource::Shared, now),
        };
        card.fill(&mut contact);
        return add(tx, rings, account, contact, now);
    };
    let before = known.clone();
    card.add_to(&mut known);
    if known == before { Ok(()) } else { change(tx, rings, account, known, now) }
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
    user(&Person {
        id: UserId(contact.id.0),
        is_bot: contact.is_bot,
        first_name: contact.first_name.clone(),
        last_name: contact.last_name.clone(),
        username: contact.username.clone(),
        language_code: contact.language_code.clone(),
    })
}

/// Somebody of whom only the shared contact tells.
fn named(id: UserId, shared: &SharedContact) -> User {
    user(&Person {
        id,
        is_bot: false,
        first_name: shared.first_name.clone(),
        last_name: shared.last_name.clone(),
        username: None,
        language_code: None,
    })
}
