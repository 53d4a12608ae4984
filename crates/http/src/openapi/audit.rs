//! The audit log: its route, and what an entry is.

use super::about::ACCOUNT;
use super::answers::{ANY, envelope, responses};
use super::parts::{Field, anything, count, list, may, must, of, record, text, time, usually, word};
use super::requests::{operation, takes_query};
use contactgram_model::Action;
use contactgram_model::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, PathItemBuilder};
use utoipa::openapi::{Paths, RefOr, Schema};

/// Mounts the route.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let about =
        "The account's audit log, the newest entry first. What can't be written down there is not done.";
    let get = takes_query(operation("listAuditLog", ACCOUNT, about), fields())
        .responses(responses([(200, envelope(of("AuditPage"), Some(page())))], ANY));
    let item = PathItemBuilder::new().operation(HttpMethod::Get, get).build();
    paths.paths.insert("/audit".to_owned(), item);
    paths
}

fn fields() -> Vec<Field> {
    vec![
        may("from", time("Written then or later.")),
        may("until", time("Written before.")),
        may("actor", text("A kind of actor, such as `operator`, or one, such as `member:3`.")),
        may("action", word("Only this action.", &names())),
        may("limit", usually("Entries at most.", 1..=MAX_LIMIT, DEFAULT_LIMIT)),
        may("cursor", text("The `next_cursor` of the page before.")),
    ]
}

fn names() -> Vec<&'static str> {
    Action::ALL.iter().map(|action| action.name()).collect()
}

/// The schemas.
pub(super) fn schemas() -> Vec<(&'static str, RefOr<Schema>)> {
    let page = record(
        "Entries, the newest first.",
        [
            must("entries", list("", of("AuditEntry"))),
            may("next_cursor", text("Where older entries begin; absent where there are none.")),
        ],
    );
    let entry = record(
        "Something that was done, as it is written down for ever.",
        [
            may("account_id", count("The account whose log it is.")),
            must("seq", count("Counts from 1 in each log.")),
            must("at", time("When it was written.")),
            must("actor", of("AuditActor")),
            must("action", text("What was done, such as `key.added`. Later versions may add names.")),
            must("target", text("What it was done to: a kind and a number.")),
            must(
                "details",
                anything("What else there is to say. No texts, no numbers of phones, no secrets."),
            ),
            must("hash", text("SHA-256 of this entry and of the hash before it, in hexadecimal digits.")),
        ],
    );
    let actor = record(
        "Who did something.",
        [
            must(
                "kind",
                text("`member`, `token`, `key`, `application`, `operator`, `server` or `anonymous`."),
            ),
            must("id", count("Their number among those.")),
            must("label", text("A name, to be read when they are gone.")),
        ],
    );
    vec![("AuditPage", page.into()), ("AuditEntry", entry.into()), ("AuditActor", actor.into())]
}

fn page() -> Value {
    json!({"entries": [{
        "account_id": 5_123_456_789_i64,
        "seq": 4,
        "at": 1_800_000_000,
        "actor": {"kind": "member", "id": 1, "label": "owner"},
        "action": "role.changed",
        "target": "member 3",
        "details": {"name": "ann", "role": "agent", "before": null},
        "hash": "5bddd0c1ffc3f6c0e175fe603b5b0fbab1b6968047340b16f4bf19b4a779de55",
    }]})
}
