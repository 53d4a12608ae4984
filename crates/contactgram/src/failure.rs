//! Why a command was not done: one sentence for standard error. Called by every command through `?`.
//! It never carries a token, and inner causes are left to the log.

use std::{fmt, io};

use contactgram_hub::Error;
use contactgram_store::StoreError;

/// One sentence.
#[derive(Debug)]
pub struct Failure(String);

/// What a command ends with.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Puts what was being done in front.
    pub fn while_doing(what: impl fmt::Display, error: impl fmt::Display) -> Failure {
        Failure(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Failure {
    fn from(sentence: String) -> Failure {
        Failure(sentence)
    }
}

impl From<&str> for Failure {
    fn from(sentence: &str) -> Failure {
        Failure(sentence.to_owned())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure(format!("the answer can't be written as JSON: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(match error {
            Error::BadRequest(text)
            | Error::Forbidden(text)
            | Error::NotFound(text)
            | Error::Conflict(text)
            | Error::Gone(text)
            | Error::PreconditionFailed(text)
            | Error::Unprocessable(text)
            | Error::Unavailable { text, .. } => text.into_owned(),
            Error::Lacks(scope) => format!("the credential lacks the scope {}", scope.name()),
            Error::Unauthorized => "the credential opens nothing".to_owned(),
            Error::TooMany { retry_after } => format!("too many requests; try again in {retry_after} s"),
            Error::Internal => "the server's own fault; the line above says more".to_owned(),
        })
    }
}
