//! Messages that this server writes in a bot's name: a reply from the portal or to a contact, and the method call in the
//! answer to a webhook. They go the way of all that passes through, and are kept alike.

use super::{About, Gateway};
use crate::access::View;
use crate::messages::resolve;
use crate::{Answer, Draft, Error, Hub};
use contactgram_connector::bot::{CallError, How};
use contactgram_wire::foreign::Message;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::Duration;

impl Hub {
    /// Sends a draft by the upstream; answers its `Message` as it was written.
    pub(crate) async fn send_upstream(
        &self,
        gateway: &Gateway,
        view: View,
        draft: Draft,
    ) -> Result<Answer, Error> {
        let named = draft.chat.clone();
        let chat = self.store.read(move |tx| resolve(tx, view, &named)).await?;
        let mut params = Map::new();
        params.insert("chat_id".to_owned(), json!(chat));
        let method = match &draft.content.contact {
            Some(contact) => {
                if let Ok(Value::Object(fields)) = serde_json::to_value(contact) {
                    params.extend(fields.into_iter().filter(|(name, _)| name != "user_id"));
                }
                "sendContact"
            }
            None => {
                params.insert("text".to_owned(), json!(draft.content.text));
                params.insert("entities".to_owned(), json!(draft.content.entities));
                "sendMessage"
            }
        };
        if let Some(reply) = draft.reply {
            let reply =
                json!({ "message_id": reply.message_id, "allow_sending_without_reply": reply.allow_missing });
            params.insert("reply_parameters".to_owned(), reply);
        }
        if let Some(markup) = &draft.markup {
            params.insert("reply_markup".to_owned(), json!(markup));
        }
        if let Some(options) = &draft.link_preview_options {
            params.insert("link_preview_options".to_owned(), options.clone());
        }
        if draft.protected {
            params.insert("protect_content".to_owned(), json!(true));
        }
        let result = self.call_upstream(gateway, method, params).await?;
        // What is not a message can't be shown as one.
        let value: Value = serde_json::from_str(&result).map_err(Error::internal)?;
        Message::read(&value).ok_or_else(|| Error::internal("the upstream answered no message"))?;
        Ok(Answer::json(result))
    }

    /// Calls a method of the upstream in the bot's name and keeps what came of it; answers its result.
    pub async fn call_upstream(
        &self,
        gateway: &Gateway,
        method: &str,
        params: Map<String, Value>,
    ) -> Result<String, Error> {
        let about = About::read(method, |name| match params.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(Cow::Borrowed(text)),
            other => Some(Cow::Owned(other.to_string())),
        });
        match gateway.upstream().call(method, &Value::Object(params), How::SEND).await {
            Ok(answer) => {
                let result = answer.result.get().to_owned();
                self.keep_sent(gateway, about, &result).await;
                Ok(result)
            }
            Err(error) => {
                if let (CallError::Blocked(_), Some(chat)) = (&error, about.chat) {
                    self.keep_blocked(gateway, chat).await;
                }
                Err(refused(&error))
            }
        }
    }
}

/// An upstream's refusal in the terms of this API.
fn refused(error: &CallError) -> Error {
    match error {
        CallError::Wait { retry_after } => Error::too_many(*retry_after),
        CallError::Open { retry_after } => Error::unavailable("the upstream is down", *retry_after),
        CallError::Refused(refusal) | CallError::Blocked(refusal) => {
            let text = refusal.description.clone().unwrap_or_default();
            // Each code's own words are put in front again.
            match (refusal.status, text.split_once(": ")) {
                (403, Some((_, why))) => Error::Forbidden(why.to_owned().into()),
                (_, Some((_, why))) => Error::BadRequest(why.to_owned().into()),
                (_, None) => Error::BadRequest(text.into()),
            }
        }
        CallError::Stop(_) => {
            Error::unavailable("the upstream refuses the bot's token", Duration::from_secs(60))
        }
        // Whether it acted is unknown: whoever sends again may send twice.
        CallError::Unknown(_) | CallError::Failing(_) => Error::Internal,
        other => Error::unavailable(other.to_string(), Duration::from_secs(1)),
    }
}
