//! A message to be sent: what sendMessage takes. Checked by the server, which names the parameter that is wrong.

use contactgram_model::MessageId;
use serde_json::{Map, Value, json};

use super::chat::ChatRef;

/// A text, and where it goes.
///
/// ```
/// use contactgram_client::NewMessage;
///
/// let plain = NewMessage::text("@john_doe", "Hello!").silent();
/// let reply = NewMessage::html(1234567890, "<i>Gladly.</i>").reply_to(contactgram_client::MessageId(7));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    pub(crate) params: Map<String, Value>,
    pub(crate) key: Option<String>,
}

/// How formatting is written in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseMode {
    /// `<b>…</b>`.
    Html,
    /// `*…*`.
    MarkdownV2,
}

impl NewMessage {
    /// A text as it is: 1 to 4096 characters.
    pub fn text(chat: impl Into<ChatRef>, text: impl Into<String>) -> NewMessage {
        let params = Map::from_iter([
            ("chat_id".to_owned(), json!(chat.into())),
            ("text".to_owned(), Value::String(text.into())),
        ]);
        NewMessage { params, key: None }
    }

    /// A text with HTML.
    pub fn html(chat: impl Into<ChatRef>, text: impl Into<String>) -> NewMessage {
        NewMessage::text(chat, text).parse_mode(ParseMode::Html)
    }

    /// Says how formatting is written in the text.
    #[must_use]
    pub fn parse_mode(self, mode: ParseMode) -> NewMessage {
        let name = match mode {
            ParseMode::Html => "HTML",
            ParseMode::MarkdownV2 => "MarkdownV2",
        };
        self.set("parse_mode", name)
    }

    /// As a reply to a message of the same chat.
    #[must_use]
    pub fn reply_to(self, message: MessageId) -> NewMessage {
        self.set("reply_parameters", json!({"message_id": message}))
    }

    /// With a keyboard, as the Bot API's `reply_markup` has it.
    #[must_use]
    pub fn reply_markup(self, markup: Value) -> NewMessage {
        self.set("reply_markup", markup)
    }

    /// Without a sound.
    #[must_use]
    pub fn silent(self) -> NewMessage {
        self.set("disable_notification", true)
    }

    /// So that it can't be forwarded or copied.
    #[must_use]
    pub fn protected(self) -> NewMessage {
        self.set("protect_content", true)
    }

    /// Sets any other parameter of sendMessage.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> NewMessage {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    /// With an idempotency key of your own (1 to 255 visible characters), instead of one that is made for the call: within
    /// 24 hours one message is sent for it, in however many calls and processes.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> NewMessage {
        self.key = Some(key.into());
        self
    }
}
