//! Contacts: added, changed, removed and looked up by an account. `identity` decides which contacts are
//! the same, `list` pages through them, `learn` records whom an account meets.

mod export;
mod fences;
mod identity;
mod ids;
mod import;
mod learn;
mod list;
mod number;
mod telegram;

pub use export::{Export, ExportQuery};
pub use import::{Import, ImportReport, ImportRequest, OnConflict, RefusedLine};
pub use list::{AS_TYPED, ContactPage, ListQuery};

pub(crate) use fences::Fences;
pub(crate) use identity::user_became_known;
pub(crate) use ids::OwnIds;
pub(crate) use learn::{learn, learn_ahead, learn_shared, set_blocked};
pub(crate) use telegram::{learn_number, learn_person};

use crate::access::{ContactsWrite, View};
use crate::{Answer, Error, Hub, Once, Permit, Rings, accounts, random};
use contactgram_model::contact::ContactChange;
use contactgram_model::update::Wanted;
use contactgram_model::{Action, Contact, ContactId, ContactSource, Timestamp, UpdateKind, User, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::counters::ContactPlace;
use contactgram_store::ops::updates::NewUpdate;
use contactgram_store::ops::{audit, chats, contacts, counters, directory, newcomers, updates};
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
    /// What the caller sees.
    view: View,
    now: Timestamp,
    /// An id that is free, most likely.
    fresh: ContactId,
    seed: u64,
    /// How a contact that is added came to be known.
    source: ContactSource,
}

impl Hub {
    /// Adds a contact, or changes the one that the account has for the same phone or user.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when nothing says who it is, or no name is given for somebody unknown;
    /// [`Error::Forbidden`] for private fields without `contacts:private`, and where a narrowed caller would
    /// not see the contact.
    pub async fn add_contact(
        &self,
        permit: &Permit<ContactsWrite>,
        change: ContactChange,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let moment = self.moment(permit.view())?;
        check_fields(moment.view, &change)?;
        let adding = self.change_once(moment.account, once, move |tx, rings| {
            counters::lock(tx, moment.account)?;
            if let Some(answer) = add_newcomer(tx, rings, moment, &change)? {
                return Ok(answer);
            }
            let found = identity::find(tx, moment, &change)?;
            match &found.contact {
                Some(known) => change_known(tx, rings, moment, known.clone(), &change, &found),
                None => add_new(tx, rings, moment, &change, &found),
            }
        });
        moment.view.with_contact(adding.await?)
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
        let moment = self.moment(permit.view())?;
        check_fields(moment.view, &change)?;
        let (key, only_version) = target;
        let editing = self.change_once(moment.account, once, move |tx, rings| {
            counters::lock(tx, moment.account)?;
            let known = find(tx, moment.view, &key)?.ok_or(NO_CONTACT)?;
            check_version(&known, only_version)?;
            let found = identity::find_for(tx, moment, &known, &change)?;
            change_known(tx, rings, moment, known, &change, &found)
        });
        moment.view.with_contact(editing.await?)
    }

    /// Removes a contact.
    pub async fn delete_contact(
        &self,
        permit: &Permit<ContactsWrite>,
        target: (ContactKey, Option<i64>),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let moment = self.moment(permit.view())?;
        let (key, only_version) = target;
        let by = (permit.actor(), moment.now);
        self.change_once(moment.account, once, move |tx, rings| {
            counters::lock(tx, moment.account)?;
            audit::append_ahead(tx, moment.account)?;
            let known = find(tx, moment.view, &key)?.ok_or(NO_CONTACT)?;
            check_version(&known, only_version)?;
            remove(tx, rings, moment, &known)?;
            let target = (format!("contact {}", known.id), serde_json::json!({}));
            accounts::record(tx, by, (moment.account, Action::ContactRemoved), target)?;
            Ok(Answer::yes())
        })
        .await
    }

