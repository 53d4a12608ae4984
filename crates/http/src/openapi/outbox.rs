//! The outbox and broadcasts: their routes, and what entries and broadcasts are.

use super::about::SENDING;
use super::answers::{ANY, BODY, ONCE, envelope, header, responses};
use super::parts::{
    Field, anything, chat_ref, count, list, may, must, of, or_null, record, text, time, usually, whole,
    within, word,
};
use super::requests::{any_encoding, offset, operation, takes_header, takes_id, takes_query};
use contactgram_hub::sends;
use contactgram_model::outbox::EntryState;
use contactgram_model::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathItemBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{Paths, RefOr, Schema};

const ENTRY_ID: &str = "The entry's number.";
const BROADCAST_ID: &str = "The broadcast's number.";

/// Mounts the routes.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let one = |verb, operation: OperationBuilder| PathItemBuilder::new().operation(verb, operation).build();
    let items = [
        ("/outbox", one(HttpMethod::Get, entries())),
        ("/outbox/{id}", entry()),
        ("/broadcasts", broadcasts()),
        ("/broadcasts/{id}", broadcast()),
        (
            "/broadcasts/{id}/pause",
            one(
                HttpMethod::Post,
                turned("pauseBroadcast", "Pauses a broadcast. What was begun is sent, nothing else."),
            ),
        ),
        (
            "/broadcasts/{id}/resume",
            one(HttpMethod::Post, turned("resumeBroadcast", "Lets a paused broadcast go on.")),
        ),
        ("/broadcasts/{id}/recipients", one(HttpMethod::Get, recipients())),
    ];
    for (path, item) in items {
        paths.paths.insert(path.to_owned(), item);
    }
    paths
}

/// Whether a method can be told to act later.
pub(super) fn can_wait(method: &str) -> bool {
    sends(&method.to_ascii_lowercase())
}

/// The parameter that says when.
pub(super) fn send_at() -> Field {
    may(
        "send_at",
        time(
            "Puts the send into the outbox, to go out then, at most 365 days ahead; answers 202 with its entry.",
        ),
    )
}

/// The answer of a send that is to go out later.
pub(super) fn accepted() -> ResponseBuilder {
    envelope(of("OutboxEntry"), Some(example()))
        .description("It is in the outbox, on disk: asked for by `Prefer: respond-async` or `send_at`. What is wrong with it the entry tells once it is tried.")
}

fn page_fields() -> Vec<Field> {
    let names = EntryState::ALL.map(EntryState::name);
    vec![
        may("status", word("Only those that stand there.", &names)),
        may("limit", usually("Rows at most.", 1..=MAX_LIMIT, DEFAULT_LIMIT)),
        may("offset", offset()),
    ]
}

fn entries() -> OperationBuilder {
    let about = "The outbox, the newest entry first. Finished entries are kept for 30 days.";
    let page = json!({"total_count": 1, "entries": [example()]});
    takes_query(operation("listOutbox", SENDING, about), page_fields())
        .responses(responses([(200, envelope(of("OutboxPage"), Some(page)))], ANY))
}

fn entry() -> PathItem {
    let get = takes_id(operation("readOutboxEntry", SENDING, "One entry of the outbox."), "id", ENTRY_ID)
        .responses(responses([(200, shown())], &[ANY, &[404]].concat()));
    let about = "Changes an entry that waits. Parameters of its method to set, `null` to take one out; `send_at` `null` sends it at once.";
    let body = any_encoding(
        "OutboxEntryChange",
        true,
        &[],
        Some(json!({"text": "Hello again!", "send_at": 1_800_000_600})),
    );
    let patch = takes_id(operation("changeOutboxEntry", SENDING, about), "id", ENTRY_ID)
        .request_body(Some(body))
        .responses(responses([(200, shown())], &[ANY, BODY, &[404, 409]].concat()));
    let about = "Takes an entry that waits back. Once it is being sent it is too late: 409.";
    let delete = takes_id(operation("cancelOutboxEntry", SENDING, about), "id", ENTRY_ID)
        .responses(responses([(200, shown())], &[ANY, &[404, 409]].concat()));
    PathItemBuilder::new()
        .operation(HttpMethod::Get, get)
        .operation(HttpMethod::Patch, patch)
        .operation(HttpMethod::Delete, delete)
        .build()
}

fn shown() -> ResponseBuilder {
    envelope(of("OutboxEntry"), Some(example()))
}

fn broadcasts() -> PathItem {
    let fields = page_fields().into_iter().filter(|field| field.name != "status");
    let get = takes_query(operation("listBroadcasts", SENDING, "Broadcasts, the newest first."), fields)
        .responses(responses([(200, envelope(list("", of("Broadcast")), Some(json!([cast()]))))], ANY));
    let about = "Sends one message to many contacts. Through the outbox and at its pace; contacts that blocked the account, and those behind whom nobody is known, are skipped.";
    let body = any_encoding(
        "NewBroadcast",
        true,
        &["to"],
        Some(json!({"text": "We are open again.", "to": {"label": "customer"}})),
    );
    let post = takes_header(operation("beginBroadcast", SENDING, about), "Idempotency-Key")
        .request_body(Some(body))
        .responses(responses([(202, told())], &[ANY, BODY, ONCE].concat()));
    PathItemBuilder::new().operation(HttpMethod::Get, get).operation(HttpMethod::Post, post).build()
}

fn broadcast() -> PathItem {
    let get = takes_id(operation("readBroadcast", SENDING, "How far a broadcast is."), "id", BROADCAST_ID)
        .responses(responses([(200, told())], &[ANY, &[404]].concat()));
    let about = "Cancels a broadcast. What was begun is sent, nothing else.";
    let delete = takes_id(operation("cancelBroadcast", SENDING, about), "id", BROADCAST_ID)
        .responses(responses([(200, told())], &[ANY, &[404]].concat()));
    PathItemBuilder::new().operation(HttpMethod::Get, get).operation(HttpMethod::Delete, delete).build()
}

