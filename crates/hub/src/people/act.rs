//! What people do: write, reply, edit, press a button, share a contact, block and unblock an account.
//! The accounts see of it exactly what Telegram would send them.

use super::acting;
use crate::contacts;
use crate::delivery::{self, to_json};
use crate::messages::{self, Actor, Draft, Edit, NO_CHAT, Reply, Sending};
use crate::{ChatRef, Error, Hub, Rings, random};
use contactgram_model::{
    MemberStatus, MessageId, StoredMessage, Timestamp, UpdateKind, User, UserId, UserKind,
};
use contactgram_store::Tx;
use contactgram_store::ops::updates::NewUpdate;
use contactgram_store::ops::{callbacks, chats, directory, messages as mailbox, updates};
use contactgram_wire::chat::Chat;
use contactgram_wire::event::{CallbackQuery, ChatMember, ChatMemberUpdated};
use contactgram_wire::markup;
use contactgram_wire::message::{Content, SharedContact};
use contactgram_wire::user::User as WireUser;
use contactgram_wire::vcard;

/// A message as somebody names it: by its id in the person's own mailbox, or as an account sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenMessage {
    /// The id.
    pub id: MessageId,
    /// Whose id it is; the person's own when absent.
    pub seen_by: Option<UserId>,
}

/// Whose contact is shared.
#[derive(Debug, Clone)]
pub enum Sharing {
    /// The person's own, with vCard and e-mail.
    Own,
    /// That of another user of the directory.
    User(UserId),
    /// Any.
    Contact(SharedContact),
}

/// Something a person does in a chat.
#[derive(Debug, Clone)]
pub enum Act {
    /// Writes, perhaps in reply.
    Write {
        /// Text and entities.
        content: Content,
        /// The message replied to.
        reply_to: Option<SeenMessage>,
    },
    /// Edits one of their messages.
    Edit {
        /// Which.
        message: SeenMessage,
        /// The new text and entities.
        content: Content,
    },
    /// Shares a contact.
    Share(Sharing),
}

impl Hub {
    /// A person does something; answers the `Message` as the person sees it, as JSON.
    pub async fn act(&self, id: UserId, chat: ChatRef, act: Act) -> Result<String, Error> {
        let now = self.clock.now();
        self.change(id, move |tx, rings| {
            let actor = Actor::person(acting(tx, rings, id, now)?);
            let to = messages::resolve(tx, actor.view, &chat)?;
            if chats::is_blocked(tx, to.user(), id)? {
                return Err(Error::bad("YOU_BLOCKED_USER"));
            }
            let delivered = match &act {
                Act::Write { content, reply_to } => {
                    let target = reply_to.map(|seen| find(tx, id, seen)).transpose()?;
                    let draft = Draft {
                        reply: target.map(|target| Reply { message_id: target.id, allow_missing: false }),
                        ..Draft::new(chat.clone(), content.clone())
                    };
                    messages::send(tx, rings, &actor, Sending { draft: &draft, origin: None, now })?
                }
                Act::Edit { message, content } => {
                    let message_id = find(tx, id, *message)?.id;
                    let change = Edit {
                        chat: chat.clone(),
                        message_id,
                        content: Some(content.clone()),
                        markup: None,
                        link_preview_options: None,
                    };
                    messages::edit(tx, rings, &actor, (&change, now))?
                }
                Act::Share(sharing) => {
                    let contact = shared(tx, &actor.user, sharing)?;
                    let content = Content { contact: Some(contact), ..Content::default() };
                    let draft = Draft::new(chat.clone(), content);
                    messages::send(tx, rings, &actor, Sending { draft: &draft, origin: None, now })?
                }
            };
            Ok(delivered.body)
        })
        .await
    }

    /// A person presses an inline button; answers the callback query's id.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when no button of the message carries `data`.
    pub async fn press(&self, id: UserId, message: SeenMessage, data: String) -> Result<String, Error> {
        let (now, query) = (self.clock.now(), (random::seed()? >> 1) as i64);
        self.change(id, move |tx, rings| {
            let user = acting(tx, rings, id, now)?;
            let seen = find(tx, id, message)?;
            press(tx, rings, (&user, &seen), &Press { query, data: &data, now })?;
            Ok(query.to_string())
        })
        .await
    }

    /// How an account answered a press: `None` while it has not, else the answer as JSON.
    pub async fn press_answer(
        &self,
        id: UserId,
        account: UserId,
        query: String,
    ) -> Result<Option<String>, Error> {
        const NO_PRESS: Error = Error::missing("no such press");
        let query: i64 = query.parse().map_err(|_| NO_PRESS)?;
        self.store
            .read(move |tx| {
                let (from, answer) = callbacks::get(tx, account, query)?.ok_or(NO_PRESS)?;
                if from == id { Ok(answer) } else { Err(NO_PRESS) }
            })
            .await
    }

