//! Webhooks beside Telegram's own, as resources: what they take, what they show, and what was delivered.

use super::about::UPDATES;
use super::answers::{ANY, BODY, ONCE, envelope, header, responses};
use super::methods::allowed_field;
use super::parts::{
    Field, always, count, filled, flag, list, may, must, of, record, sized, text, time, usually, whole,
    within, word,
};
use super::requests::{any_encoding, offset, operation, takes_header, takes_id, takes_query};
use contactgram_model::page::{DEFAULT_LIMIT, MAX_LIMIT};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathItemBuilder};
use utoipa::openapi::{Paths, RefOr, Schema};

const ID: &str = "The webhook's number.";
const LISTS: [&str; 3] = ["allowed_updates", "chats", "labels"];

/// Mounts the routes.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let items = [
        ("/webhooks", webhooks()),
        ("/webhooks/{id}", webhook()),
        ("/webhooks/{id}/rotate", post(rotate())),
        (
            "/webhooks/{id}/deliveries",
            PathItemBuilder::new().operation(HttpMethod::Get, deliveries()).build(),
        ),
        ("/webhooks/{id}/replay", post(replay())),
    ];
    for (path, item) in items {
        paths.paths.insert(path.to_owned(), item);
    }
    paths
}

fn post(operation: OperationBuilder) -> PathItem {
    PathItemBuilder::new().operation(HttpMethod::Post, operation).build()
}

fn example() -> Value {
    json!({
        "id": 1_804_289_383, "url": "https://example.com/hook", "labels": ["vip"], "max_connections": 40,
        "max_attempts": 35, "paused": false, "pending_update_count": 0, "dead_letter_count": 0,
        "created_at": 1_800_000_000,
    })
}

