//! What operations take: parameters of paths and queries, headers, and bodies in every encoding.
//! Called by `methods`, `resources` and `admin`.

use super::parts::{Field, count, sized, text, whole};
use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::encoding::EncodingBuilder;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};
use utoipa::openapi::{Components, Ref, RefOr, Required, Schema, Type};

/// Adds the headers that operations refer to.
pub(super) fn share(mut components: Components) -> Components {
    let headers = [
        (
            "Idempotency-Key",
            "Makes repeating safe: the first answer is kept for 24 hours together with its effect, and repeated. The same key with another request is a 422.",
            sized("", 1..=255).pattern(Some("^[!-~]+$")),
        ),
        (
            "Prefer",
            "`respond-async` puts the send into the outbox and answers 202 at once (RFC 7240).",
            text("").examples(["respond-async"]),
        ),
        ("If-Match", "Only if this is still the contact's ETag; else 412.", text("").examples(["\"42\""])),
        (
            "Range",
            "One range of bytes; anything else is answered with the whole.",
            text("").examples(["bytes=0-99"]),
        ),
        (
            "If-Range",
            "The part only if this is still the file's `ETag`, else the whole.",
            text("").examples(["\"q83vEjRWeJCrze8S\""]),
        ),
        (
            "Last-Event-ID",
            "The update that was seen last: the stream goes on behind it.",
            text("").examples(["123456789"]),
        ),
        (
            "If-None-Match",
            "304 without a body if this is still the contact's ETag.",
            text("").examples(["\"42\""]),
        ),
    ];
    for (name, about, schema) in headers {
        let header =
            ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(Required::False);
        let header = header.description(Some(about)).schema(Some(schema)).build();
        components.parameters.insert(name.to_owned(), header.into());
    }
    components
}

/// An operation with its place and its words: the first sentence is its summary, the rest describes.
pub(super) fn operation(id: &str, tag: &str, about: &str) -> OperationBuilder {
    let (summary, rest) = about.split_once(". ").unwrap_or((about, ""));
    let operation =
        OperationBuilder::new().operation_id(Some(id)).tag(tag).summary(Some(summary.trim_end_matches('.')));
    if rest.is_empty() { operation } else { operation.description(Some(rest)) }
}

/// Takes one of the shared headers.
pub(super) fn takes_header(operation: OperationBuilder, name: &str) -> OperationBuilder {
    operation.parameter_ref(Ref::new(format!("#/components/parameters/{name}")))
}

/// Takes these fields in the query; objects as JSON text.
pub(super) fn takes_query(
    operation: OperationBuilder,
    fields: impl IntoIterator<Item = Field>,
) -> OperationBuilder {
    fields.into_iter().fold(operation, |operation, field| operation.parameter(query(field)))
}

fn query(field: Field) -> Parameter {
    let required = if field.required { Required::True } else { Required::False };
    let parameter =
        ParameterBuilder::new().name(field.name).parameter_in(ParameterIn::Query).required(required);
    let schema = without_null(field.schema);
    if field.is_json {
        return parameter.content("application/json", json_body(schema)).build();
    }
    parameter.schema(Some(schema)).build()
}

/// A query has no `null`: an empty value stands for it.
fn without_null(mut schema: RefOr<Schema>) -> RefOr<Schema> {
    let kind = match &mut schema {
        RefOr::T(Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(Schema::Array(array)) => &mut array.schema_type,
        _ => return schema,
    };
    if let SchemaType::Array(kinds) = kind {
        kinds.retain(|kind| *kind != Type::Null);
        if let [only] = &kinds[..] {
            *kind = SchemaType::Type(only.clone());
        }
    }
    schema
}

/// Takes a number in the path.
pub(super) fn takes_id(operation: OperationBuilder, name: &str, about: &str) -> OperationBuilder {
    operation.parameter(in_path(name, whole(about)))
}

/// A part of the path.
pub(super) fn in_path(name: &str, schema: ObjectBuilder) -> Parameter {
    let parameter =
        ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
    parameter.schema(Some(schema)).build()
}

/// A body of this component in every encoding that is read; `json` names the fields that are JSON text in forms.
pub(super) fn any_encoding(
    name: &str,
    required: bool,
    json: &[&'static str],
    example: Option<Value>,
) -> RequestBody {
    let content = || ContentBuilder::new().schema(Some(super::parts::of(name)));
    let form = || {
        let encoding = || EncodingBuilder::new().content_type(Some("application/json")).build();
        json.iter().fold(content(), |content, field| content.encoding(*field, encoding())).build()
    };
    RequestBodyBuilder::new()
        .required(Some(if required { Required::True } else { Required::False }))
        .content("application/json", content().example(example).build())
        .content("application/x-www-form-urlencoded", form())
        .content("multipart/form-data", form())
        .build()
}

/// Paging as messages have it.
pub(super) fn offset() -> ObjectBuilder {
    count("Rows to leave out.").default(Some(0.into()))
}

fn json_body(schema: RefOr<Schema>) -> utoipa::openapi::Content {
    super::answers::json_content(schema, None)
}
