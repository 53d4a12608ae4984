//! A contact: what one account knows of somebody. The JSON of the Contact API is this struct's, and is what
//! the store keeps. Which of two contacts are the same, and what a change does to the rest, is the hub's
//! business.

use crate::clock::Timestamp;
use crate::ids::{ContactId, UserId};
use crate::{phone::PhoneNumber, search};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How an account came to know a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactSource {
    /// Added through the API.
    Manual,
    /// Read from a file.
    Import,
    /// Wrote to the account.
    Message,
    /// Sent as a contact by somebody.
    Shared,
    /// Came with a synchronisation.
    Sync,
}

/// One contact of one account. Absent values are left out of the JSON, never `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The user's id where that is known, else of [`ContactId::OWN`].
    pub id: ContactId,
    /// 1–64 characters.
    pub first_name: String,
    /// At most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Without the `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// As given; checked only for an `@` with something on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Equal to `id` once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// What the user is called by themselves, where the account saved another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_name: Option<OwnName>,
    /// IETF language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    /// Present and true for bots.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_bot: bool,
    /// The caller's labels, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The caller's note, at most 4096 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The caller's own data, at most 16 KiB as JSON.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// The contact's user shared this very number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phone_verified: bool,
    /// The contact's user blocked the account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_blocked: bool,
    /// How the account came to know it.
    pub source: ContactSource,
    /// Unix seconds.
    pub created_at: Timestamp,
    /// Unix seconds.
    pub updated_at: Timestamp,
    /// The place of its last change among all changes of the account's contacts: its ETag, and what
    /// sync tokens count in.
    #[serde(skip)]
    pub version: i64,
}

/// A name as its owner spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnName {
    /// Never empty.
    pub first_name: String,
    /// If they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
}

impl OwnName {
    /// Whether a contact is called so.
    fn is_name_of(&self, contact: &Contact) -> bool {
        self.first_name == contact.first_name && self.last_name == contact.last_name
    }
}

impl Contact {
    /// Takes note of what the contact's user is called. The contact follows that as long as nobody saved a name for it.
    pub fn follow(&mut self, own: OwnName) {
        if self.own_name.is_none() && self.source == ContactSource::Message {
            self.first_name = own.first_name;
            self.last_name = own.last_name;
        } else if self.own_name.is_some() || !own.is_name_of(self) {
            self.own_name = Some(own);
        }
    }

    /// What `sort=name` compares.
    pub fn name_key(&self) -> String {
        let mut key = search::fold(&self.first_name);
        if let Some(last) = &self.last_name {
            key.push(' ');
            key.push_str(&search::fold(last));
        }
        key
    }

    /// Takes away what `contacts:private` is needed for.
    pub fn hide_private(&mut self) {
        (self.phone_number, self.email, self.note) = (None, None, None);
        self.attributes = Map::new();
    }

    /// What `q` looks in.
    pub fn search_document(&self) -> String {
        let optional = [&self.last_name, &self.username, &self.phone_number, &self.email];
        search::document(
            [self.first_name.as_str()].into_iter().chain(optional.into_iter().flatten().map(String::as_str)),
        )
    }
}

/// All that a contact may say, as the API names it and in its order.
pub const FIELDS: [&str; 18] = [
    "id",
    "first_name",
    "last_name",
    "username",
    "phone_number",
    "email",
    "user_id",
    "own_name",
    "language_code",
    "is_bot",
    "labels",
    "note",
    "attributes",
    "phone_verified",
    "is_blocked",
    "source",
    "created_at",
    "updated_at",
];

/// What `contacts:private` is needed for.
pub const PRIVATE_FIELDS: [&str; 4] = ["phone_number", "email", "note", "attributes"];

/// What `q` looks in without `contacts:private`: the part of [`Contact::search_document`] that names make.
///
/// # Errors
/// When the JSON is no contact's.
pub fn public_document(body: &str) -> serde_json::Result<String> {
    #[derive(Deserialize)]
    struct Names<'a> {
        #[serde(borrow)]
        first_name: Cow<'a, str>,
        #[serde(borrow, default)]
        last_name: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        username: Option<Cow<'a, str>>,
    }
    let names: Names<'_> = serde_json::from_str(body)?;
    let optional = [names.last_name.as_deref(), names.username.as_deref()];
    Ok(search::document([&*names.first_name].into_iter().chain(optional.into_iter().flatten())))
}

