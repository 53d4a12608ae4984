//! Brings an SQLite file to the newest schema: each migration in a transaction of its own, foreign keys off
//! while it runs and checked before it commits. Two processes at once are safe: BEGIN IMMEDIATE lets one in.
//! Called before the writer thread starts.

use rusqlite::Connection;

use super::error::store_error;
use crate::migrate::{Applied, CREATE_TABLE, Migration, RECORD, SELECT_APPLIED, next};
use crate::{Dialect, R, StoreError};

/// Applies what is missing. Foreign keys must be off.
pub(super) fn run(connection: &Connection, migrations: &[Migration]) -> R<()> {
    while step(connection, migrations).inspect_err(|_| roll_back(connection))? {}
    Ok(())
}

/// One transaction; false when nothing was left to do.
fn step(connection: &Connection, migrations: &[Migration]) -> R<bool> {
    batch(connection, "BEGIN IMMEDIATE")?;
    batch(connection, CREATE_TABLE)?;
    let Some(migration) = next(migrations, &applied(connection)?, Dialect::Sqlite)? else {
        batch(connection, "COMMIT")?;
        return Ok(false);
    };
    tracing::info!(version = migration.version, name = migration.name, "applying a migration");
    batch(connection, migration.sqlite)?;
    let checksum = migration.checksum(Dialect::Sqlite);
    connection
        .execute(RECORD.sqlite()?, (migration.version, migration.name, checksum))
        .map_err(store_error)?;
    let orphan = connection.prepare("PRAGMA foreign_key_check").and_then(|mut check| check.exists([]));
    if orphan.map_err(store_error)? {
        tracing::error!(version = migration.version, "a migration leaves rows without their parents");
        return Err(StoreError::Constraint);
    }
    batch(connection, "COMMIT")?;
    Ok(true)
}

fn applied(connection: &Connection) -> R<Vec<Applied>> {
    let mut statement = connection.prepare(SELECT_APPLIED.sqlite()?).map_err(store_error)?;
    let rows = statement
        .query_map([], |row| Ok(Applied { version: row.get(0)?, name: row.get(1)?, checksum: row.get(2)? }));
    rows.and_then(|rows| rows.collect()).map_err(store_error)
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = batch(connection, "ROLLBACK")
    {
        tracing::warn!(%error, "a failed migration would not roll back; closing the file does");
    }
}

fn batch(connection: &Connection, sql: &str) -> R<()> {
    connection.execute_batch(sql).map_err(store_error)
}
