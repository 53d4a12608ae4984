//! PostgreSQL's SQLSTATEs and broken connections as kinds of [`StoreError`]. Used by everything in
//! `postgres/`. Constraint names and row details stay out of errors and logs: they may hold personal data.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::StoreError;

pub(super) fn store_error(error: Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        return without_answer(&error);
    };
    let kind = kind(db);
    match kind {
        StoreError::Unique | StoreError::Constraint => {
            tracing::debug!(
                code = db.code().code(),
                constraint = db.constraint(),
                "PostgreSQL refused a row"
            );
        }
        StoreError::Retry => tracing::debug!(code = db.code().code(), "PostgreSQL asks to run again"),
        _ => tracing::warn!(code = db.code().code(), message = db.message(), "PostgreSQL reported an error"),
    }
    kind
}

/// The outcome of a failed COMMIT. Only an answer that names another reason than a shutdown proves that
/// nothing was kept.
pub(super) fn commit_error(error: Error) -> StoreError {
    match store_error(error) {
        StoreError::Closed | StoreError::Rule(_) => StoreError::InDoubt,
        other => other,
    }
}

/// An error with its causes in one line, for start-up messages.
pub(super) fn sentence(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => db.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

fn without_answer(error: &Error) -> StoreError {
    let broken_pipe = error.source().is_some_and(|cause| cause.is::<std::io::Error>());
    if error.is_closed() || broken_pipe {
        tracing::warn!(error = sentence(error), "the connection to PostgreSQL is lost");
        return StoreError::Closed;
    }
    StoreError::Rule(sentence(error))
}

fn kind(error: &DbError) -> StoreError {
    let code = error.code();
    if is_stale_plan(error) {
        return StoreError::Retry;
    }
    match code.code() {
        "23505" => StoreError::Unique,
        _ if code.code().starts_with("23") => StoreError::Constraint,
        "40001" | "40P01" => StoreError::Retry,
        // lock_timeout, statement_timeout
        "55P03" | "57014" => StoreError::Busy,
        "53100" => StoreError::Full,
        "53300" => StoreError::Overloaded,
        // Shutdowns, crashes and idle time-outs: the connection is gone with the transaction.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => StoreError::Closed,
        "25006" => StoreError::Rule("a write where only reading is possible".to_owned()),
        other => StoreError::Other(format!("PostgreSQL: {} ({other})", error.message())),
    }
}

/// "cached plan must not change result type": another process has migrated the schema. It has no SQLSTATE
/// of its own.
fn is_stale_plan(error: &DbError) -> bool {
    *error.code() == SqlState::FEATURE_NOT_SUPPORTED && error.routine() == Some("RevalidateCachedQuery")
}
