//! A user of the directory: whoever can take part in a chat of the local connector.
//! Accounts are users with a token; people are users who are made to act; a placeholder is a phone
//! number that somebody added before anybody registered it. Never holds what one account thinks of
//! another: that is a contact.

use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// What stands behind a user of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// A number that was added but that nobody has acted as yet; its messages wait.
    Placeholder,
    /// Somebody who can be made to act by the operator.
    Person,
    /// An account of this server that shows itself as a bot.
    Bot,
    /// An account of this server that shows itself as a user.
    Account,
    /// An account of this server whose bot lives on another one: nobody here can write to it.
    Remote,
}

impl UserKind {
    const ALL: [UserKind; 5] =
        [UserKind::Placeholder, UserKind::Person, UserKind::Bot, UserKind::Account, UserKind::Remote];

    /// The number kept in the store.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// The kind behind a stored number.
    pub fn from_code(code: i64) -> Option<UserKind> {
        UserKind::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether somebody (or some program) is known to be behind this user.
    pub fn is_known(self) -> bool {
        self != UserKind::Placeholder
    }

    /// Whether an account of this server is behind this user, so that it has an update log.
    pub fn is_account(self) -> bool {
        matches!(self, UserKind::Bot | UserKind::Account | UserKind::Remote)
    }
}

/// A row of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id that chats and messages show.
    pub id: UserId,
    /// Person, bot, account or placeholder.
    pub kind: UserKind,
    /// Shown name; never empty.
    pub first_name: String,
    /// Shown family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Without the `@`, in the spelling its owner chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// E.164; unique in the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// What a vCard of this user says; shown to accounts only when the user shares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// IETF language tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

impl User {
    /// Whether Telegram would mark this user `is_bot`.
    pub fn is_bot(&self) -> bool {
        matches!(self.kind, UserKind::Bot | UserKind::Remote)
    }
}

/// A username as Telegram takes them: 5–32 of letters, digits and `_`, starting with a letter; a
/// leading `@` is dropped. The directory also takes 4 characters, the shortest that auctions sell.
///
/// # Errors
/// A sentence that begins with the field's name.
pub fn username(text: &str) -> Result<String, &'static str> {
    let name = text.strip_prefix('@').unwrap_or(text);
    if !(4..=32).contains(&name.len()) {
        return Err("username must have 4 to 32 characters");
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err("username must begin with a letter");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err("username may hold only letters, digits and underscores");
    }
    Ok(name.to_owned())
}

/// A bot's username made from its name, as BotFather would want it: ends in `bot`. `salt` keeps two
/// bots of one name apart.
pub fn bot_username(name: &str, salt: u32) -> String {
    let mut base: String = name
        .chars()
        .filter_map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => Some(c.to_ascii_lowercase()),
            ' ' | '-' | '_' => Some('_'),
            _ => None,
        })
        .collect();
    base = base.trim_matches('_').chars().skip_while(|c| !c.is_ascii_alphabetic()).take(20).collect();
    if base.is_empty() {
        base.push_str("contactgram");
    }
    match salt {
        0 => format!("{base}_bot"),
        _ => format!("{base}_{}_bot", salt % 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_checked_as_telegram_does() {
        assert_eq!(username("@john_doe"), Ok("john_doe".to_owned()));
        for bad in ["", "abc", "1john", "jo hn", "jöhn", &"x".repeat(33)] {
            assert!(username(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bot_gets_a_username_from_any_name() {
        assert_eq!(bot_username("Support Desk", 0), "support_desk_bot");
        assert_eq!(bot_username("Поддержка", 0), "contactgram_bot");
        assert_eq!(bot_username("42", 7), "contactgram_7_bot");
        for name in ["a", "Support Desk", "!!!", "🙂", "A very long name that goes on and on and on"] {
            assert!(username(&bot_username(name, 4_000_000_000)).is_ok(), "{name}");
        }
    }

    #[test]
    fn kinds_survive_the_store() {
        for kind in UserKind::ALL {
            assert_eq!(UserKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(UserKind::from_code(9), None);
    }
}
