//! The words that the rest of the document is written in: fields, records, numbers, times.
//! Called by everything else in `openapi`. It knows nothing of any route.

use serde_json::Value;
use std::ops::RangeInclusive;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType,
};
use utoipa::openapi::{Ref, RefOr, Schema, Type};

/// A property of an object, or a parameter.
#[derive(Clone)]
pub(super) struct Field {
    pub name: &'static str,
    pub required: bool,
    /// Whether a form and a query string carry it as JSON text.
    pub is_json: bool,
    pub schema: RefOr<Schema>,
}

/// A field that is always there.
pub(super) fn must(name: &'static str, schema: impl Into<RefOr<Schema>>) -> Field {
    field(name, true, schema.into())
}

/// A field that may be absent; it is never `null` in answers.
pub(super) fn may(name: &'static str, schema: impl Into<RefOr<Schema>>) -> Field {
    field(name, false, schema.into())
}

fn field(name: &'static str, required: bool, schema: RefOr<Schema>) -> Field {
    let is_json = match &schema {
        RefOr::Ref(_) => true,
        RefOr::T(Schema::Object(object)) => object.schema_type == SchemaType::Type(Type::Object),
        RefOr::T(_) => true,
    };
    Field { name, required, is_json, schema }
}

/// An object with these fields.
pub(super) fn record(about: &str, fields: impl IntoIterator<Item = Field>) -> ObjectBuilder {
    fields.into_iter().fold(described(Type::Object, about), |object, field| {
        let object = object.property(field.name, field.schema);
        if field.required { object.required(field.name) } else { object }
    })
}

/// An object whose fields are the caller's.
pub(super) fn anything(about: &str) -> ObjectBuilder {
    described(Type::Object, about).additional_properties(Some(AdditionalProperties::FreeForm(true)))
}

/// A string.
pub(super) fn text(about: &str) -> ObjectBuilder {
    described(Type::String, about)
}

/// A string that is never empty.
pub(super) fn filled(about: &str) -> ObjectBuilder {
    text(about).min_length(Some(1))
}

/// A string that has something to show in it.
pub(super) fn name(about: &str, most: usize) -> ObjectBuilder {
    sized(about, 1..=most).pattern(Some(r"\S"))
}

/// A string of so many characters.
pub(super) fn sized(about: &str, chars: RangeInclusive<usize>) -> ObjectBuilder {
    let least = Some(*chars.start()).filter(|least| *least > 0);
    text(about).min_length(least).max_length(Some(*chars.end()))
}

/// One of these words.
pub(super) fn word(about: &str, words: &[&str]) -> ObjectBuilder {
    text(about).enum_values(Some(words.iter().copied()))
}

/// A whole number of 64 bits.
pub(super) fn whole(about: &str) -> ObjectBuilder {
    described(Type::Integer, about).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
}

/// A whole number in this range.
pub(super) fn within(about: &str, range: RangeInclusive<i64>) -> ObjectBuilder {
    whole(about).minimum(Some(*range.start() as isize)).maximum(Some(*range.end() as isize))
}

/// As [`within`], with what an absent one means.
pub(super) fn usually(about: &str, range: RangeInclusive<i64>, default: i64) -> ObjectBuilder {
    within(about, range).default(Some(default.into()))
}

/// A whole number from 0.
pub(super) fn count(about: &str) -> ObjectBuilder {
    whole(about).minimum(Some(0_isize))
}

/// A moment, in Unix seconds.
pub(super) fn time(about: &str) -> ObjectBuilder {
    count(&format!("{about} In Unix seconds."))
}

/// A boolean.
pub(super) fn flag(about: &str) -> ObjectBuilder {
    described(Type::Boolean, about)
}

/// A boolean that is true wherever it is shown.
pub(super) fn always(about: &str, value: impl Into<Value>) -> ObjectBuilder {
    flag(about).enum_values(Some([value.into()]))
}

/// A chat, a user or a contact: a number (also as a string), or an `@username`.
pub(super) fn chat_ref(about: &str) -> ObjectBuilder {
    described(SchemaType::Array(vec![Type::Integer, Type::String]), about)
        .min_length(Some(1))
        .examples([Value::from(-1_234_567_890_i64), "@john_doe".into()])
}

/// A list.
pub(super) fn list(about: &str, items: impl Into<RefOr<Schema>>) -> ArrayBuilder {
    let list = ArrayBuilder::new().items(items.into());
    if about.is_empty() { list } else { list.description(Some(about)) }
}

/// One of several forms.
pub(super) fn any_of(about: &str, forms: impl IntoIterator<Item = &'static str>) -> AnyOfBuilder {
    let begin = AnyOfBuilder::new().description(Some(about));
    forms.into_iter().fold(begin, |forms, name| forms.item(of(name)))
}

/// The same, or `null`.
pub(super) fn or_null(schema: ObjectBuilder) -> ObjectBuilder {
    let mut object = schema.build();
    if let SchemaType::Type(one) = object.schema_type.clone() {
        object.schema_type = SchemaType::Array(vec![one, Type::Null]);
    }
    object.into()
}

/// The schema of this name among the document's components.
pub(super) fn of(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

/// The same, with words on what it is here.
pub(super) fn this(name: &str, about: &str) -> RefOr<Schema> {
    let mut reference = of(name);
    reference.description = about.to_owned();
    RefOr::Ref(reference)
}

fn described(kind: impl Into<SchemaType>, about: &str) -> ObjectBuilder {
    let object = ObjectBuilder::new().schema_type(kind);
    if about.is_empty() { object } else { object.description(Some(about)) }
}
