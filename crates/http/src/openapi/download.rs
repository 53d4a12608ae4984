//! Downloads of the files that getFile names. The one route that has the token in its path and nowhere else.

use super::about::{MESSAGES, at_root};
use super::answers::{ANY, header, responses};
use super::parts::{filled, text};
use super::requests::{in_path, operation, takes_header};
use utoipa::openapi::Paths;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{HttpMethod, PathItemBuilder};
use utoipa::openapi::response::ResponseBuilder;

/// Mounts the route.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let about = "Downloads a file. Whole, or the part that `Range` names; of a bot that lives on a Bot API server the upstream says which of these headers it knows.";
    let get = operation("downloadFile", MESSAGES, about)
        .securities(Some([]))
        .parameter(in_path("token", filled("An account's token, a key, or an access token.")))
        .parameter(in_path("file_path", filled("The `file_path` of getFile, slashes included.")));
    let get = takes_header(takes_header(get, "Range"), "If-Range").responses(responses(
        [(200, file("The file.")), (206, part("The part.")), (416, beyond())],
        &[ANY, &[404, 429, 504]].concat(),
    ));
    let item = PathItemBuilder::new().operation(HttpMethod::Get, get).servers(Some([at_root()])).build();
    paths.paths.insert("/file/bot{token}/{file_path}".to_owned(), item);
    paths
}

fn file(about: &str) -> ResponseBuilder {
    let bytes = text("The bytes.").content_media_type("application/octet-stream");
    let response = ResponseBuilder::new()
        .description(about)
        .header_ref("X-Request-Id", header("X-Request-Id"))
        .content("*/*", ContentBuilder::new().schema(Some(bytes)).build());
    [
        ("ETag", "For `If-Range`.", "\"q83vEjRWeJCrze8S\""),
        (
            "Content-Disposition",
            "The file's name; a browser is to keep it, not to show it.",
            "attachment; filename=\"plan.pdf\"",
        ),
        ("Accept-Ranges", "Parts can be asked for.", "bytes"),
    ]
    .into_iter()
    .fold(response, |response, (name, about, example)| response.header(name, sometimes(about, example)))
}

fn part(about: &str) -> ResponseBuilder {
    file(about).header("Content-Range", of_whole())
}

fn beyond() -> ResponseBuilder {
    ResponseBuilder::new()
        .description("`Range` begins behind the end of the file; no body.")
        .header_ref("X-Request-Id", header("X-Request-Id"))
        .header("Content-Range", of_whole())
}

fn of_whole() -> Header {
    sometimes("Which part of how many bytes (RFC 9110, section 14.4).", "bytes 0-99/48213")
}

/// A header of this server's own files; those of an upstream have what it sends.
fn sometimes(about: &str, example: &str) -> Header {
    HeaderBuilder::new().schema(Some(text("").examples([example]))).description(Some(about)).build()
}
