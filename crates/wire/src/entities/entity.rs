//! One entity of a text: a stretch that is bold, a link, a command.
//! Made by the parsers and the finders beside it, stored with messages, shown in every update.
//! Knows how kinds may nest; never holds the text it belongs to.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// A `MessageEntity` of the Bot API. Offsets and lengths count UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEntity {
    pub offset: i64,
    pub length: i64,
    #[serde(rename = "type")]
    pub kind: EntityKind,
    /// Where a `text_link` leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whom a `text_mention` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<MentionedUser>,
    /// The programming language of a `pre`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The identifier of a `custom_emoji`, a decimal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_emoji_id: Option<String>,
    /// The moment of a `date_time`, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unix_time: Option<i64>,
    /// How a `date_time` is shown: `r`, or any of `w`, `d` or `D`, `t` or `T`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_time_format: Option<String>,
}

/// The user of a `text_mention`. A parser fills `id` only; the hub adds the rest from what it knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionedUser {
    pub id: i64,
    #[serde(default)]
    pub is_bot: bool,
    #[serde(default)]
    pub first_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

/// `MessageEntity.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    Mention,
    Hashtag,
    Cashtag,
    BotCommand,
    Url,
    Email,
    PhoneNumber,
    BankCardNumber,
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Blockquote,
    ExpandableBlockquote,
    Code,
    Pre,
    TextLink,
    TextMention,
    CustomEmoji,
    DateTime,
}

impl MessageEntity {
    /// An entity without any of the optional fields.
    pub fn new(kind: EntityKind, offset: i64, length: i64) -> MessageEntity {
        MessageEntity {
            offset,
            length,
            kind,
            url: None,
            user: None,
            language: None,
            custom_emoji_id: None,
            unix_time: None,
            date_time_format: None,
        }
    }

    /// The first offset after the entity, in UTF-16 code units.
    pub fn end(&self) -> i64 {
        self.offset + self.length
    }
}

impl EntityKind {
    /// Bold and its like: they may overlap anything and are cut where they do.
    pub(super) fn is_splittable(self) -> bool {
        use EntityKind::*;
        matches!(self, Bold | Italic | Underline | Strikethrough | Spoiler)
    }

    pub(super) fn is_quote(self) -> bool {
        matches!(self, EntityKind::Blockquote | EntityKind::ExpandableBlockquote)
    }

    /// Kinds inside which no other entity lives.
    pub(super) fn is_verbatim(self) -> bool {
        matches!(self, EntityKind::Code | EntityKind::Pre | EntityKind::DateTime)
    }

    /// Kinds that Telegram finds by itself, and ignores when a client sends them.
    pub(super) fn is_found(self) -> bool {
        use EntityKind::*;
        matches!(self, Mention | Hashtag | Cashtag | BotCommand | Url | Email | PhoneNumber | BankCardNumber)
    }
}

/// Sorts as Telegram does: outer before inner, and a fixed order for equals.
pub(super) fn sort(entities: &mut [MessageEntity]) {
    entities.sort_by_key(|e| (e.offset, Reverse(e.length), rank(e)));
}

fn rank(entity: &MessageEntity) -> u8 {
    use EntityKind::*;
    match entity.kind {
        Blockquote | ExpandableBlockquote => 0,
        Pre if entity.language.is_some() => 10,
        Pre => 11,
        Code => 20,
        DateTime => 30,
        TextLink | TextMention => 49,
        Mention | Hashtag | Cashtag | BotCommand | Url | Email | PhoneNumber | BankCardNumber => 50,
        Bold => 90,
        Italic => 91,
        Underline => 92,
        Strikethrough => 93,
        Spoiler => 94,
        CustomEmoji => 99,
    }
}
