//! Messages, and what they may carry: entities, contacts, keyboards.

use crate::openapi::parts::{
    Field, always, any_of, anything, flag, list, may, must, of, record, sized, text, this, time, whole,
    within, word,
};
use utoipa::openapi::{RefOr, Schema};

const ENTITY_KINDS: [&str; 21] = [
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bank_card_number",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
    "date_time",
];

pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("Message", message()),
        ("MessageEntity", entity()),
        ("SharedContact", shared_contact()),
        ("MessageOrigin", origin()),
        (
            "MessageId",
            record("The id of a message that was made.", [must("message_id", message_id(""))]).into(),
        ),
        ("ReplyParameters", reply_parameters()),
        ("LinkPreviewOptions", link_preview()),
        ("InlineKeyboardMarkup", inline_keyboard()),
        ("InlineKeyboardButton", inline_button()),
        ("ReplyKeyboardMarkup", reply_keyboard()),
        ("ReplyKeyboardRemove", keyboard_remove()),
        ("ForceReply", force_reply()),
        (
            "ReplyMarkup",
            any_of(
                "A keyboard, of at most 10240 bytes. Only inline keyboards show in the message itself.",
                ["InlineKeyboardMarkup", "ReplyKeyboardMarkup", "ReplyKeyboardRemove", "ForceReply"],
            )
            .into(),
        ),
    ]
}

/// A message's id.
fn message_id(about: &str) -> utoipa::openapi::schema::ObjectBuilder {
    within(about, 1..=i64::from(i32::MAX))
}

fn message() -> RefOr<Schema> {
    let head = [
        must("message_id", message_id("Counts from 1 in the mailbox of whoever sees the message.")),
        must("from", this("User", "Who wrote it.")),
        must("chat", this("Chat", "Where.")),
        must("date", time("When it was sent.")),
        may("edit_date", time("When it was last edited.")),
        may("forward_origin", of("MessageOrigin")),
        may("forward_from", this("User", "The older form of `forward_origin`.")),
        may("forward_date", time("The older form of `forward_origin`.")),
        may("reply_to_message", this("Message", "What it replies to, one level deep.")),
        may("has_protected_content", always("There only when it must not be forwarded or copied.", true)),
    ];
    let tail = [
        may("link_preview_options", of("LinkPreviewOptions")),
        may("reply_markup", of("InlineKeyboardMarkup")),
    ];
    record(
        "A message, in history exactly as in updates: a text, a file, a contact, or an event of a group.",
        head.into_iter().chain(content()).chain(tail),
    )
    .examples([super::super::examples::message()])
    .into()
}

fn content() -> Vec<Field> {
    vec![
        may("text", sized("", 1..=4096)),
        may("entities", list("Stretches of the text.", of("MessageEntity"))),
        may("animation", this("Animation", "Such a message has a `document` too.")),
        may("audio", of("Audio")),
        may("document", of("Document")),
        may("photo", list("A picture.", of("PhotoSize"))),
        may("sticker", of("Sticker")),
        may("video", of("Video")),
        may("video_note", of("VideoNote")),
        may("voice", of("Voice")),
        may("caption", sized("What stands by the file.", 1..=1024)),
        may("caption_entities", list("Stretches of the caption.", of("MessageEntity"))),
        may("show_caption_above_media", always("The caption stands above.", true)),
        may("has_media_spoiler", always("It is covered until somebody wants to see it.", true)),
        may("media_group_id", text("The same for all messages of one album.")),
        may("contact", of("SharedContact")),
        may("new_chat_members", list("Who came into the group.", of("User"))),
        may("left_chat_member", this("User", "Who left the group.")),
        may("group_chat_created", always("The group was made.", true)),
    ]
}

fn entity() -> RefOr<Schema> {
    record(
        "A stretch of a text: bold, a link, a command.",
        [
            must("offset", whole("In UTF-16 code units.")),
            must("length", whole("In UTF-16 code units.")),
            must("type", word("", &ENTITY_KINDS)),
            may("url", text("Where a `text_link` leads.")),
            may("user", this("User", "Whom a `text_mention` names; `id` is enough in a parameter.")),
            may("language", text("The programming language of a `pre`.")),
            may("custom_emoji_id", text("A decimal number.")),
            may("unix_time", within("The moment of a `date_time`, in Unix seconds.", 1..=i64::MAX)),
            may(
                "date_time_format",
                text("How a `date_time` is shown: `r`, or any of `w`, `d` or `D`, `t` or `T`.")
                    .pattern(Some("^(r|w?[dD]?[tT]?)$")),
            ),
        ],
    )
    .into()
}

fn shared_contact() -> RefOr<Schema> {
    record(
        "A contact inside a message (the Bot API's `Contact`). An e-mail address, if any, is in the vCard.",
        [
            must("phone_number", text("As the sender gave it; the `+` may be missing.")),
            must("first_name", text("")),
            may("last_name", text("")),
            may("vcard", text("At most 2048 bytes.")),
            may(
                "user_id",
                whole(
                    "Filled by the server: equal to the sender's id, it proves the number to be their own.",
                ),
            ),
        ],
    )
    .into()
}

fn origin() -> RefOr<Schema> {
    record(
        "Where a forwarded message was written first.",
        [must("type", word("", &["user"])), must("sender_user", of("User")), must("date", time(""))],
    )
    .into()
}

fn reply_parameters() -> RefOr<Schema> {
    record(
        "What a message replies to.",
        [
            must("message_id", whole("In the same chat.")),
            may(
                "allow_sending_without_reply",
                flag("Send it also when there is no such message.").default(Some(false.into())),
            ),
        ],
    )
    .into()
}

