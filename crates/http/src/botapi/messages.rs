//! Methods that send, change and read messages. Text is checked before the chat, as on Telegram.

use super::{Done, refuse};
use crate::call::Asked;
use crate::messages::history_query;
use crate::reply::{Failure, bad};
use contactgram_hub::{Answer, ChatRef, Copying, Draft, Edit, Reply};
use contactgram_model::{ContactId, MessageId};
use contactgram_wire::entities::{self, ParseMode};
use contactgram_wire::markup;
use contactgram_wire::message::{Content, SharedContact};
use contactgram_wire::params::{Params, whole_number};
use serde::Deserialize;
use serde_json::Value;

/// The largest vCard, in bytes (Bot API, sendContact).
const VCARD_BYTES: usize = 2048;
/// The most messages that one call names (Bot API, deleteMessages).
const SEVERAL: usize = 100;

/// `sendMessage`
pub(super) async fn send(asked: Asked) -> Done {
    let permit = asked.permit()?;
    let content = formatted(&asked.params)?;
    let draft = draft(&asked.params, recipient(&asked).await?, content)?;
    Ok(asked.hub().send(&permit, draft, asked.once.clone()).await?)
}

/// `sendContact`
pub(super) async fn send_contact(asked: Asked) -> Done {
    let permit = asked.permit()?;
    let content = Content { contact: Some(shared_contact(&asked.params)?), ..Content::default() };
    let draft = draft(&asked.params, chat_id(&asked.params, "chat_id")?, content)?;
    Ok(asked.hub().send(&permit, draft, asked.once.clone()).await?)
}

/// `forwardMessage`
pub(super) async fn forward(asked: Asked) -> Done {
    pass_on(asked, false, false).await
}

/// `forwardMessages`
pub(super) async fn forward_several(asked: Asked) -> Done {
    pass_on(asked, false, true).await
}

/// `copyMessage`
pub(super) async fn copy(asked: Asked) -> Done {
    pass_on(asked, true, false).await
}

/// `copyMessages`
pub(super) async fn copy_several(asked: Asked) -> Done {
    pass_on(asked, true, true).await
}

/// `editMessageText`
pub(super) async fn edit_text(asked: Asked) -> Done {
    let content = formatted(&asked.params)?;
    edit(asked, Some(content)).await
}

/// `editMessageCaption`
pub(super) async fn edit_caption(asked: Asked) -> Done {
    let content = super::files::new_caption(&asked.params)?;
    edit(asked, Some(content)).await
}

/// `editMessageReplyMarkup`
pub(super) async fn edit_markup(asked: Asked) -> Done {
    edit(asked, None).await
}

/// `deleteMessage`
pub(super) async fn delete(asked: Asked) -> Done {
    let (permit, params) = (asked.permit()?, &asked.params);
    let target = (chat_id(params, "chat_id")?, vec![message_id(params)?], false);
    Ok(asked.hub().delete_messages(&permit, target, asked.once.clone()).await?)
}

/// `deleteMessages`
pub(super) async fn delete_several(asked: Asked) -> Done {
    let (permit, params) = (asked.permit()?, &asked.params);
    let target = (chat_id(params, "chat_id")?, message_ids(params)?, true);
    Ok(asked.hub().delete_messages(&permit, target, asked.once.clone()).await?)
}

/// `getMessages`: `GET /messages` with the envelope.
pub(super) async fn history(asked: Asked) -> Done {
    let permit = asked.permit()?;
    let page = asked.hub().messages(&permit, history_query(&asked.params)?).await?;
    Ok(Answer::json(page.json))
}

/// The message that the parameters describe, where the route says where to.
pub(crate) fn text_draft(params: &Params, to: ChatRef) -> Result<Draft, Failure> {
    let content = formatted(params)?;
    draft(params, to, content)
}

/// `text` with `parse_mode` or `entities`.
pub(crate) fn formatted(params: &Params) -> Result<Content, Failure> {
    let mode = ParseMode::parse(params.text("parse_mode").unwrap_or_default())?;
    let text = entities::format(params.text("text").unwrap_or_default(), mode, params.text("entities"))?;
    Ok(Content::text(text.text, text.entities))
}

/// The contact that `phone_number`, `first_name`, `last_name` and `vcard` describe.
pub(crate) fn shared_contact(params: &Params) -> Result<SharedContact, Failure> {
    let optional = |name: &str| params.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let vcard = optional("vcard");
    if vcard.as_ref().is_some_and(|card| card.len() > VCARD_BYTES) {
        return Err(bad(format!("vcard must be at most {VCARD_BYTES} bytes")));
    }
    Ok(SharedContact {
        phone_number: params.required("phone_number")?.to_owned(),
        first_name: params.required("first_name")?.to_owned(),
        last_name: optional("last_name"),
        vcard,
        user_id: None,
    })
}

async fn pass_on(asked: Asked, as_copy: bool, several: bool) -> Done {
    let (permit, params) = (asked.permit()?, &asked.params);
    let message_ids = if several { message_ids(params)? } else { vec![message_id(params)?] };
    let from = chat_id(params, "from_chat_id")?;
    let draft = draft(params, chat_id(params, "chat_id")?, Content::default())?;
    let copying = Copying { from, message_ids, as_copy, several };
    Ok(asked.hub().forward(&permit, (copying, draft), asked.once.clone()).await?)
}

