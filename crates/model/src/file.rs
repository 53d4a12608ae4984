//! Files that messages carry: their kinds, as the Bot API has them, and the `file_id` by which an account names one. A
//! `file_id` is of one account alone; what it leads to is the store's to know. Nothing here reads a file.

use crate::ids::{MessageId, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// The largest photo that is sent, in bytes (Bot API, "Sending files").
pub const MOST_PHOTO: u64 = 10 << 20;
/// The largest file that is sent, in bytes (Bot API, "Sending files").
pub const MOST_SENT: u64 = 50 << 20;
/// The largest file that getFile prepares for its download, in bytes (Bot API, getFile).
pub const MOST_FETCHED: u64 = 20 << 20;

/// How a message carries a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Any file.
    Document,
    /// A picture.
    Photo,
    /// A film.
    Video,
    /// A piece of music.
    Audio,
    /// A spoken message.
    Voice,
    /// A film without sound, or a GIF.
    Animation,
    /// A round film.
    VideoNote,
    /// A sticker.
    Sticker,
}

impl FileKind {
    /// Every kind; the place is the kind's number.
    pub const ALL: [FileKind; 8] = [
        FileKind::Document,
        FileKind::Photo,
        FileKind::Video,
        FileKind::Audio,
        FileKind::Voice,
        FileKind::Animation,
        FileKind::VideoNote,
        FileKind::Sticker,
    ];

    /// The parameter that brings it, and the field of the message that has it.
    pub const fn field(self) -> &'static str {
        match self {
            FileKind::Document => "document",
            FileKind::Photo => "photo",
            FileKind::Video => "video",
            FileKind::Audio => "audio",
            FileKind::Voice => "voice",
            FileKind::Animation => "animation",
            FileKind::VideoNote => "video_note",
            FileKind::Sticker => "sticker",
        }
    }

    /// What refusals call it.
    pub const fn class(self) -> &'static str {
        match self {
            FileKind::Document => "Document",
            FileKind::Photo => "Photo",
            FileKind::Video => "Video",
            FileKind::Audio => "Audio",
            FileKind::Voice => "VoiceNote",
            FileKind::Animation => "Animation",
            FileKind::VideoNote => "VideoNote",
            FileKind::Sticker => "Sticker",
        }
    }

    /// The folder that `file_path` begins with.
    pub const fn folder(self) -> &'static str {
        match self {
            FileKind::Document => "documents",
            FileKind::Photo => "photos",
            FileKind::Video => "videos",
            FileKind::Audio => "music",
            FileKind::Voice => "voice",
            FileKind::Animation => "animations",
            FileKind::VideoNote => "video_notes",
            FileKind::Sticker => "stickers",
        }
    }

    /// The ending of a file that has none of its own.
    pub const fn usual_ending(self) -> Option<&'static str> {
        match self {
            FileKind::Document => None,
            FileKind::Photo => Some("jpg"),
            FileKind::Video | FileKind::Animation | FileKind::VideoNote => Some("mp4"),
            FileKind::Audio => Some("mp3"),
            FileKind::Voice => Some("oga"),
            FileKind::Sticker => Some("webp"),
        }
    }

    /// The type of a file of which nobody says another.
    pub const fn usual_type(self) -> &'static str {
        match self {
            FileKind::Document => "application/octet-stream",
            FileKind::Photo => "image/jpeg",
            FileKind::Video | FileKind::Animation | FileKind::VideoNote => "video/mp4",
            FileKind::Audio => "audio/mpeg",
            FileKind::Voice => "audio/ogg",
            FileKind::Sticker => "image/webp",
        }
    }
}

/// A file in one account's mailbox: how its messages carry it, and the number of the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileCode {
    /// How it is carried.
    pub kind: FileKind,
    /// The message that brought it into the mailbox.
    pub number: MessageId,
    mark: [u8; MARK],
}

const MARK: usize = 15;
const CODE: usize = 1 + 8 + MARK;

impl FileCode {
    /// The code of a file for one mailbox. Who doesn't know the file's salt can't make it.
    pub fn of(salt: &[u8], owner: UserId, (kind, number): (FileKind, MessageId)) -> FileCode {
        let mut digest = Sha256::new();
        digest.update((salt.len() as u64).to_be_bytes());
        digest.update(salt);
        digest.update(owner.0.to_be_bytes());
        digest.update(number.0.to_be_bytes());
        digest.update([kind as u8]);
        let whole: [u8; 32] = digest.finalize().into();
        let mut mark = [0; MARK];
        mark.copy_from_slice(&whole[..MARK]);
        FileCode { kind, number, mark }
    }

