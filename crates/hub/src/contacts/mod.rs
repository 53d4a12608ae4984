//! Contacts: added, changed, removed and looked up by an account. `identity` decides which contacts are
//! the same, `list` pages through them, `learn` records whom an account meets.

mod fences;
mod identity;
mod learn;
mod list;
mod number;

pub use list::{ContactPage, ListQuery};

pub(crate) use fences::Fences;
pub(crate) use identity::user_became_known;
pub(crate) use learn::{learn, learn_shared, set_blocked};

use crate::access::ContactsWrite;
use crate::{Answer, Error, Hub, Once, Permit, Rings, random};
use contactgram_model::contact::ContactChange;
use contactgram_model::{Contact, ContactId, ContactSource, Timestamp, UpdateKind, User, UserId, UserKind};
use contactgram_store::Tx;
use contactgram_store::ops::updates::NewUpdate;
use contactgram_store::ops::{chats, contacts, counters, directory, updates};
use contactgram_wire::event::RemovedContact;
use identity::Found;

/// How a method names a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactKey {
    /// Its id, or one it had before.
    Id(ContactId),
    /// Its number in E.164.
    Phone(String),
    /// Its username.
    Username(String),
}

pub(crate) const NO_CONTACT: Error = Error::missing("contact not found");

/// A name of 1–64 characters, trimmed.
pub(crate) fn checked_name(field: &str, name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(Error::BadRequest(format!("{field} must have 1 to 64 characters").into()));
    }
    Ok(name.to_owned())
}

/// What is made outside the transaction for a change of contacts.
#[derive(Debug, Clone, Copy)]
struct Moment {
    account: UserId,
    now: Timestamp,
    seed: u64,
}

impl Hub {
    /// Adds a contact, or changes the one that the account has for the same phone or user.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when nothing says who it is, or no name is given for somebody unknown.
    pub async fn add_contact(
        &self,
        permit: &Permit<ContactsWrite>,
        change: ContactChange,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let moment = self.moment(permit.account())?;
        self.change_once(moment.account, once, move |tx, rings| {
            counters::lock(tx, moment.account)?;
            let found = identity::find(tx, moment, &change)?;
            match &found.contact {
                Some(known) => change_known(tx, rings, moment, known.clone(), &change, &found),
                None => add_new(tx, rings, moment, &change, &found),
            }
        })
        .await
    }

    /// Changes a contact. `only_version` is what `If-Match` asks for.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::PreconditionFailed`] when it has another version by now.
    pub async fn edit_contact(
        &self,
        permit: &Permit<ContactsWrite>,
        target: (ContactKey, Option<i64>),
        change: ContactChange,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let moment = self.moment(permit.account())?;
        let (key, only_version) = target;
        self.change_once(moment.account, once, move |tx, rings| {
            counters::lock(tx, moment.account)?;
            let known = find(tx, moment.account, &key)?.ok_or(NO_CONTACT)?;
            check_version(&known, only_version)?;
            let found = identity::find_for(tx, moment, &known, &change)?;
            change_known(tx, rings, moment, known, &change, &found)
        })
        .await
    }

    /// Removes a contact.
    pub async fn delete_contact(
        &self,
        permit: &Permit<ContactsWrite>,
        target: (ContactKey, Option<i64>),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let moment = self.moment(permit.account())?;
        let (key, only_version) = target;
        self.change_once(moment.account, once, move |tx, rings| {
            counters::lock(tx, moment.account)?;
            let known = find(tx, moment.account, &key)?.ok_or(NO_CONTACT)?;
            check_version(&known, only_version)?;
            remove(tx, rings, moment, known.id)?;
            Ok(Answer::yes())
        })
        .await
    }

    fn moment(&self, account: UserId) -> Result<Moment, Error> {
        Ok(Moment { account, now: self.clock.now(), seed: random::seed()? })
    }
}

impl<'a> From<&'a ContactKey> for contacts::Key<'a> {
    fn from(key: &'a ContactKey) -> contacts::Key<'a> {
        match key {
            ContactKey::Id(id) => contacts::Key::Id(*id),
            ContactKey::Phone(phone) => contacts::Key::Phone(phone),
            ContactKey::Username(name) => contacts::Key::Username(name),
        }
    }
}

/// The contact that a key names.
pub(crate) fn find(tx: &mut dyn Tx, account: UserId, key: &ContactKey) -> Result<Option<Contact>, Error> {
    Ok(match key {
        ContactKey::Id(id) => contacts::get(tx, account, *id)?,
        ContactKey::Phone(phone) => contacts::by_phone(tx, account, phone)?,
        ContactKey::Username(name) => contacts::by_username(tx, account, name)?,
    })
}

fn check_version(contact: &Contact, only: Option<i64>) -> Result<(), Error> {
    match only {
        Some(version) if version != contact.version => {
            Err(Error::PreconditionFailed("the contact was changed since it was read".into()))
        }
        _ => Ok(()),
    }
}

fn add_new(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    moment: Moment,
    change: &ContactChange,
    found: &Found,
) -> Result<Answer, Error> {
    let Moment { account, now, seed } = moment;
    let known = found.user.as_ref().filter(|user| user.kind.is_known());
    let name = change.first_name.clone().or_else(|| known.map(|user| user.first_name.clone()));
    let first_name = name.ok_or(Error::bad("parameter \"first_name\" is required"))?;
    let id = match &found.user {
        Some(user) => ContactId(user.id.0),
        None => own_id(tx, account, change, &first_name, (seed, now))?,
    };
    let mut contact = Contact { first_name, ..blank(id, ContactSource::Manual, now) };
    if let Some(user) = known {
        take_over(&mut contact, user);
        if change.first_name.is_none() {
            contact.last_name.clone_from(&user.last_name);
        }
    }
    change.apply(&mut contact);
    respell(&mut contact, known);
    contact.is_blocked = chats::is_blocked(tx, account, UserId(id.0))?;
    contact.version = counters::next_contact_version(tx, account, 1)?;
    contacts::insert(tx, account, &contact)?;
    log(tx, rings, account, (UpdateKind::ContactAdded, now), &contact)?;
    answer(&contact, true)
}

