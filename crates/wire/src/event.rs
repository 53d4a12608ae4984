//! Payloads of updates that are not messages: pressed buttons, changed standing, changed contacts.

use crate::chat::Chat;
use crate::message::Message;
use crate::user::User;
use contactgram_model::{ContactId, MemberStatus, Timestamp};
use serde::{Deserialize, Serialize};

/// `CallbackQuery`: somebody pressed an inline button.
#[derive(Debug, Serialize)]
pub struct CallbackQuery<'a> {
    /// To be handed to answerCallbackQuery.
    pub id: String,
    /// Who pressed.
    pub from: &'a User,
    /// The message with the button, as the account sees it.
    pub message: &'a Message,
    /// The same for all presses in one chat.
    pub chat_instance: String,
    /// What the button carries.
    pub data: &'a str,
}

/// `ChatMemberUpdated`: somebody's standing in a chat changed.
#[derive(Debug, Serialize)]
pub struct ChatMemberUpdated<'a> {
    /// Where.
    pub chat: &'a Chat,
    /// Who did it.
    pub from: &'a User,
    /// When, in Unix seconds.
    pub date: Timestamp,
    /// How it was.
    pub old_chat_member: ChatMember<'a>,
    /// How it is.
    pub new_chat_member: ChatMember<'a>,
}

/// `ChatMember`, with the fields that the Bot API requires for each status.
#[derive(Debug, Clone, Serialize)]
pub struct ChatMember<'a> {
    /// Who.
    pub user: &'a User,
    /// Their standing.
    pub status: MemberStatus,
    /// For creators and administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_anonymous: Option<bool>,
    /// For administrators.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub rights: Option<AdministratorRights>,
    /// Until when somebody is kicked; 0 is for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_date: Option<Timestamp>,
}

/// What an administrator of a basic group may do.
#[derive(Debug, Clone, Copy, Serialize)]
#[allow(missing_docs)]
pub struct AdministratorRights {
    pub can_be_edited: bool,
    pub can_manage_chat: bool,
    pub can_change_info: bool,
    pub can_delete_messages: bool,
    pub can_invite_users: bool,
    pub can_restrict_members: bool,
    pub can_promote_members: bool,
    pub can_manage_video_chats: bool,
    pub can_pin_messages: bool,
    pub can_post_stories: bool,
    pub can_edit_stories: bool,
    pub can_delete_stories: bool,
}

impl<'a> ChatMember<'a> {
    /// Somebody with a standing.
    pub fn new(user: &'a User, status: MemberStatus) -> ChatMember<'a> {
        let leads = matches!(status, MemberStatus::Creator | MemberStatus::Administrator);
        let rights = (status == MemberStatus::Administrator).then_some(AdministratorRights {
            can_be_edited: false,
            can_manage_chat: true,
            can_change_info: true,
            can_delete_messages: true,
            can_invite_users: true,
            can_restrict_members: true,
            can_promote_members: false,
            can_manage_video_chats: true,
            can_pin_messages: true,
            can_post_stories: false,
            can_edit_stories: false,
            can_delete_stories: false,
        });
        ChatMember {
            user,
            status,
            is_anonymous: leads.then_some(false),
            rights,
            until_date: (status == MemberStatus::Kicked).then_some(0),
        }
    }
}

/// A contact that is gone: payload of `contact_removed`, and a row of a sync answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedContact {
    /// The id it had last.
    pub id: ContactId,
    /// True.
    pub deleted: bool,
}

impl RemovedContact {
    /// The contact of this id is gone.
    pub fn new(id: ContactId) -> RemovedContact {
        RemovedContact { id, deleted: true }
    }
}
