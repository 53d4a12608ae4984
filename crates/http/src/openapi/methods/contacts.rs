//! Contacts for client libraries that can only call methods.

use super::Method;
use crate::openapi::about::CONTACTS;
use crate::openapi::examples;
use crate::openapi::parts::{Field, may, of, text, whole};
use crate::openapi::resources::list_fields;
use crate::openapi::schemas::{contact_changes, contact_content, field_mask};
use serde_json::json;

pub(super) fn all() -> Vec<Method> {
    let page =
        json!({"total_count": 1, "contacts": [examples::contact()], "next_sync_token": "eyJTeW5jIjo0Mn0"});
    let edit = [may("contact_id", whole("Which; `user_id` will do too."))];
    vec![
        Method::new("getContact", CONTACTS, "One contact. As `GET /contacts/{contact_id}`.")
            .takes(
                key().into_iter().chain([may("fields", field_mask())]),
                json!({"contact_id": 1_234_567_890}),
            )
            .answers(of("Contact"), examples::contact())
            .refuses(&[404]),
        Method::new("getContacts", CONTACTS, "A page of contacts. As `GET /contacts`.")
            .takes(list_fields(), json!({"limit": 10, "q": "doe"}))
            .answers(of("ContactList"), page)
            .refuses(&[410]),
        Method::new(
            "addContact",
            CONTACTS,
            "Adds a contact, or updates the one that there is. As `POST /contacts`, but always 200.",
        )
        .takes(contact_content(), examples::new_contact())
        .answers(of("Contact"), examples::contact())
        .once(),
        Method::new("editContact", CONTACTS, "Changes a contact. As `PATCH /contacts/{contact_id}`.")
            .takes(
                edit.into_iter().chain(contact_changes()),
                json!({"contact_id": 1_234_567_890, "last_name": null, "note": "met in Berlin"}),
            )
            .answers(of("Contact"), examples::contact())
            .refuses(&[404])
            .once(),
        Method::new("deleteContact", CONTACTS, "Removes a contact. As `DELETE /contacts/{contact_id}`.")
            .takes(key(), json!({"contact_id": 1_234_567_890}))
            .refuses(&[404])
            .once(),
    ]
}

/// One of these names a contact.
fn key() -> [Field; 4] {
    [
        may("contact_id", whole("A contact's id; one of these four is needed.")),
        may("user_id", whole("The same as `contact_id`.")),
        may("phone_number", text("With its `+`.")),
        may("username", text("With or without the `@`.")),
    ]
}
