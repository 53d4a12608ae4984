//! What a request may end in, as the public taxonomy of failures. There is no HTTP in it: `http` has the
//! one place that turns these into codes and texts. Inner causes are logged here, never handed out.

use contactgram_connector::local::Refusal;
use contactgram_model::scope::Scope;
use contactgram_store::StoreError;
use contactgram_wire::BadRequest;
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A text that is part of the interface: client libraries compare some of them.
pub type Text = Cow<'static, str>;

/// Why a request was not done. Texts go behind the words that each code begins with. Its `Debug` is for logs: a text that was put
/// together is not in it, as that may hold a caller's words.
#[derive(Clone, PartialEq, Eq)]
pub enum Error {
    /// A parameter is missing or wrong; the text names it.
    BadRequest(Text),
    /// The credential opens nothing (any more).
    Unauthorized,
    /// The credential may not, or the recipient refuses.
    Forbidden(Text),
    /// The credential lacks this scope.
    Lacks(Scope),
    /// No such thing for this account.
    NotFound(Text),
    /// Two consumers of one cursor, or a key in use.
    Conflict(Text),
    /// A sync token that is too old.
    Gone(Text),
    /// `If-Match` no longer holds.
    PreconditionFailed(Text),
    /// An idempotency key came back with another request.
    Unprocessable(Text),
    /// Too many requests; wait so many seconds.
    TooMany {
        /// Seconds.
        retry_after: i64,
    },
    /// Can't be done now; nothing was done.
    Unavailable {
        /// Why, in the caller's terms.
        text: Text,
        /// Seconds.
        retry_after: i64,
    },
    /// Our fault. The cause is in the log, under the request's id.
    Internal,
}

impl Error {
    /// A 400 with a fixed text.
    pub const fn bad(text: &'static str) -> Error {
        Error::BadRequest(Cow::Borrowed(text))
    }

    /// A 404 with a fixed text.
    pub const fn missing(text: &'static str) -> Error {
        Error::NotFound(Cow::Borrowed(text))
    }

    /// A 503 for so long; a part of a second counts as one.
    pub fn unavailable(text: impl Into<Text>, wait: Duration) -> Error {
        Error::Unavailable { text: text.into(), retry_after: whole_seconds(wait) }
    }

    /// A 429 for so long.
    pub fn too_many(wait: Duration) -> Error {
        Error::TooMany { retry_after: whole_seconds(wait) }
    }

    /// For what can't happen: logged with what it was.
    pub fn internal(what: impl fmt::Display + 'static) -> Error {
        match (&what as &dyn Any).downcast_ref::<serde_json::Error>() {
            // It quotes what it could not read, and that is somebody's.
            Some(json) => tracing::error!(
                error = "JSON of our own can't be read or written",
                kind = ?json.classify(),
                line = json.line(),
                column = json.column(),
                "internal error"
            ),
            None => tracing::error!(error = %what, "internal error"),
        }
        Error::Internal
    }
}

/// A literal holds nothing but our own words.
fn own(text: &Text) -> &str {
    match text {
        Cow::Borrowed(text) => text,
        Cow::Owned(_) => "(withheld)",
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = |name: &str, text| f.debug_tuple(name).field(&own(text)).finish();
        match self {
            Error::BadRequest(text) => told("BadRequest", text),
            Error::Forbidden(text) => told("Forbidden", text),
            Error::NotFound(text) => told("NotFound", text),
            Error::Conflict(text) => told("Conflict", text),
            Error::Gone(text) => told("Gone", text),
            Error::PreconditionFailed(text) => told("PreconditionFailed", text),
            Error::Unprocessable(text) => told("Unprocessable", text),
            Error::Unauthorized => f.write_str("Unauthorized"),
            Error::Lacks(scope) => f.debug_tuple("Lacks").field(scope).finish(),
            Error::TooMany { retry_after } => {
                f.debug_struct("TooMany").field("retry_after", retry_after).finish()
            }
            Error::Unavailable { text, retry_after } => f
                .debug_struct("Unavailable")
                .field("text", &own(text))
                .field("retry_after", retry_after)
                .finish(),
            Error::Internal => f.write_str("Internal"),
        }
    }
}

/// Rounded up: who comes again at the second told must not be too early.
fn whole_seconds(wait: Duration) -> i64 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    i64::try_from(seconds).unwrap_or(i64::MAX).max(1)
}

impl From<BadRequest> for Error {
    fn from(bad: BadRequest) -> Error {
        Error::BadRequest(bad.0)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        match refusal {
            Refusal::BadRequest(text) => Error::bad(text),
            Refusal::Forbidden(text) => Error::Forbidden(Cow::Borrowed(text)),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        let unavailable =
            |text: &'static str, retry_after| Error::Unavailable { text: text.into(), retry_after };
        match error {
            StoreError::Full => {
                tracing::error!("the store is full");
                unavailable("the store is full", 30)
            }
            StoreError::InDoubt => {
                tracing::error!("a commit's outcome is unknown");
                unavailable(
                    "the store did not say whether it kept this; repeat it with the same Idempotency-Key",
                    1,
                )
            }
            // The store says so itself, once: a line for each refusal would cost more than the refusal.
            StoreError::Overloaded => unavailable("the store is busy", 1),
            error if error.is_passing() => {
                // Who lost runs again as a rule; the store says when that was in vain.
                if error == StoreError::Retry {
                    tracing::debug!(%error, "the store is busy");
                } else {
                    tracing::warn!(%error, "the store is busy");
                }
                unavailable("the store is busy", 1)
            }
            error => Error::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_has_our_own_words_and_no_callers() {
        let ours = Error::unavailable("the store is busy", Duration::from_secs(1));
        assert_eq!(format!("{ours:?}"), "Unavailable { text: \"the store is busy\", retry_after: 1 }");
        let theirs = Error::BadRequest(format!("unsupported start tag \"{}\"", "ann").into());
        assert_eq!(format!("{theirs:?}"), "BadRequest(\"(withheld)\")");
    }
}