fn turned(id: &str, about: &str) -> OperationBuilder {
    takes_id(operation(id, SENDING, about), "id", BROADCAST_ID)
        .responses(responses([(200, told())], &[ANY, BODY, &[404, 409]].concat()))
}

fn recipients() -> OperationBuilder {
    let about =
        "What became of each contact of a broadcast. Those for whom nothing was made yet are not among them.";
    let get = takes_id(operation("listRecipients", SENDING, about), "id", BROADCAST_ID);
    let rows = envelope(list("", of("OutboxEntry")), Some(json!([example()])));
    takes_query(get, page_fields()).responses(responses([(200, rows)], &[ANY, &[404]].concat()))
}

fn told() -> ResponseBuilder {
    envelope(of("Broadcast"), Some(cast())).header_ref("X-Request-Id", header("X-Request-Id"))
}

/// The schemas.
pub(super) fn schemas() -> Vec<(&'static str, RefOr<Schema>)> {
    let page = record(
        "A page of the outbox.",
        [must("total_count", count("Entries in all.")), must("entries", list("", of("OutboxEntry")))],
    );
    let change = record(
        "What is to be another in an entry. Parameters of its method beside these.",
        [
            may("chat_id", chat_ref("Another chat.")),
            may("send_at", or_null(time("Another time; `null` for at once."))),
        ],
    );
    let new = record(
        "A broadcast. Parameters of its method beside these, without `chat_id`.",
        [
            may("method", text("A method that sends.").default(Some("sendMessage".into()))),
            must("to", of("Selection")),
        ],
    );
    let selection = record(
        "To whom: contacts by label or search, or by their ids.",
        [
            may("label", text("Only with this label.")),
            may("q", text("Words to look for, as in the list of contacts.")),
            may(
                "contact_ids",
                list("1 to 10000 contacts, instead.", within("", 1..=i64::MAX))
                    .min_items(Some(1))
                    .max_items(Some(10_000)),
            ),
        ],
    )
    .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    vec![
        ("OutboxEntry", entry_schema()),
        ("OutboxPage", page.into()),
        ("OutboxEntryChange", change.into()),
        ("NewBroadcast", new.into()),
        ("Selection", selection.into()),
        ("Broadcast", broadcast_schema()),
    ]
}

fn entry_schema() -> RefOr<Schema> {
    let names = EntryState::ALL.map(EntryState::name);
    record(
        "A send that goes out later, and what became of it.",
        [
            must("id", count("Counts from 1.")),
            must(
                "status",
                word(
                    "`unknown`: the answer was lost, it is out or not, and is not sent again. `blocked`, `skipped` and `held` are a broadcast's.",
                    &names,
                ),
            ),
            must("method", text("The method.")),
            must("chat_id", chat_ref("Where to.")),
            may("params", anything("The method's parameters, for whoever has `messages:read`.")),
            may("send_at", time("The time that was asked for.")),
            may("next_try_at", time("When it is tried next, as long as it waits.")),
            must("tries", count("How often it was tried.")),
            must("created_at", time("When it was queued.")),
            must("updated_at", time("When it changed last.")),
            may("message_id", whole("The message that was sent.")),
            may("message", anything("What the method answered, for whoever has `messages:read`: a Message, as a rule.")),
            may("error_code", count("The code of the refusal.")),
            may("error", text("Why it was not sent, or not yet.")),
            may("broadcast_id", count("The broadcast that it belongs to.")),
            may("contact_id", count("The contact that it goes to, in a broadcast.")),
        ],
    )
    .into()
}

fn broadcast_schema() -> RefOr<Schema> {
    record(
        "A broadcast, and how far it is.",
        [
            must("id", count("Counts from 1.")),
            must("status", word("", &["running", "paused", "cancelled", "finished"])),
            must("method", text("The method.")),
            may("params", anything("Its parameters, for whoever has `messages:read`.")),
            may(
                "to",
                anything("`label` and `q` that selected its contacts, for whoever has `contacts:private`; absent where they were named one by one."),
            ),
            must("total", count("Contacts that were selected when it began.")),
            must("queued", count("Those that wait.")),
            must("sending", count("Those that are being sent to.")),
            must("sent", count("Those that have it.")),
            must("failed", count("Those to whom it could not be sent.")),
            must("blocked", count("Those who turned out to have blocked the account, or to be gone.")),
            must("unknown", count("Those whose answer was lost.")),
            must("cancelled", count("Those who were spared by cancelling.")),
            must("skipped", count("Those who could not be written to from the beginning.")),
            must("created_at", time("When it began.")),
            must("updated_at", time("When it changed last.")),
        ],
    )
    .into()
}

fn example() -> Value {
    json!({
        "id": 7,
        "status": "queued",
        "method": "sendMessage",
        "chat_id": 1_234_567_890,
        "params": {"chat_id": 1_234_567_890, "text": "Hello John!"},
        "send_at": 1_800_000_000,
        "next_try_at": 1_800_000_000,
        "tries": 0,
        "created_at": 1_799_990_000,
        "updated_at": 1_799_990_000,
    })
}

fn cast() -> Value {
    json!({
        "id": 1, "status": "running", "method": "sendMessage", "params": {"text": "We are open again."},
        "to": {"label": "customer", "q": null}, "total": 250, "queued": 200, "sending": 1, "sent": 44,
        "failed": 1, "blocked": 2, "unknown": 0, "cancelled": 0, "skipped": 2,
        "created_at": 1_799_990_000, "updated_at": 1_799_990_000,
    })
}
