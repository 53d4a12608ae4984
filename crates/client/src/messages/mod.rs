//! Messages: send, read, search, change, remove. `Client::messages` begins here. What else can be sent is a method's name
//! away: `Client::call`.

mod chat;
mod history;
mod message;
mod new;

use contactgram_model::MessageId;
use futures_util::Stream;
use serde_json::{Value, json};

pub use chat::ChatRef;
pub use history::{Direction, MessagePage, MessageQuery};
pub use message::{Chat, Message, SharedContact};
pub use new::{NewMessage, ParseMode};

use crate::client::Client;
use crate::error::Result;
use crate::send::request::{Request, part};

/// The messages of the account. Made by [`Client::messages`].
#[derive(Debug, Clone, Copy)]
pub struct Messages<'a> {
    pub(crate) client: &'a Client,
}

impl<'a> Messages<'a> {
    /// Sends a message, once: its idempotency key goes along with every try.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// use contactgram_client::NewMessage;
    ///
    /// let sent = client.messages().send(NewMessage::html(1234567890, "<b>Hello</b> John!")).await?;
    /// println!("{}", sent.message_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::Error::Forbidden) when the recipient blocked the account,
    /// [`Error::OutcomeUnknown`](crate::Error::OutcomeUnknown) when nobody can say whether it was sent.
    pub async fn send(&self, message: NewMessage) -> Result<Message> {
        let request = Request::post("sendMessage", "sendMessage", message.key.clone());
        self.client.send(request.json(&message.params)?).await?.result()
    }

    /// A page of history, the newest first unless the query says otherwise.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(&self, query: &MessageQuery) -> Result<MessagePage> {
        let answer = self.client.send(query.request()).await?;
        MessagePage::of(&answer)
    }

    /// The first page of the messages that match some words.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn search(&self, words: impl Into<String>) -> Result<MessagePage> {
        self.list(&MessageQuery::default().search(words)).await
    }

    /// All messages that a query selects, page by page as they are asked for. It ends with its first error.
    ///
    /// Messages that come in meanwhile are neither shown nor make others come twice.
    pub fn all(&self, query: MessageQuery) -> impl Stream<Item = Result<Message>> + Send + use<> {
        history::stream(self.client.clone(), query)
    }

    /// One message.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) when there is none.
    pub async fn get(&self, chat: impl Into<ChatRef>, id: MessageId) -> Result<Message> {
        let path = format!("messages/{}/{id}", part(&chat.into().to_string()));
        self.client.send(Request::get("messages/{chat_id}/{message_id}", path)).await?.result()
    }

    /// Changes the text of a message that the account sent.
    ///
    /// # Errors
    /// [`Error::BadRequest`](crate::Error::BadRequest) when there is none, or it says that already.
    pub async fn edit_text(
        &self,
        chat: impl Into<ChatRef>,
        id: MessageId,
        text: impl Into<String>,
    ) -> Result<Message> {
        let params = json!({"chat_id": chat.into(), "message_id": id, "text": text.into()});
        self.method("editMessageText", &params).await?.result()
    }

    /// Removes a message for all.
    ///
    /// # Errors
    /// [`Error::BadRequest`](crate::Error::BadRequest) when there is none, or it may not be removed.
    pub async fn delete(&self, chat: impl Into<ChatRef>, id: MessageId) -> Result<()> {
        self.method("deleteMessage", &json!({"chat_id": chat.into(), "message_id": id})).await.map(drop)
    }

    async fn method(&self, name: &'static str, params: &Value) -> Result<crate::send::answer::Answer> {
        self.client.send(Request::post(name, name, None).json(params)?).await
    }
}
