//! A message as history and updates show it, read leniently: an account at Telegram has kinds and fields that nobody here
//! knows yet, and none of them may stop the rest from being read.

use contactgram_model::{ChatId, MessageId, UserId};
use contactgram_wire::user::User;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// A `Message` of the Bot API. What has no field here is in [`Message::more`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// As the account counts.
    pub message_id: MessageId,
    /// Who wrote it; nobody, in channels.
    pub from: Option<User>,
    /// Where.
    pub chat: Chat,
    /// When, in Unix seconds.
    pub date: i64,
    /// When it was last edited.
    pub edit_date: Option<i64>,
    /// What it says.
    pub text: Option<String>,
    /// What stands by its file.
    pub caption: Option<String>,
    /// The contact that it shares.
    pub contact: Option<SharedContact>,
    /// What it replies to.
    pub reply_to_message: Option<Box<Message>>,
    /// All else, as it came: `photo`, `entities`, `reply_markup` …
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A `Chat` of the Bot API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Chat {
    /// Positive for a private chat.
    pub id: ChatId,
    /// `private`, `group`, `supergroup` or `channel`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a group or channel.
    pub title: Option<String>,
    /// Without the `@`.
    pub username: Option<String>,
    /// Of the other side of a private chat.
    pub first_name: Option<String>,
    /// Of the other side of a private chat.
    pub last_name: Option<String>,
}

/// A contact inside a message. Without the scope `contacts:private` its number and vCard are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SharedContact {
    /// As the sender gave it; the `+` may be missing.
    pub phone_number: Option<String>,
    /// Never empty.
    pub first_name: String,
    /// If there is one.
    pub last_name: Option<String>,
    /// Equal to the sender's id when the number is the sender's own.
    pub user_id: Option<UserId>,
    /// At most 2048 bytes.
    pub vcard: Option<String>,
}

impl Message {
    /// A field of [`Message::more`] as what you know it to be.
    ///
    /// ```no_run
    /// # fn example(message: contactgram_client::Message) -> contactgram_client::Result<()> {
    /// use contactgram_client::wire::file::Media;
    ///
    /// if let Some(document) = message.field::<Media>("document")? {
    ///     println!("{:?}", document.file_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Decode`] when it is something else.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(value) = self.more.get(name) else { return Ok(None) };
        T::deserialize(value).map(Some).map_err(|why| Error::decode(format!("{name}: {why}")))
    }
}
