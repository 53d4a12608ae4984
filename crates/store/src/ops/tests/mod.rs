//! The operations, held to one contract on both engines: one file a noun, as beside. `removal`, `isolation`
//! and `property` look across nouns, `plans` at how SQLite finds its rows. What they share is here.

mod accounts;
mod audit;
mod backlog;
mod callbacks;
mod chats;
mod commands;
mod contact_list;
mod contacts;
mod conversations;
mod counters;
mod directory;
mod endpoints;
mod files;
mod fill;
mod freezes;
mod groups;
mod history;
mod idempotency;
mod isolation;
mod members;
mod messages;
mod newcomers;
mod outbox;
mod plans;
mod property;
mod removal;
mod search;
mod settings;
mod tokens;
mod updates;
mod upstreams;
mod views;
mod webhooks;

use super::contact_list::Page;
use super::{contacts as rows, counters as numbers, messages as mailbox};
use crate::{R, Store, Tx};
use contactgram_model::{
    ChatId, Contact, ContactId, ContactSource, Direction, MessageId, StoredMessage, Timestamp, UserId,
};
use serde_json::Map;

const ANN: UserId = UserId(5_000_000_101);
const BEN: UserId = UserId(5_000_000_202);
const NOW: Timestamp = 1_800_000_000;

async fn write<T: Send + 'static>(store: &Store, f: impl Fn(&mut dyn Tx) -> R<T> + Send + 'static) -> T {
    store.write(ANN.0, f).await.unwrap()
}

async fn read<T: Send + 'static>(store: &Store, f: impl Fn(&mut dyn Tx) -> R<T> + Send + 'static) -> T {
    store.read(f).await.unwrap()
}

async fn scan<T: Send + 'static>(store: &Store, f: impl Fn(&mut dyn Tx) -> R<T> + Send + 'static) -> T {
    store.scan(f).await.unwrap()
}

/// Mailboxes for Ann and Ben.
async fn open(store: &Store) {
    write(store, |tx| {
        numbers::open(tx, ANN, 0)?;
        numbers::open(tx, BEN, 0)
    })
    .await;
}

fn contact(id: i64, first_name: &str) -> Contact {
    Contact {
        id: ContactId(id),
        first_name: first_name.to_owned(),
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
        attributes: Map::new(),
        phone_verified: false,
        is_blocked: false,
        source: ContactSource::Manual,
        created_at: NOW,
        updated_at: NOW,
        version: 0,
    }
}

/// Puts a contact in as the hub does: counted, and with the next version.
fn add(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<Contact> {
    let version = numbers::next_contact(tx, account, 1)?.version;
    let contact = Contact { version, ..contact.clone() };
    rows::insert(tx, account, &contact)?;
    Ok(contact)
}

/// Changes a contact as the hub does: under the next version.
fn change(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<Contact> {
    let version = numbers::next_contact(tx, account, 0)?.version;
    let contact = Contact { version, ..contact.clone() };
    rows::update(tx, account, &contact)?;
    Ok(contact)
}

/// Removes a contact as the hub does: counted off and buried.
fn remove(tx: &mut dyn Tx, account: UserId, id: ContactId, now: Timestamp) -> R<i64> {
    let version = numbers::next_contact(tx, account, -1)?.version;
    rows::delete(tx, account, id)?;
    rows::bury(tx, account, id, (version, now))?;
    Ok(version)
}

/// The contacts of a page, without their versions.
fn on(page: &Page) -> Vec<Contact> {
    serde_json::from_str(&format!("[{}]", page.json)).unwrap()
}

/// Contacts as they are read from JSON alone.
fn unversioned(contact: &Contact) -> Contact {
    Contact { version: 0, ..contact.clone() }
}

/// A message that is still to be posted.
#[derive(Debug, Clone)]
struct Draft {
    chat: i64,
    direction: Direction,
    date: Timestamp,
    text: String,
}

fn draft(chat: i64, direction: Direction, text: &str) -> Draft {
    Draft { chat, direction, date: NOW, text: text.to_owned() }
}

/// Puts a message into a mailbox as the hub does, with the next id. What came in has the origin
/// `(its chat, its id + 1000)`.
fn post(tx: &mut dyn Tx, owner: UserId, draft: &Draft) -> R<StoredMessage> {
    let numbers::MessagePlace { id, date, .. } = numbers::next_message(tx, owner, draft.date, None)?;
    let out = draft.direction == Direction::Out;
    let other = UserId(draft.chat);
    let message = StoredMessage {
        id,
        chat: ChatId(draft.chat),
        from: if out { owner } else { other },
        direction: draft.direction,
        date,
        origin: if out { (owner, id) } else { (other, MessageId(id.0 + 1000)) },
        text: draft.text.clone(),
        body: format!("{{\"message_id\":{id},\"text\":\"{}\"}}", draft.text),
    };
    mailbox::insert(tx, owner, &message, true)?;
    Ok(message)
}

/// A message as it is read back: its text is in the body alone.
fn stored(message: &StoredMessage) -> StoredMessage {
    StoredMessage { text: String::new(), ..message.clone() }
}