async fn edit(asked: Asked, content: Option<Content>) -> Done {
    let (permit, params) = (asked.permit()?, &asked.params);
    if params.text("inline_message_id").is_some_and(|id| !id.is_empty()) {
        return Err(refuse("MESSAGE_ID_INVALID"));
    }
    let (chat, message_id, markup) =
        (chat_id(params, "chat_id")?, message_id(params)?, reply_markup(params)?);
    if markup.as_ref().is_some_and(|markup| markup.inline().is_none()) {
        return Err(refuse("inline keyboard expected"));
    }
    let change = Edit { chat, message_id, content, markup, link_preview_options: link_preview(params)? };
    Ok(asked.hub().edit(&permit, change, asked.once.clone()).await?)
}

/// What sending methods share.
pub(super) fn draft(params: &Params, chat: ChatRef, content: Content) -> Result<Draft, Failure> {
    if params.text("business_connection_id").is_some_and(|id| !id.is_empty()) {
        return Err(refuse("business connection not found"));
    }
    if params.int("message_thread_id").is_some_and(|id| id != 0) {
        return Err(refuse("message thread not found"));
    }
    Ok(Draft {
        chat,
        content,
        fresh: None,
        reply: reply_to(params)?,
        markup: reply_markup(params)?,
        protected: params.flag("protect_content"),
        link_preview_options: link_preview(params)?,
    })
}

/// Where sendMessage goes: `chat_id`, or `contact_id`, or `phone_number` of a contact.
pub(super) async fn recipient(asked: &Asked) -> Result<ChatRef, Failure> {
    let params = &asked.params;
    let text = |name: &str| params.text(name).filter(|text| !text.is_empty());
    match (text("chat_id"), text("contact_id"), text("phone_number")) {
        (Some(_), None, None) | (None, None, None) => chat_id(params, "chat_id"),
        (None, Some(id), None) => {
            let id = id.trim().parse().map_err(|_| bad("contact_id must be a whole number"))?;
            Ok(ChatRef::Contact(ContactId(id)))
        }
        (None, None, Some(phone)) => Ok(ChatRef::Phone(asked.phone(phone).await?.e164().to_owned())),
        _ => Err(bad("only one of chat_id, contact_id and phone_number may be given")),
    }
}

pub(crate) fn chat_id(params: &Params, name: &str) -> Result<ChatRef, Failure> {
    match params.text(name).map(str::trim) {
        None | Some("") => Err(bad(format!("{name} is empty"))),
        Some(text) => Ok(ChatRef::parse(text)?),
    }
}

fn message_id(params: &Params) -> Result<MessageId, Failure> {
    match params.int("message_id") {
        None | Some(0) => Err(refuse("message identifier is not specified")),
        Some(id) => Ok(MessageId(id)),
    }
}

fn message_ids(params: &Params) -> Result<Vec<MessageId>, Failure> {
    let text = params.text("message_ids").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| refuse("message identifiers are not specified"))?;
    let ids: Vec<Value> =
        serde_json::from_str(text).map_err(|_| refuse("can't parse message identifiers JSON object"))?;
    if ids.is_empty() {
        return Err(refuse("message identifiers are not specified"));
    }
    if ids.len() > SEVERAL {
        return Err(refuse("too many message identifiers specified"));
    }
    let ids: Option<Vec<MessageId>> = ids.iter().map(|id| number(id).map(MessageId)).collect();
    ids.ok_or_else(|| refuse("invalid message identifier specified"))
}

#[derive(Deserialize)]
struct ReplyParameters {
    message_id: Value,
    #[serde(default)]
    allow_sending_without_reply: bool,
}

fn reply_to(params: &Params) -> Result<Option<Reply>, Failure> {
    const UNREADABLE: Failure = refuse("can't parse reply parameters: message_id must be a number");
    let (id, allow_missing) = match params.json::<ReplyParameters>("reply_parameters") {
        Ok(Some(reply)) => (number(&reply.message_id).ok_or(UNREADABLE)?, reply.allow_sending_without_reply),
        Ok(None) => {
            let id = params.int("reply_to_message_id").unwrap_or(0);
            (id, params.flag("allow_sending_without_reply"))
        }
        Err(_) => return Err(UNREADABLE),
    };
    Ok((id != 0).then_some(Reply { message_id: MessageId(id), allow_missing }))
}

/// A number inside JSON, where some libraries write it as a string.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => whole_number(value),
    }
}

fn reply_markup(params: &Params) -> Result<Option<markup::ReplyMarkup>, Failure> {
    match params.text("reply_markup").filter(|text| !text.is_empty()) {
        Some(text) => Ok(markup::check(text)?),
        None => Ok(None),
    }
}

fn is_option(name: &str, value: &Value) -> bool {
    match name {
        "url" => value.is_string(),
        "is_disabled" | "prefer_small_media" | "prefer_large_media" | "show_above_text" => value.is_boolean(),
        _ => true,
    }
}

fn link_preview(params: &Params) -> Result<Option<Value>, Failure> {
    if let Some(text) = params.text("link_preview_options").filter(|text| !text.is_empty()) {
        return match serde_json::from_str(text) {
            Ok(Value::Object(options)) if options.is_empty() => Ok(None),
            // Kept and shown as given: what is shown must be what the description says.
            Ok(Value::Object(options)) => {
                match options.iter().find(|(name, value)| !is_option(name, value)) {
                    Some((name, _)) => {
                        let kind = if name == "url" { "String" } else { "Boolean" };
                        let text = format!(
                            "can't parse link preview options: Field \"{name}\" must be of type {kind}"
                        );
                        Err(bad(text))
                    }
                    None => Ok(Some(Value::Object(options))),
                }
            }
            _ => Err(refuse("can't parse link preview options JSON object")),
        };
    }
    Ok(params.flag("disable_web_page_preview").then(|| serde_json::json!({"is_disabled": true})))
}
