//! What a limit or a wait of the upstream's belongs to: an account, one of its chats, one of its methods.
//! Named by whoever sends; written down by whoever keeps waits across restarts. It decides nothing.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A chat as a send names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Chat {
    /// A person (above zero), or a group or channel (below).
    Id(i64),
    /// The name of a public group or channel, as it was written, `@` included.
    Name(Box<str>),
}

impl Chat {
    /// Reads `chat_id`; anything that is no number counts as a name.
    pub fn read(text: &str) -> Chat {
        let text = text.trim();
        text.parse().map_or_else(|_| Chat::Name(text.to_lowercase().into()), Chat::Id)
    }

    /// Whether Telegram's limit for groups holds. Only groups and channels can be named (people can't).
    pub fn is_group(&self) -> bool {
        match self {
            Chat::Id(id) => *id < 0,
            Chat::Name(_) => true,
        }
    }
}

/// A request that is about to be made, as far as flood control goes.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The method's name, in any case.
    pub method: &'a str,
    /// The chat that gets a message by it. None for what sends none: that is held back by waits of the account and of
    /// the method only, never by a pace.
    pub chat: Option<&'a Chat>,
}

/// What is frozen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All calls of the account.
    Account,
    /// Sends to one chat.
    Chat(Chat),
    /// Calls of one method; its name in lower case.
    Method(Box<str>),
}

impl Scope {
    /// Whether what it holds goes at a pace: sends do.
    pub(super) fn is_paced(&self) -> bool {
        matches!(self, Scope::Chat(_))
    }
}

/// A wait that the upstream asked for: a plain record, to be kept across restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// What may not be called.
    pub scope: Scope,
    /// For how long from now.
    pub left: Duration,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Account => f.write_str("account"),
            Scope::Chat(Chat::Id(id)) => write!(f, "chat:{id}"),
            Scope::Chat(Chat::Name(name)) => write!(f, "chat:{name}"),
            Scope::Method(name) => write!(f, "method:{name}"),
        }
    }
}

/// The text is none that a [`Scope`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoScope;

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Scope, NoScope> {
        match text.split_once(':') {
            None if text == "account" => Ok(Scope::Account),
            Some(("chat", chat)) if !chat.is_empty() => Ok(Scope::Chat(Chat::read(chat))),
            Some(("method", name)) if !name.is_empty() => Ok(Scope::Method(name.to_ascii_lowercase().into())),
            _ => Err(NoScope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        let scopes = [
            (Scope::Account, "account"),
            (Scope::Chat(Chat::Id(-100_123)), "chat:-100123"),
            (Scope::Chat(Chat::Name("@news".into())), "chat:@news"),
            (Scope::Method("sendmessage".into()), "method:sendmessage"),
        ];
        for (scope, text) in scopes {
            assert_eq!(scope.to_string(), text);
            assert_eq!(text.parse(), Ok(scope));
        }
        for text in ["", "chat", "chat:", "method:", "accounts", "account:"] {
            assert_eq!(text.parse::<Scope>(), Err(NoScope), "{text}");
        }
    }

    #[test]
    fn a_chat_is_a_number_or_a_name_and_only_people_are_no_groups() {
        assert_eq!(Chat::read(" -1001 "), Chat::Id(-1001));
        assert_eq!(Chat::read("@News"), Chat::Name("@news".into()));
        assert!(!Chat::read("5").is_group());
        assert!(Chat::read("-5").is_group() && Chat::read("@news").is_group());
    }
}