    fn moment(&self, view: View) -> Result<Moment, Error> {
        let (now, seed) = (self.clock.now(), random::seed()?);
        let (account, fresh, source) = (view.account(), self.own_ids.next(now, seed), ContactSource::Manual);
        Ok(Moment { account, view, now, fresh, seed, source })
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

/// The contact that a key names, if the caller can see it.
pub(crate) fn find(tx: &mut dyn Tx, view: View, key: &ContactKey) -> Result<Option<Contact>, Error> {
    let account = view.account();
    let found = match key {
        ContactKey::Id(id) => contacts::get(tx, account, *id)?,
        ContactKey::Phone(phone) => {
            view.needs_private()?;
            contacts::by_phone(tx, account, phone)?
        }
        ContactKey::Username(name) => contacts::by_username(tx, account, name)?,
    };
    match found {
        Some(contact) if view.shows(tx, contact.id)? => Ok(Some(contact)),
        _ => Ok(None),
    }
}

/// A write that answers differently for a number that the account has would tell who has it.
fn check_fields(view: View, change: &ContactChange) -> Result<(), Error> {
    if change.touches_private() { view.needs_private() } else { Ok(()) }
}

fn check_version(contact: &Contact, only: Option<i64>) -> Result<(), Error> {
    match only {
        Some(version) if version != contact.version => {
            Err(Error::PreconditionFailed("the contact was changed since it was read".into()))
        }
        _ => Ok(()),
    }
}

/// Adds a contact whose number nobody has: what most new contacts are. `None` when that may be otherwise.
fn add_newcomer(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    moment: Moment,
    change: &ContactChange,
) -> Result<Option<Answer>, Error> {
    let Moment { account, now, fresh, .. } = moment;
    let phone = change.phone_number.as_ref().and_then(Option::as_ref);
    let (Some(phone), Some(first_name)) = (phone, &change.first_name) else { return Ok(None) };
    if change.user_id.is_some() || matches!(change.username, Some(Some(_))) {
        return Ok(None);
    }
    let names = (first_name.as_str(), change.last_name.clone().flatten());
    let waiting = number::waiting(fresh, names, Some(phone.e164()));
    let Some(place) = newcomers::admit(tx, account, &waiting, now)? else { return Ok(None) };
    let mut contact = blank(fresh, moment.source, now);
    change.apply(&mut contact);
    contact.version = place.version;
    let body = contacts::insert_free(tx, account, &contact)?;
    moment.view.keeps(tx, fresh)?;
    log(tx, rings, account, (place.wanted, UpdateKind::ContactAdded, now), &contact)?;
    Ok(Some(Answer { created: Some(fresh), version: Some(place.version), ..Answer::json(body) }))
}

fn add_new(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    moment: Moment,
    change: &ContactChange,
    found: &Found,
) -> Result<Answer, Error> {
    let Moment { account, now, .. } = moment;
    let known = found.user.as_ref().filter(|user| user.kind.is_known());
    let name = change.first_name.clone().or_else(|| known.map(|user| user.first_name.clone()));
    let first_name = name.ok_or(Error::bad("parameter \"first_name\" is required"))?;
    let mut id = match &found.user {
        Some(user) => ContactId(user.id.0),
        None => free_id(tx, moment)?,
    };
    if found.user.is_none()
        && let Some(phone) = change.phone_number.as_ref().and_then(Option::as_ref)
    {
        let names = (first_name.as_str(), change.last_name.clone().flatten());
        id = number::place(tx, moment, number::waiting(id, names, Some(phone.e164())))?;
    }
    let mut contact = Contact { first_name, ..blank(id, moment.source, now) };
    if let Some(user) = known {
        take_over(&mut contact, user);
        if change.first_name.is_none() {
            contact.last_name.clone_from(&user.last_name);
        }
    }
    change.apply(&mut contact);
    contact.own_name = None;
    if let Some(user) = known {
        contact.follow(learn::own_name(user));
    }
    respell(&mut contact, known);
    // Nobody can have blocked the account who is not known.
    contact.is_blocked = found.user.is_some() && chats::is_blocked(tx, account, UserId(id.0))?;
    let ContactPlace { version, wanted } = counters::next_contact(tx, account, 1)?;
    contact.version = version;
    let body = contacts::insert(tx, account, &contact)?;
    moment.view.keeps(tx, id)?;
    log(tx, rings, account, (wanted, UpdateKind::ContactAdded, now), &contact)?;
    Ok(Answer { created: Some(id), version: Some(version), ..Answer::json(body) })
}

/// An id of our own range that is free.
fn free_id(tx: &mut dyn Tx, moment: Moment) -> Result<ContactId, Error> {
    let Moment { account, fresh: mut id, mut seed, .. } = moment;
    for _ in 0..64 {
        if contacts::is_free(tx, account, id)? {
            return Ok(id);
        }
        seed = seed.rotate_right(7).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        id = ids::after(id, seed >> 32);
    }
    // A thick part of the range: anywhere else will do.
    Ok(ContactId(directory::free_id(tx, &ContactId::OWN, seed)?.0))
}

fn change_known(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    moment: Moment,
    mut contact: Contact,
    change: &ContactChange,
    found: &Found,
) -> Result<Answer, Error> {
    let Moment { account, view, now, .. } = moment;
    view.keeps(tx, contact.id)?;
    let before = contact.clone();
    change.apply(&mut contact);
    respell(&mut contact, found.user.as_ref());
    let mut changed = contact != before;
    if let Some(user) = &found.user
        && (contact.id.0 != user.id.0 || (user.kind.is_known() && contact.user_id.is_none()))
    {
        // Becoming somebody whom the account has met takes over what is known of them.
        if contact.id.0 != user.id.0 && contacts::of_user(tx, account, user.id)?.is_some() {
            view.keeps(tx, ContactId(user.id.0))?;
        }
        contact = identity::become_user(tx, account, contact, user, now)?;
        changed = true;
    } else if contact.user_id.is_none() && contact.phone_number != before.phone_number {
        contact = number::follow(tx, moment, contact)?;
    }
    if changed {
        contact.updated_at = now;
        let ContactPlace { version, wanted } = counters::next_contact(tx, account, 0)?;
        contact.version = version;
        let body = contacts::update(tx, account, &contact)?;
        let lost = before.labels.iter().filter(|label| !contact.labels.contains(label));
        let lost: Vec<String> = lost.cloned().collect();
        contacts::unlabel(tx, account, (contact.id, &lost), (version, now))?;
        view.keeps(tx, contact.id)?;
        log(tx, rings, account, (wanted, UpdateKind::ContactChanged, now), &contact)?;
        return Ok(Answer { version: Some(version), ..Answer::json(body) });
    }
    Ok(Answer { version: Some(contact.version), ..Answer::of(&contact)? })
}

fn remove(tx: &mut dyn Tx, rings: &mut Rings, moment: Moment, contact: &Contact) -> Result<(), Error> {
    let (Moment { account, now, .. }, id) = (moment, contact.id);
    contacts::delete(tx, account, id)?;
    let ContactPlace { version, wanted } = counters::next_contact(tx, account, -1)?;
    contacts::bury(tx, account, id, (version, now))?;
    contacts::unlabel(tx, account, (id, &contact.labels), (version, now))?;
    log(tx, rings, account, (wanted, UpdateKind::ContactRemoved, now), &RemovedContact::new(id))
}

/// Tells an account that a contact changed, if it wants to know.
pub(crate) fn log<T: serde::Serialize>(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    account: UserId,
    (wanted, kind, date): (Wanted, UpdateKind, Timestamp),
    payload: &T,
) -> Result<(), Error> {
    // Nearly nobody asks: look before writing JSON.
    if !wanted.has(kind) {
        return Ok(());
    }
    let payload = serde_json::to_string(payload).map_err(Error::internal)?;
    let update = NewUpdate { kind, lane: 0, date, payload: &payload };
    updates::append_wanted(tx, account, wanted, &update)?;
    rings.log(account);
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
        own_name: None,
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