/// An id for a contact whose user isn't known. A phone number gets a user that waits for somebody.
fn own_id(
    tx: &mut dyn Tx,
    account: UserId,
    change: &ContactChange,
    first_name: &str,
    moment: (u64, Timestamp),
) -> Result<ContactId, Error> {
    let phone = change.phone_number.as_ref().and_then(Option::as_ref);
    let last_name = change.last_name.clone().flatten();
    let waiting = phone.map(|phone| User {
        id: UserId(0),
        kind: UserKind::Placeholder,
        first_name: first_name.to_owned(),
        last_name,
        username: None,
        phone_number: Some(phone.e164().to_owned()),
        email: None,
        language_code: None,
    });
    free_own_id(tx, account, waiting, moment)
}

/// A free id of our own range; `waiting` becomes the directory's user of that id.
fn free_own_id(
    tx: &mut dyn Tx,
    account: UserId,
    waiting: Option<User>,
    (mut seed, now): (u64, Timestamp),
) -> Result<ContactId, Error> {
    let id = loop {
        let id = directory::free_id(tx, &ContactId::OWN, seed)?;
        if contacts::get(tx, account, ContactId(id.0))?.is_none() {
            break id;
        }
        seed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    };
    if let Some(user) = waiting {
        number::place(tx, &User { id, ..user }, now)?;
    }
    Ok(ContactId(id.0))
}

fn change_known(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    moment: Moment,
    mut contact: Contact,
    change: &ContactChange,
    found: &Found,
) -> Result<Answer, Error> {
    let Moment { account, now, .. } = moment;
    let before = contact.clone();
    change.apply(&mut contact);
    respell(&mut contact, found.user.as_ref());
    let mut changed = contact != before;
    if let Some(user) = &found.user
        && (contact.id.0 != user.id.0 || (user.kind.is_known() && contact.user_id.is_none()))
    {
        contact = identity::become_user(tx, account, contact, user, now)?;
        changed = true;
    } else if contact.user_id.is_none() && contact.phone_number != before.phone_number {
        contact = number::follow(tx, moment, contact)?;
    }
    if changed {
        contact.updated_at = now;
        contact.version = counters::next_contact_version(tx, account, 0)?;
        contacts::update(tx, account, &contact)?;
        log(tx, rings, account, (UpdateKind::ContactChanged, now), &contact)?;
    }
    answer(&contact, false)
}

fn remove(tx: &mut dyn Tx, rings: &mut Rings, moment: Moment, id: ContactId) -> Result<(), Error> {
    let Moment { account, now, .. } = moment;
    contacts::delete(tx, account, id)?;
    let version = counters::next_contact_version(tx, account, -1)?;
    contacts::bury(tx, account, id, (version, now))?;
    log(tx, rings, account, (UpdateKind::ContactRemoved, now), &RemovedContact::new(id))
}

/// Tells those who asked for it that a contact changed.
pub(crate) fn log<T: serde::Serialize>(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    account: UserId,
    (kind, date): (UpdateKind, Timestamp),
    payload: &T,
) -> Result<(), Error> {
    // Nearly nobody asks: look before writing JSON.
    if !updates::consumer(tx, account)?.is_some_and(|consumer| consumer.allowed.has(kind)) {
        return Ok(());
    }
    let payload = serde_json::to_string(payload).map_err(Error::internal)?;
    if updates::append(tx, account, &NewUpdate { kind, lane: 0, date, payload: &payload })?.is_some() {
        rings.push(account);
    }
    Ok(())
}

/// A contact with nothing but an id.
pub(crate) fn blank(id: ContactId, source: ContactSource, now: Timestamp) -> Contact {
    Contact {
        id,
        first_name: String::new(),
        last_name: None,
        username: None,
        phone_number: None,
        email: None,
        user_id: None,
        language_code: None,
        is_bot: false,
        labels: Vec::new(),
        note: None,
        attributes: serde_json::Map::new(),
        phone_verified: false,
        is_blocked: false,
        source,
        created_at: now,
        updated_at: now,
        version: 0,
    }
}

/// What an account may know of a user that is known: not the phone and not the e-mail.
pub(crate) fn take_over(contact: &mut Contact, user: &User) {
    contact.user_id = Some(user.id);
    contact.username.clone_from(&user.username);
    contact.language_code.clone_from(&user.language_code);
    contact.is_bot = user.is_bot();
}

/// A name is spelt as its owner spells it.
fn respell(contact: &mut Contact, user: Option<&User>) {
    let names = (&contact.username, user.and_then(|user| user.username.as_deref()));
    if let (Some(written), Some(own)) = names
        && written.eq_ignore_ascii_case(own)
    {
        contact.username = Some(own.to_owned());
    }
}

fn answer(contact: &Contact, new: bool) -> Result<Answer, Error> {
    let mut answer = Answer::of(contact)?;
    answer.created = new.then_some(contact.id);
    answer.version = Some(contact.version);
    Ok(answer)
}
