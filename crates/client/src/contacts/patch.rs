//! What an application says of a contact: a new one, or a change. Checked by the server, which names the field that is
//! wrong.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A contact to be added. It needs a name, and a number, a user or a username to be known by; or none of these, for one
/// that is only noted.
///
/// ```
/// use contactgram_client::NewContact;
///
/// let ann = NewContact::new("Ann").phone_number("+14155550101").labels(["support"]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NewContact {
    change: ContactPatch,
    pub(super) key: Option<String>,
}

/// A change of a contact: what is not named stays as it is.
///
/// ```
/// use contactgram_client::ContactPatch;
///
/// let patch = ContactPatch::new().note("met in Berlin").clear("last_name");
/// let sent = serde_json::to_value(&patch).unwrap();
/// assert_eq!(sent, serde_json::json!({"note": "met in Berlin", "last_name": null}));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContactPatch {
    fields: Map<String, Value>,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $taken:ty;)*) => {
        impl ContactPatch {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(self, value: impl Into<$taken>) -> ContactPatch {
                let value: $taken = value.into();
                self.set(stringify!($name), value)
            })*
        }

        impl NewContact {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, value: impl Into<$taken>) -> NewContact {
                self.change = self.change.$name(value);
                self
            })*
        }
    };
}

fields! {
    /// 1 to 64 characters.
    first_name: String;
    /// At most 64 characters.
    last_name: String;
    /// With or without the `@`.
    username: String;
    /// `+` and 7 to 15 digits, or a national form of the account's region.
    phone_number: String;
    /// One `@` with something on both sides.
    email: String;
    /// The Telegram user behind the contact.
    user_id: i64;
    /// IETF language tag.
    language_code: String;
    /// At most 4096 characters.
    note: String;
    /// Your own data, at most 16 KiB as JSON. A change is merged into what is there; `null` removes a member.
    attributes: Map<String, Value>;
}

impl NewContact {
    /// One with this name.
    pub fn new(first_name: impl Into<String>) -> NewContact {
        NewContact { change: ContactPatch::new(), key: None }.first_name(first_name)
    }

    /// All labels: at most 50, of 1 to 64 characters.
    #[must_use]
    pub fn labels<L: Into<String>>(mut self, labels: impl IntoIterator<Item = L>) -> NewContact {
        self.change = self.change.labels(labels);
        self
    }

    /// With an idempotency key of your own, instead of one that is made for the call.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> NewContact {
        self.key = Some(key.into());
        self
    }

    pub(super) fn fields(&self) -> &Map<String, Value> {
        &self.change.fields
    }
}

impl ContactPatch {
    /// A change of nothing yet.
    pub fn new() -> ContactPatch {
        ContactPatch::default()
    }

    /// All labels anew: at most 50, of 1 to 64 characters.
    #[must_use]
    pub fn labels<L: Into<String>>(self, labels: impl IntoIterator<Item = L>) -> ContactPatch {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        self.set("labels", labels)
    }

    /// Removes a field, such as `"note"`.
    #[must_use]
    pub fn clear(self, field: &str) -> ContactPatch {
        self.set(field, Value::Null)
    }

    /// Sets a field that this crate has no name for yet.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> ContactPatch {
        self.fields.insert(field.to_owned(), value.into());
        self
    }
}

impl Serialize for ContactPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}
