//! Reading what a caller says of a contact: the bodies of POST, PATCH and PUT, and of addContact and
//! editContact. Everything is checked here; an error names its field. Fields that are not a caller's to
//! set (`id`, `created_at` …) and unknown ones are passed over, so that what was read can be sent back.

use crate::BadRequest;
use crate::params::whole_number;
use contactgram_model::contact::ContactChange;
use contactgram_model::{PhoneNumber, UserId, user};
use serde_json::{Map, Value};

/// Characters of a note.
const NOTE_CHARS: usize = 4096;
/// Bytes of attributes, as JSON.
const ATTRIBUTES_BYTES: usize = 16 * 1024;
/// Labels of one contact.
const LABELS: usize = 50;

/// How absent and `null` fields are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// POST: both say nothing.
    Add,
    /// PATCH: absent says nothing, `null` removes (RFC 7396).
    Merge,
    /// PUT: both remove.
    Replace,
}

/// Whether a body holds a number that needs a region to be read.
pub fn needs_region(body: &Map<String, Value>) -> bool {
    body.get("phone_number").and_then(Value::as_str).is_some_and(|text| !text.trim_start().starts_with('+'))
}

/// Reads a change. `region` is for numbers without a `+`.
///
/// # Errors
/// A [`BadRequest`] that names the first field that is wrong, and what would do.
pub fn read_change(
    body: &Map<String, Value>,
    region: Option<&str>,
    meaning: Meaning,
) -> Result<ContactChange, BadRequest> {
    let fields = Fields { body, meaning };
    let phone = match fields.text("phone_number", 64)? {
        Some(Some(text)) => {
            Some(Some(PhoneNumber::parse(&text, region).map_err(|error| BadRequest::of(error.to_string()))?))
        }
        Some(None) => Some(None),
        None => None,
    };
    let first_name = match fields.text("first_name", 64)? {
        Some(Some(name)) => Some(name),
        Some(None) if meaning == Meaning::Replace => {
            return Err(BadRequest::new("parameter \"first_name\" is required"));
        }
        Some(None) => return Err(BadRequest::new("first_name can't be removed")),
        None => None,
    };
    let username = match fields.text("username", 33)? {
        Some(Some(name)) => Some(Some(user::username(&name).map_err(BadRequest::new)?)),
        other => other,
    };
    let email = fields.text("email", 254)?;
    if let Some(Some(address)) = &email {
        check_email(address)?;
    }
    Ok(ContactChange {
        first_name,
        last_name: fields.text("last_name", 64)?,
        username,
        phone_number: phone,
        email,
        user_id: fields.user_id()?,
        language_code: fields.text("language_code", 35)?,
        labels: fields.labels()?,
        note: fields.text("note", NOTE_CHARS)?,
        attributes: fields.attributes()?,
        // `null` takes all of them away, in a merge patch too.
        merge_attributes: meaning == Meaning::Merge
            && body.get("attributes").is_some_and(|value| !value.is_null() && !is_empty(value)),
    })
}

/// Refuses a change whose labels or attributes are more than a contact may have: one that was put together from what was
/// there and what came.
///
/// # Errors
/// A [`BadRequest`] that names the field.
pub fn check_size(change: &ContactChange) -> Result<(), BadRequest> {
    if change.labels.as_ref().is_some_and(|labels| labels.len() > LABELS) {
        return Err(BadRequest::of(format!("labels must be at most {LABELS}")));
    }
    match &change.attributes {
        Some(attributes) => check_attributes(attributes),
        None => Ok(()),
    }
}

fn check_attributes(attributes: &Map<String, Value>) -> Result<(), BadRequest> {
    let size = serde_json::to_string(attributes).map_or(usize::MAX, |text| text.len());
    if size > ATTRIBUTES_BYTES {
        return Err(BadRequest::of(format!("attributes must be at most {ATTRIBUTES_BYTES} bytes of JSON")));
    }
    Ok(())
}

struct Fields<'a> {
    body: &'a Map<String, Value>,
    meaning: Meaning,
}

