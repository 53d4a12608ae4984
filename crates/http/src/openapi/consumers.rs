//! Consumers beside the default one, as resources: named pollers. What they are shown is with getUpdates.

use super::about::UPDATES;
use super::answers::{ANY, envelope, responses};
use super::parts::{always, count, list, may, must, of, record, sized, text, time};
use super::requests::{in_path, operation};
use serde_json::json;
use utoipa::openapi::path::{HttpMethod, PathItemBuilder};
use utoipa::openapi::{Paths, RefOr, Schema};

/// Mounts the routes.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let example = json!([{"name": "desk", "next_update_id": 123_456_790, "pending_update_count": 1}]);
    let about = "The named consumers of getUpdates. Each is made when getUpdates names it first, and begins at the end of the log.";
    let get = operation("listConsumers", UPDATES, about)
        .responses(responses([(200, envelope(list("", of("Consumer")), Some(example)))], ANY));
    let item = PathItemBuilder::new().operation(HttpMethod::Get, get).build();
    paths.paths.insert("/consumers".to_owned(), item);
    let about = "Removes a named consumer. What waits for it alone is forgotten; a call that waits as it ends with a 409.";
    let remove = operation("removeConsumer", UPDATES, about)
        .parameter(in_path("name", sized("As getUpdates named it.", 1..=64)))
        .responses(responses(
            [(200, envelope(always("", true), Some(json!(true))))],
            &[ANY, &[404]].concat(),
        ));
    let item = PathItemBuilder::new().operation(HttpMethod::Delete, remove).build();
    paths.paths.insert("/consumers/{name}".to_owned(), item);
    paths
}

/// The schemas.
pub(super) fn schemas() -> Vec<(&'static str, RefOr<Schema>)> {
    let consumer = record(
        "A consumer that getUpdates named.",
        [
            must("name", sized("As getUpdates named it.", 1..=64)),
            must("next_update_id", count("The first update it has not confirmed.")),
            must("pending_update_count", count("Updates that wait for it.")),
            may("oldest_pending_date", time("When the one of them came that waits longest.")),
            may("allowed_updates", list("There only when it isn't the usual set.", text(""))),
        ],
    );
    vec![("Consumer", consumer.into())]
}

#[cfg(test)]
mod tests {
    use crate::openapi::tests::{keys, properties};
    use contactgram_hub::ConsumerView;

    #[test]
    fn a_consumer_has_the_fields_that_the_document_lists() {
        let view = ConsumerView {
            name: "x".to_owned(),
            next_update_id: 1,
            pending_update_count: 0,
            oldest_pending_date: Some(1),
            allowed_updates: Some(vec!["message"]),
        };
        assert_eq!(keys(&view), properties("Consumer"));
    }
}
