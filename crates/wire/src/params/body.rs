//! Which way a body is to be read: as JSON, as a form or as multipart.
//! Called by `Params::read`; the JSON and multipart readers are beside it.
//! It never looks at what a parameter means.

use bytes::Bytes;

use super::{BadBody, Params, json, multipart};

enum Kind {
    Json,
    Form,
    Multipart,
    Untyped,
    Unknown,
}

/// Adds a body's parameters to those of the query.
pub(super) async fn read(params: &mut Params, content_type: &str, body: Bytes) -> Result<(), BadBody> {
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    match kind(content_type) {
        Kind::Json => params.entries.extend(json::entries(&body)?),
        Kind::Form => read_form(params, &body),
        // The one kind that waits, and by far the largest future: the others need not carry it.
        Kind::Multipart => Box::pin(multipart::read(params, content_type, body)).await?,
        Kind::Untyped if json::opens_object(&body) => params.entries.extend(json::entries(&body)?),
        Kind::Untyped | Kind::Unknown => return Err(BadBody::UnsupportedType),
    }
    Ok(())
}

/// `curl -d '{…}'` sends JSON under a form's type. No form begins like that and is a JSON object as well, so
/// what the sender meant is plain.
fn read_form(params: &mut Params, body: &[u8]) {
    if json::opens_object(body)
        && let Ok(entries) = json::entries(body)
    {
        params.entries.extend(entries);
        return;
    }
    params.push_form(body);
}

/// By substring, as the Bot API server does it. The long-named types come first, so that a boundary which
/// happens to spell another type can't mislead.
fn kind(content_type: &str) -> Kind {
    let content_type = content_type.trim().to_ascii_lowercase();
    if content_type.is_empty() {
        Kind::Untyped
    } else if content_type.contains("multipart/form-data") {
        Kind::Multipart
    } else if content_type.contains("x-www-form-urlencoded") {
        Kind::Form
    } else if content_type.contains("application/json") || content_type.contains("+json") {
        Kind::Json
    } else {
        Kind::Unknown
    }
}
