//! One contact, message or account as the hub would write it, within a transaction that takes thousands: the
//! hub's own verbs take one each, and SQLite's search index pays for every one of those. Called by `fill`. A test
//! holds what this writes against what the hub writes.

use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{
    Account as AccountRow, AccountKind, Contact, ContactId, ContactSource, Direction, StoredMessage,
    Timestamp, UpdateId, UpdateKind, User, UserId, UserKind,
};
use contactgram_model::{PhoneNumber, PlainToken};
use contactgram_store::ops::counters::MessagePlace;
use contactgram_store::ops::tokens::NewToken;
use contactgram_store::ops::updates::NewUpdate;
use contactgram_store::ops::{accounts, consumers, contacts, counters, directory, messages, tokens, updates};
use contactgram_store::{R, StoreError, Tx};
use contactgram_wire::chat::Chat;
use contactgram_wire::message::{Content, Message};
use contactgram_wire::user::User as WireUser;

use super::names::Somebody;
use super::set::Account;
use crate::chance::Chance;

/// A contact of `account` under a number that nobody has.
pub fn contact(
    tx: &mut dyn Tx,
    account: UserId,
    somebody: Somebody,
    (id, now): (UserId, Timestamp),
) -> R<ContactId> {
    let phone = PhoneNumber::parse(&somebody.phone_number, None);
    let phone = phone.map_err(|why| StoreError::Other(why.to_string()))?.e164().to_owned();
    let waiting = User {
        id,
        kind: UserKind::Placeholder,
        first_name: somebody.first_name.to_owned(),
        last_name: Some(somebody.last_name.clone()),
        username: None,
        phone_number: Some(phone.clone()),
        email: None,
        language_code: None,
    };
    if !directory::insert(tx, &waiting, now)? {
        return Err(StoreError::Other(format!("{phone} belongs to somebody already")));
    }
    counters::open_waiting(tx, id)?;
    let contact = Contact {
        id: ContactId(id.0),
        first_name: somebody.first_name.to_owned(),
        last_name: Some(somebody.last_name),
        username: None,
        phone_number: Some(phone),
        email: Some(somebody.email),
        user_id: None,
        own_name: None,
        language_code: None,
        is_bot: false,
        labels: Vec::new(),
        note: None,
        attributes: serde_json::Map::new(),
        phone_verified: false,
        is_blocked: false,
        source: ContactSource::Manual,
        created_at: now,
        updated_at: now,
        version: counters::next_contact(tx, account, 1)?.version,
    };
    contacts::insert(tx, account, &contact)?;
    Ok(contact.id)
}

/// A message, in the writer's mailbox and in the reader's. The two have met.
pub fn message(tx: &mut dyn Tx, (from, to): (&User, &User), text: String, now: Timestamp) -> R<()> {
    let MessagePlace { id, date, .. } = counters::next_message(tx, from.id, now, None)?;
    let mut message = Message {
        message_id: id,
        from: WireUser::from(from),
        chat: Chat::with(to),
        date,
        edit_date: None,
        forward_origin: None,
        forward_from: None,
        forward_date: None,
        reply_to_message: None,
        has_protected_content: false,
        content: Content::text(text.clone(), Vec::new()),
        link_preview_options: None,
        reply_markup: None,
    };
    let mut stored = StoredMessage {
        id,
        chat: message.chat.id,
        from: from.id,
        direction: Direction::Out,
        date,
        origin: (from.id, id),
        text,
        body: json(&message)?,
    };
    messages::insert(tx, from.id, &stored, from.kind.is_account())?;
    let MessagePlace { id, date, .. } = counters::next_message(tx, to.id, now, None)?;
    message.message_id = id;
    message.date = date;
    message.chat = Chat::with(from);
    stored = StoredMessage {
        id,
        chat: message.chat.id,
        direction: Direction::In,
        date,
        body: json(&message)?,
        ..stored
    };
    messages::insert(tx, to.id, &stored, to.kind.is_account())?;
    if to.kind.is_account() {
        let lane = stored.chat.0;
        let update = NewUpdate { kind: UpdateKind::Message, lane, date, payload: &stored.body };
        updates::append(tx, to.id, &update)?;
    }
    Ok(())
}

/// An account with a first token.
pub fn account(tx: &mut dyn Tx, number: u64, now: Timestamp) -> R<Account> {
    let mut chance = Chance::new(number);
    let id = directory::free_id(tx, &UserId::NEW, chance.next())?;
    let user = User {
        id,
        kind: UserKind::Bot,
        first_name: format!("Account {number}"),
        last_name: None,
        username: Some(format!("bench_{number}_bot")),
        phone_number: None,
        email: None,
        language_code: None,
    };
    if !directory::insert(tx, &user, now)? {
        return Err(StoreError::Other(format!("account {number} is there already")));
    }
    let row = AccountRow { id, kind: AccountKind::Bot, region: None, strict: false, created_at: now };
    accounts::insert(tx, &row)?;
    let first_update = 100_000_000 + i64::try_from(chance.below(900_000_000)).unwrap_or(0);
    counters::open(tx, id, first_update)?;
    consumers::open(tx, id, UpdateId(first_update + 1))?;
    let mut secret = [0; RANDOM_BYTES];
    secret.iter_mut().for_each(|byte| *byte = chance.below(256) as u8);
    let token = PlainToken::create(id, &secret);
    let stored = NewToken::of_account(token.digest());
    tokens::insert(tx, id, &stored, now)?;
    Ok(Account { id: id.0, token: token.reveal().to_owned() })
}

fn json(message: &Message) -> R<String> {
    serde_json::to_string(message).map_err(|why| StoreError::Other(why.to_string()))
}