/// A contact as it is kept: what the API answers with, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContact {
    /// As in [`Contact`].
    pub version: i64,
    /// The JSON of a [`Contact`].
    pub body: String,
}

impl StoredContact {
    /// The contact that the JSON says.
    ///
    /// # Errors
    /// When it says none.
    pub fn contact(&self) -> serde_json::Result<Contact> {
        Ok(Contact { version: self.version, ..serde_json::from_str(&self.body)? })
    }

    /// The same without its private fields.
    ///
    /// # Errors
    /// When the JSON is no contact's.
    pub fn without_private(&self) -> serde_json::Result<StoredContact> {
        let mut contact = self.contact()?;
        contact.hide_private();
        Ok(StoredContact { version: self.version, body: serde_json::to_string(&contact)? })
    }
}

/// What a caller says of a contact: absent fields stay as they are, `Some(None)` removes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContactChange {
    /// New first name; can't be removed.
    pub first_name: Option<String>,
    /// New last name.
    pub last_name: Option<Option<String>>,
    /// New username.
    pub username: Option<Option<String>>,
    /// New phone number.
    pub phone_number: Option<Option<PhoneNumber>>,
    /// New e-mail address.
    pub email: Option<Option<String>>,
    /// The Telegram user behind the contact.
    pub user_id: Option<UserId>,
    /// New language tag.
    pub language_code: Option<Option<String>>,
    /// All labels anew.
    pub labels: Option<Vec<String>>,
    /// New note.
    pub note: Option<Option<String>>,
    /// Attributes, already merged or whole: see `merge_attributes`.
    pub attributes: Option<Map<String, Value>>,
    /// Whether `attributes` is a merge patch for those there are (`null` removes one) or takes their place.
    pub merge_attributes: bool,
}

impl ContactChange {
    /// Whether it sets or removes what `contacts:private` is needed for.
    pub fn touches_private(&self) -> bool {
        self.phone_number.is_some()
            || self.email.is_some()
            || self.note.is_some()
            || self.attributes.is_some()
    }

    /// Leaves this private field as it is.
    pub fn spare_private(&mut self, field: &str) {
        match field {
            "phone_number" => self.phone_number = None,
            "email" => self.email = None,
            "note" => self.note = None,
            "attributes" => self.attributes = None,
            _ => {}
        }
    }

    /// Writes the change into `contact`; answers whether anything is different afterwards. Ids, source and
    /// times are not touched.
    pub fn apply(&self, contact: &mut Contact) -> bool {
        let before = contact.clone();
        let has_another = self.first_name.as_ref().is_some_and(|name| *name != contact.first_name)
            || self.last_name.as_ref().is_some_and(|name| *name != contact.last_name);
        // Until now it was the user's own.
        if has_another && contact.own_name.is_none() && contact.user_id.is_some() {
            let (first_name, last_name) = (contact.first_name.clone(), contact.last_name.clone());
            contact.own_name = Some(OwnName { first_name, last_name });
        }
        if let Some(name) = &self.first_name {
            contact.first_name.clone_from(name);
        }
        let texts = [
            (&self.last_name, &mut contact.last_name),
            (&self.username, &mut contact.username),
            (&self.email, &mut contact.email),
            (&self.language_code, &mut contact.language_code),
            (&self.note, &mut contact.note),
        ];
        for (new, old) in texts {
            if let Some(new) = new {
                old.clone_from(new);
            }
        }
        if let Some(phone) = &self.phone_number {
            let phone = phone.as_ref().map(|phone| phone.e164().to_owned());
            contact.phone_verified &= phone == contact.phone_number;
            contact.phone_number = phone;
        }
        if let Some(labels) = &self.labels {
            contact.labels.clone_from(labels);
        }
        if let Some(attributes) = &self.attributes {
            if !self.merge_attributes {
                contact.attributes = attributes.clone();
            } else {
                merge(&mut contact.attributes, attributes);
            }
        }
        *contact != before
    }
}

