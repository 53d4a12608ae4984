//! Sending a message.

use super::{Actor, ChatRef, resolve};
use crate::access::MessagesSend;
use crate::delivery::{self, Delivered, Parcel};
use crate::files::{Enclosed, Fresh};
use crate::{Answer, Error, Hub, Once, Permit, Rings};
use contactgram_model::{ChatId, ContactId, MessageId, StoredMessage, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::{accounts, chats, directory, messages};
use contactgram_wire::markup::ReplyMarkup;
use contactgram_wire::message::{Content, ForwardOrigin};
use serde_json::Value;

/// What a message replies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// In the same chat.
    pub message_id: MessageId,
    /// Send it also when there is no such message.
    pub allow_missing: bool,
}

/// A message as its sender wants it; text and markup are checked already.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where to.
    pub chat: ChatRef,
    /// What. A file that is no new one is known by its `file_id` alone.
    pub content: Content,
    /// The file of the content, where it was just uploaded.
    pub fresh: Option<Fresh>,
    /// What it replies to.
    pub reply: Option<Reply>,
    /// Keyboard or other markup.
    pub markup: Option<ReplyMarkup>,
    /// `protect_content`.
    pub protected: bool,
    /// `link_preview_options`, as given.
    pub link_preview_options: Option<Value>,
}

impl Draft {
    /// A bare message.
    pub fn new(chat: ChatRef, content: Content) -> Draft {
        Draft {
            chat,
            content,
            fresh: None,
            reply: None,
            markup: None,
            protected: false,
            link_preview_options: None,
        }
    }
}

/// A draft with what its moment adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending<'a> {
    pub draft: &'a Draft,
    pub origin: Option<&'a ForwardOrigin>,
    pub now: Timestamp,
}

impl Hub {
    /// sendMessage, sendContact, and what sends a file.
    ///
    /// # Errors
    /// Telegram's refusals, in its words.
    pub async fn send(
        &self,
        permit: &Permit<MessagesSend>,
        draft: Draft,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (view, now) = (permit.view(), self.clock.now());
        if draft.content.contact.is_some() {
            // The answer tells whose the number is.
            view.needs_private()?;
        }
        if let Some(gateway) = self.gateway(view.account())? {
            return view.with_message(self.send_upstream(&gateway, (view, once), draft).await?);
        }
        let sending = self.change_once(view.account(), once, move |tx, rings| {
            if let ChatRef::Id(id) = draft.chat
                && !ContactId(id).is_own()
                && !ChatId(id).is_group()
            {
                ask_ahead(tx, view.account(), UserId(id))?;
            }
            let actor = Actor::account(tx, view)?;
            let sent = send(tx, rings, &actor, Sending { draft: &draft, origin: None, now })?;
            Ok(Answer::json(sent.body))
        });
        view.with_message(sending.await?)
    }
}

/// Asks at once what a message to a user asks one after the other.
fn ask_ahead(tx: &mut dyn Tx, account: UserId, to: UserId) -> Result<(), Error> {
    accounts::acting_ahead(tx, account)?;
    directory::get_ahead(tx, to)?;
    Ok(chats::is_blocked_ahead(tx, account, to)?)
}

/// Sends a message of any actor.
pub(crate) fn send(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    actor: &Actor,
    sending: Sending<'_>,
) -> Result<Delivered, Error> {
    let draft = sending.draft;
    let chat = resolve(tx, actor.view, &draft.chat)?;
    let route = actor.route(tx, chat)?;
    let reply_to = match draft.reply {
        Some(reply) => replied(tx, actor, chat, reply)?,
        None => None,
    };
    let mut content = draft.content.clone();
    if let Some(contact) = &mut content.contact {
        // The server says whose number it is, never the sender.
        let user = directory::by_phone(tx, &plus(&contact.phone_number))?;
        contact.user_id = user.filter(|user| user.kind.is_known()).map(|user| user.id);
    }
    let file = Enclosed::find(tx, actor.view, &mut content, draft.fresh.as_ref())?;
    let parcel = Parcel {
        from: &actor.user,
        route: &route,
        content,
        file,
        reply_to,
        forward_origin: sending.origin.cloned(),
        reply_markup: draft.markup.as_ref().and_then(ReplyMarkup::inline).map(|keyboard| keyboard.to_value()),
        link_preview_options: draft.link_preview_options.clone(),
        protected: draft.protected,
        now: sending.now,
    };
    delivery::deliver(tx, rings, parcel)
}

fn replied(
    tx: &mut dyn Tx,
    actor: &Actor,
    chat: contactgram_model::ChatId,
    reply: Reply,
) -> Result<Option<StoredMessage>, Error> {
    match messages::get_in(tx, actor.user.id, chat, reply.message_id)? {
        None if !reply.allow_missing => Err(Error::bad("message to be replied not found")),
        found => Ok(found),
    }
}

fn plus(phone: &str) -> String {
    contactgram_model::PhoneNumber::from_telegram(phone)
        .map_or_else(|_| phone.to_owned(), |phone| phone.e164().to_owned())
}
