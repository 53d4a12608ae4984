//! Methods that send, change and read messages.

use super::Method;
use crate::openapi::about::MESSAGES;
use crate::openapi::examples;
use crate::openapi::outbox::send_at;
use crate::openapi::parts::{
    Field, chat_ref, filled, flag, list, may, must, of, sized, text, whole, within, word,
};
use crate::openapi::resources::history_fields;
use serde_json::json;

pub(super) fn all() -> Vec<Method> {
    let mut all = sending();
    all.extend(changing());
    all.push(
        Method::new(
            "getMessages",
            MESSAGES,
            "History with the envelope. The same as `GET /messages`, without its headers.",
        )
        .takes(history_fields(true), json!({"limit": 10, "offset": 0}))
        .answers(list("", of("Message")), json!([examples::message()]))
        .refuses(&[404]),
    );
    all
}

/// `text` with its formatting.
pub(crate) fn text_fields() -> Vec<Field> {
    vec![
        must(
            "text",
            sized("1 to 4096 characters after its formatting is read, 32768 bytes before.", 1..=32_768),
        ),
        may(
            "parse_mode",
            word("How formatting is written in `text`; in any case.", &["HTML", "MarkdownV2", "Markdown"]),
        ),
        may("entities", list("Formatting, instead of `parse_mode`.", of("MessageEntity"))),
    ]
}

/// What sending methods share.
pub(super) fn options() -> Vec<Field> {
    vec![
        may("reply_parameters", of("ReplyParameters")),
        may("reply_to_message_id", whole("The older form of `reply_parameters`.")),
        may("allow_sending_without_reply", flag("With `reply_to_message_id`.").default(Some(false.into()))),
        may("reply_markup", of("ReplyMarkup")),
        may("protect_content", flag("It can't be forwarded or copied.").default(Some(false.into()))),
        may("link_preview_options", of("LinkPreviewOptions")),
        may(
            "disable_web_page_preview",
            flag("The older form of `link_preview_options`.").default(Some(false.into())),
        ),
        send_at(),
    ]
}

pub(super) fn to() -> Field {
    must("chat_id", chat_ref("A user, a group, a contact's id, or `@username`."))
}

fn from() -> Field {
    must("from_chat_id", chat_ref("The chat that they are in."))
}

fn one() -> Field {
    must("message_id", within("As the account sees it.", 1..=i64::from(i32::MAX)))
}

fn several() -> Field {
    must(
        "message_ids",
        list("As the account sees them; those that are not there are passed over.", whole(""))
            .min_items(Some(1))
            .max_items(Some(100)),
    )
}

fn all_of(parts: [Vec<Field>; 2]) -> Vec<Field> {
    parts.into_iter().flatten().collect()
}

fn sending() -> Vec<Method> {
    let destination = vec![
        may(
            "chat_id",
            chat_ref(
                "A user, a group, a contact's id, or `@username`. One of this, `contact_id` and `phone_number` is needed.",
            ),
        ),
        may("contact_id", whole("A contact's id.")),
        may("phone_number", text("Of a contact, with its `+`.")),
    ];
    let contact = vec![
        to(),
        must("phone_number", filled("")),
        must("first_name", filled("")),
        may("last_name", text("")),
        may("vcard", text("At most 2048 bytes.")),
    ];
    let pass_on = |which: Field| all_of([vec![to(), from(), which], options()]);
    let ids = json!([{"message_id": 123_458}, {"message_id": 123_459}]);
    let several_example =
        json!({"chat_id": -1_234_567_890, "from_chat_id": 1_234_567_890, "message_ids": [123_456, 123_457]});
    let one_example =
        json!({"chat_id": -1_234_567_890, "from_chat_id": 1_234_567_890, "message_id": 123_456});
    let message = |name, about| Method::new(name, MESSAGES, about).once().refuses(&[429]);
    vec![
        message("sendMessage", "Sends a text. A 200 means that it is stored and on its way.")
            .takes(
                destination.into_iter().chain(text_fields()).chain(options()),
                json!({"chat_id": "-1234567890", "text": "Hello John!"}),
            )
            .answers(of("Message"), examples::sent()),
        message("sendContact", "Sends a contact.")
            .takes(
                all_of([contact, options()]),
                json!({"chat_id": -1_234_567_890, "phone_number": "+1234567890", "first_name": "John", "last_name": "Doe"}),
            )
            .answers(of("Message"), examples::sent_contact()),
        message("forwardMessage", "Forwards a message. It shows where it was written first.")
            .takes(pass_on(one()), one_example.clone())
            .answers(of("Message"), examples::sent()),
        message("forwardMessages", "Forwards several messages. Those that are not there or protected are passed over.")
            .takes(pass_on(several()), several_example.clone())
            .answers(list("", of("MessageId")), ids.clone()),
        message("copyMessage", "Sends a message again. Without a link to the original.")
            .takes(pass_on(one()), one_example)
            .answers(of("MessageId"), json!({"message_id": 123_458})),
        message("copyMessages", "Sends several messages again. Those that are not there or protected are passed over.")
            .takes(pass_on(several()), several_example)
            .answers(list("", of("MessageId")), ids),
    ]
}

fn changing() -> Vec<Method> {
    let chat_and_message = || vec![to(), one()];
    let keyboard = || may("reply_markup", of("InlineKeyboardMarkup"));
    let edit_text = [
        chat_and_message(),
        text_fields(),
        vec![
            keyboard(),
            may("link_preview_options", of("LinkPreviewOptions")),
            may("disable_web_page_preview", flag("The older form of `link_preview_options`.")),
        ],
    ];
    let mut edited = examples::sent();
    edited["edit_date"] = json!(1_609_459_260);
    edited["text"] = json!("Hello again!");
    let target = json!({"chat_id": -1_234_567_890, "message_id": 123_457});
    let with = |name: &str, value: serde_json::Value| {
        let mut example = target.clone();
        example[name] = value;
        example
    };
    let keyboard_example = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    let method = |name, about| Method::new(name, MESSAGES, about).once();
    vec![
        method("editMessageText", "Changes the text of one's own message. Answers the whole message.")
            .takes(edit_text.into_iter().flatten(), with("text", "Hello again!".into()))
            .answers(of("Message"), edited.clone()),
        method(
            "editMessageCaption",
            "Changes what stands by the file of one's own message. Without `caption` it is taken away.",
        )
        .takes(
            chat_and_message()
                .into_iter()
                .chain(super::files::caption())
                .chain([may("show_caption_above_media", flag("")), keyboard()]),
            with("caption", "The plan, anew".into()),
        )
        .answers(of("Message"), edited.clone()),
        method(
            "editMessageReplyMarkup",
            "Changes the keyboard below one's own message. Without `reply_markup` it is taken away.",
        )
        .takes(chat_and_message().into_iter().chain([keyboard()]), with("reply_markup", keyboard_example))
        .answers(of("Message"), edited),
        method(
            "deleteMessage",
            "Deletes a message for everybody. Within 48 hours for bots; in groups only one's own.",
        )
        .takes(chat_and_message(), target.clone()),
        method(
            "deleteMessages",
            "Deletes several messages for everybody. Those that are not there are passed over.",
        )
        .takes([to(), several()], json!({"chat_id": -1_234_567_890, "message_ids": [123_456, 123_457]})),
    ]
}
