//! What can go wrong, as one enum that says what to do about it. Made by the sending loop and by whoever reads answers.
//! No variant holds a credential, and none is retried by whoever makes it.

use std::sync::Arc;
use std::time::Duration;

/// What a call of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call has no result.
///
/// What may help when it is tried again was tried again already, as the [`Policy`](crate::Policy) says;
/// [`Error::is_retryable`] says whether the same call makes sense later.
///
/// `description` is the server's own text, such as `Bad Request: chat not found`. It may name what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client was set up in a way that can't work. Nothing was sent.
    #[error("the client is set up wrongly: {0}")]
    Setup(String),

    /// 400: a parameter is missing or wrong.
    #[error("{description}")]
    BadRequest {
        /// The server's text.
        description: String,
        /// The parameter that is wrong, where the server names one.
        field: Option<String>,
        /// The chat became this supergroup: ask there from now on. Only of bots on Telegram.
        migrate_to_chat_id: Option<i64>,
    },

    /// 401: the credential opens nothing. With OAuth2, a new access token was tried already.
    #[error("{description}")]
    Unauthorized {
        /// The server's text.
        description: String,
    },

    /// 403: the credential may not do this, or the recipient blocked the account.
    #[error("{description}")]
    Forbidden {
        /// The server's text.
        description: String,
        /// The scope that the credential lacks, where that is why.
        scope: Option<String>,
    },

    /// 404: there is no such contact, message, route or method.
    #[error("{description}")]
    NotFound {
        /// The server's text.
        description: String,
    },

    /// 409: somebody else is at it: another poller, or a request with the same idempotency key.
    #[error("{description}")]
    Conflict {
        /// The server's text.
        description: String,
    },

    /// 410: the sync token is too old. Begin anew, without one.
    #[error("{description}")]
    Gone {
        /// The server's text.
        description: String,
    },

    /// 412: somebody changed it since it was read. Read it again, and decide anew.
    #[error("{description}")]
    PreconditionFailed {
        /// The server's text.
        description: String,
    },

    /// Any other refusal: 405, 413, 415, 422, 431 …
    #[error("{description} ({status})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's text.
        description: String,
    },

    /// 429, longer or more often than the policy has patience for.
    #[error("{description}")]
    TooMany {
        /// The server's text.
        description: String,
        /// What the server asks to wait, if it says.
        retry_after: Option<Duration>,
    },

    /// 500 to 599, until the policy gave up.
    #[error("{description} ({status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// The server's text, or its status' name where something in between answered.
        description: String,
        /// What the server asks to wait, if it says.
        retry_after: Option<Duration>,
    },

    /// The circuit breaker is open: the server failed too often just now, and nothing was sent.
    #[error("the server failed too often: nothing is sent to it for {} ms", retry_after.as_millis())]
    CircuitOpen {
        /// When to ask again, at the earliest.
        retry_after: Duration,
    },

    /// The call took longer than [`Policy::deadline`](crate::Policy::deadline).
    #[error("no answer within {} ms", after.as_millis())]
    Deadline {
        /// The time it had.
        after: Duration,
    },

    /// The server could not be reached, or the connection ended before the answer did.
    #[error("{}", if *sent { "the connection ended before the answer" } else { "the server can't be reached" })]
    Transport {
        /// Whether the request, or part of it, may have reached the server.
        sent: bool,
        /// What the network says.
        #[source]
        source: Cause,
    },

    /// A request that acts was sent, and no answer says whether it did. It is done or not.
    ///
    /// Don't just call again: that would make another idempotency key, and may act twice. Call again with
    /// [this key](Error::OutcomeUnknown::idempotency_key) within 24 hours (it acts once then), or look first.
    #[error("it may have been done or not: {source}")]
    OutcomeUnknown {
        /// The key that the request had, if it had one.
        idempotency_key: Option<String>,
        /// What happened last.
        #[source]
        source: Box<Error>,
    },

    /// The authorization server refused (RFC 6749, 5.2), such as `invalid_grant`: the user has to sign in again.
    #[error("{code}: {description}")]
    OAuth {
        /// `error`.
        code: String,
        /// `error_description`.
        description: String,
        /// The HTTP status; none where what a person came back with is the refusal.
        status: Option<u16>,
    },

    /// An answer came that isn't what this crate knows.
    #[error("the answer can't be read: {what}")]
    Decode {
        /// What was expected, and why it isn't that.
        what: String,
    },
}

/// What the network says of a failure. The address that was asked for is left out: it may hold personal data.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl Cause {
    pub(crate) fn of(error: reqwest::Error) -> Cause {
        Cause(Arc::new(error.without_url()))
    }

    pub(crate) fn timeout() -> Cause {
        Cause(Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut)))
    }
}

impl Error {
    /// Whether the same call may succeed later, and does no harm if it is made again.
    ///
    /// False for [`Error::OutcomeUnknown`]: that takes its idempotency key.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Error::TooMany { .. }
                | Error::Unavailable { .. }
                | Error::CircuitOpen { .. }
                | Error::Deadline { .. }
                | Error::Transport { .. }
        )
    }

    /// How long the server (or the circuit breaker) asks to wait, where it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::TooMany { retry_after, .. } | Error::Unavailable { retry_after, .. } => *retry_after,
            Error::CircuitOpen { retry_after } => Some(*retry_after),
            Error::OutcomeUnknown { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// The HTTP status behind it, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        Some(match self {
            Error::BadRequest { .. } => 400,
            Error::Unauthorized { .. } => 401,
            Error::Forbidden { .. } => 403,
            Error::NotFound { .. } => 404,
            Error::Conflict { .. } => 409,
            Error::Gone { .. } => 410,
            Error::PreconditionFailed { .. } => 412,
            Error::TooMany { .. } => 429,
            Error::Refused { status, .. } | Error::Unavailable { status, .. } => *status,
            Error::OAuth { status, .. } => return *status,
            Error::OutcomeUnknown { source, .. } => return source.status(),
            _ => return None,
        })
    }

    pub(crate) fn decode(what: impl std::fmt::Display) -> Error {
        Error::Decode { what: what.to_string() }
    }

    /// In one word, for logs: without the server's text, which may name people.
    pub(crate) fn word(&self) -> String {
        match (self, self.status()) {
            (Error::OAuth { code, .. }, _) => code.clone(),
            (_, Some(status)) => status.to_string(),
            (Error::CircuitOpen { .. }, _) => "circuit_open".to_owned(),
            (Error::Deadline { .. }, _) => "deadline".to_owned(),
            (Error::Transport { sent: false, .. }, _) => "unreachable".to_owned(),
            (Error::Transport { sent: true, .. }, _) => "lost_reply".to_owned(),
            (Error::OutcomeUnknown { source, .. }, _) => source.word(),
            (Error::Decode { .. }, _) => "unreadable".to_owned(),
            _ => "setup".to_owned(),
        }
    }
}
