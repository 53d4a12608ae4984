//! Contacts and messages as resources: the routes beside the methods.

use super::about::{CONTACTS, MESSAGES};
use super::answers::{ANY, BODY, ONCE, bare, envelope, header, responses};
use super::examples;
use super::methods::{OTHER_VERB, text_fields};
use super::parts::{Field, always, chat_ref, list, may, of, sized, text, time, usually, whole, word};
use super::requests::{any_encoding, in_path, offset, operation, takes_header, takes_id, takes_query};
use super::schemas::field_mask;
use contactgram_model::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde_json::{Value, json};
use utoipa::openapi::Paths;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathItemBuilder};
use utoipa::openapi::response::ResponseBuilder;

const CONTACT_ID: &str = "The contact's id, or the one it had before its user was known.";

/// Mounts the resources.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let items = [
        ("/contacts", contacts()),
        ("/contacts/{contact_id}", contact()),
        ("/contacts/{contact_id}/delete", delete_below()),
        ("/contacts/{contact_id}/messages", messages_of_contact()),
        ("/messages", PathItemBuilder::new().operation(HttpMethod::Get, messages()).build()),
        (
            "/messages/{chat_id}/{message_id}",
            PathItemBuilder::new().operation(HttpMethod::Get, message()).build(),
        ),
    ];
    for (path, item) in items {
        paths.paths.insert(path.to_owned(), item);
    }
    paths
}

/// What a list of contacts takes.
pub(super) fn list_fields() -> Vec<Field> {
    vec![
        may("limit", usually("Contacts at most.", 1..=MAX_LIMIT, DEFAULT_LIMIT)),
        may("offset", offset()),
        may("cursor", text("The `next_cursor` of the page before, instead of `offset`.")),
        may(
            "q",
            text(
                "Words to look for in names and username, and with `contacts:private` in phone number and e-mail address.",
            ),
        ),
        may("label", text("Only those with this label.")),
        may("sort", word("", &["name", "id", "updated_at"]).default(Some("name".into()))),
        may("fields", field_mask()),
        may(
            "sync_token",
            text("Only what changed since the list that gave this token, removed contacts included."),
        ),
    ]
}

/// What history takes; `anywhere` where the route does not say which chat.
pub(super) fn history_fields(anywhere: bool) -> Vec<Field> {
    let chat = [
        may("contact_id", whole("Only messages with this contact.")),
        may(
            "chat_id",
            chat_ref("Only messages of this chat; not together with `contact_id`.").min_length(None),
        ),
    ];
    let rest = [
        may("limit", usually("Messages at most.", 1..=MAX_LIMIT, DEFAULT_LIMIT)),
        may("offset", offset()),
        may("direction", word("Only received or only sent ones.", &["in", "out"])),
        may("since", time("Sent then or later.")),
        may("until", time("Sent before.")),
        may("before", super::parts::count("Only message ids below this.")),
        may("after", super::parts::count("Only message ids above this.")),
        may("q", text("Words to look for.")),
        may("order", word("Newest or oldest first.", &["desc", "asc"]).default(Some("desc".into()))),
    ];
    chat.into_iter().filter(|_| anywhere).chain(rest).collect()
}

fn contacts() -> PathItem {
    let page =
        json!({"total_count": 1, "contacts": [examples::contact()], "next_sync_token": "eyJTeW5jIjo0Mn0"});
    let list = operation(
        "listContacts",
        CONTACTS,
        "A page of contacts. Pages by `cursor` stay whole while contacts come and go; `sync_token` asks for changes only.",
    );
    let list = takes_query(list, list_fields())
        .responses(responses([(200, envelope(of("ContactList"), Some(page)))], &[ANY, &[410]].concat()));
    let add = operation(
        "createContact",
        CONTACTS,
        "Adds a contact. One with the same phone number or user is updated, not doubled: 201 for a new one, 200 for a known one.",
    );
    let body = any_encoding("NewContact", true, &["labels", "attributes"], Some(examples::new_contact()));
    let created = one().description("Added.").header_ref("Location", header("Location"));
    let add = takes_header(add, "Idempotency-Key").request_body(Some(body)).responses(responses(
        [(200, one().description("It was there: updated.")), (201, created)],
        &[ANY, BODY, ONCE].concat(),
    ));
    PathItemBuilder::new().operation(HttpMethod::Get, list).operation(HttpMethod::Post, add).build()
}

/// One contact with its tag.
fn one() -> ResponseBuilder {
    envelope(of("Contact"), Some(examples::contact())).header_ref("ETag", header("ETag"))
}

