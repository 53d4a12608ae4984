//! Runs one reading closure on one connection, and again where PostgreSQL asks for that or the connection
//! died. For a thread that may block. Writes are run by `group`.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::line::Line;
use super::pool::Pool;
use super::tx::PostgresTx;
use crate::job::guarded;
use crate::{Sql, StoreError, Tx};

/// Runs of one closure at most. A deadlock takes the server a second to notice.
pub(super) const TRIES: u32 = 5;

static SNAPSHOT: Sql = Sql::new("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");

/// What a closure may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Each statement by itself.
    Read,
    /// A snapshot.
    Scan,
}

/// The caller holds a slot of `pool`.
pub(super) fn run<T, E: From<StoreError>>(
    pool: &Pool,
    mode: Mode,
    f: impl Fn(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, E> {
    let mut tries = 1;
    loop {
        let mut line = pool.take()?;
        let (outcome, broken) = once(&mut line, mode, &f);
        match broken {
            Some(StoreError::Closed) => pool.drop_idle(),
            Some(StoreError::Retry) => {
                line.forget_statements();
                pool.give(line);
            }
            _ => {
                pool.give(line);
                return outcome;
            }
        }
        if tries == TRIES {
            return outcome;
        }
        std::thread::sleep(pause(tries));
        tries += 1;
    }
}

/// The outcome, and what broke it.
fn once<T, E: From<StoreError>>(
    line: &mut Line,
    mode: Mode,
    f: &impl Fn(&mut dyn Tx) -> Result<T, E>,
) -> (Result<T, E>, Option<StoreError>) {
    if let Err(error) = line.begin((mode == Mode::Scan).then_some(&SNAPSHOT)) {
        return (Err(error.clone().into()), Some(error));
    }
    let mut tx = PostgresTx::reading(line);
    let outcome = guarded(&mut tx, f);
    let broken = tx.broken().cloned();
    if mode == Mode::Scan && line.is_open() {
        // Nothing was written, and what was read is in hand: a connection that refuses is given up.
        let _ = line.rollback();
    }
    (outcome, broken)
}

/// 5, 10, 20, 40 ms, each between half and one and a half of that, so that two losers part ways.
pub(super) fn pause(tries: u32) -> Duration {
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
