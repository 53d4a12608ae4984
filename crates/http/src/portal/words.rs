//! Numbers, times and rights as pages write them. Templates call these; nothing here knows a request.

use contactgram_hub::KeyView;
use contactgram_model::scope::Scope;
use contactgram_model::{Role, Timestamp, times};
use serde_json::Value;

/// A value, or a reference to one: templates hand over now this and now that.
pub trait Like<T> {
    /// The value.
    fn get(&self) -> T;
}

macro_rules! like {
    ($($kind:ty),*) => {$(
        impl Like<$kind> for $kind {
            fn get(&self) -> $kind {
                *self
            }
        }
    )*};
}
like!(i64, Scope, Role, Option<i64>, Option<Role>);

impl<T, L: Like<T>> Like<T> for &L {
    fn get(&self) -> T {
        (**self).get()
    }
}

/// `1 234 567`, with narrow spaces that don't break.
pub fn number(number: impl Like<i64>) -> String {
    let number = number.get();
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `1 contact`, `2 contacts`.
pub fn people(count: impl Like<i64>) -> String {
    counted(count, "contact")
}

/// `1 update`, `2 updates`.
pub fn counted(count: impl Like<i64>, what: &str) -> String {
    let count = count.get();
    format!("{} {what}{}", number(count), if count == 1 { "" } else { "s" })
}

/// `2026-11-22`.
pub fn day(at: impl Like<Timestamp>) -> String {
    moment(at).chars().take(10).collect()
}

/// `2026-11-22 12:30 UTC`.
pub fn moment(at: impl Like<Timestamp>) -> String {
    times::date(at.get())
}

/// `12:30`.
pub fn time(at: impl Like<Timestamp>) -> String {
    moment(at).chars().skip(11).take(5).collect()
}

/// How long ago something was.
pub fn since(at: impl Like<Timestamp>, now: impl Like<Timestamp>) -> String {
    times::distance(at.get(), now.get())
}

/// How long ago something was used.
pub fn used(at: impl Like<Option<Timestamp>>, now: impl Like<Timestamp>) -> String {
    at.get().map_or_else(|| "never".to_owned(), |at| times::distance(at, now.get()))
}

/// The day on which something ends.
pub fn end(at: impl Like<Option<Timestamp>>) -> String {
    at.get().map_or_else(|| "never".to_owned(), day)
}

/// A text, or a dash for none.
pub fn or_dash(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("–")
}

/// What a key is narrowed to.
pub fn only(key: &KeyView) -> String {
    let contacts = key.only_contacts.iter().map(ToString::to_string);
    let all: Vec<String> = key.only_labels.iter().cloned().chain(contacts).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

/// A value of an attribute, without quotes around texts.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a scope allows, for somebody who is asked to give it.
pub fn scope(scope: impl Like<Scope>) -> &'static str {
    match scope.get() {
        Scope::ContactsRead => "See the names and usernames of contacts",
        Scope::ContactsPrivate => {
            "See and write contacts' phone numbers, e-mail addresses, notes and attributes"
        }
        Scope::ContactsWrite => "Add, change and remove contacts",
        Scope::MessagesRead => "Read conversations",
        Scope::MessagesSend => "Write, edit and delete messages in the account's name",
        Scope::UpdatesRead => "Receive everything that comes in, by getUpdates or a webhook",
        Scope::AccountManage => "Change the account's settings and see its audit log",
    }
}

/// Whether a choice is the one that was made.
pub fn chosen(given: impl Like<Option<Role>>, role: impl Like<Role>) -> bool {
    given.get() == Some(role.get())
}

/// Kinds of actors in the audit log, and what they are called.
pub const ACTORS: &[(&str, &str)] = &[
    ("member", "Members"),
    ("operator", "The command line"),
    ("application", "Applications"),
    ("token", "Tokens"),
    ("key", "Keys"),
    ("anonymous", "Strangers"),
    ("server", "The server"),
];

/// What a role may do.
pub fn role(role: impl Like<Role>) -> &'static str {
    match role.get() {
        Role::Viewer => "sees contacts without private fields, and conversations",
        Role::Agent => "works with contacts, private fields included, and writes messages",
        Role::Admin => "also sets up applications, keys and webhooks, and sees the audit log",
        Role::Owner => "everything: tokens, members, the end of the account",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactgram_model::Actor;

    #[test]
    fn numbers_are_written_in_groups_of_three() {
        for (given, wanted) in [(0, "0"), (999, "999"), (1_000, "1 000"), (-1_234_567, "-1 234 567")] {
            assert_eq!(number(given).replace('\u{202f}', " "), wanted);
        }
    }

    #[test]
    fn every_kind_of_actor_can_be_looked_for() {
        for (kind, _) in ACTORS {
            assert!(Actor::from_parts(kind, 0).is_some(), "{kind}");
        }
    }

    #[test]
    fn times_are_utc_and_cut_where_they_are_meant_to() {
        let at = 1_795_350_600;
        assert_eq!((day(at), time(at)), ("2026-11-22".to_owned(), "12:30".to_owned()));
        assert_eq!(
            (used(None, at), used(Some(at - 7200), at)),
            ("never".to_owned(), "2 hours ago".to_owned())
        );
    }
}