fn contact() -> PathItem {
    let get = takes_id(operation("readContact", CONTACTS, "One contact."), "contact_id", CONTACT_ID);
    let get = takes_query(takes_header(get, "If-None-Match"), [may("fields", field_mask())]);
    let unchanged = ResponseBuilder::new()
        .description("It is still the version that `If-None-Match` names; no body.")
        .header_ref("ETag", header("ETag"))
        .header_ref("X-Request-Id", header("X-Request-Id"));
    let get = get.responses(responses([(200, one()), (304, unchanged)], &[ANY, &[404]].concat()));
    let patch = changing(
        "patchContact",
        "Changes a contact. A JSON merge patch (RFC 7396): what is absent stays, `null` removes.",
        ("ContactPatch", json!({"last_name": null, "note": "met in Berlin"})),
    );
    let put = changing(
        "replaceContact",
        "Replaces a contact's content. What is absent or `null` is removed.",
        ("WholeContact", examples::new_contact()),
    );
    PathItemBuilder::new()
        .operation(HttpMethod::Get, get)
        .operation(HttpMethod::Put, put)
        .operation(HttpMethod::Patch, patch)
        .operation(HttpMethod::Delete, removing("removeContact", CONTACTS))
        .build()
}

fn changing(id: &str, about: &str, (body, example): (&str, Value)) -> OperationBuilder {
    let change = takes_id(operation(id, CONTACTS, about), "contact_id", CONTACT_ID);
    // A patch of nothing changes nothing.
    let required = body != "ContactPatch";
    takes_header(change, "If-Match")
        .request_body(Some(any_encoding(body, required, &["labels", "attributes"], Some(example))))
        .responses(responses([(200, one())], &[ANY, BODY, &[404, 412]].concat()))
}

fn removing(id: &str, tag: &str) -> OperationBuilder {
    let remove = takes_id(operation(id, tag, "Removes a contact."), "contact_id", CONTACT_ID);
    let success = envelope(always("", true), Some(json!(true)));
    takes_header(remove, "If-Match")
        .responses(responses([(200, success)], &[ANY, BODY, &[404, 412]].concat()))
}

fn delete_below() -> PathItem {
    let post = takes_header(removing("removeContactByPost", OTHER_VERB), "Idempotency-Key");
    let success = envelope(always("", true), Some(json!(true)));
    let post = post.responses(responses([(200, success)], &[ANY, BODY, ONCE, &[404, 412]].concat()));
    PathItemBuilder::new()
        .operation(HttpMethod::Post, post)
        .operation(HttpMethod::Delete, removing("removeContactBelow", CONTACTS))
        .build()
}

/// History as the documentation shows it: an array without the envelope.
fn history() -> ResponseBuilder {
    bare(list("", of("Message")), Some(json!([examples::message()])))
        .description("The messages: a bare array, without the envelope.")
        .header_ref("X-Total-Count", header("X-Total-Count"))
        .header_ref("Link", header("Link"))
}

fn messages() -> OperationBuilder {
    let about = "Messages of the account. Newest first, without the envelope; how many there are and where the next page is, headers tell.";
    takes_query(operation("listMessages", MESSAGES, about), history_fields(true))
        .responses(responses([(200, history())], &[ANY, &[404]].concat()))
}

fn message() -> OperationBuilder {
    operation("readMessage", MESSAGES, "One message.")
        .parameter(in_path("chat_id", sized("A user, a group, a contact's id, or `@username`.", 1..=64)))
        .parameter(in_path("message_id", whole("As the account sees it.")))
        .responses(responses(
            [(200, envelope(of("Message"), Some(examples::message())))],
            &[ANY, &[404]].concat(),
        ))
}

fn messages_of_contact() -> PathItem {
    let get = operation(
        "listMessagesOfContact",
        MESSAGES,
        "Messages with one contact. As `GET /messages` with `contact_id`.",
    );
    let get = takes_query(takes_id(get, "contact_id", CONTACT_ID), history_fields(false))
        .responses(responses([(200, history())], &[ANY, &[404]].concat()));
    let post = operation(
        "sendMessageToContact",
        MESSAGES,
        "Sends a text to a contact. As sendMessage with `contact_id`.",
    );
    let body =
        any_encoding("SendMessageParameters", true, &json_fields(), Some(json!({"text": "Hello John!"})));
    let post = takes_header(takes_id(post, "contact_id", CONTACT_ID), "Idempotency-Key");
    let post = takes_header(post, "Prefer").request_body(Some(body)).responses(responses(
        [(200, envelope(of("Message"), Some(examples::sent()))), (202, super::outbox::accepted())],
        &[ANY, BODY, ONCE, &[404, 429]].concat(),
    ));
    PathItemBuilder::new().operation(HttpMethod::Get, get).operation(HttpMethod::Post, post).build()
}

/// Which of sendMessage's parameters are JSON text in a form.
fn json_fields() -> Vec<&'static str> {
    let options = ["reply_parameters", "reply_markup", "link_preview_options"];
    text_fields().into_iter().filter(|field| field.is_json).map(|field| field.name).chain(options).collect()
}
