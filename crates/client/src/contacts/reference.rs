//! Naming a contact: by id, username or number. Made from what an application has at hand.

use contactgram_model::{Contact, ContactId, UserId};

/// Which contact is meant.
///
/// ```
/// use contactgram_client::ContactRef;
///
/// assert_eq!(ContactRef::from("@john_doe"), ContactRef::Username("john_doe".to_owned()));
/// assert_eq!(ContactRef::from("+1 415 555 0101"), ContactRef::Phone("+1 415 555 0101".to_owned()));
/// assert_eq!(ContactRef::from("john_doe"), ContactRef::from("@john_doe"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContactRef {
    /// By its id, or one that it had before its user was known.
    Id(ContactId),
    /// By its username, without the `@`.
    Username(String),
    /// By its number.
    Phone(String),
}

impl From<i64> for ContactRef {
    fn from(id: i64) -> ContactRef {
        ContactRef::Id(ContactId(id))
    }
}

impl From<ContactId> for ContactRef {
    fn from(id: ContactId) -> ContactRef {
        ContactRef::Id(id)
    }
}

impl From<UserId> for ContactRef {
    fn from(id: UserId) -> ContactRef {
        ContactRef::Id(ContactId(id.0))
    }
}

impl From<&Contact> for ContactRef {
    fn from(contact: &Contact) -> ContactRef {
        ContactRef::Id(contact.id)
    }
}

/// What begins with a `+` or a digit is a number, anything else a username.
impl From<&str> for ContactRef {
    fn from(text: &str) -> ContactRef {
        let text = text.trim();
        match text.starts_with(|first: char| first == '+' || first == '(' || first.is_ascii_digit()) {
            true => ContactRef::Phone(text.to_owned()),
            false => ContactRef::Username(text.trim_start_matches('@').to_owned()),
        }
    }
}

impl From<String> for ContactRef {
    fn from(text: String) -> ContactRef {
        text.as_str().into()
    }
}
