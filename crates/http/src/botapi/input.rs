//! A file as a request names it: a part of the upload, or a `file_id`. What is known of a new one is made here into the
//! Bot API's object; its bytes are in the store already. It fetches nothing from an address.

use super::refuse;
use crate::call::Asked;
use crate::reply::{Failure, bad};
use contactgram_hub::{Fresh, Upload};
use contactgram_model::FileKind;
use contactgram_model::file::{MOST_PHOTO, MOST_SENT};
use contactgram_wire::file::Media;
use contactgram_wire::params::{File, Params};
use serde_json::{Map, Value};

/// The most that a photo's sides may have together, in pixels, and the most that one may be of the other.
const SIDES: i64 = 10_000;
const RATIO: i64 = 20;
/// A sticker's side, in pixels, where its bytes don't say.
const STICKER: i64 = 512;
/// The longest name that is kept, in characters.
const NAME: usize = 255;

/// Where a file comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// The account has it.
    Known(&'a str),
    /// It came with the request.
    New(&'a File, &'a Upload),
}

/// What the sender says of a file.
#[derive(Debug, Default)]
pub(super) struct Details {
    width: Option<i64>,
    height: Option<i64>,
    length: Option<i64>,
    duration: Option<i64>,
    performer: Option<String>,
    title: Option<String>,
    emoji: Option<String>,
}

impl Details {
    /// Beside the file, as parameters.
    pub fn of_params(params: &Params) -> Details {
        let text = |name: &str| params.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        Details::read(|name| params.int(name), text)
    }

    /// In an item of an album.
    pub fn of_item(item: &Map<String, Value>) -> Details {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        Details::read(|name| item.get(name).and_then(Value::as_i64), text)
    }

    fn read(int: impl Fn(&str) -> Option<i64>, text: impl Fn(&str) -> Option<String>) -> Details {
        let int = |name: &str| int(name).map(|number| number.clamp(0, i64::from(i32::MAX)));
        Details {
            width: int("width"),
            height: int("height"),
            length: int("length"),
            duration: int("duration"),
            performer: text("performer"),
            title: text("title"),
            emoji: text("emoji"),
        }
    }
}

/// Keeps the files of a request that was read as a whole: one that was packed, or that names its method in a parameter.
pub(super) async fn keep(asked: &mut Asked) -> Result<(), Failure> {
    for file in asked.params.files().iter().skip(asked.uploads.len()) {
        let mut upload = asked.hub.upload()?;
        upload.push(file.bytes.clone()).await?;
        upload.finish().await?;
        asked.uploads.push(upload);
    }
    Ok(())
}

/// The file that a parameter names, by itself or as a part of the upload; or the part of this name.
pub(super) fn source<'a>(
    asked: &'a Asked,
    field: &str,
    named: Option<&'a str>,
) -> Result<Option<Source<'a>>, Failure> {
    let named = named.filter(|text| !text.is_empty());
    let part = match named {
        None => field,
        Some(text) => match text.strip_prefix("attach://") {
            Some(part) => part,
            None if is_address(text) => return Err(refuse("failed to get HTTP URL content")),
            None => return Ok(Some(Source::Known(text))),
        },
    };
    let mut parts = asked.params.files().iter().zip(&asked.uploads);
    Ok(parts.find(|(file, _)| file.name == part).map(|(file, upload)| Source::New(file, upload)))
}

fn is_address(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}

