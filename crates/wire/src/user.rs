//! `User` of the Bot API, and the longer form that getMe answers with.

use contactgram_model::UserId;
use serde::{Deserialize, Serialize};

/// A `User` as messages and updates show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// Never empty.
    pub first_name: String,
    /// Left out when there is none, as are the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Without the `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// IETF language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

impl From<&contactgram_model::User> for User {
    fn from(user: &contactgram_model::User) -> User {
        User {
            id: user.id,
            is_bot: user.is_bot(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            username: user.username.clone(),
            language_code: user.language_code.clone(),
        }
    }
}

/// What getMe answers. Of a bot at an upstream some fields may be missing, which are false then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Me {
    #[serde(flatten)]
    pub user: User,
    #[serde(default)]
    pub can_join_groups: bool,
    #[serde(default)]
    pub can_read_all_group_messages: bool,
    #[serde(default)]
    pub supports_inline_queries: bool,
    #[serde(default)]
    pub can_connect_to_business: bool,
    #[serde(default)]
    pub has_main_web_app: bool,
    #[serde(default)]
    pub has_topics_enabled: bool,
    #[serde(default)]
    pub allows_users_to_create_topics: bool,
    #[serde(default)]
    pub can_manage_bots: bool,
}

impl From<User> for Me {
    /// An account of this server joins groups and reads all that is said there; it has none of the rest.
    fn from(user: User) -> Me {
        Me {
            user,
            can_join_groups: true,
            can_read_all_group_messages: true,
            supports_inline_queries: false,
            can_connect_to_business: false,
            has_main_web_app: false,
            has_topics_enabled: false,
            allows_users_to_create_topics: false,
            can_manage_bots: false,
        }
    }
}
