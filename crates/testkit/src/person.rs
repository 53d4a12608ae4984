//! A person of the local connector: writes, presses and reads through the admin API as a user would in an
//! app. Made by `TestServer::person`.

use serde_json::{Value, json};

use crate::{Answer, Client};

/// Somebody on the other side of a chat.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: i64,
    admin: Client,
}

impl Person {
    pub(crate) fn from_json(admin: Client, made: &Value) -> Person {
        let id = made["id"].as_i64().unwrap_or_else(|| panic!("a person has an id: {made}"));
        Person { id, admin }
    }

    /// Writes to an account or a group and returns the Message as the person sees it.
    pub async fn write(&self, to: i64, text: &str) -> Value {
        self.act("write", json!({"to": to, "text": text})).await.result()
    }

    /// Presses a button of a message that `account` sent, by the account's own message id.
    /// Returns the callback query's id.
    pub async fn press(&self, account: i64, message_id: i64, data: &str) -> String {
        let body = json!({"to": account, "message_id": message_id, "data": data, "seen_by": account});
        let pressed = self.act("press", body).await.result();
        let id = pressed["callback_query_id"].as_str().expect("a press makes a callback query");
        id.to_owned()
    }

    /// What is on the person's screen in the chat with `chat_id`, newest first.
    pub async fn screen(&self, chat_id: i64) -> Vec<Value> {
        let path = format!("people/{}/messages?chat_id={chat_id}&limit=100", self.id);
        let result = self.admin.get(&path).await.result();
        let messages = result.get("messages").unwrap_or(&result);
        messages.as_array().unwrap_or_else(|| panic!("a list of messages: {result}")).clone()
    }

    /// Any other deed: `edit`, `share`, `join`, `leave`, `block`, `unblock`.
    pub async fn act(&self, deed: &str, body: Value) -> Answer {
        self.admin.post(&format!("people/{}/{deed}", self.id), body).await
    }
}
