//! What operations answer: the envelope of successes, the failures by their codes, and the headers.
//! Called by `methods`, `resources`, `admin` and `ops`; `document` puts the shared ones among the components.

use super::parts::{always, must, of, record, text};
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{ResponseBuilder, Responses};
use utoipa::openapi::{Components, Ref, RefOr, ResponsesBuilder, Schema};

/// What any operation behind a credential may answer.
pub(super) const ANY: &[u16] = &[400, 401, 403, 431, 500, 503];
/// Beside those, what a request with a body may meet.
pub(super) const BODY: &[u16] = &[408, 413, 415];
/// Beside those, what an `Idempotency-Key` may meet.
pub(super) const ONCE: &[u16] = &[409, 422];

/// A failure: code, name, when it happens, an example of its description.
const FAILURES: [(u16, &str, &str, &str); 16] = [
    (
        400,
        "BadRequest",
        "A parameter is missing or wrong; the description names it.",
        "Bad Request: chat not found",
    ),
    (401, "Unauthorized", "The credential is unknown, expired or revoked.", "Unauthorized"),
    (
        403,
        "Forbidden",
        "The credential lacks a scope, which the description names, or is narrowed to other contacts; or the recipient blocked the account.",
        "Forbidden: bot was blocked by the user",
    ),
    (
        404,
        "NotFound",
        "No such contact, message, consumer, webhook, person or press.",
        "Not Found: contact not found",
    ),
    (408, "RequestTimeout", "The body came too slowly.", "Request Timeout"),
    (
        409,
        "Conflict",
        "A request with the same `Idempotency-Key` is still running; for getUpdates: another one waits, or a webhook is set.",
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    ),
    (
        410,
        "Gone",
        "The sync token is older than what is remembered of removed contacts (30 days).",
        "Gone: the sync token has expired; list the contacts again without it",
    ),
    (
        412,
        "PreconditionFailed",
        "`If-Match` names another version than there is: read again.",
        "Precondition Failed: the contact was changed since it was read",
    ),
    (
        413,
        "PayloadTooLarge",
        "The body, or all parameters together (1 MiB), are too large.",
        "Request Entity Too Large",
    ),
    (
        415,
        "UnsupportedMediaType",
        "The body's type or encoding is none that is read here.",
        "Unsupported Media Type",
    ),
    (
        422,
        "UnprocessableEntity",
        "The `Idempotency-Key` was used before with another request.",
        "Unprocessable Entity: the Idempotency-Key was used before with another request",
    ),
    (
        431,
        "RequestHeaderFieldsTooLarge",
        "The address and the headers together are too large: send parameters in a body.",
        "Request Header Fields Too Large",
    ),
    (429, "TooManyRequests", "Too much at once: wait.", "Too Many Requests: retry after 3"),
    (
        500,
        "InternalServerError",
        "The server's fault; its log has more under the `X-Request-Id`.",
        "Internal Server Error",
    ),
    (
        503,
        "ServiceUnavailable",
        "The store does not answer, or the server is full or stopping: wait.",
        "Service Unavailable: the store does not answer",
    ),
    (
        504,
        "GatewayTimeout",
        "Of a bot that lives on a Bot API server: it was asked and gave no answer, and may have done it.",
        "Gateway Timeout: the upstream gave no answer, and may have done what it was asked",
    ),
];

/// Headers that an answer which names them may lack; all others are always there.
const SOMETIMES: [&str; 2] = ["X-Total-Count", "Link"];

/// Adds the failures and headers that operations refer to.
pub(super) fn share(mut components: Components) -> Components {
    for (name, about, schema) in [
        (
            "X-Request-Id",
            "Names the request in the server's log: the caller's own `X-Request-Id` if that was sane.",
            text(""),
        ),
        ("Retry-After", "Seconds to wait, as in `parameters.retry_after`.", super::parts::count("")),
        ("ETag", "The contact's version, for `If-None-Match` and `If-Match`.", text("").examples(["\"42\""])),
        (
            "Location",
            "Where the new contact or webhook is, relative to the API's root.",
            text("").examples(["contacts/1234567890"]),
        ),
        (
            "X-Total-Count",
            "Messages that the query matches in all; absent where that isn't known.",
            super::parts::count(""),
        ),
        (
            "Link",
            "The next page, where there is one (RFC 8288), relative to this request.",
            text("").examples(["<?limit=10&offset=10>; rel=\"next\""]),
        ),
        (
            "WWW-Authenticate",
            "The challenge of RFC 9110.",
            text("").examples(["Bearer realm=\"contactgram\""]),
        ),
    ] {
        components = with_header(
            components,
            name,
            HeaderBuilder::new()
                .schema(Some(schema))
                .description(Some(about))
                // The library has no field for it.
                .extensions(Some([("required", !SOMETIMES.contains(&name))].into_iter().collect()))
                .build(),
        );
    }
    for (code, name, about, description) in FAILURES {
        components.responses.insert(name.to_owned(), failure(code, about, description).into());
    }
    components
}

fn with_header(mut components: Components, name: &str, header: utoipa::openapi::Header) -> Components {
    components.headers.insert(name.to_owned(), header.into());
    components
}

fn failure(code: u16, about: &str, description: &str) -> utoipa::openapi::Response {
    let mut example = json!({"ok": false, "error_code": code, "description": description});
    let mut response =
        ResponseBuilder::new().description(about).header_ref("X-Request-Id", header("X-Request-Id"));
    if matches!(code, 429 | 503) {
        example["parameters"] = json!({"retry_after": 3});
        response = response.header_ref("Retry-After", header("Retry-After"));
    }
    if code == 401 {
        response = response.header_ref("WWW-Authenticate", header("WWW-Authenticate"));
    }
    response.content("application/json", json_content(of("Failure"), Some(example))).build()
}

/// A success and the failures of these codes.
pub(super) fn responses(
    successes: impl IntoIterator<Item = (u16, ResponseBuilder)>,
    codes: &[u16],
) -> Responses {
    let mut all = ResponsesBuilder::new();
    for (code, response) in successes {
        all = all.response(code.to_string(), response);
    }
    for (code, name, ..) in FAILURES.iter().filter(|(code, ..)| codes.contains(code)) {
        all = all.response(code.to_string(), Ref::from_response_name(*name));
    }
    all.build()
}

/// The envelope around a result.
pub(super) fn envelope(result: impl Into<RefOr<Schema>>, example: Option<Value>) -> ResponseBuilder {
    let schema = record(
        "",
        [
            must("ok", always("", true)),
            must("result", result),
            super::parts::may("description", text("What some methods say beside their result.")),
        ],
    );
    let example = example.map(|result| json!({"ok": true, "result": result}));
    bare(schema, example).description("Done.")
}

/// A JSON body without the envelope.
pub(super) fn bare(schema: impl Into<RefOr<Schema>>, example: Option<Value>) -> ResponseBuilder {
    ResponseBuilder::new()
        .header_ref("X-Request-Id", header("X-Request-Id"))
        .content("application/json", json_content(schema, example))
}

/// A shared header.
pub(super) fn header(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

/// A body with this schema.
pub(super) fn json_content(
    schema: impl Into<RefOr<Schema>>,
    example: Option<Value>,
) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(schema)).example(example).build()
}