fn link_preview() -> RefOr<Schema> {
    // Kept and shown as given: previews are the screen's business.
    anything("Options for the preview of links, as the Bot API has them; kept and shown as given.")
        .property("is_disabled", flag(""))
        .property("url", text(""))
        .property("prefer_small_media", flag(""))
        .property("prefer_large_media", flag(""))
        .property("show_above_text", flag(""))
        .into()
}

fn inline_keyboard() -> RefOr<Schema> {
    let row = list("", of("InlineKeyboardButton"));
    record(
        "Buttons below a message: at most 12 in a row and 300 in all, what is beyond is dropped.",
        [must("inline_keyboard", list("Rows.", row))],
    )
    .into()
}

fn inline_button() -> RefOr<Schema> {
    record(
        "A button: its text and exactly one field that says what pressing it does.",
        [
            must("text", text("")),
            may("icon_custom_emoji_id", text("Number of the custom emoji before the text.")),
            may("style", text("`danger`, `success` or `primary`.")),
            may("url", text("Opens a link, or a chat if it is `tg://user?id=N`.")),
            may("callback_data", text("Sends the account a `callback_query` with this, 1 to 64 bytes.")),
            may("web_app", anything("`url`: an https page.")),
            may("switch_inline_query", text("")),
            may("switch_inline_query_current_chat", text("")),
            may("switch_inline_query_chosen_chat", anything("")),
            may("copy_text", anything("`text`: 1 to 256 characters for the clipboard.")),
        ],
    )
    .into()
}

fn reply_keyboard() -> RefOr<Schema> {
    let button = super::super::parts::any_of("", [])
        .item(text("The text alone."))
        .item(record("Options beside the text are kept as given.", [must("text", text(""))]));
    record(
        "Buttons instead of the keyboard.",
        [
            must("keyboard", list("Rows.", list("", button))),
            may("is_persistent", flag("")),
            may("resize_keyboard", flag("")),
            may("one_time_keyboard", flag("")),
            may("input_field_placeholder", text("")),
            may("selective", flag("")),
        ],
    )
    .into()
}

fn keyboard_remove() -> RefOr<Schema> {
    record("Takes the buttons away.", [must("remove_keyboard", always("", true)), may("selective", flag(""))])
        .into()
}

fn force_reply() -> RefOr<Schema> {
    record(
        "Makes the client open a reply.",
        [
            must("force_reply", always("", true)),
            may("input_field_placeholder", text("")),
            may("selective", flag("")),
        ],
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::ENTITY_KINDS;
    use crate::openapi::tests::{keys, properties};
    use contactgram_model::{ChatId, ChatKind, MessageId, UserId};
    use contactgram_wire::chat::Chat;
    use contactgram_wire::entities::MessageEntity;
    use contactgram_wire::file::Media;
    use contactgram_wire::message::{Content, ForwardOrigin, Message, MessageIdOnly, SharedContact};
    use contactgram_wire::user::User;
    use serde_json::{Value, json};

    fn user() -> User {
        let (id, first_name) = (UserId(1), "John".to_owned());
        User { id, is_bot: false, first_name, last_name: None, username: None, language_code: None }
    }

    fn message() -> Message {
        let text = || Some("x".to_owned());
        let file = || Some(Box::new(Media::default()));
        let chat = Chat {
            id: ChatId(1),
            first_name: None,
            last_name: None,
            username: None,
            title: None,
            kind: ChatKind::Private,
            all_members_are_administrators: None,
        };
        let contact = SharedContact {
            phone_number: "1".to_owned(),
            first_name: "x".to_owned(),
            last_name: text(),
            vcard: text(),
            user_id: Some(UserId(1)),
        };
        Message {
            message_id: MessageId(1),
            from: user(),
            chat,
            date: 1,
            edit_date: Some(1),
            forward_origin: Some(ForwardOrigin::user(user(), 1)),
            forward_from: Some(user()),
            forward_date: Some(1),
            reply_to_message: None,
            has_protected_content: true,
            content: Content {
                text: text(),
                entities: vec![entity("bold")],
                animation: file(),
                audio: file(),
                document: file(),
                photo: vec![Media::default()],
                sticker: file(),
                video: file(),
                video_note: file(),
                voice: file(),
                caption: text(),
                caption_entities: vec![entity("bold")],
                show_caption_above_media: true,
                has_media_spoiler: true,
                media_group_id: text(),
                contact: Some(contact),
                new_chat_members: vec![user()],
                left_chat_member: Some(user()),
                group_chat_created: true,
            },
            link_preview_options: Some(json!({})),
            reply_markup: Some(json!({})),
        }
    }

    fn entity(kind: &str) -> MessageEntity {
        let json = json!({
            "offset": 0, "length": 1, "type": kind, "url": "x", "user": {"id": 1}, "language": "x",
            "custom_emoji_id": "1", "unix_time": 1, "date_time_format": "r",
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_message_has_the_fields_that_the_document_lists() {
        let whole = Message { reply_to_message: Some(Box::new(message())), ..message() };
        assert_eq!(keys(&whole), properties("Message"));
        let json: Value = serde_json::to_value(&whole).unwrap();
        assert_eq!(keys(&json["contact"]), properties("SharedContact"));
        assert_eq!(keys(&json["entities"][0]), properties("MessageEntity"));
        assert_eq!(keys(&json["forward_origin"]), properties("MessageOrigin"));
        assert_eq!(keys(&MessageIdOnly { message_id: MessageId(1) }), properties("MessageId"));
    }

    #[test]
    fn every_kind_of_entity_in_the_document_is_one() {
        for kind in ENTITY_KINDS {
            assert_eq!(serde_json::to_value(entity(kind)).unwrap()["type"], kind);
        }
    }
}