impl Fields<'_> {
    /// The field, if it is to be changed: `Some(None)` removes it.
    fn get(&self, name: &str) -> Option<Option<&Value>> {
        match (self.body.get(name), self.meaning) {
            (None, Meaning::Replace) | (Some(Value::Null), Meaning::Replace | Meaning::Merge) => Some(None),
            (None, _) | (Some(Value::Null), Meaning::Add) => None,
            (Some(value), _) => Some(Some(value)),
        }
    }

    /// A text of 1 to `most` characters, trimmed; an empty one removes.
    fn text(&self, name: &str, most: usize) -> Result<Option<Option<String>>, BadRequest> {
        let value = match self.get(name) {
            Some(Some(value)) => value,
            Some(None) => return Ok(Some(None)),
            None => return Ok(None),
        };
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return Err(BadRequest::of(format!("{name} must be a string"))),
        };
        if text.chars().count() > most {
            return Err(BadRequest::of(format!("{name} must have at most {most} characters")));
        }
        if text.contains('\0') {
            return Err(BadRequest::of(format!("{name} must not hold a NUL character")));
        }
        match (text.is_empty(), self.meaning) {
            (true, Meaning::Add) => Ok(None),
            (true, _) => Ok(Some(None)),
            (false, _) => Ok(Some(Some(text))),
        }
    }

    fn user_id(&self) -> Result<Option<UserId>, BadRequest> {
        let id = match self.get("user_id").flatten() {
            None => return Ok(None),
            // A form has no other way to say `null`; so below.
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(value) => whole_number(value),
        };
        match id.filter(|id| (1..1 << 52).contains(id)) {
            Some(id) => Ok(Some(UserId(id))),
            None => Err(BadRequest::new("user_id must be a positive whole number")),
        }
    }

    /// A list of strings; in a form also one text with commas.
    fn labels(&self) -> Result<Option<Vec<String>>, BadRequest> {
        const WRONG: BadRequest = BadRequest::new("labels must be a list of strings of 1 to 64 characters");
        let listed: Vec<String> = match self.get("labels") {
            None => return Ok(None),
            Some(None) => Vec::new(),
            Some(Some(Value::String(text))) if text.trim_start().starts_with('[') => {
                serde_json::from_str(text).map_err(|_| WRONG)?
            }
            Some(Some(Value::String(text))) => {
                text.split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect()
            }
            Some(Some(value)) => serde_json::from_value(value.clone()).map_err(|_| WRONG)?,
        };
        let mut labels: Vec<String> = listed.iter().map(|label| label.trim().to_owned()).collect();
        if labels.iter().any(|label| label.is_empty() || label.chars().count() > 64 || label.contains('\0')) {
            return Err(WRONG);
        }
        if labels.len() > LABELS {
            return Err(BadRequest::of(format!("labels must be at most {LABELS}")));
        }
        labels.sort_unstable();
        labels.dedup();
        Ok(Some(labels))
    }

    fn attributes(&self) -> Result<Option<Map<String, Value>>, BadRequest> {
        const WRONG: BadRequest = BadRequest::new("attributes must be a JSON object");
        let attributes = match self.get("attributes") {
            None => return Ok(None),
            Some(None) => Map::new(),
            Some(Some(Value::Object(map))) => map.clone(),
            Some(Some(Value::String(text))) if text.trim().is_empty() => Map::new(),
            Some(Some(Value::String(text))) => serde_json::from_str(text).map_err(|_| WRONG)?,
            Some(Some(_)) => return Err(WRONG),
        };
        check_attributes(&attributes)?;
        Ok(Some(attributes))
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

pub(crate) fn check_email(address: &str) -> Result<(), BadRequest> {
    let fits = address.rsplit_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.is_empty() && !address.contains(char::is_whitespace)
    });
    if fits { Ok(()) } else { Err(BadRequest::new("email must look like name@example.com")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value, meaning: Meaning) -> Result<ContactChange, String> {
        read_change(body.as_object().unwrap(), None, meaning).map_err(|bad| bad.to_string())
    }

    #[test]
    fn the_documented_body_is_read() {
        let body = json!({"phone_number": "+1234567890", "first_name": "John", "last_name": "Doe"});
        let change = read(body, Meaning::Add).unwrap();
        assert_eq!(change.first_name.as_deref(), Some("John"));
        assert_eq!(change.last_name, Some(Some("Doe".to_owned())));
        assert_eq!(change.phone_number.unwrap().unwrap().e164(), "+1234567890");
        assert_eq!(change.email, None);
    }

    #[test]
    fn null_and_absent_mean_what_the_verb_says() {
        let body = || json!({"note": null});
        assert_eq!(read(body(), Meaning::Add).unwrap().note, None);
        assert_eq!(read(body(), Meaning::Merge).unwrap().note, Some(None));
        assert_eq!(read(body(), Meaning::Merge).unwrap().email, None);
        let replace = read(json!({"first_name": "Ann"}), Meaning::Replace).unwrap();
        assert_eq!((replace.note, replace.labels), (Some(None), Some(Vec::new())));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, text) in [
            (json!({"first_name": 5.5, "last_name": true}), "last_name must be a string"),
            (json!({"first_name": "x".repeat(65)}), "first_name must have at most 64 characters"),
            (json!({"first_name": null}), "first_name can't be removed"),
            (json!({"username": "a b c d"}), "username may hold only letters, digits and underscores"),
            (
                json!({"phone_number": "12"}),
                "phone_number must begin with + and the country code, as the account has no default region",
            ),
            (
                json!({"phone_number": "+12"}),
                "phone_number must be + and 7 to 15 digits, such as +14155550100",
            ),
            (json!({"email": "nobody"}), "email must look like name@example.com"),
            (json!({"user_id": -1}), "user_id must be a positive whole number"),
            (json!({"labels": [1]}), "labels must be a list of strings of 1 to 64 characters"),
            (json!({"attributes": [1]}), "attributes must be a JSON object"),
        ] {
            assert_eq!(read(body, Meaning::Merge), Err(text.to_owned()));
        }
    }

    #[test]
    fn a_number_is_whole_however_it_is_written_and_empty_text_removes_as_null_does() {
        let change = read(json!({"user_id": 5.0}), Meaning::Add).unwrap();
        assert_eq!(change.user_id, Some(UserId(5)));
        let body = || json!({"user_id": "", "attributes": " ", "labels": "", "note": ""});
        let merge = read(body(), Meaning::Merge).unwrap();
        let null = json!({"user_id": null, "attributes": null, "labels": null, "note": null});
        let by_null = read(null, Meaning::Merge).unwrap();
        assert_eq!((merge.user_id, merge.note), (by_null.user_id, by_null.note));
        assert_eq!((merge.attributes, merge.labels), (by_null.attributes, by_null.labels));
        assert_eq!((merge.merge_attributes, by_null.merge_attributes), (false, false));
        assert!(read(json!({"user_id": 5.5}), Meaning::Add).is_err());
    }

    #[test]
    fn labels_come_as_a_list_or_with_commas() {
        for body in [
            json!({"labels": ["b", "a", "b"]}),
            json!({"labels": "b, a"}),
            json!({"labels": "[\"a\",\"b\"]"}),
        ] {
            assert_eq!(read(body, Meaning::Add).unwrap().labels, Some(vec!["a".to_owned(), "b".to_owned()]));
        }
    }
}
