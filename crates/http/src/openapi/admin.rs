//! The operator's door: people and groups of the local connector, and what people do.

use super::about::{ADMIN, ADMIN_TOKEN, at_root};
use super::answers::{ANY, BODY, envelope, responses};
use super::examples;
use super::methods::text_fields;
use super::parts::{
    Field, always, chat_ref, filled, list, may, must, of, record, sized, text, usually, whole, within, word,
};
use super::requests::{any_encoding, in_path, operation, takes_id, takes_query};
use super::resources::history_fields;
use super::schemas::{USERNAME, WITH_PLUS};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItemBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Components, Paths, RefOr, Schema};

/// Something the operator may have a person do, or do with a group.
struct Act {
    path: &'static str,
    id: &'static str,
    about: &'static str,
    fields: Vec<Field>,
    example: Value,
    answer: ResponseBuilder,
}

/// Mounts the operator's routes.
pub(super) fn paths(mut paths: Paths) -> Paths {
    let people = PathItemBuilder::new().operation(HttpMethod::Get, list_people()).operation(
        HttpMethod::Post,
        body(
            "addPerson",
            "Adds a person. Who waits under the phone number becomes this person, with its messages.",
            ("NewPerson", &[]),
            new_person_example(),
            person(),
        ),
    );
    let edit = body(
        "editPerson",
        "Changes a person. What is absent stays, `null` removes.",
        ("PersonPatch", &[]),
        json!({"last_name": null}),
        person(),
    )
    .request_body(Some(any_encoding("PersonPatch", false, &[], Some(json!({"last_name": null})))));
    let one = PathItemBuilder::new()
        .operation(HttpMethod::Get, get_person())
        .operation(HttpMethod::Patch, with_person(edit));
    let groups = PathItemBuilder::new().operation(HttpMethod::Get, list_groups()).operation(
        HttpMethod::Post,
        body("addGroup", "Makes a group.", ("NewGroup", &["members"]), new_group_example(), group()),
    );
    let items = [
        ("/admin/people", people),
        ("/admin/people/{id}", one),
        ("/admin/people/{id}/messages", PathItemBuilder::new().operation(HttpMethod::Get, screen())),
        (
            "/admin/people/{id}/presses/{account_id}/{callback_query_id}",
            PathItemBuilder::new().operation(HttpMethod::Get, press_answer()),
        ),
        ("/admin/groups", groups),
    ];
    for (path, item) in items {
        paths.paths.insert(path.to_owned(), item.servers(Some([at_root()])).build());
    }
    for act in acts() {
        let name = parameters(act.id);
        let json: Vec<&str> =
            act.fields.iter().filter(|field| field.is_json).map(|field| field.name).collect();
        let operation = body(act.id, act.about, (&name, &json), act.example, act.answer);
        let operation = if act.path.starts_with("/admin/people") {
            with_person(operation)
        } else {
            takes_id(operation, "id", "The group's id.")
        };
        let item = PathItemBuilder::new().operation(HttpMethod::Post, operation).servers(Some([at_root()]));
        paths.paths.insert(act.path.to_owned(), item.build());
    }
    paths
}

/// Adds what the operator's routes take.
pub(super) fn share(mut components: Components) -> Components {
    let named: [(&str, RefOr<Schema>); 3] = [
        ("NewPerson", record("", person_fields(false)).into()),
        ("PersonPatch", record("", person_fields(true)).into()),
        ("NewGroup", record("", new_group()).into()),
    ];
    for (name, schema) in named {
        components.schemas.insert(name.to_owned(), schema);
    }
    for act in acts() {
        components.schemas.insert(parameters(act.id), record("", act.fields).into());
    }
    components
}

fn parameters(id: &str) -> String {
    let mut name = id.to_owned();
    name[..1].make_ascii_uppercase();
    format!("{name}Parameters")
}

fn begin(id: &str, about: &str) -> OperationBuilder {
    operation(id, ADMIN, about).security(SecurityRequirement::new(ADMIN_TOKEN, [""; 0]))
}

fn with_person(operation: OperationBuilder) -> OperationBuilder {
    takes_id(operation, "id", "The person's id.")
}