/// The object of a file, and the file itself where it is a new one.
pub(super) fn media(
    kind: FileKind,
    source: Source<'_>,
    details: &Details,
) -> Result<(Media, Option<Fresh>), Failure> {
    let (file, upload) = match source {
        // What is known of it is the hub's to say.
        Source::Known(id) => return Ok((Media { file_id: id.to_owned(), ..Media::default() }, None)),
        Source::New(file, upload) => (file, upload),
    };
    let Some(fresh) = upload.fresh() else { return Err(refuse("file must be non-empty")) };
    if upload.bytes() > MOST_SENT {
        return Err(Failure::TooLarge);
    }
    if kind == FileKind::Photo {
        check_photo(upload)?;
    }
    let image = upload.image();
    let seen = |side: fn(contactgram_hub::Image) -> i64| image.map(side);
    let (width, height) = (seen(|image| image.width), seen(|image| image.height));
    let bare = Media {
        file_unique_id: fresh.unique_id(kind),
        file_size: i64::try_from(upload.bytes()).ok(),
        ..Media::default()
    };
    let usual = Some(kind.usual_type().to_owned());
    let told = mime(file).or_else(|| image.map(|image| image.mime.to_owned()));
    let duration = Some(details.duration.unwrap_or(0));
    let media = match kind {
        FileKind::Photo => Media { width, height, ..bare },
        FileKind::Document => Media { file_name: name(file), mime_type: told, ..bare },
        FileKind::Video | FileKind::Animation => Media {
            width: details.width.or(width).or(Some(0)),
            height: details.height.or(height).or(Some(0)),
            duration,
            file_name: name(file),
            mime_type: told.or(usual),
            ..bare
        },
        FileKind::Audio => Media {
            duration,
            performer: details.performer.clone(),
            title: details.title.clone(),
            file_name: name(file),
            mime_type: told.or(usual),
            ..bare
        },
        FileKind::Voice => Media { duration, mime_type: told.or(usual), ..bare },
        FileKind::VideoNote => Media { length: Some(details.length.unwrap_or(0)), duration, ..bare },
        FileKind::Sticker => {
            let ends = |ending: &str| file.file_name.as_deref().is_some_and(|name| name.ends_with(ending));
            Media {
                kind: Some("regular".to_owned()),
                width: width.or(Some(STICKER)),
                height: height.or(Some(STICKER)),
                is_animated: Some(ends(".tgs")),
                is_video: Some(ends(".webm")),
                emoji: details.emoji.clone(),
                ..bare
            }
        }
    };
    Ok((media, Some(fresh.clone())))
}

fn check_photo(upload: &Upload) -> Result<(), Failure> {
    if upload.bytes() > MOST_PHOTO {
        return Err(bad(format!(
            "file of size {} bytes is too big for a photo; the maximum size is {MOST_PHOTO} bytes",
            upload.bytes()
        )));
    }
    let Some(image) = upload.image() else { return Err(refuse("IMAGE_PROCESS_FAILED")) };
    let (short, long) = (image.width.min(image.height), image.width.max(image.height));
    if short.saturating_add(long) > SIDES || long > short.saturating_mul(RATIO) {
        return Err(refuse("PHOTO_INVALID_DIMENSIONS"));
    }
    Ok(())
}

/// A file's name without folders and what can't be shown.
fn name(file: &File) -> Option<String> {
    let whole = file.file_name.as_deref()?;
    let last = whole.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(NAME).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The media type that the sender gave, if it says anything.
fn mime(file: &File) -> Option<String> {
    let given = file.content_type.as_deref()?.split(';').next()?.trim().to_ascii_lowercase();
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let (one, other) = given.split_once('/')?;
    let says = is_token(one) && is_token(other) && given.len() <= 127 && given != "application/octet-stream";
    says.then_some(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content_type: &str) -> File {
        File {
            name: "document".to_owned(),
            file_name: Some(name.to_owned()),
            content_type: Some(content_type.to_owned()),
            bytes: bytes::Bytes::new(),
        }
    }

    #[test]
    fn names_have_no_folders_and_types_are_types() {
        let named = |text: &str| name(&file(text, ""));
        assert_eq!(named("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(named("C:\\a\\b c.pdf").as_deref(), Some("b c.pdf"));
        assert_eq!(named("a\r\nb.txt").as_deref(), Some("ab.txt"));
        assert_eq!((named("dir/"), named("")), (None, None));
        let typed = |text: &str| mime(&file("", text));
        assert_eq!(typed("Text/Plain; charset=utf-8").as_deref(), Some("text/plain"));
        for nothing in ["", "text", "text/", "/plain", "text/pl ain", "a/b\r\nc", "application/octet-stream"]
        {
            assert_eq!(typed(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn addresses_are_told_from_file_ids() {
        assert!(is_address("http://a") && is_address("HTTPS://a.b/c.png"));
        assert!(!is_address("AgACAgIAAx") && !is_address("http") && !is_address("é"));
    }
}
