//! Methods that send files, alone or as an album, and getFile. A file comes with the request, or is one that the account has
//! already; this server fetches none from elsewhere. What a message shares with a text is read in `messages`.

use super::input::{self, Details};
use super::messages::{chat_id, draft};
use super::{Done, refuse};
use crate::call::Asked;
use crate::reply::{Failure, bad};
use contactgram_hub::{Draft, Error};
use contactgram_model::FileKind;
use contactgram_wire::entities::{self, ParseMode};
use contactgram_wire::message::Content;
use contactgram_wire::params::Params;
use serde_json::{Map, Value};

/// The most files of an album (Bot API, sendMediaGroup).
const ALBUM: usize = 10;

/// Whether a method takes files: then they are kept while they come.
pub(super) fn takes(method: &str) -> bool {
    method == "sendmediagroup"
        || method
            .strip_prefix("send")
            .is_some_and(|rest| FileKind::ALL.iter().any(|kind| kind.field().replace('_', "") == rest))
}

/// `sendDocument`
pub(super) async fn send_document(asked: Asked) -> Done {
    send(asked, FileKind::Document).await
}

/// `sendPhoto`
pub(super) async fn send_photo(asked: Asked) -> Done {
    send(asked, FileKind::Photo).await
}

/// `sendVideo`
pub(super) async fn send_video(asked: Asked) -> Done {
    send(asked, FileKind::Video).await
}

/// `sendAudio`
pub(super) async fn send_audio(asked: Asked) -> Done {
    send(asked, FileKind::Audio).await
}

/// `sendVoice`
pub(super) async fn send_voice(asked: Asked) -> Done {
    send(asked, FileKind::Voice).await
}

/// `sendAnimation`
pub(super) async fn send_animation(asked: Asked) -> Done {
    send(asked, FileKind::Animation).await
}

/// `sendVideoNote`
pub(super) async fn send_video_note(asked: Asked) -> Done {
    send(asked, FileKind::VideoNote).await
}

/// `sendSticker`
pub(super) async fn send_sticker(asked: Asked) -> Done {
    send(asked, FileKind::Sticker).await
}

