//! Files that messages carry, and what getFile tells of one.

use crate::openapi::methods::input_media;
use crate::openapi::parts::{Field, count, flag, may, must, record, text, word};
use utoipa::openapi::{RefOr, Schema};

pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    let pixels = || vec![must("width", count("In pixels.")), must("height", count("In pixels."))];
    let duration = || vec![must("duration", count("In seconds, as the sender said."))];
    let name = || vec![may("file_name", text("As the sender gave it, without folders."))];
    let mime = || vec![may("mime_type", text(""))];
    let film = || [pixels(), duration(), name(), mime()].concat();
    let music = vec![may("performer", text("")), may("title", text(""))];
    let sticker = vec![
        must("type", word("", &["regular"])),
        must("is_animated", flag("")),
        must("is_video", flag("")),
        may("emoji", text("")),
    ];
    vec![
        ("Document", file("A file.", [name(), mime()].concat())),
        ("PhotoSize", file("A picture, in the one size there is.", pixels())),
        ("Video", file("A film.", film())),
        ("Animation", file("A film without sound.", film())),
        ("Audio", file("Music.", [duration(), music, name(), mime()].concat())),
        ("Voice", file("A spoken message.", [duration(), mime()].concat())),
        (
            "VideoNote",
            file(
                "A round film.",
                [vec![must("length", count("In pixels, of a side."))], duration()].concat(),
            ),
        ),
        ("Sticker", file("A sticker.", [sticker, pixels()].concat())),
        (
            "File",
            file(
                "Where a file is downloaded.",
                vec![must("file_path", text("Behind `/file/bot<token>/`, with the address of this server."))],
            ),
        ),
        ("InputMedia", input_media().into()),
    ]
}

fn file(about: &str, more: Vec<Field>) -> RefOr<Schema> {
    let every = [
        must("file_id", text("By which this account sends or fetches it; another account has another.")),
        must("file_unique_id", text("The same for everybody and over time.")),
        must("file_size", count("In bytes.")),
    ];
    record(about, every.into_iter().chain(more)).into()
}

#[cfg(test)]
mod tests {
    use crate::openapi::tests::{keys, properties};
    use contactgram_wire::file::{FileAnswer, Media};

    #[test]
    fn a_file_has_the_fields_that_the_document_lists() {
        let text = || Some("x".to_owned());
        let whole = Media {
            file_id: "x".to_owned(),
            file_unique_id: "x".to_owned(),
            file_size: Some(1),
            kind: text(),
            width: Some(1),
            height: Some(1),
            length: Some(1),
            duration: Some(1),
            performer: text(),
            title: text(),
            is_animated: Some(true),
            is_video: Some(true),
            emoji: text(),
            file_name: text(),
            mime_type: text(),
        };
        let mut listed: Vec<String> =
            ["Document", "PhotoSize", "Video", "Animation", "Audio", "Voice", "VideoNote", "Sticker"]
                .into_iter()
                .flat_map(properties)
                .collect();
        listed.sort();
        listed.dedup();
        assert_eq!(keys(&whole), listed);
        let answer = FileAnswer {
            file_id: "x".to_owned(),
            file_unique_id: "x".to_owned(),
            file_size: 1,
            file_path: "x".to_owned(),
        };
        assert_eq!(keys(&answer), properties("File"));
    }
}
