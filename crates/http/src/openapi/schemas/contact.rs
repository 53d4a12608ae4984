//! Contacts: the nouns of the Contact API's own resources.

use crate::openapi::parts::{
    Field, always, any_of, anything, count, list, may, must, record, sized, text, time, whole, within, word,
};
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};
use utoipa::openapi::{RefOr, Schema, Type};

/// Which fields an answer shows.
pub(crate) fn field_mask() -> ObjectBuilder {
    let names = contactgram_model::contact::FIELDS.join("|");
    text("Only these fields of each contact, separated by commas, such as `id,first_name,phone_number`. All when absent or empty.")
        .pattern(Some(format!("^ *(({names}) *(, *({names}) *)*)?$")))
}

/// A username as callers write it.
pub(crate) const USERNAME: &str = r"^\s*(@?[A-Za-z][A-Za-z0-9_]{3,31})?\s*$";
/// A phone number as callers write it; whether a national form is one is for the account's region to say.
const PHONE: &str = concat!(
    r"^\s*(\+[\u00a0\u2010\u2011\u2013 ./()-]*[1-9]([\u00a0\u2010\u2011\u2013 ./()-]*[0-9]){6,14}",
    r"[\u00a0\u2010\u2011\u2013 ./()-]*|[^+]*[0-9][^+]*)?\s*$"
);
/// One that has no region to be read with.
pub(crate) const WITH_PLUS: &str = concat!(
    r"^\s*(\+[\u00a0\u2010\u2011\u2013 ./()-]*[1-9]([\u00a0\u2010\u2011\u2013 ./()-]*[0-9]){6,14}",
    r"[\u00a0\u2010\u2011\u2013 ./()-]*)?\s*$"
);

pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("Contact", contact()),
        ("RemovedContact", removed()),
        ("ContactList", page()),
        ("NewContact", new()),
        ("ContactPatch", patch()),
        ("WholeContact", whole_contact()),
    ]
}

/// The fields that a caller may set.
pub(crate) fn content() -> Vec<Field> {
    vec![
        may("first_name", sized("Trimmed. Can be changed, never removed.", 0..=64)),
        may("last_name", sized("Empty removes it.", 0..=64)),
        may(
            "username",
            sized("With or without the `@`: 4 to 32 letters, digits and `_`, the first a letter.", 0..=33)
                .pattern(Some(USERNAME)),
        ),
        may(
            "phone_number",
            sized(
                "`+` and 7 to 15 digits, with any spaces, dots, dashes and brackets; a national form is read with the account's region.",
                0..=64,
            )
            .pattern(Some(PHONE)),
        ),
        may(
            "email",
            sized("One `@` with something on both sides.", 0..=254).pattern(Some(r"^\s*(\S+@\S+)?\s*$")),
        ),
        may("user_id", within("The Telegram user behind the contact.", 1..=(1 << 52) - 1)),
        may("language_code", sized("IETF language tag.", 0..=35)),
        may(
            "labels",
            list(
                "At most 50, of 1 to 64 characters. In a form also one text with commas.",
                super::super::parts::name("", 64),
            )
            .max_items(Some(50)),
        ),
        may("note", sized("", 0..=4096)),
        may("attributes", anything("Whatever you keep with the contact: a JSON object of at most 16 KiB.")),
    ]
}

fn contact() -> RefOr<Schema> {
    record(
        "A contact of the account. Absent values are left out, never `null`. Unless a field mask leaves them out, `id`, `first_name`, `source`, `created_at` and `updated_at` are always there.",
        [
            may("id", whole("The Telegram user's id once that is known; until then from 2^39 up to 2^40 − 1. The older id keeps leading to the contact.")),
            may("first_name", sized("", 1..=64)),
            may("last_name", sized("", 1..=64)),
            may("username", text("Without the `@`.")),
            may("phone_number", text("E.164.").pattern(Some(r"^\+[0-9]{7,15}$"))),
            may("email", sized("", 3..=254)),
            may("user_id", whole("The Telegram user, once known; then it equals `id`.")),
            may(
                "own_name",
                record(
                    "What the user is called by themselves: there once the account has saved another name.",
                    [must("first_name", text("")), may("last_name", text(""))],
                ),
            ),
            may("language_code", text("IETF language tag.")),
            may("is_bot", always("There only for bots.", true)),
            may("labels", list("Sorted, each once.", sized("", 1..=64))),
            may("note", sized("", 1..=4096)),
            may("attributes", anything("As the callers set them.")),
            may("phone_verified", always("There only when the user behind the contact shared this number as their own.", true)),
            may("is_blocked", always("There only while the contact blocks the account.", true)),
            may(
                "source",
                word(
                    "How the account came to know the contact: added through the API, read from a file, wrote to the account, sent as a contact, synchronised.",
                    &["manual", "import", "message", "shared", "sync"],
                ),
            ),
            may("created_at", time("")),
            may("updated_at", time("")),
        ],
    )
    .examples([super::super::examples::contact()])
    .into()
}

