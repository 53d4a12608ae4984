//! What can go wrong between an operation and its database: one type for both engines. Operations and
//! the hub decide by kind, never by a constraint's name (the engines name them differently).
//! Display texts are for logs and start-up messages, never for an API caller.

/// A failure of the store. Kinds mean the same on both engines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A unique or primary key already holds this value.
    #[error("a unique constraint refused the row")]
    Unique,
    /// A foreign key, NOT NULL or CHECK constraint refused the row.
    #[error("a constraint refused the row")]
    Constraint,
    /// Someone else held a lock for longer than [`Options::lock_wait`](crate::Options::lock_wait).
    #[error("the database is locked by someone else")]
    Busy,
    /// A deadlock or serialisation failure that stayed after the bounded number of reruns.
    #[error("the transaction lost against others too often")]
    Retry,
    /// No room on the disk, or the disk refuses writes. Nothing was kept; reading still works.
    #[error("the disk is full or refuses writes")]
    Full,
    /// The writers' queue is full, or that for connections or scans; or nobody's turn came within
    /// [`Options::wait`](crate::Options::wait).
    #[error("too many callers are waiting for the store")]
    Overloaded,
    /// The caller's closure panicked. Nothing of it was kept.
    #[error("an operation panicked")]
    Panic,
    /// The connection died while COMMIT was under way: the write may or may not be kept.
    #[error("the connection was lost during COMMIT: the outcome is unknown")]
    InDoubt,
    /// The store is closed, or its database cannot be reached. Nothing was kept.
    #[error("the store is closed or cannot be reached")]
    Closed,
    /// [`Tx::one`](crate::Tx) found no row.
    #[error("no such row")]
    NotFound,
    /// A stored value that no version of the program writes.
    #[error("corrupt value in {table}.{column} of row {key}")]
    Corrupt { table: &'static str, column: &'static str, key: String },
    /// The database, its settings or its version would break a promise: refused at start.
    #[error("{0}")]
    Unsafe(String),
    /// The data belongs to a newer version of the program.
    #[error("this data was written by a newer contactgram (schema {found}, this one knows {known})")]
    Newer { found: i64, known: i64 },
    /// A migration that is already applied has another text now.
    #[error("migration {version} ({name}) differs from the one that was applied to this data")]
    Changed { version: i64, name: String },
    /// The operation itself is written wrongly: a column read as another type, a wrong number of
    /// parameters, a write through a reading door.
    #[error("misuse of the store: {0}")]
    Rule(String),
    /// Anything else the engine reports, in its own words.
    #[error("{0}")]
    Other(String),
}

impl StoreError {
    /// For operations that decode a column: the value at `table.column` of row `key` makes no sense.
    pub fn corrupt(table: &'static str, column: &'static str, key: impl ToString) -> Self {
        StoreError::Corrupt { table, column, key: key.to_string() }
    }

    /// Whether the same call may succeed a little later, unchanged. [`StoreError::InDoubt`] is not one of
    /// these: repeating it may act twice.
    pub fn is_passing(&self) -> bool {
        use StoreError::*;
        matches!(self, Busy | Retry | Full | Overloaded | Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::StoreError;

    #[test]
    fn a_newer_schema_is_reported_with_both_numbers() {
        let text = StoreError::Newer { found: 12, known: 3 }.to_string();
        assert_eq!(text, "this data was written by a newer contactgram (schema 12, this one knows 3)");
    }

    #[test]
    fn an_unknown_outcome_is_never_called_passing() {
        assert!(!StoreError::InDoubt.is_passing());
        assert!(StoreError::Full.is_passing());
    }
}
