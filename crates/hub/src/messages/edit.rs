//! Editing one's own messages: editMessageText and editMessageReplyMarkup.

use super::{Actor, ChatRef, resolve};
use crate::access::MessagesSend;
use crate::delivery::{self, Delivered};
use crate::{Answer, Error, Hub, Once, Permit, Rings};
use contactgram_connector::local;
use contactgram_model::{MessageId, Timestamp};
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
    /// The new text; absent when only the keyboard changes.
    pub content: Option<Content>,
    /// The new inline keyboard; absent takes the one there is away.
    pub markup: Option<ReplyMarkup>,
    /// `link_preview_options`, as given.
    pub link_preview_options: Option<Value>,
}

impl Hub {
    /// editMessageText, editMessageReplyMarkup.
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
    if change.content.is_some() && before.content.text.is_none() {
        return Err(Error::bad("there is no text in the message to edit"));
    }
    let keyboard = change.markup.as_ref().and_then(ReplyMarkup::inline).map(|keyboard| keyboard.to_value());
    let mut content = change.content.clone();
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
            message.content = content.clone();
            message.link_preview_options.clone_from(&change.link_preview_options);
        }
        message.reply_markup.clone_from(&keyboard);
        message.edit_date = Some(now.max(message.date));
    })
}
