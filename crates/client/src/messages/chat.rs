//! Naming a chat: by id or username. Made from what an application has at hand.

use std::fmt;

use contactgram_model::{ChatId, Contact, ContactId, UserId};
use serde::Serialize;

/// Which chat is meant: a user's, a group's or a contact's id, or a `@username`.
///
/// ```
/// use contactgram_client::ChatRef;
///
/// assert_eq!(ChatRef::from(-1001).to_string(), "-1001");
/// assert_eq!(ChatRef::from("john_doe").to_string(), "@john_doe");
/// assert_eq!(ChatRef::from("1234567890"), ChatRef::from(1234567890));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ChatRef {
    /// By its id.
    Id(i64),
    /// By a username, with the `@`.
    Username(String),
}

macro_rules! from_ids {
    ($($id:ty),*) => {
        $(impl From<$id> for ChatRef {
            fn from(id: $id) -> ChatRef {
                ChatRef::Id(id.0)
            }
        })*
    };
}

from_ids!(ChatId, UserId, ContactId);

impl From<i64> for ChatRef {
    fn from(id: i64) -> ChatRef {
        ChatRef::Id(id)
    }
}

impl From<&Contact> for ChatRef {
    fn from(contact: &Contact) -> ChatRef {
        ChatRef::Id(contact.id.0)
    }
}

/// A whole number is an id, anything else a username.
impl From<&str> for ChatRef {
    fn from(text: &str) -> ChatRef {
        let text = text.trim();
        match text.parse() {
            Ok(id) => ChatRef::Id(id),
            Err(_) => ChatRef::Username(format!("@{}", text.trim_start_matches('@'))),
        }
    }
}

impl From<String> for ChatRef {
    fn from(text: String) -> ChatRef {
        text.as_str().into()
    }
}

impl fmt::Display for ChatRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChatRef::Id(id) => id.fmt(f),
            ChatRef::Username(name) => f.write_str(name),
        }
    }
}
