//! Opens SQLite connections with the settings the promises rest on, and refuses to start without them.
//! Called once for the writer and when a reader is first needed. It creates the data file and its folder
//! for the owner only, and leaves the permissions of existing ones alone.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::store_error;
use crate::{Options, R, StoreError};

/// 3.51.3: older ones can corrupt a WAL database when a checkpoint races with a write.
const OLDEST_SQLITE: i32 = 3_051_003;
/// Distinct statements a connection keeps prepared.
const STATEMENTS: usize = 256;
/// A WAL that a long read made grow is cut back to this many bytes at the next restart of the log.
const WAL_LIMIT: i64 = 64 << 20;
/// How much of the data file is read where the kernel holds it, in bytes, instead of being copied page by page: all of it, as far
/// as SQLite was built to allow (`.cargo/config.toml`; elsewhere it allows 2 GiB). A disk that fails a read then ends the process
/// instead of one request.
const MAPPED: i64 = if cfg!(target_pointer_width = "64") { 1 << 40 } else { 256 << 20 };

/// The one connection that writes. Foreign keys are still off: migrations need them off, the caller turns
/// them on with [`enforce_foreign_keys`].
pub(super) fn writer(path: &Path, options: &Options) -> R<Connection> {
    check_version(rusqlite::version_number())?;
    create(path)?;
    let connection = connect(path, options, options.cache_kib)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(store_error)?;
    if mode != "wal" {
        return Err(StoreError::Unsafe(format!(
            "SQLite can't keep a write-ahead log at {} (journal_mode is {mode}): use a local file system",
            path.display()
        )));
    }
    let settings = format!(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA journal_size_limit = {WAL_LIMIT};"
    );
    connection.execute_batch(&settings).map_err(store_error)?;
    let synchronous: i64 =
        connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(store_error)?;
    if synchronous < 2 {
        return Err(StoreError::Unsafe("SQLite refuses synchronous=FULL".to_owned()));
    }
    settle(&connection)?;
    Ok(connection)
}

/// Puts what the log holds on the disk before anything is answered from it. A process that crashed, above all
/// one that ended after a failed fsync, may have left transactions there that only the page cache has; a
/// repeated request finds them done, writes nothing, and would be acknowledged. Syncing the log anew would not
/// help: the kernel forgets what it failed to write. So its pages are written once more, to the data file.
fn settle(connection: &Connection) -> R<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(store_error)
}

pub(super) fn enforce_foreign_keys(connection: &Connection) -> R<()> {
    connection.execute_batch("PRAGMA foreign_keys = ON").map_err(store_error)
}

/// A connection that can't write. The file must exist.
pub(super) fn reader(path: &Path, options: &Options) -> R<Connection> {
    let connection = connect(path, options, options.cache_kib / 4)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(store_error)?;
    Ok(connection)
}

/// The connection that moves the log into the data file while the writer writes. The file must exist.
pub(super) fn beside(path: &Path, options: &Options) -> R<Connection> {
    let connection = connect(path, options, 64)?;
    connection.execute_batch("PRAGMA synchronous = FULL").map_err(store_error)?;
    Ok(connection)
}

fn check_version(number: i32) -> R<()> {
    if number < OLDEST_SQLITE {
        return Err(StoreError::Unsafe(format!(
            "SQLite {}.{}.{} is too old: 3.51.3 or newer is needed to keep data safe",
            number / 1_000_000,
            number / 1_000 % 1_000,
            number % 1_000
        )));
    }
    Ok(())
}

fn connect(path: &Path, options: &Options, cache_kib: u32) -> R<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    connection.busy_timeout(options.lock_wait).map_err(store_error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else SQLite plans a statement anew whenever a bound value that its plan might depend on has changed,
    // which is each call of whatever compares, ranges or limits: more work than most calls themselves.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(store_error)?;
    let settings =
        format!("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache_kib}; PRAGMA mmap_size = {MAPPED};");
    connection.execute_batch(&settings).map_err(store_error)?;
    Ok(connection)
}

/// SQLite gives the log beside the file the file's own permissions.
fn create(path: &Path) -> R<()> {
    let refused = |error: std::io::Error| {
        StoreError::Unsafe(format!("the data file {} can't be opened for writing: {error}", path.display()))
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refused)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(refused)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_old_sqlite_is_refused_by_name() {
        let refused = check_version(3_051_002).unwrap_err().to_string();
        assert!(refused.contains("3.51.2"), "{refused}");
        assert_eq!(check_version(3_051_003), Ok(()));
    }

    #[test]
    fn file_and_folder_belong_to_the_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data/cg.db");
        let writer = writer(&path, &Options::default()).unwrap();
        writer.execute_batch("CREATE TABLE t (a)").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&home.path().join("data/cg.db-wal")), 0o600);
    }

    #[test]
    fn a_path_that_is_a_folder_is_one_clear_line() {
        let home = tempfile::tempdir().unwrap();
        let refused = writer(home.path(), &Options::default()).unwrap_err();
        assert!(matches!(refused, StoreError::Unsafe(_)), "{refused:?}");
    }
}