fn with_secret() -> Value {
    let mut example = example();
    example["secret"] = json!("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    example
}

fn webhooks() -> PathItem {
    let about = "The account's further webhooks. Telegram's own is with getWebhookInfo.";
    let get = operation("listWebhooks", UPDATES, about)
        .responses(responses([(200, envelope(list("", of("Webhook")), Some(json!([example()]))))], ANY));
    let about = "Adds a webhook. It begins at the end of the log, stands where it stands whatever others do, and is signed after Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`). The `secret` is in this answer alone; one that is repeated for an `Idempotency-Key` has none.";
    let body = any_encoding(
        "NewWebhook",
        true,
        &LISTS,
        Some(json!({"url": "https://example.com/hook", "labels": ["vip"]})),
    );
    let made = envelope(of("WebhookWithSecret"), Some(with_secret()))
        .description("Added.")
        .header_ref("Location", header("Location"));
    let add = takes_header(operation("addWebhook", UPDATES, about), "Idempotency-Key")
        .request_body(Some(body))
        .responses(responses([(201, made)], &[ANY, BODY, ONCE].concat()));
    PathItemBuilder::new().operation(HttpMethod::Get, get).operation(HttpMethod::Post, add).build()
}

fn webhook() -> PathItem {
    let shown = || envelope(of("Webhook"), Some(example()));
    let get = takes_id(operation("readWebhook", UPDATES, "One of the further webhooks."), "id", ID)
        .responses(responses([(200, shown())], &[ANY, &[404]].concat()));
    let about = "Changes a webhook. What is absent stays; an empty list or text removes. `paused` stops deliveries and lets them go on where they stopped.";
    let patch = takes_id(operation("changeWebhook", UPDATES, about), "id", ID)
        .request_body(Some(any_encoding("WebhookChange", false, &LISTS, Some(json!({"paused": true})))))
        .responses(responses([(200, shown())], &[ANY, BODY, &[404]].concat()));
    let about = "Removes a webhook, with what waits for it and what was given up.";
    let remove = takes_id(operation("removeWebhook", UPDATES, about), "id", ID).responses(responses(
        [(200, envelope(always("", true), Some(json!(true))))],
        &[ANY, &[404]].concat(),
    ));
    PathItemBuilder::new()
        .operation(HttpMethod::Get, get)
        .operation(HttpMethod::Patch, patch)
        .operation(HttpMethod::Delete, remove)
        .build()
}

fn rotate() -> OperationBuilder {
    let about = "Gives a webhook another secret. For 24 hours both sign each delivery. The `secret` is in this answer alone.";
    let secret = any_encoding("WebhookSecret", false, &[], None);
    let rotate = takes_id(operation("rotateWebhookSecret", UPDATES, about), "id", ID);
    takes_header(rotate, "Idempotency-Key").request_body(Some(secret)).responses(responses(
        [(200, envelope(of("WebhookWithSecret"), Some(with_secret())))],
        &[ANY, BODY, ONCE, &[404]].concat(),
    ))
}

fn deliveries() -> OperationBuilder {
    let about = "How deliveries went, the newest try first. The last 1000 tries are kept; updates that were given up (`status=dead`) as long as updates are.";
    let fields = [
        may("limit", usually("Tries at most.", 1..=MAX_LIMIT, DEFAULT_LIMIT)),
        may("offset", offset()),
        may(
            "status",
            word(
                "Only these; `dead` lists the updates that were given up.",
                &["delivered", "failed", "dead"],
            ),
        ),
    ];
    let page = json!({"total_count": 1, "deliveries": [{
        "update_id": 123_456_789, "webhook_id": "msg_5123456789_1804289383_123456789", "attempt": 1,
        "date": 1_800_000_000, "status": "failed", "http_status": 503,
        "error": "Wrong response from the webhook: 503 Service Unavailable", "duration_ms": 12,
    }]});
    takes_query(takes_id(operation("listDeliveries", UPDATES, about), "id", ID), fields)
        .responses(responses([(200, envelope(of("Deliveries"), Some(page)))], &[ANY, &[404]].concat()))
}

fn replay() -> OperationBuilder {
    let about = "Delivers updates again. Either `update_ids`, or all from `since` on; at most 10,000. They carry the `webhook-id` that they had.";
    let body = any_encoding("Replay", true, &["update_ids"], Some(json!({"since": 1_800_000_000})));
    let queued = record("", [must("queued", count("Updates that are delivered again."))]);
    let replay = takes_id(operation("replayUpdates", UPDATES, about), "id", ID);
    takes_header(replay, "Idempotency-Key").request_body(Some(body)).responses(responses(
        [(200, envelope(queued, Some(json!({"queued": 12}))))],
        &[ANY, BODY, ONCE, &[404]].concat(),
    ))
}

fn settings(secret: bool) -> Vec<Field> {
    let mut fields = vec![
        allowed_field(),
        may("chats", list("Only updates of these chats.", whole(""))),
        may(
            "labels",
            list(
                "Only updates of chats with contacts that have one of these labels, and of those contacts.",
                text(""),
            ),
        ),
        may("max_connections", usually("Deliveries under way at once.", 1..=100, 40)),
        may(
            "max_attempts",
            usually(
                "An update that failed so often is given up; the usual number lasts for about a day.",
                1..=100,
                35,
            ),
        ),
        may("paused", flag("Deliver nothing for now.").default(Some(false.into()))),
        may("description", sized("For people.", 0..=255)),
        may(
            "secret_token",
            sized("Sent along in `X-Telegram-Bot-Api-Secret-Token`.", 0..=256)
                .pattern(Some("^[A-Za-z0-9_-]*$")),
        ),
    ];
    if secret {
        fields.push(may(
            "secret",
            signing("What to sign with: `whsec_` and 24 to 64 bytes in Base64. Made when it is absent."),
        ));
    }
    fields
}

fn signing(about: &str) -> utoipa::openapi::schema::ObjectBuilder {
    text(about).pattern(Some("^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"))
}

fn address() -> utoipa::openapi::schema::ObjectBuilder {
    filled("Where to, by the same rules as setWebhook.")
}

fn shown(more: Option<Field>) -> Vec<Field> {
    let mut fields = vec![
        must("id", whole(ID)),
        must("url", text("Where to.")),
        may("description", text("For people.")),
        may("allowed_updates", list("There only when it isn't the usual set.", text(""))),
        may("chats", list("Only updates of these chats.", whole(""))),
        may("labels", list("Only updates of chats with contacts that have one of these.", text(""))),
        must("max_connections", within("", 1..=100)),
        must("max_attempts", within("", 1..=100)),
        must("paused", flag("")),
        must("pending_update_count", count("Updates that wait, those to be delivered again included.")),
        may("oldest_pending_date", time("When the one of them came that waits longest.")),
        must("dead_letter_count", count("Updates that were given up.")),
        may("last_error_date", time("When a delivery last failed.")),
        may("last_error_message", text("How it failed.")),
        must("created_at", time("When it was made.")),
    ];
    fields.extend(more);
    fields
}

/// The schemas.
pub(super) fn schemas() -> Vec<(&'static str, RefOr<Schema>)> {
    let secret = may("secret", text("What deliveries are signed with, shown this once."));
    let delivery = record(
        "A try, or an update that was given up.",
        [
            must("update_id", count("Which update.")),
            must("webhook_id", text("The `webhook-id` that it carried.")),
            must("attempt", count("Counts from 1.")),
            must("date", time("When it ended.")),
            must("status", word("", &["delivered", "failed", "dead"])),
            may("http_status", whole("What the receiver answered, where that was a refusal.")),
            may("error", text("What went wrong.")),
            may("duration_ms", count("How long the try took, in milliseconds.")),
        ],
    );
    let page = record(
        "Tries.",
        [must("total_count", count("How many are kept.")), must("deliveries", list("", of("Delivery")))],
    );
    let replay = record(
        "What is to be delivered again.",
        [
            may("update_ids", list("These updates.", whole("")).min_items(Some(1)).max_items(Some(10_000))),
            may("since", time("All that happened then or later, as far as it was delivered or given up.")),
            may("until", time("And before then.")),
        ],
    );
    let new: Vec<Field> = [must("url", address())].into_iter().chain(settings(true)).collect();
    let change: Vec<Field> = [may("url", address())].into_iter().chain(settings(false)).collect();
    let given = record(
        "",
        [may(
            "secret",
            signing("The new one: `whsec_` and 24 to 64 bytes in Base64. Made when it is absent."),
        )],
    );
    vec![
        ("Webhook", record("A webhook beside Telegram's own.", shown(None)).into()),
        ("WebhookWithSecret", record("A webhook with its secret.", shown(Some(secret))).into()),
        ("NewWebhook", record("What a webhook is made from.", new).into()),
        ("WebhookChange", record("What of a webhook is to be another.", change).into()),
        ("WebhookSecret", given.into()),
        ("Delivery", delivery.into()),
        ("Deliveries", page.into()),
        ("Replay", replay.into()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::openapi::tests::{keys, properties};
    use contactgram_hub::{DeliveriesPage, DeliveryView, EndpointView};

    #[test]
    fn webhooks_and_deliveries_have_the_fields_that_the_document_lists() {
        let view = EndpointView {
            id: 1,
            url: "x".to_owned(),
            description: Some("x".to_owned()),
            allowed_updates: Some(vec!["message"]),
            chats: vec![1],
            labels: vec!["x".to_owned()],
            max_connections: 1,
            max_attempts: 1,
            paused: false,
            pending_update_count: 0,
            oldest_pending_date: Some(1),
            dead_letter_count: 0,
            last_error_date: Some(1),
            last_error_message: Some("x".to_owned()),
            created_at: 1,
        };
        assert_eq!(keys(&view), properties("Webhook"));
        let one = DeliveryView {
            update_id: 1,
            webhook_id: "x".to_owned(),
            attempt: 1,
            date: 1,
            status: "dead",
            http_status: Some(500),
            error: Some("x".to_owned()),
            duration_ms: Some(1),
        };
        assert_eq!(keys(&one), properties("Delivery"));
        assert_eq!(keys(&DeliveriesPage { total_count: 0, deliveries: vec![one] }), properties("Deliveries"));
    }
}
