//! The tokens of one grant, to be kept between two runs of an application. They are never shown by `{:?}`.

use std::fmt;

use contactgram_model::clock::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};

/// An access token, and what renews it.
///
/// It is `Serialize` so that an application can keep it where it keeps other secrets. A refresh token is good once: keep the
/// tokens anew whenever [`ClientBuilder::on_new_tokens`](crate::ClientBuilder::on_new_tokens) hands over others.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tokens {
    /// Opens the API.
    pub access_token: String,
    /// For the next access token; good once. An application's own grant has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// When the access token ends, in Unix seconds.
    pub expires_at: i64,
    /// What it may do: names of scopes with blanks between them.
    #[serde(default)]
    pub scope: String,
}

/// Success of the token endpoint (RFC 6749, 5.1).
#[derive(Deserialize)]
pub(super) struct Answered {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    expires_in: i64,
    #[serde(default)]
    scope: String,
}

impl Tokens {
    /// `kept` is the refresh token that goes on when the answer has none.
    pub(super) fn of(answered: Answered, kept: Option<String>) -> Tokens {
        Tokens {
            access_token: answered.access_token,
            refresh_token: answered.refresh_token.or(kept),
            expires_at: SystemClock.now().saturating_add(answered.expires_in),
            scope: answered.scope,
        }
    }

    /// Seconds that the access token has left.
    pub(super) fn left(&self) -> i64 {
        self.expires_at.saturating_sub(SystemClock.now())
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Tokens");
        shown.field("expires_at", &self.expires_at).field("scope", &self.scope).finish_non_exhaustive()
    }
}
