//! PostgreSQL's SQLSTATEs and broken connections as kinds of [`StoreError`]. Used by everything in
//! `postgres/`. Constraint names and row details stay out of errors and logs: they may hold personal data.

use std::error::Error as _;
use std::io;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorResponseBody;
use tokio_postgres::Error;

use crate::StoreError;

/// What the server says of an error.
#[derive(Debug, Default)]
pub(super) struct Report {
    code: String,
    pub message: String,
    constraint: Option<String>,
    routine: Option<String>,
}

impl Report {
    pub(super) fn read(body: &ErrorResponseBody) -> Report {
        let mut report = Report::default();
        let mut fields = body.fields();
        // The letters are those of the protocol's error fields.
        while let Ok(Some(field)) = fields.next() {
            let value = || String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'C' => report.code = value(),
                b'M' => report.message = value(),
                b'n' => report.constraint = Some(value()),
                b'R' => report.routine = Some(value()),
                _ => {}
            }
        }
        report
    }

    /// Its kind, noted in the log.
    pub(super) fn into_error(self) -> StoreError {
        let kind = self.kind();
        let code = self.code.as_str();
        match kind {
            StoreError::Unique | StoreError::Constraint => {
                tracing::debug!(code, constraint = self.constraint, "PostgreSQL refused a row");
            }
            StoreError::Retry => tracing::debug!(code, "PostgreSQL asks to run again"),
            _ => tracing::warn!(code, message = self.message, "PostgreSQL reported an error"),
        }
        kind
    }

    fn kind(&self) -> StoreError {
        if self.is_stale_plan() {
            return StoreError::Retry;
        }
        match self.code.as_str() {
            "23505" => StoreError::Unique,
            code if code.starts_with("23") => StoreError::Constraint,
            "40001" | "40P01" => StoreError::Retry,
            // lock_timeout, statement_timeout
            "55P03" | "57014" => StoreError::Busy,
            "53100" => StoreError::Full,
            "53300" => StoreError::Overloaded,
            // Shutdowns, crashes and idle time-outs: the connection is gone with the transaction.
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => StoreError::Closed,
            "25006" => StoreError::Rule("a write where only reading is possible".to_owned()),
            other => StoreError::Other(format!("PostgreSQL: {} ({other})", self.message)),
        }
    }

    /// "cached plan must not change result type": another process has migrated the schema. It has no SQLSTATE
    /// of its own.
    fn is_stale_plan(&self) -> bool {
        self.code == "0A000" && self.routine.as_deref() == Some("RevalidateCachedQuery")
    }
}

/// A connection that broke.
pub(super) fn lost(error: &io::Error) -> StoreError {
    tracing::warn!(%error, "the connection to PostgreSQL is lost");
    StoreError::Closed
}

/// The outcome of a failed COMMIT. Only an answer that names another reason than a shutdown proves that
/// nothing was kept.
pub(super) fn commit_error(error: StoreError) -> StoreError {
    match error {
        StoreError::Closed | StoreError::Rule(_) => StoreError::InDoubt,
        other => other,
    }
}

/// What goes wrong on the connection that opens the database.
pub(super) fn store_error(error: Error) -> StoreError {
    if let Some(db) = error.as_db_error() {
        let report = Report {
            code: db.code().code().to_owned(),
            message: db.message().to_owned(),
            constraint: db.constraint().map(str::to_owned),
            routine: db.routine().map(str::to_owned),
        };
        return report.into_error();
    }
    let broken_pipe = error.source().is_some_and(|cause| cause.is::<io::Error>());
    if error.is_closed() || broken_pipe {
        tracing::warn!(error = sentence(&error), "the connection to PostgreSQL is lost");
        return StoreError::Closed;
    }
    StoreError::Rule(sentence(&error))
}

/// An error with its causes in one line, for start-up messages.
pub(super) fn sentence(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => db.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
