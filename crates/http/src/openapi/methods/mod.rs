//! The Bot API's methods, one file for each of `botapi`: parameters, results, refusals. `document` mounts
//! each by GET and by POST. A test fails when a method of the server is missing here.

mod accounts;
mod chats;
mod commands;
mod contacts;
mod files;
mod messages;
mod updates;
mod webhooks;

pub(super) use files::input_media;
pub(super) use messages::text_fields;
pub(super) use updates::allowed_field;

use super::answers::{ANY, BODY, ONCE, envelope, responses};
use super::outbox::{accepted, can_wait};
use super::parts::{Field, always, must, record, text};
use super::requests::{any_encoding, operation, takes_header, takes_query};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, PathItemBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType};
use utoipa::openapi::{Components, Paths, RefOr, Schema};

/// Where the explorer shows the verb that a method is usually not called by.
pub(super) const OTHER_VERB: &str = "Other verb";

/// A method.
pub(super) struct Method {
    pub name: &'static str,
    tag: &'static str,
    about: &'static str,
    fields: Vec<Field>,
    example: Option<Value>,
    result: RefOr<Schema>,
    answer: Option<Value>,
    once: bool,
    codes: &'static [u16],
}

impl Method {
    fn new(name: &'static str, tag: &'static str, about: &'static str) -> Method {
        Method {
            name,
            tag,
            about,
            fields: Vec::new(),
            example: None,
            result: always("", true).into(),
            answer: None,
            once: false,
            codes: &[],
        }
    }

    /// Takes these parameters, for example so.
    fn takes(self, fields: impl IntoIterator<Item = Field>, example: Value) -> Method {
        Method { fields: fields.into_iter().collect(), example: Some(example), ..self }
    }

    /// Answers with this, for example so; `true` when nothing is said.
    fn answers(self, result: impl Into<RefOr<Schema>>, example: impl Into<Option<Value>>) -> Method {
        Method { result: result.into(), answer: example.into(), ..self }
    }

    /// Takes an `Idempotency-Key` by POST.
    fn once(self) -> Method {
        Method { once: true, ..self }
    }

    /// Refuses with these codes beside those that any method has.
    fn refuses(self, codes: &'static [u16]) -> Method {
        Method { codes, ..self }
    }

    /// The component that holds the parameters.
    fn parameters(&self) -> String {
        let mut name = self.name.to_owned();
        name[..1].make_ascii_uppercase();
        format!("{name}Parameters")
    }

    fn reads(&self) -> bool {
        self.name.starts_with("get")
    }

    /// Those that a bot's upstream may give beside them.
    fn passed(&self) -> &'static [u16] {
        match crate::botapi::is_ours(self.name) {
            true => &[],
            false => &[429, 504],
        }
    }

    fn get(&self) -> Operation {
        takes_query(self.begin("Get", self.reads()), self.fields.iter().cloned())
            .responses(responses(self.successes(), &[ANY, self.codes, self.passed()].concat()))
            .build()
    }

    fn post(&self) -> Operation {
        let mut operation = self.begin("Post", !self.reads());
        let mut codes = [ANY, BODY, self.codes, self.passed()].concat();
        if self.once {
            operation = takes_header(operation, "Idempotency-Key");
            codes.extend(ONCE);
        }
        if !self.fields.is_empty() {
            let required = self.fields.iter().any(|field| field.required);
            let json: Vec<&str> = self.fields.iter().filter(|f| f.is_json).map(|f| f.name).collect();
            let body = any_encoding(&self.parameters(), required, &json, self.example.clone());
            operation = operation.request_body(Some(body));
        }
        if can_wait(self.name) {
            operation = takes_header(operation, "Prefer");
        }
        operation.responses(responses(self.successes(), &codes)).build()
    }

    fn begin(&self, verb: &str, usual: bool) -> OperationBuilder {
        if usual {
            return operation(self.name, self.tag, self.about);
        }
        operation(&format!("{}By{verb}", self.name), OTHER_VERB, self.about)
    }

    fn successes(&self) -> Vec<(u16, ResponseBuilder)> {
        let mut all = vec![(200, envelope(self.result.clone(), self.answer.clone()))];
        if can_wait(self.name) {
            all.push((202, accepted()));
        }
        all
    }
}

/// Every method.
pub(super) fn all() -> Vec<Method> {
    [
        accounts::all(),
        updates::all(),
        webhooks::all(),
        messages::all(),
        files::all(),
        chats::all(),
        commands::all(),
        contacts::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Mounts every method, and the way to name one in a parameter.
pub(super) fn paths(mut paths: Paths) -> Paths {
    for method in all() {
        let item = PathItemBuilder::new()
            .operation(HttpMethod::Get, method.get())
            .operation(HttpMethod::Post, method.post());
        paths.paths.insert(format!("/{}", method.name), item.build());
    }
    let named = named();
    let item = PathItemBuilder::new()
        .operation(HttpMethod::Get, named.get())
        .operation(HttpMethod::Post, named.post());
    paths.paths.insert("/".to_owned(), item.build());
    paths
}

/// The way to name a method in a parameter, as the Bot API has it.
fn named() -> Method {
    let about = "Calls the method that a parameter names. All else is as if the method were in the path.";
    let anything = ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some("The method's."));
    Method::new("callMethod", OTHER_VERB, about)
        .takes(
            [must(
                "method",
                text("Such as `sendMessage`, in any case. Its own parameters stand beside this one."),
            )],
            json!({"method": "sendMessage", "chat_id": "-1234567890", "text": "Hello John!"}),
        )
        .answers(anything, None)
        .refuses(&[404, 409, 410, 422, 429])
}

/// Adds the parameters of every method.
pub(super) fn share(mut components: Components) -> Components {
    for method in all().into_iter().chain([named()]).filter(|method| !method.fields.is_empty()) {
        let about = format!("What {} takes.", method.name);
        components.schemas.insert(method.parameters(), record(&about, method.fields).into());
    }
    components
}
