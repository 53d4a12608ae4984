//! Contacts as rows of a table and as vCards. Called by export in the hub; `Reader` reads them back. JSON Lines need no
//! writing: they are what the store keeps.

use super::cards::{ATTRIBUTES, ID, LANGUAGE, USER_ID, USERNAME};
use super::{ORGANIZATION, OTHER_EMAILS, OTHER_PHONES, TITLE};
use crate::cell;
use crate::vcard::{escaped, push_line};
use contactgram_model::Contact;
use contactgram_model::contact::{FIELDS, PRIVATE_FIELDS};
use serde_json::Value;

/// The row of names, with its end. Whoever doesn't see private fields has no columns for them.
pub fn csv_header(private: bool) -> String {
    shown(private).collect::<Vec<_>>().join(",") + "\r\n"
}

/// The row of a contact, with its end.
pub fn csv_row(contact: &Contact, private: bool) -> String {
    let cells: Vec<String> = shown(private).map(|column| value(contact, column)).collect();
    cells.join(",") + "\r\n"
}

fn shown(private: bool) -> impl Iterator<Item = &'static str> {
    // `own_name` is what they call themselves, and nobody's here to set.
    let columns = FIELDS.into_iter().filter(|column| *column != "own_name");
    columns.filter(move |column| private || !PRIVATE_FIELDS.contains(column))
}

fn value(contact: &Contact, column: &str) -> String {
    let text = |text: &Option<String>| text.as_deref().map(cell::text).unwrap_or_default();
    let flag = |flag: bool| if flag { "true".to_owned() } else { String::new() };
    match column {
        "id" => contact.id.to_string(),
        "first_name" => cell::text(&contact.first_name),
        "last_name" => text(&contact.last_name),
        "username" => text(&contact.username),
        // `+` and digits: a number to every spreadsheet, and to the address books that read this.
        "phone_number" => contact.phone_number.as_deref().map(cell::plain).unwrap_or_default(),
        "email" => text(&contact.email),
        "user_id" => contact.user_id.map(|id| id.to_string()).unwrap_or_default(),
        "language_code" => text(&contact.language_code),
        "is_bot" => flag(contact.is_bot),
        "labels" => cell::text(&labels(&contact.labels)),
        "note" => text(&contact.note),
        "attributes" if contact.attributes.is_empty() => String::new(),
        "attributes" => cell::text(&Value::Object(contact.attributes.clone()).to_string()),
        "phone_verified" => flag(contact.phone_verified),
        "is_blocked" => flag(contact.is_blocked),
        "source" => serde_json::to_value(contact.source)
            .ok()
            .and_then(|source| source.as_str().map(str::to_owned))
            .unwrap_or_default(),
        "created_at" => contact.created_at.to_string(),
        "updated_at" => contact.updated_at.to_string(),
        _ => String::new(),
    }
}

/// With commas between; as a JSON list where that would say something else.
fn labels(labels: &[String]) -> String {
    let is_odd = |label: &String| label.contains([',', '"']) || label.starts_with('[');
    match labels.iter().any(is_odd) {
        true => Value::from(labels).to_string(),
        false => labels.join(","),
    }
}

/// A vCard 3.0 (RFC 2426) of a contact, with everything of it that is a caller's to set. What no property is for has one
/// of ours.
pub fn vcard(contact: &Contact) -> String {
    let last = contact.last_name.as_deref().unwrap_or_default();
    let mut out = String::from("BEGIN:VCARD\r\nVERSION:3.0\r\n");
    let mut line = |begin: &str, text: &str| push_line(&mut out, &format!("{begin}:{}", escaped(text)));
    let full = [contact.first_name.as_str(), last].join(" ");
    line("FN", full.trim_end());
    if let Some(number) = &contact.phone_number {
        line("TEL;TYPE=CELL", number);
    }
    for number in texts(contact, OTHER_PHONES) {
        line("TEL;TYPE=VOICE", number);
    }
    if let Some(address) = &contact.email {
        line("EMAIL;TYPE=INTERNET", address);
    }
    for address in texts(contact, OTHER_EMAILS) {
        line("EMAIL;TYPE=INTERNET", address);
    }
    for (property, name) in [("ORG", ORGANIZATION), ("TITLE", TITLE)] {
        if let Some(text) = contact.attributes.get(name).and_then(Value::as_str) {
            line(property, text);
        }
    }
    if let Some(note) = &contact.note {
        line("NOTE", note);
    }
    if let Some(name) = &contact.username {
        line(USERNAME, name);
    }
    if let Some(id) = contact.user_id {
        line(USER_ID, &id.to_string());
    }
    if let Some(code) = &contact.language_code {
        line(LANGUAGE, code);
    }
    if !contact.attributes.is_empty() {
        line(ATTRIBUTES, &ascii(&Value::Object(contact.attributes.clone()).to_string()));
    }
    line(ID, &contact.id.to_string());
    push_line(&mut out, &format!("N:{};{};;;", escaped(last), escaped(&contact.first_name)));
    if !contact.labels.is_empty() {
        let labels: Vec<String> = contact.labels.iter().map(|label| escaped(label)).collect();
        push_line(&mut out, &format!("CATEGORIES:{}", labels.join(",")));
    }
    out.push_str("END:VCARD\r\n");
    out
}

/// The texts of a list among the attributes.
fn texts<'a>(contact: &'a Contact, name: &str) -> impl Iterator<Item = &'a str> {
    let list = contact.attributes.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// JSON without control characters, of which some are ends of lines to whoever reads cards.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character.is_control() {
            // Those below a space are escaped in JSON already.
            true => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => out.push(character),
        }
    }
    out
}