    /// Reads a `file_id`; `None` for what can't be one.
    pub fn parse(text: &str) -> Option<FileCode> {
        let bytes: [u8; CODE] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let kind = *FileKind::ALL.get(usize::from(bytes[0]))?;
        let number = i64::from_be_bytes(bytes[1..9].try_into().ok()?);
        let mark = bytes[9..].try_into().ok()?;
        Some(FileCode { kind, number: MessageId(number), mark })
    }
}

/// As `file_id` has it: URL-safe, 32 characters.
impl fmt::Display for FileCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; CODE];
        bytes[0] = self.kind as u8;
        bytes[1..9].copy_from_slice(&self.number.0.to_be_bytes());
        bytes[9..].copy_from_slice(&self.mark);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The `file_unique_id` of a content: the same for everybody and over time, and no way to the file.
pub fn unique_id(kind: FileKind, sha256: &[u8]) -> String {
    let digest =
        Sha256::new_with_prefix(b"unique").chain_update([kind as u8]).chain_update(sha256).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..12])
}

/// The path of a download, such as `documents/file_7.pdf`.
pub fn path(kind: FileKind, number: MessageId, ending: Option<&str>) -> String {
    match ending {
        Some(ending) => format!("{}/file_{number}.{ending}", kind.folder()),
        None => format!("{}/file_{number}", kind.folder()),
    }
}

/// The number that a path of a download names.
pub fn number_of(path: &str) -> Option<MessageId> {
    let (_, name) = path.split_once('/')?;
    let digits = name.strip_prefix("file_")?.split('.').next()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(MessageId)
}

/// The ending of a file's name, if it is one that can stand in a path.
pub fn ending(name: &str) -> Option<String> {
    let (_, ending) = name.rsplit_once('.')?;
    let is_plain =
        (1..=10).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then(|| ending.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_back_from_its_text_and_is_of_one_mailbox() {
        for kind in FileKind::ALL {
            let code = FileCode::of(b"salt", UserId(5), (kind, MessageId(7)));
            assert_eq!(FileCode::parse(&code.to_string()), Some(code));
            assert_eq!(code.to_string().len(), 32);
            assert_ne!(code, FileCode::of(b"salt", UserId(6), (kind, MessageId(7))));
            assert_ne!(code, FileCode::of(b"other", UserId(5), (kind, MessageId(7))));
        }
        let code = FileCode::of(b"salt", UserId(5), (FileKind::Photo, MessageId(7))).to_string();
        for text in ["", "x", &code[1..], &format!("{code}A"), "https://example.com/a.png", &"_".repeat(32)] {
            assert_eq!(FileCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_of_a_kind_is_its_place() {
        for (place, kind) in FileKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
        }
    }

    #[test]
    fn paths_name_a_number() {
        let path = |ending| path(FileKind::Document, MessageId(7), ending);
        assert_eq!(path(Some("pdf")), "documents/file_7.pdf");
        assert_eq!(number_of(&path(Some("pdf"))), Some(MessageId(7)));
        assert_eq!(number_of(&path(None)), Some(MessageId(7)));
        for wrong in [
            "",
            "file_7",
            "documents/file_",
            "documents/file_x.pdf",
            "documents/7",
            "a/file_-1",
            "a/b/file_1",
        ] {
            assert_eq!(number_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_plain_endings_are_taken_over() {
        assert_eq!(ending("Report.PDF").as_deref(), Some("pdf"));
        assert_eq!(ending("a.tar.gz").as_deref(), Some("gz"));
        for name in ["", "noending", "dot.", "x.p/f", "x.é", "x.waytoolongtobeone"] {
            assert_eq!(ending(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_the_same_content_has_the_same_unique_id() {
        assert_eq!(unique_id(FileKind::Photo, &[1; 32]), unique_id(FileKind::Photo, &[1; 32]));
        assert_ne!(unique_id(FileKind::Photo, &[1; 32]), unique_id(FileKind::Photo, &[2; 32]));
        assert_eq!(unique_id(FileKind::Photo, &[1; 32]).len(), 16);
    }
}
