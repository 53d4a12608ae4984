//! Whom an account meets: everybody who writes to it or is shared with it is a contact from then on.
//! What the caller saved is never overwritten by what is learnt.

use super::{Moment, blank, free_id, log, number, take_over};
use crate::access::View;
use crate::{Error, Rings};
use contactgram_model::{
    Contact, ContactId, ContactSource, OwnName, PhoneNumber, Timestamp, UpdateKind, User, UserId, ids,
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
        && known.user_id == Some(user.id)
        && match &known.own_name {
            Some(own) => (&own.first_name, &own.last_name) == (&user.first_name, &user.last_name),
            None => (&known.first_name, &known.last_name) == (&user.first_name, &user.last_name),
        };
    if same {
        return Ok(());
    }
    let before = known.clone();
    take_over(&mut known, user);
    known.follow(own_name(user));
    if known == before {
        return Ok(());
    }
    change(tx, rings, account, known, now)
}

/// What a shared contact tells of a number.
pub(super) struct Card<'a> {
    /// As E.164; none where it is known to be somebody else's.
    pub phone: Option<String>,
    /// Of its vCard.
    email: Option<String>,
    /// Whether its own holder shared it, which proves the number.
    pub own: bool,
    shared: &'a SharedContact,
}

impl Card<'_> {
    /// Reads what `from` shared; `None` for what is no number.
    pub fn read(from: Option<UserId>, shared: &SharedContact) -> Option<Card<'_>> {
        let phone = PhoneNumber::from_telegram(&shared.phone_number).ok()?.e164().to_owned();
        let email = shared.vcard.as_deref().and_then(|card| vcard::emails(card).into_iter().next());
        let own = shared.user_id.is_some() && shared.user_id == from;
        Some(Card { phone: Some(phone), email, own, shared })
    }

    /// An id for somebody who has none that is known. A rerun must choose the same: the number and the time are chance
    /// enough.
    pub fn moment(&self, account: UserId, now: Timestamp) -> Moment {
        let digits = self.phone.as_deref().unwrap_or_default().trim_start_matches('+');
        let seed = digits.parse().unwrap_or(0_u64) ^ (now as u64).rotate_left(40);
        let fresh = ContactId(ids::pick(&ContactId::OWN, seed));
        Moment { account, view: View::whole(account), now, fresh, seed, source: ContactSource::Message }
    }

    /// Makes it a contact that wasn't there.
    pub fn fill(self, contact: &mut Contact) {
        contact.first_name.clone_from(&self.shared.first_name);
        contact.last_name.clone_from(&self.shared.last_name);
        contact.phone_verified = self.own && self.phone.is_some();
        contact.phone_number = self.phone;
        contact.email = self.email;
    }

    /// Adds it to a contact that is there: what is proven takes the place of what was, the rest fills gaps.
    pub fn add_to(self, known: &mut Contact) {
        if let Some(phone) = self.phone
            && (self.own || known.phone_number.is_none())
        {
            let proven = known.phone_verified && known.phone_number.as_ref() == Some(&phone);
            known.phone_verified = self.own || proven;
            known.phone_number = Some(phone);
        }
        if known.email.is_none() || (self.own && self.email.is_some()) {
            known.email = self.email;
        }
    }
}

/// Records a contact that `from` shared with `account`: their own, which proves the number, or another's.
pub(crate) fn learn_shared(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    from: &User,
    shared: &SharedContact,
) -> Result<(), Error> {
    let Some(card) = Card::read(Some(from.id), shared) else { return Ok(()) };
    let Some(phone) = card.phone.clone() else { return Ok(()) };
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
                let moment = card.moment(account, now);
                let names = (shared.first_name.as_str(), shared.last_name.clone());
                let id = free_id(tx, moment)?;
                let id = number::place(tx, moment, number::waiting(id, names, Some(&phone)))?;
                blank(id, ContactSource::Shared, now)
            }
        };
        card.fill(&mut contact);
        return add(tx, rings, account, contact, now);
    };
    let before = known.clone();
    card.add_to(&mut known);
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

/// What a user is called.
pub(super) fn own_name(user: &User) -> OwnName {
    OwnName { first_name: user.first_name.clone(), last_name: user.last_name.clone() }
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
