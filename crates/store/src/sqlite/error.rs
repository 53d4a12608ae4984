//! SQLite's result codes as kinds of [`StoreError`]. Used by everything in `sqlite/`. A failed fsync is not
//! turned into an error: it ends the process, see [`end_process_after_failed_fsync`].

use rusqlite::{Error, ErrorCode, ffi};

use crate::StoreError;

/// Exit status after a failed fsync: EX_IOERR of sysexits.
const EXIT_IO_ERROR: i32 = 74;

pub(super) fn store_error(error: Error) -> StoreError {
    let Error::SqliteFailure(code, message) = error else {
        return StoreError::Rule(error.to_string());
    };
    if is_failed_fsync(&code) {
        end_process_after_failed_fsync();
    }
    let kind = kind(&code);
    let message = message.unwrap_or_else(|| code.to_string());
    if kind == StoreError::Constraint || kind == StoreError::Unique {
        tracing::debug!(code = code.extended_code, message, "SQLite refused a row");
        return kind;
    }
    tracing::warn!(code = code.extended_code, message, "SQLite reported an error");
    match kind {
        StoreError::Other(_) => StoreError::Other(format!("SQLite: {message}")),
        kind => kind,
    }
}

fn kind(error: &ffi::Error) -> StoreError {
    match error.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            return StoreError::Unique;
        }
        // A quota or file size limit answers here; SQLite says FULL only for ENOSPC.
        ffi::SQLITE_IOERR_WRITE => return StoreError::Full,
        _ => {}
    }
    match error.code {
        ErrorCode::ConstraintViolation => StoreError::Constraint,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy,
        ErrorCode::DiskFull => StoreError::Full,
        ErrorCode::ReadOnly => StoreError::Rule("a write where only reading is possible".to_owned()),
        _ => StoreError::Other(String::new()),
    }
}

fn is_failed_fsync(error: &ffi::Error) -> bool {
    matches!(error.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// After a failed fsync the kernel may have dropped the pages and call the next fsync a success: nothing
/// this process could still answer would be true. A new process reads what really is on the disk.
fn end_process_after_failed_fsync() -> ! {
    tracing::error!(
        "fsync failed: the disk can't be trusted, ending the process so that nothing is acknowledged"
    );
    std::process::exit(EXIT_IO_ERROR);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(extended: i32) -> ffi::Error {
        ffi::Error::new(extended)
    }

    #[test]
    fn codes_become_kinds() {
        assert_eq!(kind(&code(ffi::SQLITE_CONSTRAINT_PRIMARYKEY)), StoreError::Unique);
        assert_eq!(kind(&code(ffi::SQLITE_CONSTRAINT_FOREIGNKEY)), StoreError::Constraint);
        assert_eq!(kind(&code(ffi::SQLITE_BUSY_SNAPSHOT)), StoreError::Busy);
        assert_eq!(kind(&code(ffi::SQLITE_FULL)), StoreError::Full);
        assert_eq!(kind(&code(ffi::SQLITE_IOERR_WRITE)), StoreError::Full);
    }

    #[test]
    fn only_failed_fsyncs_are_fatal() {
        assert!(is_failed_fsync(&code(ffi::SQLITE_IOERR_FSYNC)));
        assert!(is_failed_fsync(&code(ffi::SQLITE_IOERR_DIR_FSYNC)));
        assert!(!is_failed_fsync(&code(ffi::SQLITE_IOERR_WRITE)));
        assert!(!is_failed_fsync(&code(ffi::SQLITE_FULL)));
    }
}
