//! The people of the local connector, as the operator makes them: added, changed, listed. What they do is
//! in `act`, groups are in `group`. These verbs take no permit: only the admin door and the command line
//! call them.

mod act;
mod demo;
mod group;

pub use act::{Act, SeenMessage, Sharing};
pub use group::GroupView;
pub(crate) use group::set_member;

use crate::access::View;
use crate::{Error, HistoryPage, HistoryQuery, Hub, Rings, contacts, messages, random};
use contactgram_model::user::username;
use contactgram_model::{PhoneNumber, Timestamp, User, UserId, UserKind};
use contactgram_store::Tx;
use contactgram_store::ops::{counters, directory};

/// What a person is made from.
#[derive(Debug, Clone, Default)]
pub struct NewPerson {
    /// 1–64 characters.
    pub first_name: String,
    /// At most 64 characters.
    pub last_name: Option<String>,
    /// With or without the `@`.
    pub username: Option<String>,
    /// With its `+`.
    pub phone_number: Option<String>,
    /// Shared with the vCard.
    pub email: Option<String>,
    /// IETF language tag.
    pub language_code: Option<String>,
}

/// A change of a person: absent fields stay, `Some(None)` removes.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// 1–64 characters.
    pub first_name: Option<String>,
    /// At most 64 characters.
    pub last_name: Option<Option<String>>,
    /// With or without the `@`.
    pub username: Option<Option<String>>,
    /// With its `+`.
    pub phone_number: Option<Option<String>>,
    /// Shared with the vCard.
    pub email: Option<Option<String>>,
    /// IETF language tag.
    pub language_code: Option<Option<String>>,
}

const NO_PERSON: Error = Error::missing("no such person");

impl Hub {
    /// Adds a person. Who waits under the phone number becomes this person, with its messages.
    pub async fn add_person(&self, new: NewPerson) -> Result<User, Error> {
        let (seed, now) = (random::seed()?, self.clock.now());
        let change = PersonChange {
            first_name: Some(new.first_name),
            last_name: Some(new.last_name),
            username: Some(new.username),
            phone_number: Some(new.phone_number),
            email: Some(new.email),
            language_code: Some(new.language_code),
        };
        self.change(UserId(0), move |tx, rings| {
            let phone = checked_phone(change.phone_number.as_ref().and_then(Option::as_deref))?;
            let waiting = match &phone {
                Some(phone) => directory::by_phone(tx, phone)?,
                None => None,
            };
            if waiting.as_ref().is_some_and(|user| user.kind.is_known()) {
                return Err(Error::bad("phone_number belongs to somebody else"));
            }
            let id = match waiting {
                Some(user) => user.id,
                None => {
                    let id = directory::free_id(tx, &UserId::NEW, seed)?;
                    directory::insert(tx, &nobody(id), now)?;
                    counters::open(tx, id, 0)?;
                    id
                }
            };
            write_person(tx, rings, (nobody(id), &change), now)
        })
        .await
    }

    /// Changes a person.
    pub async fn edit_person(&self, id: UserId, change: PersonChange) -> Result<User, Error> {
        let now = self.clock.now();
        self.change(id, move |tx, rings| {
            let user = person(tx, id)?;
            write_person(tx, rings, (user, &change), now)
        })
        .await
    }

    /// One person, or a number that waits.
    pub async fn person(&self, id: UserId) -> Result<User, Error> {
        self.store.read(move |tx| person(tx, id)).await
    }

    /// People and waiting numbers by id, from after `after`.
    pub async fn people(&self, after: UserId, limit: i64) -> Result<Vec<User>, Error> {
        self.store.scan(move |tx| Ok::<_, Error>(directory::people(tx, after, limit)?)).await
    }

    /// What is on a person's screen.
    pub async fn person_messages(&self, id: UserId, query: HistoryQuery) -> Result<HistoryPage, Error> {
        self.store
            .scan(move |tx| {
                person(tx, id)?;
                messages::history_page(tx, View::whole(id), &query)
            })
            .await
    }
}

/// The person of this id; accounts act by their token.
fn person(tx: &mut dyn Tx, id: UserId) -> Result<User, Error> {
    directory::get(tx, id)?.filter(|user| !user.kind.is_account()).ok_or(NO_PERSON)
}

/// The person of this id, who is about to act and so becomes known to whoever waited.
fn acting(tx: &mut dyn Tx, rings: &mut Rings, id: UserId, now: Timestamp) -> Result<User, Error> {
    let mut user = person(tx, id)?;
    if !user.kind.is_known() {
        user.kind = UserKind::Person;
        directory::update(tx, &user)?;
        contacts::user_became_known(tx, rings, &user, now)?;
    }
    Ok(user)
}

fn write_person(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (mut user, change): (User, &PersonChange),
    now: Timestamp,
) -> Result<User, Error> {
    let was_known_as = user.username.clone();
    let was_known = user.kind.is_known() && !user.first_name.is_empty();
    if let Some(name) = &change.first_name {
        user.first_name = contacts::checked_name("first_name", name)?;
    }
    if let Some(name) = &change.last_name {
        user.last_name = name.as_deref().map(|name| contacts::checked_name("last_name", name)).transpose()?;
    }
    if let Some(name) = &change.username {
        user.username = name.as_deref().map(username).transpose().map_err(Error::bad)?;
    }
    if let Some(phone) = &change.phone_number {
        user.phone_number = checked_phone(phone.as_deref())?;
    }
    if let Some(email) = &change.email {
        user.email.clone_from(email);
    }
    if let Some(language) = &change.language_code {
        user.language_code.clone_from(language);
    }
    if let Some(name) = &user.username
        && directory::by_username(tx, name)?.is_some_and(|other| other.id != user.id)
    {
        return Err(Error::bad("username belongs to somebody else"));
    }
    if let Some(phone) = &user.phone_number
        && directory::by_phone(tx, phone)?.is_some_and(|other| other.id != user.id)
    {
        return Err(Error::bad("phone_number belongs to somebody else"));
    }
    user.kind = UserKind::Person;
    directory::update(tx, &user)?;
    if !was_known || was_known_as != user.username {
        contacts::user_became_known(tx, rings, &user, now)?;
    }
    Ok(user)
}

fn checked_phone(text: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = text else { return Ok(None) };
    let phone =
        PhoneNumber::parse(text, None).map_err(|error| Error::BadRequest(error.to_string().into()))?;
    Ok(Some(phone.e164().to_owned()))
}

/// A directory row that is about to be filled.
fn nobody(id: UserId) -> User {
    User {
        id,
        kind: UserKind::Person,
        first_name: String::new(),
        last_name: None,
        username: None,
        phone_number: None,
        email: None,
        language_code: None,
    }
}
