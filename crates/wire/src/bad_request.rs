//! The one refusal that parsing knows: a 400 whose text names what is wrong.
//! Made by every parser of this crate and by the hub; `http` puts it behind "Bad Request: ".
//! It never carries a status code or a secret.

use std::borrow::Cow;

/// Why a request can't be taken, as the Bot API words it, without the "Bad Request: " in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRequest(pub Cow<'static, str>);

impl BadRequest {
    /// A refusal with a fixed text.
    pub const fn new(text: &'static str) -> BadRequest {
        BadRequest(Cow::Borrowed(text))
    }

    /// A refusal whose text is put together, such as one that quotes a field's name.
    pub fn of(text: impl Into<String>) -> BadRequest {
        BadRequest(Cow::Owned(text.into()))
    }
}
