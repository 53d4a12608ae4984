//! What changes in data that come back from a backup: numbers that were given since then must not be given again for something else,
//! and what may have been done since then must not be done again. Called once, before the data are used.

use crate::{R, Sql, Tx, p};
use contactgram_model::Timestamp;

static NUMBERS: Sql = Sql::new(
    "UPDATE counters SET message_id = message_id + $1, update_id = update_id + $1, \
     contact_version = contact_version + $1, sync_floor = contact_version + $1",
);
// 0 queued, 1 sending, 4 unknown.
static OUTBOX: Sql = Sql::new(
    "UPDATE outbox SET state = 4, updated_at = $1, error = $2 \
     WHERE state = 1 OR (state = 0 AND (send_at IS NULL OR send_at <= $1))",
);
// 0 running, 1 paused.
static BROADCASTS: Sql = Sql::new("UPDATE broadcasts SET state = 1, updated_at = $1 WHERE state = 0");
static SESSIONS: Sql = Sql::new("DELETE FROM access_sessions");
static LINKS: Sql = Sql::new("DELETE FROM access_links");
static CODES: Sql = Sql::new("DELETE FROM oauth_codes");
static POLLERS: Sql = Sql::new("UPDATE upstreams SET poller = 0, polled_until = 0");

/// More than any mailbox counts on between a backup and its use, and little beside the 2³¹ that clients read. It is also so far
/// that an offset from before is taken for another log's: what was confirmed after the backup is shown again, and nothing new
/// is passed over.
const JUMP: i64 = 1_000_000;

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Entries of the outbox that may have been sent since the backup.
    pub unknown: u64,
    /// Broadcasts that wait for somebody to go on with them.
    pub paused: u64,
    /// Sessions that were ended.
    pub sessions: u64,
}

/// Changes it.
pub fn settle(tx: &mut dyn Tx, now: Timestamp) -> R<Settled> {
    tx.execute(&NUMBERS, p![JUMP])?;
    let unknown = tx.execute(&OUTBOX, p![now, "it may have been sent after the backup"])?;
    let paused = tx.execute(&BROADCASTS, p![now])?;
    let sessions = tx.execute(&SESSIONS, &[])?;
    tx.execute(&LINKS, &[])?;
    tx.execute(&CODES, &[])?;
    tx.execute(&POLLERS, &[])?;
    Ok(Settled { unknown, paused, sessions })
}
