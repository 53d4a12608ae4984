//! `Chat` of the Bot API, as messages show it, and the longer form that getChat answers with.

use contactgram_model::{ChatId, ChatKind, Group, User};
use serde::{Deserialize, Serialize};

/// A `Chat` as messages and updates show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Positive for a private chat, negative for a group.
    pub id: ChatId,
    /// The other side of a private chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The other side of a private chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The other side of a private chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// A group's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Private or group.
    #[serde(rename = "type")]
    pub kind: ChatKind,
    /// Only on groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_members_are_administrators: Option<bool>,
}

impl Chat {
    /// A private chat with `other`.
    pub fn with(other: &User) -> Chat {
        Chat {
            id: other.id.chat(),
            first_name: Some(other.first_name.clone()),
            last_name: other.last_name.clone(),
            username: other.username.clone(),
            title: None,
            kind: ChatKind::Private,
            all_members_are_administrators: None,
        }
    }

    /// A group.
    pub fn of(group: &Group) -> Chat {
        Chat {
            id: group.id,
            first_name: None,
            last_name: None,
            username: None,
            title: Some(group.title.clone()),
            kind: ChatKind::Group,
            all_members_are_administrators: Some(false),
        }
    }
}

/// What getChat answers.
#[derive(Debug, Serialize)]
pub struct FullChat {
    /// The chat itself.
    #[serde(flatten)]
    pub chat: Chat,
    /// The username again, in the form of chats with several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub active_usernames: Vec<String>,
    /// Colour of the name, 0–6 (Bot API, accent colours).
    pub accent_color_id: i64,
    /// Reactions one may set on a message.
    pub max_reaction_count: i64,
    /// Gifts are not part of this server.
    pub accepted_gift_types: GiftTypes,
}

/// `AcceptedGiftTypes`, all false.
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs)]
pub struct GiftTypes {
    pub unlimited_gifts: bool,
    pub limited_gifts: bool,
    pub unique_gifts: bool,
    pub premium_subscription: bool,
    pub gifts_from_channels: bool,
}

impl From<Chat> for FullChat {
    fn from(chat: Chat) -> FullChat {
        FullChat {
            active_usernames: chat.username.iter().cloned().collect(),
            accent_color_id: chat.id.0.rem_euclid(7),
            max_reaction_count: 11,
            accepted_gift_types: GiftTypes::default(),
            chat,
        }
    }
}
