//! `Message` of the Bot API: what history holds and updates carry.
//! The same struct is written for each participant, with their own ids. Absent fields are left out.

use crate::chat::Chat;
use crate::entities::MessageEntity;
use crate::file::Media;
use crate::user::User;
use contactgram_model::{MessageId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A `Message`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// In the mailbox of whoever sees it.
    pub message_id: MessageId,
    /// Who wrote it.
    pub from: User,
    /// Where.
    pub chat: Chat,
    /// When, in Unix seconds.
    pub date: Timestamp,
    /// When it was last edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit_date: Option<Timestamp>,
    /// Where a forwarded message comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_origin: Option<ForwardOrigin>,
    /// The older form of `forward_origin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_from: Option<User>,
    /// The older form of `forward_origin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_date: Option<Timestamp>,
    /// What it replies to, one level deep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to_message: Option<Box<Message>>,
    /// Forwarding and saving are switched off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_protected_content: bool,
    /// What it says.
    #[serde(flatten)]
    pub content: Content,
    /// Options for the preview of its links, as the sender gave them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_preview_options: Option<Value>,
    /// The inline keyboard below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<Value>,
}

/// What a message says, or what happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// 1–4096 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Stretches of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<MessageEntity>,
    /// A film without sound; such a message has a `document` as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub animation: Option<Box<Media>>,
    /// Music.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Box<Media>>,
    /// A file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<Media>>,
    /// A picture, in the one size there is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photo: Vec<Media>,
    /// A sticker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticker: Option<Box<Media>>,
    /// A film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<Box<Media>>,
    /// A round film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_note: Option<Box<Media>>,
    /// A spoken message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<Box<Media>>,
    /// What stands by the file: up to 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Stretches of the caption.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caption_entities: Vec<MessageEntity>,
    /// The caption stands above.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub show_caption_above_media: bool,
    /// The picture is covered until somebody wants to see it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_media_spoiler: bool,
    /// The same for all messages of one album.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_group_id: Option<String>,
    /// A contact that was shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<SharedContact>,
    /// Users who came into the group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new_chat_members: Vec<User>,
    /// The user who left the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_chat_member: Option<User>,
    /// The group was made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub group_chat_created: bool,
}

impl Content {
    /// A plain or formatted text.
    pub fn text(text: String, entities: Vec<MessageEntity>) -> Content {
        Content { text: Some(text), entities, ..Content::default() }
    }

    /// Whether it tells of an event in the group: such messages are neither copied nor forwarded.
    pub fn is_service(&self) -> bool {
        !self.new_chat_members.is_empty() || self.left_chat_member.is_some() || self.group_chat_created
    }

    /// What search looks in.
    pub fn searchable(&self) -> String {
        match (self.text.as_ref().or(self.caption.as_ref()), &self.contact) {
            (Some(text), _) => text.clone(),
            (None, Some(contact)) => {
                [Some(contact.first_name.as_str()), contact.last_name.as_deref(), Some(&contact.phone_number)]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            (None, None) => String::new(),
        }
    }
}

/// `Contact` of the Bot API: a contact inside a message. It has no e-mail field; the vCard may have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedContact {
    /// As the sender gave it; the `+` may be missing.
    pub phone_number: String,
    /// Never empty.
    pub first_name: String,
    /// Left out when there is none, as are the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// At most 2048 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcard: Option<String>,
    /// Filled by the server, never by the sender: equality with the sender's id proves the number their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

/// `MessageOriginUser`, the only origin there is here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForwardOrigin {
    /// `user`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who wrote it first.
    pub sender_user: User,
    /// When it was written first.
    pub date: Timestamp,
}

impl ForwardOrigin {
    /// A message first written by `sender` at `date`.
    pub fn user(sender: User, date: Timestamp) -> ForwardOrigin {
        ForwardOrigin { kind: "user".to_owned(), sender_user: sender, date }
    }
}

/// What copyMessage answers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MessageIdOnly {
    /// The copy's id.
    pub message_id: MessageId,
}