fn body(
    id: &str,
    about: &str,
    (name, json): (&str, &[&'static str]),
    example: Value,
    answer: ResponseBuilder,
) -> OperationBuilder {
    begin(id, about)
        .request_body(Some(any_encoding(name, true, json, Some(example))))
        .responses(responses([(200, answer)], &[ANY, BODY, &[404]].concat()))
}

fn yes() -> ResponseBuilder {
    envelope(always("", true), Some(json!(true)))
}

fn message() -> ResponseBuilder {
    envelope(of("Message"), Some(examples::message()))
}

fn person() -> ResponseBuilder {
    envelope(of("Person"), Some(person_example()))
}

fn group() -> ResponseBuilder {
    envelope(of("Group"), Some(group_example()))
}

fn person_example() -> Value {
    json!({
        "id": 1_234_567_890, "kind": "person", "first_name": "John", "last_name": "Doe",
        "phone_number": "+1234567890", "email": "john.doe@example.com",
    })
}

fn new_person_example() -> Value {
    json!({"first_name": "John", "last_name": "Doe", "phone_number": "+1234567890", "email": "john.doe@example.com"})
}

fn group_example() -> Value {
    json!({"id": -1_234_567_890, "title": "Team", "members": [1_234_567_890, 5_123_456_789_i64]})
}

fn new_group_example() -> Value {
    json!({"id": -1_234_567_890, "title": "Team", "creator": 1_234_567_890, "members": [5_123_456_789_i64]})
}

fn list_people() -> OperationBuilder {
    let fields = [
        may("limit", usually("People at most.", 1..=1000, 100)),
        may(
            "after",
            super::parts::count("Only ids above this: the last one of the page before.")
                .default(Some(0.into())),
        ),
    ];
    takes_query(begin("listPeople", "People and waiting numbers, by id."), fields)
        .responses(responses([(200, envelope(list("", of("Person")), Some(json!([person_example()]))))], ANY))
}

fn get_person() -> OperationBuilder {
    with_person(begin("readPerson", "One person, or a number that waits."))
        .responses(responses([(200, person())], &[ANY, &[404]].concat()))
}

fn screen() -> OperationBuilder {
    let screen = with_person(begin("listMessagesOfPerson", "What is on the person's screen."));
    takes_query(screen, history_fields(true)).responses(responses(
        [(200, envelope(list("", of("Message")), Some(json!([examples::message()]))))],
        &[ANY, &[404]].concat(),
    ))
}

fn press_answer() -> OperationBuilder {
    let answer = json!({"answered": true, "answer": {"text": "Noted", "show_alert": false, "cache_time": 0}});
    let press = with_person(begin("readPressAnswer", "How an account answered a press."));
    takes_id(press, "account_id", "Whose button it was.")
        .parameter(in_path(
            "callback_query_id",
            text("What the press answered with.").pattern(Some("^[0-9]+$")),
        ))
        .responses(responses([(200, envelope(of("PressAnswer"), Some(answer)))], &[ANY, &[404]].concat()))
}

fn list_groups() -> OperationBuilder {
    begin("listGroups", "Every group.")
        .responses(responses([(200, envelope(list("", of("Group")), Some(json!([group_example()]))))], ANY))
}

fn person_fields(nullable: bool) -> Vec<Field> {
    let name = super::parts::name("Trimmed. Can't be removed.", 64);
    let first = if nullable { may("first_name", name) } else { must("first_name", name) };
    let rest = [
        ("last_name", sized("", 0..=64)),
        (
            "username",
            text("With or without the `@`: 4 to 32 letters, digits and `_`, the first a letter.")
                .pattern(Some(USERNAME)),
        ),
        ("phone_number", text("With its `+`.").pattern(Some(WITH_PLUS))),
        ("email", text("Shared with the vCard.")),
        ("language_code", text("IETF language tag.")),
    ];
    let rest =
        rest.map(|(name, schema)| may(name, if nullable { super::parts::or_null(schema) } else { schema }));
    [first].into_iter().chain(rest).collect()
}

fn new_group() -> [Field; 4] {
    [
        must("title", super::parts::name("", 128)),
        must("creator", whole("A person or an account.")),
        may("members", list("People and accounts.", whole(""))),
        may("id", whole("Chosen freely when absent.").maximum(Some(-1_isize))),
    ]
}

fn to() -> Field {
    must("to", chat_ref("An account's id, an `@username`, or a group's id."))
}

fn seen_by() -> Field {
    may(
        "seen_by",
        within(
            "Message ids are those that this account sees (what sendMessage answered it); else those of the person's own mailbox.",
            1..=i64::MAX,
        ),
    )
}

fn message_id() -> Field {
    must("message_id", whole(""))
}

fn act(path: &'static str, id: &'static str, about: &'static str) -> Act {
    Act { path, id, about, fields: Vec::new(), example: Value::Null, answer: yes() }
}

fn acts() -> Vec<Act> {
    let write = [
        vec![to()],
        text_fields(),
        vec![may("reply_to_message_id", within("What it replies to.", 1..=i64::MAX)), seen_by()],
    ];
    let edit = [vec![to(), message_id()], text_fields(), vec![seen_by()]];
    let share = vec![
        to(),
        may("user_id", whole("Share this user's contact.")),
        may("phone_number", text("Share any contact, with `first_name`.")),
        may("first_name", text("")),
        may("last_name", text("")),
        may("vcard", text("At most 2048 bytes.")),
    ];
    let press = vec![
        may("to", chat_ref("Not needed: the message says where.").min_length(None)),
        message_id(),
        must("data", filled("The button's `callback_data`.")),
        seen_by(),
    ];
    let pressed = record("", [must("callback_query_id", text(""))]);
    let group_id = || vec![must("group_id", whole("Negative."))];
    let account_id = || vec![must("account_id", whole(""))];
    let member = vec![
        must("user_id", whole("A person or an account.")),
        may(
            "status",
            word("", &["member", "administrator", "left", "kicked"]).default(Some("member".into())),
        ),
        may("by", within("Who did it; else `user_id`.", 1..=i64::MAX)),
    ];
    let account = 5_123_456_789_i64;
    vec![
        Act {
            fields: write.concat(),
            example: json!({"to": account, "text": "Hello World!"}),
            answer: message(),
            ..act(
                "/admin/people/{id}/write",
                "write",
                "A person writes. Answers the message as the person sees it.",
            )
        },
        Act {
            fields: edit.concat(),
            example: json!({"to": account, "message_id": 1, "text": "Hello again!"}),
            answer: message(),
            ..act("/admin/people/{id}/edit", "edit", "A person edits one of their messages.")
        },
        Act {
            fields: share,
            example: json!({"to": account}),
            answer: message(),
            ..act(
                "/admin/people/{id}/share",
                "share",
                "A person shares a contact. Their own, with vCard and e-mail address, when nothing else is said.",
            )
        },
        Act {
            fields: press,
            example: json!({"to": account, "message_id": 7, "seen_by": account, "data": "yes"}),
            answer: envelope(pressed, Some(json!({"callback_query_id": "4382057219834"}))),
            ..act("/admin/people/{id}/press", "press", "A person presses an inline button.")
        },
        Act {
            fields: group_id(),
            example: json!({"group_id": -1_234_567_890}),
            ..act("/admin/people/{id}/join", "join", "A person joins a group.")
        },
        Act {
            fields: group_id(),
            example: json!({"group_id": -1_234_567_890}),
            ..act("/admin/people/{id}/leave", "leave", "A person leaves a group.")
        },
        Act {
            fields: account_id(),
            example: json!({"account_id": account}),
            ..act("/admin/people/{id}/block", "block", "A person blocks an account.")
        },
        Act {
            fields: account_id(),
            example: json!({"account_id": account}),
            ..act("/admin/people/{id}/unblock", "unblock", "A person lets an account write again.")
        },
        Act {
            fields: member,
            example: json!({"user_id": account, "status": "member"}),
            answer: group(),
            ..act("/admin/groups/{id}/members", "setMember", "Gives somebody another standing in a group.")
        },
    ]
}
