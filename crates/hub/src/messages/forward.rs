//! Forwarding and copying: forwardMessage, copyMessage and their plural forms.

use super::{Actor, ChatRef, Draft, Sending, resolve, send};
use crate::access::MessagesSend;
use crate::delivery;
use crate::{Answer, Error, Hub, Once, Permit, Rings};
use contactgram_model::{ChatId, MessageId, StoredMessage, Timestamp};
use contactgram_store::Tx;
use contactgram_store::ops::messages;
use contactgram_wire::message::{Content, ForwardOrigin, MessageIdOnly};

/// What is forwarded or copied, and whence.
#[derive(Debug, Clone)]
pub struct Copying {
    /// The chat it is in.
    pub from: ChatRef,
    /// Which messages.
    pub message_ids: Vec<MessageId>,
    /// Without a link to the original.
    pub as_copy: bool,
    /// The answer is a list, and messages that are not there are passed over.
    pub several: bool,
}

impl Hub {
    /// forwardMessage(s), copyMessage(s). `draft` says where to and how; its content is not used.
    pub async fn forward(
        &self,
        permit: &Permit<MessagesSend>,
        (copying, draft): (Copying, Draft),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (view, now) = (permit.view(), self.clock.now());
        // A copy would tell what the message says.
        view.needs_history()?;
        let passing_on = self.change_once(view.account(), once, move |tx, rings| {
            let actor = Actor::account(tx, view)?;
            forward(tx, rings, &actor, (&copying, &draft, now))
        });
        view.with_message(passing_on.await?)
    }
}

fn forward(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    actor: &Actor,
    (copying, draft, now): (&Copying, &Draft, Timestamp),
) -> Result<Answer, Error> {
    let from = resolve(tx, actor.view, &copying.from)?;
    let mut sent = Vec::new();
    let mut body = String::new();
    for id in &copying.message_ids {
        let Some(original) = original(tx, actor, (from, *id), copying)? else { continue };
        let message = delivery::read(&original)?;
        let origin = match (copying.as_copy, message.forward_origin) {
            (true, _) => None,
            (false, Some(origin)) => Some(origin),
            (false, None) => Some(ForwardOrigin::user(message.from, message.date)),
        };
        let mut draft = Draft {
            content: Content { media_group_id: None, ..message.content },
            link_preview_options: message.link_preview_options,
            ..draft.clone()
        };
        if !copying.as_copy {
            (draft.markup, draft.reply) = (None, None);
        }
        let delivered = send(tx, rings, actor, Sending { draft: &draft, origin: origin.as_ref(), now })?;
        sent.push(MessageIdOnly { message_id: delivered.message.message_id });
        body = delivered.body;
    }
    match (copying.several, copying.as_copy, sent.first()) {
        (true, _, None) => Err(not_found(copying)),
        (true, _, Some(_)) => Answer::of(&sent),
        (false, true, Some(one)) => Answer::of(one),
        (false, _, _) => Ok(Answer::json(body)),
    }
}

fn original(
    tx: &mut dyn Tx,
    actor: &Actor,
    (from, id): (ChatId, MessageId),
    copying: &Copying,
) -> Result<Option<StoredMessage>, Error> {
    let Some(original) = messages::get_in(tx, actor.user.id, from, id)? else {
        return if copying.several { Ok(None) } else { Err(not_found(copying)) };
    };
    let message = delivery::read(&original)?;
    if message.has_protected_content || message.content.is_service() {
        let text = if copying.as_copy { "message can't be copied" } else { "message can't be forwarded" };
        return if copying.several { Ok(None) } else { Err(Error::bad(text)) };
    }
    Ok(Some(original))
}

fn not_found(copying: &Copying) -> Error {
    match (copying.several, copying.as_copy) {
        (true, true) => Error::bad("there are no messages to copy"),
        (true, false) => Error::bad("there are no messages to forward"),
        (false, true) => Error::bad("message to copy not found"),
        (false, false) => Error::bad("message to forward not found"),
    }
}
