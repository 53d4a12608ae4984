//! What a verb answers: the result as JSON, made once inside the transaction, so that an idempotency key
//! can keep it together with its effect and repeat it byte for byte.

use crate::Error;
use contactgram_model::ContactId;
use serde::{Deserialize, Serialize};

/// The answer to a request that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The `result`, as JSON.
    pub result: String,
    /// The `description` that some methods add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The contact that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<ContactId>,
    /// The contact's version, for its ETag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// It was taken, and is done later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
}

impl Answer {
    /// An answer with this JSON as its result.
    pub fn json(result: String) -> Answer {
        Answer { result, description: None, created: None, version: None, accepted: false }
    }

    /// An answer with this value as its result.
    ///
    /// # Errors
    /// [`Error::Internal`] where the value can't be written as JSON.
    pub fn of<T: Serialize>(value: &T) -> Result<Answer, Error> {
        serde_json::to_string(value).map(Answer::json).map_err(Error::internal)
    }

    /// `true`, the result of everything that has nothing to say.
    pub fn yes() -> Answer {
        Answer::json("true".to_owned())
    }

    /// `true` with a description.
    pub fn yes_because(description: &str) -> Answer {
        Answer { description: Some(description.to_owned()), ..Answer::yes() }
    }
}

/// An `Idempotency-Key` with what it was sent with.
#[derive(Debug, Clone)]
pub struct Once {
    /// 1–255 characters.
    pub key: String,
    /// Digest of verb, route and body.
    pub fingerprint: [u8; 32],
}
