//! Messages: sent, edited, deleted, forwarded and copied by an account (and, through `people`, by a
//! person). `history` reads them back. Text is checked before the chat, as on Telegram.

mod album;
mod edit;
mod forward;
mod history;
mod remove;
mod send;

pub use edit::Edit;
pub use forward::Copying;
pub use history::{HistoryPage, HistoryQuery};
pub use send::{Draft, Reply};

pub(crate) use edit::edit;
pub(crate) use history::page as history_page;
pub(crate) use send::{Sending, send};

use crate::Error;
use crate::access::View;
use crate::contacts::{self, ContactKey};
use crate::world::Directory;
use contactgram_connector::local::{self, Route, Sender};
use contactgram_model::{ChatId, ContactId, User};
use contactgram_store::Tx;
use contactgram_store::ops::{accounts, chats, directory};

/// How a request names a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatRef {
    /// A user, a group, or a contact's id.
    Id(i64),
    /// A contact's id.
    Contact(ContactId),
    /// Without the `@`.
    Username(String),
    /// E.164; of a contact of the account.
    Phone(String),
}

impl ChatRef {
    /// Reads a `chat_id`: a number or `@username`.
    ///
    /// # Errors
    /// Telegram's texts for an empty and for an unknown chat.
    pub fn parse(text: &str) -> Result<ChatRef, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::bad("chat_id is empty"));
        }
        match text.strip_prefix('@') {
            Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                Ok(ChatRef::Username(name.to_owned()))
            }
            Some(_) => Err(NO_CHAT),
            None => text.parse().map(ChatRef::Id).map_err(|_| NO_CHAT),
        }
    }
}

pub(crate) const NO_CHAT: Error = Error::bad("chat not found");

/// The chat that a caller means. For a narrowed one there are the chats with its contacts and no others.
pub(crate) fn resolve(tx: &mut dyn Tx, view: View, chat: &ChatRef) -> Result<ChatId, Error> {
    let found = find_chat(tx, view, chat)?;
    match view.shows(tx, ContactId(found.0))? {
        true => Ok(found),
        false => Err(NO_CHAT),
    }
}

fn find_chat(tx: &mut dyn Tx, view: View, chat: &ChatRef) -> Result<ChatId, Error> {
    let owner = view.account();
    let key = match chat {
        ChatRef::Id(id) if ContactId(*id).is_own() => ContactKey::Id(ContactId(*id)),
        ChatRef::Id(id) => return Ok(ChatId(*id)),
        ChatRef::Contact(id) => ContactKey::Id(*id),
        ChatRef::Phone(phone) => ContactKey::Phone(phone.clone()),
        ChatRef::Username(name) => {
            let user = directory::by_username(tx, name)?;
            return user.map(|user| user.id.chat()).ok_or(NO_CHAT);
        }
    };
    match contacts::find(tx, view, &key)? {
        Some(contact) => Ok(ChatId(contact.id.0)),
        // Whoever wrote can be answered, also when the contact was deleted since.
        None => match key {
            ContactKey::Id(id) if chats::get(tx, owner, ChatId(id.0))?.wrote => Ok(ChatId(id.0)),
            _ => Err(NO_CHAT),
        },
    }
}

/// Who acts, with what the rules need to know of them.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub user: User,
    pub strict: bool,
    pub view: View,
}

impl Actor {
    /// An account, for a caller who sees so much of it.
    pub(crate) fn account(tx: &mut dyn Tx, view: View) -> Result<Actor, Error> {
        let (user, strict) =
            accounts::acting(tx, view.account())?.ok_or(Error::missing("no such account"))?;
        Ok(Actor { user, strict, view })
    }

    /// A person.
    pub(crate) fn person(user: User) -> Actor {
        Actor { view: View::whole(user.id), user, strict: false }
    }

    /// Where a message of this actor to `chat` goes.
    pub(crate) fn route(&self, tx: &mut dyn Tx, chat: ChatId) -> Result<Route, Error> {
        let sender = Sender { user: &self.user, strict: self.strict };
        Ok(local::route(&mut Directory(tx), sender, chat)??)
    }
}
