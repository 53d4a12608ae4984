//! Updates as server-sent events: the one route whose answer has no end.

use super::about::UPDATES;
use super::answers::{ANY, header, responses};
use super::methods::allowed_field;
use super::parts::{count, may, text};
use super::requests::{operation, takes_header, takes_query};
use utoipa::openapi::Paths;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, PathItemBuilder};
use utoipa::openapi::response::ResponseBuilder;

/// Mounts the route.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let about = "Updates as they happen, as server-sent events. `id` is the `update_id`, `data` an `Update`. It begins now, or behind `Last-Event-ID` as far as updates are kept; confirms nothing; says something every 15 seconds; and ends when the credential does or the server stops. An account may have 20 at a time: beyond that 429.";
    let fields = [
        allowed_field(),
        may("last_event_id", count("As the header, which browsers send by themselves when they come again.")),
    ];
    let events = ResponseBuilder::new()
        .description("Events, until the connection ends.")
        .header_ref("X-Request-Id", header("X-Request-Id"))
        .content(
            "text/event-stream",
            ContentBuilder::new().schema(Some(text("Server-sent events."))).build(),
        );
    let get = takes_header(operation("streamUpdates", UPDATES, about), "Last-Event-ID");
    let get = takes_query(get, fields).responses(responses([(200, events)], &[ANY, &[429]].concat()));
    let item = PathItemBuilder::new().operation(HttpMethod::Get, get).build();
    paths.paths.insert("/updates/stream".to_owned(), item);
    paths
}
