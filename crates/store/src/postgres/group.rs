//! Runs the jobs of one writer: many in one transaction with one COMMIT, or one alone. It says what became of
//! each and answers nobody: that is `writers`', once it knows that the COMMIT has returned.

use super::line::{Aim, Line};
use super::locks::Locks;
use super::run::{TRIES, pause};
use super::tx::PostgresTx;
use crate::job::{Job, Verdict};
use crate::{Sql, StoreError, Tx};

static BEGIN: Sql = Sql::new("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
/// A group that holds locks may wait only shortly for others: they might wait for its own.
static IMPATIENT: Sql = Sql::new("SET LOCAL lock_timeout = 100");
static SAVEPOINT: Sql = Sql::new("SAVEPOINT job");
static ROLLBACK_TO: Sql = Sql::new("ROLLBACK TO job");
static RELEASE: Sql = Sql::new("RELEASE job");

/// A job with what became of it.
pub(super) struct Entry {
    pub key: i64,
    pub job: Box<dyn Job>,
    pub end: End,
    /// Mailboxes to lock before the next run.
    wanted: Vec<i64>,
    /// Runs that PostgreSQL asked to repeat.
    losses: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// It was not decided: it runs again.
    Again,
    /// What it wrote is kept.
    Kept,
    /// What it wrote is undone, for the reason that the job itself gives.
    Undone,
    /// The transaction came to nothing, or nobody knows.
    Failed(StoreError),
}

/// How jobs share a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// As if none failed after having written. If one does, all is undone.
    Bare,
    /// With a savepoint each.
    Savepoints,
}

/// Why a shared transaction came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection is lost, before COMMIT.
    Gone,
    /// Something in it was refused.
    Lost,
}

impl Entry {
    pub(super) fn new(key: i64, job: Box<dyn Job>) -> Entry {
        Entry { key, job, end: End::Again, wanted: Vec::new(), losses: 0 }
    }

    pub(super) fn answer(self) {
        self.job.answer(match self.end {
            End::Kept | End::Undone => Ok(()),
            End::Failed(error) => Err(error),
            End::Again => Err(StoreError::Retry),
        });
    }

    /// To run once more with these locks taken first, unless that happened too often.
    fn again(&mut self, locks: Vec<i64>, counts: bool) {
        self.wanted = locks;
        self.losses += u32::from(counts);
        self.end = End::Again;
        if self.losses >= TRIES {
            tracing::warn!(tries = self.losses, "a write lost against others too often");
            self.end = End::Undone;
        }
    }
}

/// All jobs in one transaction. After an error nothing is kept and no job has ended.
pub(super) fn together(line: &mut Line, jobs: &mut [Entry], sharing: Sharing) -> Result<(), Failure> {
    let mut locks = Locks::default();
    line.begin(Some(&BEGIN)).map_err(|_| failure(line))?;
    for (place, entry) in jobs.iter_mut().enumerate() {
        if place == 1 {
            mark(line, &IMPATIENT)?;
            locks.is_behind = true;
        }
        one_of_many(line, entry, &mut locks, sharing)?;
    }
    match line.commit() {
        Ok(()) => Ok(()),
        Err(StoreError::InDoubt) => {
            let kept = jobs.iter_mut().filter(|entry| entry.end == End::Kept);
            kept.for_each(|entry| entry.end = End::Failed(StoreError::InDoubt));
            Ok(())
        }
        Err(_) => Err(failure(line)),
    }
}

fn one_of_many(
    line: &mut Line,
    entry: &mut Entry,
    locks: &mut Locks,
    sharing: Sharing,
) -> Result<(), Failure> {
    let careful = sharing == Sharing::Savepoints;
    if careful {
        mark(line, &SAVEPOINT)?;
    }
    let ran = run(line, entry, locks, careful);
    if !line.is_open() {
        return Err(Failure::Gone);
    }
    let undo = ran.end != End::Kept;
    if undo && !careful && (ran.wrote || line.is_aborted()) {
        return Err(Failure::Lost);
    }
    if undo && careful {
        mark(line, &ROLLBACK_TO)?;
    }
    entry.end = ran.end;
    match ran.loss {
        Some(Loss::Lock) => entry.again(locks.give_up(), false),
        Some(Loss::Asked) => {
            line.forget_statements();
            entry.again(locks.give_up(), true);
        }
        // Without a savepoint even a job that failed leaves its locks with the transaction.
        None if undo && careful => drop(locks.give_up()),
        None => locks.keep(),
    }
    if careful {
        mark(line, &RELEASE)?;
    }
    Ok(())
}

/// One job in a transaction of its own, as often as PostgreSQL asks for; the answer is what PostgreSQL had
/// against it. [`Failure::Gone`] when it may run again on another connection.
pub(super) fn alone(line: &mut Line, entry: &mut Entry) -> Result<Option<StoreError>, Failure> {
    loop {
        let mut locks = Locks::default();
        line.begin(Some(&BEGIN)).map_err(|_| Failure::Gone)?;
        let mut ran = run(line, entry, &mut locks, false);
        if ran.end == End::Kept
            && let Err(error) = line.commit()
        {
            ran.loss = (error == StoreError::Retry).then_some(Loss::Asked);
            ran.end = End::Failed(error);
        }
        if ran.end == End::Kept || ran.end == End::Failed(StoreError::InDoubt) {
            entry.end = ran.end;
            return Ok(None);
        }
        line.rollback().map_err(|_| Failure::Gone)?;
        entry.end = ran.end;
        let Some(loss) = ran.loss else { return Ok(ran.broken) };
        entry.again(locks.give_up(), true);
        if entry.end != End::Again {
            return Ok(ran.broken);
        }
        if loss == Loss::Asked {
            line.forget_statements();
            std::thread::sleep(pause(entry.losses));
        }
    }
}

/// What one run of a job came to.
struct Ran {
    end: End,
    loss: Option<Loss>,
    broken: Option<StoreError>,
    wrote: bool,
}

/// Why a job shall run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// A lock was somebody else's.
    Lock,
    /// PostgreSQL asks for it: a deadlock, or a plan that is out of date.
    Asked,
}

/// Runs a job once; with `settle`, all that it wrote is known to be accepted.
fn run(line: &mut Line, entry: &mut Entry, locks: &mut Locks, settle: bool) -> Ran {
    let mut tx = PostgresTx::writing(line, locks);
    let mut end = match tx.lock_first(&mut entry.wanted) {
        Err(error) => End::Failed(error),
        Ok(()) => match entry.job.run(&mut tx) {
            Verdict::Keep => End::Kept,
            Verdict::Undo => End::Undone,
        },
    };
    if tx.broken().is_none()
        && let Err(error) = tx.settle(settle && end == End::Kept)
    {
        end = End::Failed(error);
    }
    let (wrote, broken) = (tx.has_written(), tx.broken().cloned());
    line.forget_answers();
    let loss = match &broken {
        _ if locks.missed => Some(Loss::Lock),
        // Behind others it had little patience; at the head of a group it has more.
        Some(StoreError::Busy) if locks.is_behind => Some(Loss::Lock),
        Some(StoreError::Retry) => Some(Loss::Asked),
        _ => None,
    };
    Ran { end, loss, broken, wrote }
}

fn mark(line: &mut Line, statement: &'static Sql) -> Result<(), Failure> {
    line.later(statement, &[], Aim::Effect).map_err(|_| failure(line))
}

fn failure(line: &Line) -> Failure {
    if line.is_open() { Failure::Lost } else { Failure::Gone }
}