    /// A person blocks an account, or lets it write again.
    pub async fn block(&self, id: UserId, account: UserId, blocks: bool) -> Result<(), Error> {
        let now = self.clock.now();
        self.change(id, move |tx, rings| {
            let user = acting(tx, rings, id, now)?;
            crate::accounts::existing(tx, account)?;
            let bot =
                directory::get(tx, account)?.ok_or_else(|| Error::internal("an account without a user"))?;
            if bot.kind == UserKind::Remote {
                return Err(NO_CHAT);
            }
            let changed = if blocks {
                chats::block(tx, account, id)?
            } else {
                chats::start(tx, account, id.chat())?;
                chats::unblock(tx, account, id)?
            };
            if !changed {
                return Ok(());
            }
            contacts::set_blocked(tx, rings, (account, now), id, blocks)?;
            if !bot.is_bot() {
                return Ok(());
            }
            let (old, new) = match blocks {
                true => (MemberStatus::Member, MemberStatus::Kicked),
                false => (MemberStatus::Kicked, MemberStatus::Member),
            };
            let (bot, from) = (WireUser::from(&bot), WireUser::from(&user));
            let payload = to_json(&ChatMemberUpdated {
                chat: &Chat::with(&user),
                from: &from,
                date: now,
                old_chat_member: ChatMember::new(&bot, old),
                new_chat_member: ChatMember::new(&bot, new),
            })?;
            let update =
                NewUpdate { kind: UpdateKind::MyChatMember, lane: id.0, date: now, payload: &payload };
            if updates::append(tx, account, &update)?.is_some() {
                rings.log(account);
            }
            Ok(())
        })
        .await
    }
}

/// The person's copy of a message.
fn find(tx: &mut dyn Tx, owner: UserId, seen: SeenMessage) -> Result<StoredMessage, Error> {
    let found = match seen.seen_by {
        None => mailbox::get(tx, owner, seen.id)?,
        Some(other) => match mailbox::get(tx, other, seen.id)? {
            Some(theirs) => mailbox::copy(tx, owner, theirs.origin)?,
            None => None,
        },
    };
    found.ok_or(Error::bad("message_id names no message that this person sees"))
}

struct Press<'a> {
    query: i64,
    data: &'a str,
    now: Timestamp,
}

fn press(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (user, seen): (&User, &StoredMessage),
    press: &Press<'_>,
) -> Result<(), Error> {
    let message = delivery::read(seen)?;
    let keyboard =
        message.reply_markup.as_ref().map(|markup| markup::check(&markup.to_string())).transpose()?;
    let carries = keyboard
        .flatten()
        .is_some_and(|markup| markup.inline().is_some_and(|keyboard| keyboard.has_callback(press.data)));
    if !carries {
        return Err(Error::bad("data is not that of a button below this message"));
    }
    let account = seen.from;
    let theirs = mailbox::copy(tx, account, seen.origin)?.ok_or(Error::bad("the message is gone"))?;
    let theirs = delivery::read(&theirs)?;
    callbacks::insert(tx, account, press.query, user.id, press.now)?;
    let from = WireUser::from(user);
    // Any number that is the same for all presses in the chat.
    let instance = (account.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (theirs.chat.id.0 as u64);
    let payload = to_json(&CallbackQuery {
        id: press.query.to_string(),
        from: &from,
        message: &theirs,
        chat_instance: (instance as i64).to_string(),
        data: press.data,
    })?;
    let update =
        NewUpdate { kind: UpdateKind::CallbackQuery, lane: user.id.0, date: press.now, payload: &payload };
    if updates::append(tx, account, &update)?.is_some() {
        rings.log(account);
    }
    Ok(())
}

fn shared(tx: &mut dyn Tx, actor: &User, sharing: &Sharing) -> Result<SharedContact, Error> {
    let user = match sharing {
        Sharing::Contact(contact) => return Ok(contact.clone()),
        Sharing::Own => actor.clone(),
        Sharing::User(id) => directory::get(tx, *id)?.ok_or(Error::bad("user not found"))?,
    };
    let phone = user.phone_number.clone().ok_or(Error::bad("phone_number is not known of who is shared"))?;
    let card = vcard::Card {
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone().unwrap_or_default(),
        phones: vec![phone.clone()],
        emails: user.email.iter().cloned().collect(),
    };
    Ok(SharedContact {
        phone_number: phone,
        first_name: user.first_name,
        last_name: user.last_name,
        vcard: Some(vcard::write(&card)),
        user_id: None,
    })
}