fn removed() -> RefOr<Schema> {
    record(
        "A contact that is gone, in a synchronisation and in `contact_removed`.",
        [must("id", whole("The id it had last.")), must("deleted", always("", true))],
    )
    .into()
}

fn page() -> RefOr<Schema> {
    record(
        "A page of contacts.",
        [
            must("total_count", count("How many there are in all.")),
            must(
                "contacts",
                list(
                    "",
                    any_of("Contacts; removed ones only with `sync_token`.", ["RemovedContact", "Contact"]),
                ),
            ),
            may("next_cursor", text("There when another page follows: to be sent as `cursor`.")),
            may(
                "next_sync_token",
                text("There behind the last page of a whole list: to be sent as `sync_token` later."),
            ),
        ],
    )
    .into()
}

fn new() -> RefOr<Schema> {
    record(
        "A new contact: a `phone_number`, `user_id` or `username`, and whatever else is known. Absent and `null` both say nothing.",
        content(),
    )
    .examples([super::super::examples::new_contact()])
    .into()
}

fn patch() -> RefOr<Schema> {
    record("A JSON merge patch (RFC 7396): what is absent stays, `null` removes.", changes())
        .examples([json!({"last_name": null, "note": "met in Berlin"})])
        .into()
}

fn whole_contact() -> RefOr<Schema> {
    let mut fields = changes();
    if let Some(name) = fields.first_mut() {
        name.required = true;
    }
    record("The whole content of a contact: what is absent or `null` is removed.", fields).into()
}

/// The fields of [`content`], with `null` for removing.
pub(crate) fn changes() -> Vec<Field> {
    let mut fields = content();
    if let Some(first) = fields.first_mut() {
        first.schema = super::super::parts::name("Trimmed. Can be changed, never removed.", 64).into();
    }
    for field in fields.iter_mut().skip(1) {
        let kind = match &mut field.schema {
            RefOr::T(Schema::Object(object)) => &mut object.schema_type,
            RefOr::T(Schema::Array(array)) => &mut array.schema_type,
            _ => continue,
        };
        if let SchemaType::Type(one) = kind.clone() {
            *kind = SchemaType::Array(vec![one, Type::Null]);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::tests::{keys, properties};
    use contactgram_model::contact::ContactSource;
    use contactgram_model::{Contact, ContactId, OwnName, UserId};
    use contactgram_wire::event::RemovedContact;

    #[test]
    fn a_contact_has_the_fields_that_the_document_lists_in_their_order() {
        let text = || Some("x".to_owned());
        let contact = Contact {
            id: ContactId(1),
            first_name: "John".to_owned(),
            last_name: text(),
            username: text(),
            phone_number: text(),
            email: text(),
            user_id: Some(UserId(1)),
            own_name: Some(OwnName { first_name: "Johnny".to_owned(), last_name: text() }),
            language_code: text(),
            is_bot: true,
            labels: vec!["vip".to_owned()],
            note: text(),
            attributes: json!({"a": 1}).as_object().unwrap().clone(),
            phone_verified: true,
            is_blocked: true,
            source: ContactSource::Manual,
            created_at: 1,
            updated_at: 1,
            version: 1,
        };
        assert_eq!(keys(&contact), properties("Contact"));
        assert_eq!(keys(&RemovedContact::new(ContactId(1))), properties("RemovedContact"));
    }

    #[test]
    fn the_document_knows_every_field_of_a_mask() {
        let mut masked: Vec<String> = contactgram_model::contact::FIELDS.map(str::to_owned).to_vec();
        masked.sort();
        assert_eq!(masked, properties("Contact"));
    }
}
