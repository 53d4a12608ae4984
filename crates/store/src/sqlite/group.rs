//! Runs what the writer took from the queue: all jobs in one transaction with a savepoint each and one
//! COMMIT, then answers them. Where the shared transaction fails, each runs again alone, so that no caller
//! pays for a neighbour. It never answers before the COMMIT has returned.

use rusqlite::Connection;

use super::error::store_error;
use super::tx::SqliteTx;
use crate::job::{Job, Verdict};
use crate::{R, StoreError};

/// Why the shared transaction came to nothing.
enum Failure {
    /// It never began: the same for every job.
    Begin(StoreError),
    /// It was begun and is lost; alone each job may still succeed.
    Lost,
}

/// Runs and answers every job whose caller still waits.
pub(super) fn run(connection: &Connection, mut jobs: Vec<Box<dyn Job>>) {
    jobs.retain(|job| !job.gone());
    if jobs.len() > 1 {
        match together(connection, &mut jobs) {
            Ok(()) => return jobs.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(Failure::Begin(error)) => {
                return jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
            }
            Err(Failure::Lost) => undo(connection),
        }
    }
    let mut locked_out = false;
    for mut job in jobs {
        if job.gone() {
            continue;
        }
        // Waiting for the same lock once for each job would take minutes.
        let fate = if locked_out { Err(StoreError::Busy) } else { alone(connection, job.as_mut()) };
        locked_out = fate == Err(StoreError::Busy);
        job.answer(fate);
    }
}

fn together(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    mark(connection, "BEGIN IMMEDIATE").map_err(Failure::Begin)?;
    for job in jobs {
        one_of_many(connection, job.as_mut()).map_err(|_| Failure::Lost)?;
        // A full disk, among others, ends the whole transaction inside a statement; what ran on would
        // commit by itself.
        if connection.is_autocommit() {
            return Err(Failure::Lost);
        }
    }
    mark(connection, "COMMIT").map_err(|_| Failure::Lost)
}

fn one_of_many(connection: &Connection, job: &mut dyn Job) -> R<()> {
    mark(connection, "SAVEPOINT job")?;
    let verdict = job.run(&mut SqliteTx::writing(connection));
    if connection.is_autocommit() {
        return Ok(());
    }
    if verdict == Verdict::Undo {
        mark(connection, "ROLLBACK TO job")?;
    }
    mark(connection, "RELEASE job")
}

fn alone(connection: &Connection, job: &mut dyn Job) -> R<()> {
    mark(connection, "BEGIN IMMEDIATE")?;
    if job.run(&mut SqliteTx::writing(connection)) == Verdict::Undo {
        undo(connection);
        return Ok(());
    }
    mark(connection, "COMMIT").inspect_err(|_| undo(connection))
}

fn undo(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    if let Err(error) = mark(connection, "ROLLBACK") {
        tracing::error!(%error, "SQLite refuses to roll back");
    }
}

fn mark(connection: &Connection, statement: &'static str) -> R<()> {
    let mut statement = connection.prepare_cached(statement).map_err(store_error)?;
    statement.raw_execute().map(drop).map_err(store_error)
}
