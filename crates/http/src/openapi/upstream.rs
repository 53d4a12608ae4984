//! Where an account's Bot API server posts updates to: a webhook of ours, described for whoever looks at what comes in.

use super::about::{UPDATES, UPSTREAM, at_root};
use super::answers::{ANY, BODY, envelope, responses};
use super::parts::{always, anything};
use super::requests::{in_path, operation};
use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, PathItemBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Paths, Required};

/// Mounts the route.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let about = "Takes an update from the Bot API server that a bot lives on. No client calls it: the upstream does, with the secret that this server gave it by setWebhook.";
    let update = ContentBuilder::new()
        .schema(Some(anything("An `Update` of the Bot API, of any kind that the upstream knows.")))
        .build();
    let body =
        RequestBodyBuilder::new().required(Some(Required::True)).content("application/json", update).build();
    let success = envelope(always("", true), Some(json!(true)));
    let post = operation("receiveUpdate", UPDATES, about)
        .security(SecurityRequirement::new(UPSTREAM, [""; 0]))
        .parameter(in_path("account", super::parts::whole("The account's id.")))
        .request_body(Some(body))
        .responses(responses([(200, success)], &[ANY, BODY].concat()));
    let item = PathItemBuilder::new().operation(HttpMethod::Post, post).servers(Some([at_root()])).build();
    paths.paths.insert("/upstream/{account}".to_owned(), item);
    paths
}
