//! Chats as an account may ask about them: getChat, sendChatAction, leaveChat.

use crate::access::{MessagesRead, MessagesSend, View};
use crate::messages::{Actor, ChatRef, NO_CHAT, resolve};
use crate::people;
use crate::{Answer, Error, Hub, Permit};
use contactgram_connector::local::member_refusal;
use contactgram_model::{ChatId, MemberStatus, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::{chats, contacts, directory, groups};
use contactgram_wire::chat::{Chat, FullChat};
use contactgram_wire::event::ChatMember;
use contactgram_wire::user::User as WireUser;

/// What sendChatAction takes (Bot API).
pub const CHAT_ACTIONS: [&str; 14] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "record_audio",
    "upload_audio",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
    "upload_location",
];

impl Hub {
    /// getChat.
    pub async fn chat(&self, permit: &Permit<MessagesRead>, chat: ChatRef) -> Result<Answer, Error> {
        let view = permit.view();
        self.store
            .read(move |tx| {
                let chat = known(tx, view, &chat)?;
                Answer::of(&FullChat::from(chat))
            })
            .await
    }

    /// getChatMember.
    pub async fn chat_member(
        &self,
        permit: &Permit<MessagesRead>,
        chat: ChatRef,
        user: UserId,
    ) -> Result<Answer, Error> {
        let view = permit.view();
        self.store
            .read(move |tx| {
                let chat = known(tx, view, &chat)?.id;
                let user = directory::get(tx, user)?.ok_or(Error::bad("user not found"))?;
                let status = match groups::member(tx, chat, user.id)? {
                    Some(status) => status,
                    None if chat == user.id.chat() || user.id == view.account() => MemberStatus::Member,
                    None => return Err(Error::bad("user not found")),
                };
                Answer::of(&ChatMember::new(&WireUser::from(&user), status))
            })
            .await
    }

    /// getChatMemberCount.
    pub async fn chat_member_count(
        &self,
        permit: &Permit<MessagesRead>,
        chat: ChatRef,
    ) -> Result<Answer, Error> {
        let view = permit.view();
        self.store
            .read(move |tx| {
                let chat = known(tx, view, &chat)?.id;
                let count = if chat.is_group() { groups::members(tx, chat)?.len() } else { 2 };
                Answer::of(&count)
            })
            .await
    }

    /// sendChatAction; nobody sees it, but the chat must be one that could be written to.
    pub async fn chat_action(&self, permit: &Permit<MessagesSend>, chat: ChatRef) -> Result<Answer, Error> {
        let view = permit.view();
        self.store
            .read(move |tx| {
                let actor = Actor::account(tx, view)?;
                let chat = resolve(tx, view, &chat)?;
                actor.route(tx, chat)?;
                Ok(Answer::yes())
            })
            .await
    }

    /// leaveChat.
    pub async fn leave_chat(&self, permit: &Permit<MessagesSend>, chat: ChatRef) -> Result<Answer, Error> {
        let (view, now) = (permit.view(), self.clock.now());
        self.change(view.account(), move |tx, rings| {
            let chat = known(tx, view, &chat)?.id;
            if !chat.is_group() {
                return Err(Error::bad("chat member status can't be changed in private chats"));
            }
            let actor = Actor::account(tx, view)?.user;
            people::set_member(tx, rings, (chat, now), (&actor, &actor, MemberStatus::Left))?;
            Ok(Answer::yes())
        })
        .await
    }
}

/// The chat that an account means, if it has to do with it: somebody else's contacts are not to be looked
/// up by trying ids.
fn known(tx: &mut dyn Tx, view: View, chat: &ChatRef) -> Result<Chat, Error> {
    let (account, chat) = (view.account(), resolve(tx, view, chat)?);
    if chat.is_group() {
        let group = groups::get(tx, chat)?.ok_or(NO_CHAT)?;
        if let Some(refusal) = member_refusal(groups::member(tx, chat, account)?) {
            return Err(refusal.into());
        }
        return Ok(Chat::of(&group));
    }
    let met = chat.user() == account
        || contacts::of_user(tx, account, chat.user())?.is_some()
        || chats::get(tx, account, chat)?.messages > 0;
    let user = if met { directory::get(tx, ChatId(chat.0).user())? } else { None };
    user.map(|user| Chat::with(&user)).ok_or(NO_CHAT)
}
