//! The methods that this server calls itself, by name.
//! Called by the poller and the setup of an account. Each is one `call`, with the parameters spelt out.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Upstream;
use super::answer::Answer;
use super::call::{CallError, How};
use super::fault::Why;

/// The longest long poll, in seconds.
const LONGEST_POLL: u32 = 50;

/// Parameters of getUpdates.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GetUpdates {
    /// Confirms everything below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// 1–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How long to wait for one, in seconds, up to 50.
    pub timeout: u32,
    /// Which kinds; it persists at the upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_updates: Option<Vec<String>>,
}

/// Parameters of setWebhook.
#[derive(Clone, Default, Serialize)]
pub struct SetWebhook {
    /// Where to post updates.
    pub url: String,
    /// Sent with each as `X-Telegram-Bot-Api-Secret-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_token: Option<String>,
    /// At most so many at once, 1–100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u32>,
    /// Which kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_updates: Option<Vec<String>>,
}

impl Upstream {
    /// getMe: the bot's own user.
    pub async fn get_me(&self) -> Result<Box<RawValue>, CallError> {
        self.call("getMe", &empty(), How::READ).await.map(|answer| answer.result)
    }

    /// getUpdates, once: each update as it was written.
    pub async fn get_updates(&self, asked: &GetUpdates) -> Result<Vec<Box<RawValue>>, CallError> {
        let how = How::poll(asked.timeout.min(LONGEST_POLL));
        let answer = self.call("getUpdates", &object(asked), how).await?;
        serde_json::from_str(answer.result.get()).map_err(|_| CallError::Unknown(Why::Garbled))
    }

    /// setWebhook.
    pub async fn set_webhook(&self, asked: &SetWebhook) -> Result<Answer, CallError> {
        self.call("setWebhook", &object(asked), How::READ).await
    }

    /// deleteWebhook; what waits at the upstream stays there.
    pub async fn delete_webhook(&self) -> Result<Answer, CallError> {
        self.call("deleteWebhook", &empty(), How::READ).await
    }

    /// getWebhookInfo.
    pub async fn get_webhook_info(&self) -> Result<Box<RawValue>, CallError> {
        self.call("getWebhookInfo", &empty(), How::READ).await.map(|answer| answer.result)
    }

    /// getFile: where to download a file.
    pub async fn get_file(&self, file_id: &str) -> Result<Box<RawValue>, CallError> {
        self.call("getFile", &json!({ "file_id": file_id }), How::READ).await.map(|answer| answer.result)
    }
}

fn empty() -> Value {
    Value::Object(Map::new())
}

/// Structs of text, numbers and lists always have a JSON form.
fn object(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_else(|_| empty())
}
