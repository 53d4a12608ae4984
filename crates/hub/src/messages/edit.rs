//! Editing one's own messages: editMessageText, editMessageCaption and editMessageReplyMarkup.

use super::{Actor, ChatRef, resolve};
use crate::access::MessagesSend;
use crate::delivery::{self, Delivered};
use crate::{Answer, Error, Hub, Once, Permit, Rings};
use contactgram_connector::local;
use contactgram_model::{FileKind, MessageId, Timestamp};
use contactgram_store::Tx;
use contactgram_store::ops::messages;
use contactgram_wire::markup::ReplyMarkup;
use contactgram_wire::message::Content;
use serde_json::Value;

const NOT_MODIFIED: Error = Error::bad(
    "message is not modified: specified new message content and reply markup are exactly the same as a current \
     content and reply markup of the message",
);

/// A change of a message.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Where it is.
    pub chat: ChatRef,
    /// Which.
    pub message_id: MessageId,
    /// The new text, or the new caption where it has no text; absent when only the keyboard changes.
    pub content: Option<Content>,
    /// The new inline keyboard; absent takes the one there is away.
    pub markup: Option<ReplyMarkup>,
    /// `link_preview_options`, as given.
    pub link_preview_options: Option<Value>,
}

impl Hub {
    /// editMessageText, editMessageCaption, editMessageReplyMarkup.
    pub async fn edit(
        &self,
        permit: &Permit<MessagesSend>,
        change: Edit,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (view, now) = (permit.view(), self.clock.now());
        let editing = self.change_once(view.account(), once, move |tx, rings| {
            let actor = Actor::account(tx, view)?;
            Ok(Answer::json(edit(tx, rings, &actor, (&change, now))?.body))
        });
        view.with_message(editing.await?)
    }
}

/// Edits a message of any actor.
pub(crate) fn edit(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    actor: &Actor,
    (change, now): (&Edit, Timestamp),
) -> Result<Delivered, Error> {
    let chat = resolve(tx, actor.view, &change.chat)?;
    let route = actor.route(tx, chat)?;
    delivery::lock(tx, &actor.user, &route)?;
    let original = messages::get_in(tx, actor.user.id, chat, change.message_id)?
        .ok_or(Error::bad("message to edit not found"))?;
    local::may_edit(actor.user.id, original.from)?;
    let before = delivery::read(&original)?;
    let mut content = match &change.content {
        Some(new) => Some(revised(&before.content, new)?),
        None => None,
    };
    let keyboard = change.markup.as_ref().and_then(ReplyMarkup::inline).map(|keyboard| keyboard.to_value());
    if let Some(content) = &mut content {
        delivery::fill_mentions(tx, content)?;
    }
    let same_text = match &content {
        Some(content) => {
            *content == before.content && change.link_preview_options == before.link_preview_options
        }
        None => true,
    };
    if same_text && keyboard == before.reply_markup {
        return Err(NOT_MODIFIED);
    }
    delivery::revise(tx, rings, (&actor.user, &route), &original, &|message| {
        if let Some(content) = &content {
            rewrite(&mut message.content, content);
            message.link_preview_options.clone_from(&change.link_preview_options);
        }
        message.reply_markup.clone_from(&keyboard);
        message.edit_date = Some(now.max(message.date));
    })
}

/// What the message says after the change.
fn revised(before: &Content, new: &Content) -> Result<Content, Error> {
    if new.text.is_some() {
        return match before.text {
            Some(_) => Ok(new.clone()),
            None => Err(Error::bad("there is no text in the message to edit")),
        };
    }
    match before.carried() {
        Some((kind, _)) if !matches!(kind, FileKind::Sticker | FileKind::VideoNote) => {
            let mut content = before.clone();
            rewrite(&mut content, new);
            Ok(content)
        }
        _ => Err(Error::bad("there is no caption in the message to edit")),
    }
}

/// Writes a text or a caption anew. The file stays as each mailbox names it.
fn rewrite(content: &mut Content, new: &Content) {
    if new.text.is_some() {
        *content = new.clone();
        return;
    }
    content.caption.clone_from(&new.caption);
    content.caption_entities.clone_from(&new.caption_entities);
    content.show_caption_above_media = new.show_caption_above_media;
}