/// `getFile`
pub(super) async fn get(asked: Asked) -> Done {
    let permit = asked.permit()?;
    let id = asked.params.text("file_id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| refuse("file_id not specified"))?.to_owned();
    Ok(asked.hub().file(&permit, id).await?)
}

async fn send(mut asked: Asked, kind: FileKind) -> Done {
    let permit = asked.permit()?;
    input::keep(&mut asked).await?;
    let params = &asked.params;
    let mut content = match kind {
        FileKind::Sticker | FileKind::VideoNote => Content::default(),
        _ => captioned(|name| params.text(name))?,
    };
    let covers = matches!(kind, FileKind::Photo | FileKind::Video | FileKind::Animation);
    content.has_media_spoiler = covers && params.flag("has_spoiler");
    content.show_caption_above_media = covers && params.flag("show_caption_above_media");
    let source = input::source(&asked, kind.field(), params.text(kind.field()))?;
    let source = source
        .ok_or_else(|| bad(format!("there is no {} in the request", kind.field().replace('_', " "))))?;
    let (media, fresh) = input::media(kind, source, &Details::of_params(params))?;
    content.put_file(kind, media);
    let draft = Draft { fresh, ..draft(params, chat_id(params, "chat_id")?, content)? };
    Ok(asked.hub().send(&permit, draft, asked.once.clone()).await?)
}

/// `sendMediaGroup`
pub(super) async fn send_album(mut asked: Asked) -> Done {
    let permit = asked.permit()?;
    input::keep(&mut asked).await?;
    let items = items(&asked.params)?;
    let contents = items.iter().map(content).collect::<Result<Vec<_>, _>>()?;
    let shared = draft(&asked.params, chat_id(&asked.params, "chat_id")?, Content::default())?;
    let shared = Draft { markup: None, link_preview_options: None, ..shared };
    let mut drafts = Vec::with_capacity(items.len());
    for (place, (item, (kind, mut content))) in items.iter().zip(contents).enumerate() {
        let named = item.get("media").and_then(Value::as_str);
        let source = input::source(&asked, "", named)?;
        let source = source.ok_or_else(|| refuse("can't parse InputMedia: media not found"))?;
        let (media, fresh) = input::media(kind, source, &Details::of_item(item))
            .map_err(|failure| at_place(failure, place + 1))?;
        content.put_file(kind, media);
        drafts.push(Draft { content, fresh, ..shared.clone() });
    }
    check_mix(&drafts)?;
    Ok(asked.hub().send_album(&permit, drafts, asked.once.clone()).await?)
}

/// `editMessageCaption`: what the message is to say.
pub(super) fn new_caption(params: &Params) -> Result<Content, Failure> {
    let mut content = captioned(|name| params.text(name))?;
    content.show_caption_above_media = params.flag("show_caption_above_media");
    Ok(content)
}

/// `caption` with `parse_mode` or `caption_entities`.
fn captioned<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Result<Content, Failure> {
    let mode = ParseMode::parse(text("parse_mode").unwrap_or_default())?;
    let explicit = text("caption_entities");
    let caption = entities::format_caption(text("caption").unwrap_or_default(), mode, explicit)?;
    Ok(Content {
        caption: Some(caption.text).filter(|text| !text.is_empty()),
        caption_entities: caption.entities,
        ..Content::default()
    })
}

/// The objects of `media`.
fn items(params: &Params) -> Result<Vec<Map<String, Value>>, Failure> {
    let unreadable = || refuse("can't parse media JSON object");
    let text = params.text("media").unwrap_or_default().trim();
    let items: Vec<Value> = match text {
        "" | "null" => Vec::new(),
        text => serde_json::from_str(text).map_err(|_| unreadable())?,
    };
    if items.is_empty() {
        return Err(refuse("there are no messages to send"));
    }
    if items.len() > ALBUM {
        return Err(refuse("too many messages to send as an album"));
    }
    let objects = items.into_iter().map(|item| match item {
        Value::Object(fields) => Ok(fields),
        _ => Err(refuse("can't parse InputMedia: expected an Object")),
    });
    objects.collect()
}

/// An item's kind, and its caption.
fn content(item: &Map<String, Value>) -> Result<(FileKind, Content), Failure> {
    let word = |name: &str| item.get(name).and_then(Value::as_str);
    let kind = word("type").unwrap_or_default();
    let kind = match kind {
        "photo" => FileKind::Photo,
        "video" => FileKind::Video,
        "document" => FileKind::Document,
        "audio" => FileKind::Audio,
        "animation" => {
            return Err(refuse("can't parse InputMedia: type \"animation\" can't be used in sendMediaGroup"));
        }
        other => return Err(bad(format!("can't parse InputMedia: type \"{other}\" is unsupported"))),
    };
    let entities = item.get("caption_entities").filter(|value| !value.is_null()).map(Value::to_string);
    let mut content = captioned(|name| match name {
        "caption_entities" => entities.as_deref(),
        name => word(name),
    })?;
    let says = |name: &str| item.get(name).and_then(Value::as_bool).unwrap_or(false);
    let covers = matches!(kind, FileKind::Photo | FileKind::Video);
    content.has_media_spoiler = covers && says("has_spoiler");
    content.show_caption_above_media = covers && says("show_caption_above_media");
    Ok((kind, content))
}

/// Documents stand with documents, and music with music.
fn check_mix(drafts: &[Draft]) -> Result<(), Failure> {
    let kinds = || drafts.iter().filter_map(|draft| draft.content.carried()).map(|(kind, _)| kind);
    for alone in [FileKind::Document, FileKind::Audio] {
        if kinds().any(|kind| kind == alone) && kinds().any(|kind| kind != alone) {
            return Err(bad(format!("{} can't be mixed with other media types", alone.field())));
        }
    }
    let above = |draft: &Draft| draft.content.show_caption_above_media;
    if drafts.iter().any(above) && !drafts.iter().all(above) {
        return Err(refuse("parameter show_caption_above_media must be the same for all messages"));
    }
    Ok(())
}

/// What Telegram's servers would say of one file of an album is told with its place.
fn at_place(failure: Failure, place: usize) -> Failure {
    match &failure {
        Failure::Hub(Error::BadRequest(code)) if code.chars().nth(1).is_some_and(char::is_uppercase) => {
            bad(format!("failed to send message #{place} with the error message \"{code}\""))
        }
        _ => failure,
    }
}
