//! Brings a PostgreSQL database to the newest schema: each migration in a transaction of its own, under an
//! advisory lock, so that several processes may start at once. Called before the pools exist.

use tokio_postgres::Client;

use super::error::store_error;
use crate::migrate::{Applied, CREATE_TABLE, Migration, RECORD, SELECT_APPLIED, next};
use crate::{Dialect, R};

/// The transaction's lock is any fixed number that nothing else uses: the letters `cgmigr`. Another process
/// may migrate for minutes, so the ordinary limits are off.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '15min'; SET LOCAL statement_timeout = 0; \
    SELECT pg_advisory_xact_lock(109304415119218);";

/// Applies what is missing. After an error the connection is of no further use.
pub(super) async fn run(client: &Client, migrations: &[Migration]) -> R<()> {
    while step(client, migrations).await? {}
    Ok(())
}

/// One transaction; false when nothing was left to do.
async fn step(client: &Client, migrations: &[Migration]) -> R<bool> {
    batch(client, BEGIN).await?;
    batch(client, CREATE_TABLE).await?;
    let Some(migration) = next(migrations, &applied(client).await?, Dialect::Postgres)? else {
        batch(client, "COMMIT").await?;
        return Ok(false);
    };
    tracing::info!(version = migration.version, name = migration.name, "applying a migration");
    batch(client, migration.postgres).await?;
    let checksum = migration.checksum(Dialect::Postgres);
    client
        .execute(RECORD.postgres()?, &[&migration.version, &migration.name, &checksum])
        .await
        .map_err(store_error)?;
    batch(client, "COMMIT").await?;
    Ok(true)
}

async fn applied(client: &Client) -> R<Vec<Applied>> {
    let rows = client.query(SELECT_APPLIED.postgres()?, &[]).await.map_err(store_error)?;
    rows.iter()
        .map(|row| Ok(Applied { version: row.try_get(0)?, name: row.try_get(1)?, checksum: row.try_get(2)? }))
        .collect::<Result<_, _>>()
        .map_err(store_error)
}

async fn batch(client: &Client, sql: &str) -> R<()> {
    client.batch_execute(sql).await.map_err(store_error)
}
