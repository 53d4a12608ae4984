//! Methods that send files, and getFile.

use super::Method;
use super::messages::{options, to};
use crate::openapi::about::MESSAGES;
use crate::openapi::examples;
use crate::openapi::parts::{Field, anything, count, filled, flag, list, may, must, of, sized, text, word};
use serde_json::{Value, json};

/// How a file is named.
const FILE: &str = "A part of a `multipart/form-data` body, by this name or by `attach://` and its own; or the `file_id` of a file that the account has.";

pub(super) fn all() -> Vec<Method> {
    let pixels = || vec![may("width", count("In pixels.")), may("height", count("In pixels."))];
    let duration = || vec![may("duration", count("In seconds."))];
    let covers = || {
        vec![
            may("has_spoiler", flag("Covered until somebody wants to see it.").default(Some(false.into()))),
            may("show_caption_above_media", flag("").default(Some(false.into()))),
        ]
    };
    let music = vec![may("performer", text("")), may("title", text(""))];
    let method = |name, about, field: &'static str, more: Vec<Field>| {
        let fields = [to(), must(field, filled(FILE))].into_iter().chain(more);
        let example = json!({"chat_id": 1_234_567_890, field: FILE_ID});
        Method::new(name, MESSAGES, about)
            .once()
            .takes(fields.chain(beside()), example)
            .answers(of("Message"), sent(field))
            .refuses(&[413, 429])
    };
    vec![
        method("sendDocument", "Sends a file. Of 50 MB at most, as all but photos.", "document", caption()),
        method(
            "sendPhoto",
            "Sends a picture. Of 10 MB at most; it is kept as it is, in one size.",
            "photo",
            [caption(), covers()].concat(),
        ),
        method("sendVideo", "Sends a film.", "video", [caption(), covers(), pixels(), duration()].concat()),
        method("sendAudio", "Sends music.", "audio", [caption(), duration(), music].concat()),
        method("sendVoice", "Sends a spoken message.", "voice", [caption(), duration()].concat()),
        method(
            "sendAnimation",
            "Sends a film without sound.",
            "animation",
            [caption(), covers(), pixels(), duration()].concat(),
        ),
        method(
            "sendVideoNote",
            "Sends a round film.",
            "video_note",
            [duration(), vec![may("length", count("In pixels, of a side."))]].concat(),
        ),
        method("sendSticker", "Sends a sticker: a file as it is.", "sticker", vec![may("emoji", text(""))]),
        Method::new(
            "sendMediaGroup",
            MESSAGES,
            "Sends up to ten files as an album. All or none; documents stand with documents, and music with music.",
        )
        .once()
        .takes(
            [to(), must("media", list("", of("InputMedia")).min_items(Some(1)).max_items(Some(10)))]
                .into_iter()
                .chain(beside().into_iter().filter(|field| field.name != "reply_markup")),
            json!({
                "chat_id": 1_234_567_890,
                "media": [
                    {"type": "photo", "media": "attach://first", "caption": "Two of them"},
                    {"type": "photo", "media": FILE_ID},
                ],
            }),
        )
        .answers(list("", of("Message")), json!([sent("photo"), sent("photo")]))
        .refuses(&[413, 429]),
        Method::new(
            "getFile",
            MESSAGES,
            "Tells where a file is downloaded. At `/file/bot<token>/<file_path>`; of 20 MB at most.",
        )
        .takes([must("file_id", text("As a message has it."))], json!({"file_id": FILE_ID}))
        .answers(
            of("File"),
            json!({
                "file_id": FILE_ID,
                "file_unique_id": UNIQUE_ID,
                "file_size": 48_213,
                "file_path": "photos/file_123457.jpg",
            }),
        ),
    ]
}

/// What may stand by a file.
pub(super) fn caption() -> Vec<Field> {
    vec![
        may("caption", sized("At most 1024 characters after its formatting is read.", 0..=32_768)),
        may(
            "parse_mode",
            word("How formatting is written in `caption`; in any case.", &["HTML", "MarkdownV2", "Markdown"]),
        ),
        may("caption_entities", list("Formatting, instead of `parse_mode`.", of("MessageEntity"))),
    ]
}

/// What files share with texts.
fn beside() -> Vec<Field> {
    let of_texts = ["link_preview_options", "disable_web_page_preview"];
    options().into_iter().filter(|field| !of_texts.contains(&field.name)).collect()
}

const FILE_ID: &str = "AQAAAAAAAeJBq3Zt0q2bS5k1o8d7w9Xy";
const UNIQUE_ID: &str = "q83vEjRWeJCrze8S";

fn sent(field: &str) -> Value {
    let mut message = examples::sent();
    if let Some(fields) = message.as_object_mut() {
        fields.remove("text");
    }
    let bare = json!({"file_id": FILE_ID, "file_unique_id": UNIQUE_ID, "file_size": 48_213});
    let with = |more: Value| {
        let mut object = bare.clone();
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        object
    };
    let film = || with(json!({"width": 640, "height": 480, "duration": 3, "mime_type": "video/mp4"}));
    let object = match field {
        "photo" => json!([with(json!({"width": 640, "height": 480}))]),
        "video" | "animation" => film(),
        "audio" => with(json!({"duration": 3, "mime_type": "audio/mpeg", "title": "A song"})),
        "voice" => with(json!({"duration": 3, "mime_type": "audio/ogg"})),
        "video_note" => with(json!({"length": 240, "duration": 3})),
        "sticker" => with(json!({
            "type": "regular", "width": 512, "height": 512, "is_animated": false, "is_video": false,
        })),
        _ => with(json!({"file_name": "plan.pdf", "mime_type": "application/pdf"})),
    };
    if field == "animation" {
        message["document"] = with(json!({"mime_type": "video/mp4"}));
    }
    message[field] = object;
    message
}

/// An item of an album.
pub(in crate::openapi) fn input_media() -> utoipa::openapi::schema::ObjectBuilder {
    let fields = [
        must("type", word("", &["photo", "video", "document", "audio"])),
        must("media", filled("`attach://` and the name of a part of the body, or a `file_id`.")),
    ];
    let more = caption().into_iter().chain([
        may("has_spoiler", flag("Of photos and films.")),
        may("show_caption_above_media", flag("Of photos and films; the same for all.")),
    ]);
    let rest = anything(
        "A file of an album. Films and music take `width`, `height`, `duration`, `performer` and `title` too.",
    );
    fields.into_iter().chain(more).fold(rest, |object, field| {
        let object = object.property(field.name, field.schema);
        if field.required { object.required(field.name) } else { object }
    })
}