/// JSON merge patch (RFC 7396) of one object by another.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.remove(key);
            }
            Value::Object(inner) => {
                let slot = target.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(there) = slot {
                    merge(there, inner);
                }
            }
            value => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn contact() -> Contact {
        Contact {
            id: ContactId(1),
            first_name: "John".to_owned(),
            last_name: Some("Doe".to_owned()),
            username: None,
            phone_number: Some("+1234567890".to_owned()),
            email: None,
            user_id: None,
            own_name: None,
            language_code: None,
            is_bot: false,
            labels: Vec::new(),
            note: None,
            attributes: Map::new(),
            phone_verified: true,
            is_blocked: false,
            source: ContactSource::Manual,
            created_at: 5,
            updated_at: 6,
            version: 7,
        }
    }

    #[test]
    fn absent_values_are_left_out() {
        let json = serde_json::to_string(&Contact { phone_verified: false, ..contact() }).unwrap();
        assert_eq!(
            json,
            r#"{"id":1,"first_name":"John","last_name":"Doe","phone_number":"+1234567890","source":"manual","created_at":5,"updated_at":6}"#
        );
    }

    #[test]
    fn what_is_kept_is_the_contact_again() {
        let full = Contact {
            username: Some("John_Doe".to_owned()),
            email: Some("a@b".to_owned()),
            user_id: Some(UserId(1)),
            own_name: None,
            language_code: Some("de".to_owned()),
            is_bot: true,
            labels: vec!["a".to_owned(), "\u{2028}b".to_owned()],
            note: Some("\"line\"\n".to_owned()),
            attributes: json!({"z": 0.1, "a": [null, {}]}).as_object().unwrap().clone(),
            is_blocked: true,
            ..contact()
        };
        for contact in [full, Contact { last_name: None, ..contact() }] {
            let body = serde_json::to_string(&contact).unwrap();
            assert_eq!(StoredContact { version: 7, body }.contact().unwrap(), contact);
        }
        assert!(StoredContact { version: 7, body: "{}".to_owned() }.contact().is_err());
    }

    #[test]
    fn without_its_private_fields_a_contact_shows_and_is_found_by_names_alone() {
        let whole = Contact {
            username: Some("John_Doe".to_owned()),
            email: Some("secret@mail.example".to_owned()),
            note: Some("owes".to_owned()),
            attributes: json!({"pin": 7}).as_object().unwrap().clone(),
            labels: vec!["vip".to_owned()],
            ..contact()
        };
        let stored = StoredContact { version: 7, body: serde_json::to_string(&whole).unwrap() };
        let shown = stored.without_private().unwrap();
        assert_eq!(
            shown.body,
            r#"{"id":1,"first_name":"John","last_name":"Doe","username":"John_Doe","labels":["vip"],"phone_verified":true,"source":"manual","created_at":5,"updated_at":6}"#
        );
        let shown: Map<String, Value> = serde_json::from_str(&shown.body).unwrap();
        assert!(PRIVATE_FIELDS.iter().all(|field| !shown.contains_key(*field)));
        let public = public_document(&stored.body).unwrap();
        assert!(whole.search_document().starts_with(&public));
        let found = |q: &str| search::terms(q).iter().all(|term| term.is_in(&public));
        assert!(found("john") && found("doe jo") && found("john_d"));
        assert!(!found("123456") && !found("secret") && !found("mail"));
    }

    #[test]
    fn a_change_touches_what_it_names_and_nothing_else() {
        let mut changed = contact();
        assert!(!ContactChange::default().apply(&mut changed));
        assert_eq!(changed, contact());
        let change =
            ContactChange { last_name: Some(None), note: Some(Some("VIP".to_owned())), ..Default::default() };
        assert!(change.apply(&mut changed));
        assert_eq!((changed.last_name, changed.note), (None, Some("VIP".to_owned())));
        assert_eq!(changed.phone_number, contact().phone_number);
    }

    #[test]
    fn another_number_is_no_longer_verified() {
        let mut changed = contact();
        let phone = |text| Some(Some(PhoneNumber::parse(text, None).unwrap()));
        ContactChange { phone_number: phone("+1 234 567 890"), ..Default::default() }.apply(&mut changed);
        assert!(changed.phone_verified, "the same number in another spelling");
        ContactChange { phone_number: phone("+1234567891"), ..Default::default() }.apply(&mut changed);
        assert!(!changed.phone_verified);
    }

    #[test]
    fn attributes_are_merged_as_rfc_7396_says() {
        let mut changed = contact();
        changed.attributes = json!({"a": 1, "b": {"c": 2, "d": 3}}).as_object().unwrap().clone();
        let patch =
            json!({"a": null, "b": {"c": null, "e": 4}, "f": {"g": null}}).as_object().unwrap().clone();
        let change = ContactChange { attributes: Some(patch), merge_attributes: true, ..Default::default() };
        assert!(change.apply(&mut changed));
        assert_eq!(Value::Object(changed.attributes), json!({"b": {"d": 3, "e": 4}, "f": {}}));
    }
}
