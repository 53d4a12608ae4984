//! The files that messages carry, as the Bot API's objects: Document, PhotoSize, Video and the rest. The hub fills in
//! what makes them an account's own; history and updates show them.

use crate::message::Content;
use contactgram_model::{FileCode, FileKind, file};
use serde::{Deserialize, Serialize};

/// Any of the objects: each kind has the fields that the Bot API gives it, the rest is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// By which its account sends or fetches it.
    pub file_id: String,
    /// The same for everybody.
    pub file_unique_id: String,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<i64>,
    /// Of a sticker: `regular`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// In pixels, as are the height and the length of a video note's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<i64>,
    /// In seconds, as the sender gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
    /// Of a piece of music.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a sticker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_animated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_video: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// As the sender gave it, without folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

/// What getFile answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileAnswer {
    /// As it was asked for.
    pub file_id: String,
    /// The same for everybody.
    pub file_unique_id: String,
    /// In bytes.
    pub file_size: i64,
    /// Where it is downloaded, behind `/file/bot<token>/`.
    pub file_path: String,
}

impl Media {
    /// The ending of its path and the type that a download says it is. `image` is the type that its bytes begin as, where
    /// they are a picture.
    pub fn form(&self, kind: FileKind, image: Option<&str>) -> (Option<String>, String) {
        let is_picture = matches!(kind, FileKind::Photo | FileKind::Sticker);
        if let Some(image) = image.filter(|_| is_picture) {
            let ending = image.strip_prefix("image/").unwrap_or("jpg");
            let ending = if ending == "jpeg" { "jpg" } else { ending };
            return (Some(ending.to_owned()), image.to_owned());
        }
        let own = self.file_name.as_deref().and_then(file::ending);
        let ending = own.or_else(|| kind.usual_ending().map(str::to_owned));
        (ending, self.mime_type.clone().unwrap_or_else(|| kind.usual_type().to_owned()))
    }
}

impl Content {
    /// A message with this file.
    pub fn file(kind: FileKind, media: Media) -> Content {
        let mut content = Content::default();
        content.put_file(kind, media);
        content
    }

    /// The file that the message carries. An animation is there as a document too, for those who don't know it.
    pub fn carried(&self) -> Option<(FileKind, &Media)> {
        let photo = self.photo.first().map(|media| (FileKind::Photo, media));
        photo.or_else(|| {
            [
                (FileKind::Animation, &self.animation),
                (FileKind::Document, &self.document),
                (FileKind::Video, &self.video),
                (FileKind::Audio, &self.audio),
                (FileKind::Voice, &self.voice),
                (FileKind::VideoNote, &self.video_note),
                (FileKind::Sticker, &self.sticker),
            ]
            .into_iter()
            .find_map(|(kind, slot)| slot.as_deref().map(|media| (kind, media)))
        })
    }

    /// Puts a file into the place that its kind has.
    pub fn put_file(&mut self, kind: FileKind, media: Media) {
        let boxed = Some(Box::new(media.clone()));
        match kind {
            FileKind::Photo => self.photo = vec![media],
            FileKind::Document => self.document = boxed,
            FileKind::Video => self.video = boxed,
            FileKind::Audio => self.audio = boxed,
            FileKind::Voice => self.voice = boxed,
            FileKind::VideoNote => self.video_note = boxed,
            FileKind::Sticker => self.sticker = boxed,
            FileKind::Animation => {
                let as_document = Media { width: None, height: None, duration: None, ..media };
                (self.animation, self.document) = (boxed, Some(Box::new(as_document)));
            }
        }
    }

    /// Gives the file the code that it has in one mailbox.
    pub fn name_file(&mut self, code: &FileCode) {
        let slots = [
            &mut self.animation,
            &mut self.document,
            &mut self.video,
            &mut self.audio,
            &mut self.voice,
            &mut self.video_note,
            &mut self.sticker,
        ];
        let boxed = slots.into_iter().filter_map(|slot| slot.as_deref_mut());
        for media in boxed.chain(self.photo.iter_mut()) {
            media.file_id = code.to_string();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactgram_model::{MessageId, UserId};

    #[test]
    fn a_file_is_found_in_the_place_of_its_kind_and_named_there() {
        for kind in FileKind::ALL {
            let mut content = Content::file(kind, Media { file_size: Some(3), ..Media::default() });
            let code = FileCode::of(b"s", UserId(1), (kind, MessageId(2)));
            content.name_file(&code);
            let json = serde_json::to_value(&content).unwrap();
            let object = if kind == FileKind::Photo { &json["photo"][0] } else { &json[kind.field()] };
            assert_eq!(object["file_id"], code.to_string());
            let read: Content = serde_json::from_value(json).unwrap();
            assert_eq!(read, content);
            let (found, media) = read.carried().unwrap();
            assert_eq!((found, media.file_id.as_str()), (kind, code.to_string().as_str()));
        }
        assert_eq!(Content::text("x".to_owned(), Vec::new()).carried(), None);
    }

    #[test]
    fn a_path_ends_as_the_name_does_or_as_its_kind_usually_ends() {
        let named = |name: &str| Media { file_name: Some(name.to_owned()), ..Media::default() };
        let form = |kind, name: &str, image| named(name).form(kind, image);
        let octets = "application/octet-stream".to_owned();
        assert_eq!(
            form(FileKind::Document, "a.PDF", Some("image/png")),
            (Some("pdf".to_owned()), octets.clone())
        );
        assert_eq!(form(FileKind::Document, "a", None), (None, octets));
        assert_eq!(
            form(FileKind::Photo, "a.pdf", Some("image/png")),
            (Some("png".to_owned()), "image/png".to_owned())
        );
        assert_eq!(form(FileKind::Photo, "", Some("image/jpeg")).0.as_deref(), Some("jpg"));
        assert_eq!(form(FileKind::Audio, "a.ogg", None).0.as_deref(), Some("ogg"));
        assert_eq!(form(FileKind::Video, "", None), (Some("mp4".to_owned()), "video/mp4".to_owned()));
    }
}
