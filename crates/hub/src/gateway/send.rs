//! Messages that this server writes in a bot's name: a reply from the portal or to a contact, and the method call in the
//! answer to a webhook. They go the way of all that passes through, and are kept alike.

use super::turn::Passing;
use super::{About, Gateway, Note};
use crate::access::View;
use crate::messages::resolve;
use crate::once::{Begun, Known};
use crate::{Answer, Draft, Error, Hub, Once};
use contactgram_connector::bot::{self, CallError, How};
use contactgram_resilience::verdict::{Decision, Kind};
use contactgram_wire::foreign::Message;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// How often a call is made whose turn came and that was told to wait all the same.
const TURNS: u32 = 3;

/// A call in the bot's name.
#[derive(Debug)]
pub(crate) struct OwnCall<'c> {
    pub method: &'c str,
    /// An object.
    pub params: Value,
}

/// Why a call brought nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Its turn was too far away; it was not made.
    Turn(Error),
    /// What the upstream did.
    Call(CallError),
}

impl Hub {
    /// Sends a draft by the upstream; answers its `Message` as it was written.
    pub(crate) async fn send_upstream(
        &self,
        gateway: &Gateway,
        (view, once): (View, Option<Once>),
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
        let begun = match once {
            None => None,
            Some(Once { key, fingerprint }) => {
                match self.begin_once(gateway.account(), key, Some(fingerprint)).await? {
                    Known::First(begun) => Some((begun, fingerprint)),
                    Known::Before { answer, .. } => {
                        return serde_json::from_str(&answer).map_err(Error::internal);
                    }
                }
            }
        };
        let call = OwnCall { method, params: Value::Object(params) };
        let result = self.call_upstream_once(gateway, &call, begun).await?;
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
        let call = OwnCall { method, params: Value::Object(params) };
        self.call_upstream_once(gateway, &call, None).await
    }

    async fn call_upstream_once(
        &self,
        gateway: &Gateway,
        call: &OwnCall<'_>,
        begun: Option<(Begun, [u8; 32])>,
    ) -> Result<String, Error> {
        let passing = call.passing();
        match self.call_paced(gateway, (call, &passing), How::PACED).await {
            Ok(answer) => {
                let result = answer.result.get().to_owned();
                let kept = serde_json::to_string(&Answer::json(result.clone())).map_err(Error::internal)?;
                let ended =
                    begun.as_ref().map(|(begun, fingerprint)| Note::Key(begun.ended(*fingerprint, kept)));
                self.keep_sent(gateway, (call.about(), &result), ended).await;
                Ok(result)
            }
            Err(failed) => {
                if let Some((begun, _)) = begun
                    && !failed.may_have_acted()
                {
                    self.forget_once(begun).await;
                }
                match failed {
                    Failed::Turn(error) => Err(error),
                    Failed::Call(error) => {
                        if let (CallError::Blocked(_), Some(chat)) = (&error, call.about().chat) {
                            self.keep_blocked(gateway, chat).await;
                        }
                        Err(refused(&error))
                    }
                }
            }
        }
    }

    /// Calls when the turn has come, and again when the upstream asks for a wait that is short enough.
    pub(crate) async fn call_paced(
        &self,
        gateway: &Gateway,
        (call, passing): (&OwnCall<'_>, &Passing),
        how: How,
    ) -> Result<bot::Answer, Failed> {
        let begun = Instant::now();
        let mut ticket = gateway.turn(passing, None).await.map_err(Failed::Turn)?;
        let mut turns = 1;
        loop {
            match gateway.upstream().call(call.method, &call.params, how).await {
                Err(CallError::Wait { retry_after }) => {
                    self.keep_wait(gateway, passing, retry_after).await;
                    let left = gateway.longest.saturating_sub(begun.elapsed());
                    if turns == TURNS || how == How::ONCE {
                        return Err(Failed::Call(CallError::Wait { retry_after }));
                    }
                    turns += 1;
                    ticket = gateway.turn_again(ticket, passing, left).await.map_err(Failed::Turn)?;
                }
                done => return done.map_err(Failed::Call),
            }
        }
    }
}

impl OwnCall<'_> {
    fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.params.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(Cow::Borrowed(text)),
            other => Some(Cow::Owned(other.to_string())),
        }
    }

    /// What flood control goes by.
    pub(crate) fn passing(&self) -> Passing {
        Passing::new(&self.method.to_ascii_lowercase(), self.param("chat_id").as_deref())
    }

    /// What its answer is kept by.
    pub(crate) fn about(&self) -> About {
        About::read(self.method, |name| self.param(name))
    }
}

impl Failed {
    /// Whether the upstream may have done it all the same.
    pub(crate) fn may_have_acted(&self) -> bool {
        match self {
            Failed::Call(CallError::Unknown(_)) => true,
            Failed::Call(CallError::Failing(refusal)) => refusal.decide(Kind::Send) == Decision::Unknown,
            Failed::Call(_) | Failed::Turn(_) => false,
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
