//! Messages: sent, replied to, forwarded, edited, deleted and read back, over the real API.
//! The helpers here serve `people` and `chats` too.

mod copies;
mod delete;
mod edit;
mod encodings;
mod format;
mod history;
mod reply;
mod search;
mod send;
mod sides;

use crate::kit::number;
use contactgram_testkit::{Account, Answer, Client, Value, json};

/// An account's updates, read once each.
pub struct Inbox {
    bot: Client,
    next: i64,
}

impl Inbox {
    pub fn of(account: &Account) -> Inbox {
        Inbox { bot: account.bot(), next: 0 }
    }

    /// The same, asking for these kinds from now on.
    pub async fn asking_for(account: &Account, kinds: &[&str]) -> Inbox {
        let mut inbox = Inbox::of(account);
        let first = inbox.ask(json!({"allowed_updates": kinds})).await;
        assert!(first.is_empty(), "nothing came before: {first:?}");
        inbox.next = 1;
        inbox
    }

    /// What came since the last look.
    pub async fn fresh(&mut self) -> Vec<Value> {
        self.ask(json!({})).await
    }

    /// The only update since the last look, which is of this kind.
    #[track_caller]
    pub fn one(&mut self, kind: &str) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let mut new = self.fresh().await;
            assert!(new.len() == 1 && new[0].get(kind).is_some(), "{place}: not one {kind}: {new:#?}");
            new[0][kind].take()
        }
    }

    async fn ask(&mut self, mut body: Value) -> Vec<Value> {
        body["offset"] = self.next.into();
        let updates = self.bot.call("getUpdates", body).await.result();
        let updates = updates.as_array().expect("updates are a list").clone();
        if let Some(last) = updates.last() {
            self.next = number(&last["update_id"]) + 1;
        }
        updates
    }
}

/// A 400 with this text behind `Bad Request: `.
#[track_caller]
pub fn bad(answer: &Answer, text: &str) {
    assert_eq!(answer.refusal(), (400, format!("Bad Request: {text}")));
}

/// A message's id.
#[track_caller]
pub fn id(message: &Value) -> i64 {
    number(&message["message_id"])
}

/// The texts of a list of messages.
pub fn texts(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().expect("messages are a list");
    messages.iter().map(|message| message["text"].as_str().unwrap_or("-")).collect()
}

/// Sends a text to a chat and answers with the message.
pub async fn send(account: &Account, chat: i64, text: &str) -> Value {
    account.bot().call("sendMessage", json!({"chat_id": chat, "text": text})).await.result()
}
