//! Runs one closure on one connection: begins, commits or rolls back, and runs it again where PostgreSQL
//! asks for that or the connection died before COMMIT. For a thread that may block. A COMMIT whose outcome
//! is unknown is never repeated.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio_postgres::Client;

use super::connect::Connection;
use super::error::{commit_error, store_error};
use super::pool::Pool;
use super::tx::PostgresTx;
use crate::job::guarded;
use crate::{R, StoreError, Tx};

/// Runs of one closure at most. A deadlock takes the server a second to notice.
const TRIES: u32 = 5;

/// What a closure may see and do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A transaction.
    Write,
    /// No transaction: each statement by itself.
    Read,
    /// A snapshot that can't write.
    Scan,
}

/// Whether another run may help.
enum End<T, E> {
    Done(Result<T, E>),
    Again(Result<T, E>),
}

/// The caller holds a slot of `pool`.
pub(super) fn run<T, E: From<StoreError>>(
    pool: &Pool,
    mode: Mode,
    f: impl Fn(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, E> {
    let mut tries = 1;
    loop {
        let connection = pool.handle.block_on(pool.take())?;
        match once(pool, connection, mode, &f) {
            End::Done(outcome) => return outcome,
            End::Again(outcome) if tries == TRIES => return outcome,
            End::Again(_) => std::thread::sleep(pause(tries)),
        }
        tries += 1;
    }
}

fn once<T, E: From<StoreError>>(
    pool: &Pool,
    mut connection: Connection,
    mode: Mode,
    f: &impl Fn(&mut dyn Tx) -> Result<T, E>,
) -> End<T, E> {
    if let Err(error) = begin(pool, &connection.client, mode) {
        // Nothing has run: a fresh connection is as good.
        return if error == StoreError::Closed {
            End::Again(Err(error.into()))
        } else {
            End::Done(Err(error.into()))
        };
    }
    let mut tx = PostgresTx::new(&pool.handle, &mut connection, mode == Mode::Write);
    let outcome = guarded(&mut tx, f);
    let broken = tx.broken().cloned();
    if broken == Some(StoreError::Closed) {
        return End::Again(outcome);
    }
    if broken == Some(StoreError::Retry) {
        connection.forget_statements();
    }
    let finish = match (&outcome, mode) {
        (_, Mode::Read) => Ok(()),
        (Ok(_), _) => send(pool, &connection.client, "COMMIT").map_err(commit_error),
        (Err(_), _) => send(pool, &connection.client, "ROLLBACK").map_err(store_error),
    };
    match finish {
        Ok(()) => {
            pool.give(connection);
            if broken == Some(StoreError::Retry) { End::Again(outcome) } else { End::Done(outcome) }
        }
        // The dropped connection takes its transaction along; the closure's own error stands.
        Err(_) if outcome.is_err() => End::Done(outcome),
        Err(StoreError::InDoubt) => End::Done(Err(StoreError::InDoubt.into())),
        // A COMMIT that was refused has ended the transaction.
        Err(error) => {
            pool.give(connection);
            let retry = error == StoreError::Retry;
            let outcome = Err(error.into());
            if retry { End::Again(outcome) } else { End::Done(outcome) }
        }
    }
}

fn begin(pool: &Pool, client: &Client, mode: Mode) -> R<()> {
    let statement = match mode {
        Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        Mode::Scan => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Mode::Read => return Ok(()),
    };
    send(pool, client, statement).map_err(store_error)
}

fn send(pool: &Pool, client: &Client, statement: &str) -> Result<(), tokio_postgres::Error> {
    pool.handle.block_on(client.batch_execute(statement))
}

/// 5, 10, 20, 40 ms, each between half and one and a half of that, so that two losers part ways.
fn pause(tries: u32) -> Duration {
    let base = 5_000_u64 << (tries - 1).min(6);
    let random = RandomState::new().hash_one(tries);
    Duration::from_micros(base / 2 + random % base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_in_their_bounds() {
        for tries in 1..TRIES {
            let (pause, base) = (pause(tries), Duration::from_millis(5 << (tries - 1)));
            assert!(pause >= base / 2 && pause < base * 3 / 2, "{tries}: {pause:?}");
        }
    }
}
