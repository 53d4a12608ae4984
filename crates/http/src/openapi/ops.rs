//! What an operator's tools ask: whether the process lives, whether it can serve, and for this document.

use super::about::{SERVICE, at_root};
use super::answers::{bare, header, responses};
use super::parts::{always, anything, must, record};
use super::requests::operation;
use serde_json::json;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathItemBuilder};
use utoipa::openapi::response::{ResponseBuilder, Responses};
use utoipa::openapi::{ContentBuilder, Paths};

/// Mounts the service's routes.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let well = || {
        (200, bare(record("", [must("ok", always("", true))]), Some(json!({"ok": true}))).description("Yes."))
    };
    let document = bare(anything("An OpenAPI 3.1 document."), None).description("This document.");
    let page = ResponseBuilder::new()
        .description("The explorer; it works without the internet.")
        .header_ref("X-Request-Id", header("X-Request-Id"))
        .content("text/html", ContentBuilder::new().build());
    let items = [
        ("/livez", "live", "Whether the process answers.", responses([well()], &[431])),
        (
            "/readyz",
            "ready",
            "Whether it can serve. The store answers too.",
            responses([well()], &[431, 503]),
        ),
        ("/openapi.json", "openapi", "This document.", responses([(200, document)], &[431])),
        ("/docs", "docs", "This document to read and to try.", responses([(200, page)], &[431])),
    ];
    for (path, id, about, answers) in items {
        paths.paths.insert(path.to_owned(), item(operation(id, SERVICE, about), answers));
    }
    paths
}

fn item(operation: OperationBuilder, answers: Responses) -> PathItem {
    let operation = operation.securities(Some([])).responses(answers);
    PathItemBuilder::new().operation(HttpMethod::Get, operation).servers(Some([at_root()])).build()
}
