//! Runs what the writer took from the queue: all jobs in one transaction and one COMMIT, then answers them.
//! A job that must be undone by itself has the others run again, each behind a savepoint; where the shared
//! transaction fails, each runs alone: no caller pays for a neighbour. It never answers before the COMMIT
//! has returned.

use super::error::store_error;
use super::kept::Kept;
use super::tx::SqliteTx;
use crate::figures::Meter;
use crate::job::{Job, Verdict};
use crate::{R, Sql, StoreError};
use std::time::Instant;

static BEGIN: Sql = Sql::new("BEGIN IMMEDIATE");
static COMMIT: Sql = Sql::new("COMMIT");
static ROLLBACK: Sql = Sql::new("ROLLBACK");
static SAVEPOINT: Sql = Sql::new("SAVEPOINT job");
static RELEASE: Sql = Sql::new("RELEASE job");
static ROLLBACK_TO: Sql = Sql::new("ROLLBACK TO job");

/// Whether each job of a group can be undone by itself. A savepoint has SQLite keep a copy of each page that
/// the job changes, which costs a fifth of a write, and hardly any job fails once it has written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoints {
    With,
    Without,
}

/// Why the shared transaction came to nothing.
enum Failure {
    /// It never began: the same for every job.
    Begin(StoreError),
    /// A job failed that had written, without a savepoint to go back to.
    Entangled,
    /// It was begun and is lost; alone each job may still succeed.
    Lost,
}

/// Runs and answers every job whose caller still waits.
pub(super) fn run(kept: &Kept<'_>, mut jobs: Vec<Box<dyn Job>>, meter: &Meter) {
    jobs.retain(|job| !job.gone());
    let (writes, begun) = (jobs.len(), Instant::now());
    if writes > 0 {
        answer(kept, jobs, meter);
        meter.group(writes, begun.elapsed());
    }
}

fn answer(kept: &Kept<'_>, mut jobs: Vec<Box<dyn Job>>, meter: &Meter) {
    if jobs.len() > 1 {
        let mut outcome = together(kept, &mut jobs, Savepoints::Without);
        if matches!(outcome, Err(Failure::Entangled)) {
            undo(kept);
            outcome = together(kept, &mut jobs, Savepoints::With);
        }
        match outcome {
            Ok(()) => return jobs.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(Failure::Begin(error)) => {
                meter.failed(jobs.len());
                return jobs.into_iter().for_each(|job| job.answer(Err(error.clone())));
            }
            Err(Failure::Entangled | Failure::Lost) => undo(kept),
        }
    }
    let mut locked_out = false;
    for mut job in jobs {
        if job.gone() {
            continue;
        }
        // Waiting for the same lock once for each job would take minutes.
        let fate = if locked_out { Err(StoreError::Busy) } else { alone(kept, job.as_mut()) };
        locked_out = fate == Err(StoreError::Busy);
        meter.failed(usize::from(fate.is_err()));
        job.answer(fate);
    }
}

fn together(kept: &Kept<'_>, jobs: &mut [Box<dyn Job>], savepoints: Savepoints) -> Result<(), Failure> {
    mark(kept, &BEGIN).map_err(Failure::Begin)?;
    for job in jobs {
        match savepoints {
            Savepoints::With => behind_savepoint(kept, job.as_mut()).map_err(|_| Failure::Lost)?,
            Savepoints::Without => among_others(kept, job.as_mut())?,
        }
        // A full disk, among others, ends the whole transaction inside a statement; what ran on would
        // commit by itself.
        if kept.connection().is_autocommit() {
            return Err(Failure::Lost);
        }
    }
    mark(kept, &COMMIT).map_err(|_| Failure::Lost)
}

fn among_others(kept: &Kept<'_>, job: &mut dyn Job) -> Result<(), Failure> {
    let mut tx = SqliteTx::writing(kept);
    match job.run(&mut tx) {
        Verdict::Undo if tx.wrote() => Err(Failure::Entangled),
        _ => Ok(()),
    }
}

fn behind_savepoint(kept: &Kept<'_>, job: &mut dyn Job) -> R<()> {
    mark(kept, &SAVEPOINT)?;
    let verdict = job.run(&mut SqliteTx::writing(kept));
    if kept.connection().is_autocommit() {
        return Ok(());
    }
    if verdict == Verdict::Undo {
        mark(kept, &ROLLBACK_TO)?;
    }
    mark(kept, &RELEASE)
}

fn alone(kept: &Kept<'_>, job: &mut dyn Job) -> R<()> {
    mark(kept, &BEGIN)?;
    if job.run(&mut SqliteTx::writing(kept)) == Verdict::Undo {
        undo(kept);
        return Ok(());
    }
    mark(kept, &COMMIT).inspect_err(|_| undo(kept))
}

fn undo(kept: &Kept<'_>) {
    if kept.connection().is_autocommit() {
        return;
    }
    if let Err(error) = mark(kept, &ROLLBACK) {
        tracing::error!(%error, "SQLite refuses to roll back");
    }
}

fn mark(kept: &Kept<'_>, statement: &'static Sql) -> R<()> {
    kept.lend(statement)?.raw_execute().map(drop).map_err(store_error)
}
