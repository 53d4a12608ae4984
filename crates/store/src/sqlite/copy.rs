//! A copy of a data file that is in use, and a look at one that somebody brings. Used by backups alone. The copy is one
//! state of the data: writers go on beside it, into a log that can't begin anew until it is made.

use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::store_error;
use crate::{Options, R, StoreError};

/// Writes the data as they are now into a new file, whole and without gaps, and on the disk.
pub(crate) fn save(path: &Path, to: &Path) -> R<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    connection.busy_timeout(Options::default().lock_wait).map_err(store_error)?;
    let target = to.to_str().ok_or_else(|| StoreError::Other("the file's name is no text".to_owned()))?;
    connection.execute("VACUUM INTO ?1", [target]).map_err(store_error)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|error| StoreError::Other(error.to_string()))?;
    check(to)
}

/// Refuses what is no whole data file.
pub(crate) fn check(path: &Path) -> R<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(store_error)?;
    match found.as_str() {
        "ok" => Ok(()),
        fault => Err(StoreError::Unsafe(format!("{} is damaged: {fault}", path.display()))),
    }
}
