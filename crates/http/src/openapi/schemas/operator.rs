//! What the operator's door shows: people, groups, presses.

use crate::openapi::parts::{count, flag, list, may, must, record, sized, text, whole, within, word};
use utoipa::openapi::{RefOr, Schema};

pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![("Person", person()), ("Group", group()), ("PressAnswer", press_answer())]
}

fn person() -> RefOr<Schema> {
    record(
        "Somebody of the local connector, a number that waits for somebody (`placeholder`), or a bot of another server (`remote`).",
        [
            must("id", within("", 1..=(1 << 52) - 1)),
            must("kind", word("", &["placeholder", "person", "bot", "account", "remote"])),
            must("first_name", sized("", 1..=64)),
            may("last_name", text("")),
            may("username", text("Without the `@`.")),
            may("phone_number", text("E.164.")),
            may("email", text("Shared with the vCard.")),
            may("language_code", text("IETF language tag.")),
        ],
    )
    .into()
}

fn group() -> RefOr<Schema> {
    record(
        "A basic group.",
        [
            must("id", whole("Negative.").maximum(Some(-1_isize))),
            must("title", sized("", 1..=128)),
            must("members", list("Ids of the people and accounts in it.", whole(""))),
        ],
    )
    .into()
}

fn press_answer() -> RefOr<Schema> {
    let answer = record(
        "",
        [
            may("text", sized("What the person is shown.", 0..=200)),
            must("show_alert", flag("As an alert, not as a note.")),
            may("url", text("To be opened.")),
            must("cache_time", count("Seconds the answer may be kept.")),
        ],
    );
    record(
        "How a press was answered.",
        [must("answered", flag("Whether answerCallbackQuery came.")), may("answer", answer)],
    )
    .into()
}

#[cfg(test)]
mod tests {
    use crate::openapi::tests::{keys, properties};
    use contactgram_hub::GroupView;
    use contactgram_model::{ChatId, User, UserId, UserKind};

    #[test]
    fn people_and_groups_have_the_fields_that_the_document_lists() {
        let text = || Some("x".to_owned());
        let person = User {
            id: UserId(1),
            kind: UserKind::Person,
            first_name: "John".to_owned(),
            last_name: text(),
            username: text(),
            phone_number: text(),
            email: text(),
            language_code: text(),
        };
        let group = GroupView { id: ChatId(-1), title: "x".to_owned(), members: vec![UserId(1)] };
        assert_eq!(keys(&person), properties("Person"));
        assert_eq!(keys(&group), properties("Group"));
    }
}
