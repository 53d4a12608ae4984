//! The update log and where its consumers stand. A row is written in the transaction of what it tells.
//! Rows leave from below: when every consumer is past them, or after 24 hours.

use super::counters;
use crate::{R, Sql, Tx, p};
use contactgram_model::webhook::PendingUpdate;
use contactgram_model::{Timestamp, UpdateId, UpdateKind, UpdateKinds, UserId};

/// How long an update waits: 24 hours, in seconds (Bot API, getUpdates).
pub const KEPT_S: i64 = 24 * 3600;
/// Updates forgotten in one transaction, at most.
const FORGOTTEN_AT_ONCE: i64 = 1000;
/// The consumer of getUpdates and setWebhook.
pub const DEFAULT_CONSUMER: &str = "";

static APPEND: Sql = Sql::new(
    "INSERT INTO updates (account_id, update_id, kind, lane, date, body) VALUES ($1, $2, $3, $4, $5, $6)",
);
static OPEN: Sql = Sql::new(
    "INSERT INTO consumers (account_id, name, position, allowed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
);
static CONSUMER: Sql =
    Sql::new("SELECT position, allowed FROM consumers WHERE account_id = $1 AND name = $2");
static STANDING: Sql = Sql::new(
    "SELECT c.position, c.allowed, n.update_id, a.strict, w.account_id IS NOT NULL FROM consumers c \
     JOIN counters n ON n.account_id = c.account_id JOIN accounts a ON a.account_id = c.account_id \
     LEFT JOIN webhooks w ON w.account_id = c.account_id AND w.name = c.name \
     WHERE c.account_id = $1 AND c.name = $2",
);
static ALLOW: Sql = Sql::new("UPDATE consumers SET allowed = $3 WHERE account_id = $1 AND name = $2");
static CONFIRM: Sql =
    Sql::new("UPDATE consumers SET position = $3 WHERE account_id = $1 AND name = $2 AND position < $3");
static READ: Sql = Sql::new(
    "SELECT update_id, body FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 \
     ORDER BY update_id LIMIT $4",
);
static LAST: Sql = Sql::new(
    "SELECT update_id FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 \
     ORDER BY update_id DESC LIMIT 1 OFFSET $4",
);
static PENDING: Sql = Sql::new(
    "SELECT count(*) FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 \
     AND NOT EXISTS (SELECT 1 FROM acknowledged a WHERE a.account_id = updates.account_id \
     AND a.name = $4 AND a.update_id = updates.update_id)",
);
static PENDING_ROWS: Sql = Sql::new(
    "SELECT update_id, lane, date FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 \
     AND NOT EXISTS (SELECT 1 FROM acknowledged a WHERE a.account_id = updates.account_id \
     AND a.name = $4 AND a.update_id = updates.update_id) ORDER BY update_id LIMIT $5",
);
static BODY: Sql = Sql::new("SELECT body FROM updates WHERE account_id = $1 AND update_id = $2");
static ACKNOWLEDGE: Sql = Sql::new(
    "INSERT INTO acknowledged (account_id, name, update_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
);
static FIRST_OPEN: Sql = Sql::new(
    "SELECT update_id FROM updates WHERE account_id = $1 AND update_id >= $2 \
     AND NOT EXISTS (SELECT 1 FROM acknowledged a WHERE a.account_id = updates.account_id \
     AND a.name = $3 AND a.update_id = updates.update_id) ORDER BY update_id LIMIT 1",
);
static FORGET_ACKNOWLEDGED: Sql =
    Sql::new("DELETE FROM acknowledged WHERE account_id = $1 AND name = $2 AND update_id < $3");
static FORGET_OLD: Sql = Sql::new("DELETE FROM updates WHERE date <= $1");
static CONFIRMED: Sql = Sql::new(
    "SELECT c.account_id FROM consumers c WHERE c.name = $1 AND EXISTS \
     (SELECT 1 FROM updates u WHERE u.account_id = c.account_id AND u.update_id < c.position)",
);
static FORGET_CONFIRMED: Sql = Sql::new(
    "DELETE FROM updates WHERE account_id = $1 AND update_id < \
     (SELECT min(position) FROM consumers WHERE account_id = $1) AND update_id < \
     (SELECT min(update_id) FROM updates WHERE account_id = $1) + $2",
);

/// Where a consumer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumer {
    /// The first update it has not confirmed.
    pub position: UpdateId,
    /// What is logged for it.
    pub allowed: UpdateKinds,
}

/// All that getUpdates has to know before it reads an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The default consumer.
    pub consumer: Consumer,
    /// The newest update there ever was: above it there is nothing to read.
    pub newest: UpdateId,
    /// Whether the account is held to Telegram's rules.
    pub strict: bool,
    /// Whether a webhook takes the updates.
    pub has_webhook: bool,
}

/// An update about to be logged.
#[derive(Debug)]
pub struct NewUpdate<'a> {
    /// What it tells.
    pub kind: UpdateKind,
    /// Chat or user: webhooks keep the order within a lane.
    pub lane: i64,
    /// When it happened.
    pub date: Timestamp,
    /// The JSON of its payload.
    pub payload: &'a str,
}

/// Opens the log of a new account for its default consumer.
pub fn open(tx: &mut dyn Tx, account: UserId, first: UpdateId) -> R<()> {
    let usual = UpdateKinds::usual().bits();
    tx.execute(&OPEN, p![account, DEFAULT_CONSUMER, first, usual]).map(drop)
}

/// Logs an update for those who want its kind; `None` when nobody does.
pub fn append(tx: &mut dyn Tx, account: UserId, update: &NewUpdate<'_>) -> R<Option<UpdateId>> {
    if !consumer(tx, account)?.is_some_and(|consumer| consumer.allowed.has(update.kind)) {
        return Ok(None);
    }
    append_wanted(tx, account, update).map(Some)
}

/// Logs an update that the account is known to want.
pub fn append_wanted(tx: &mut dyn Tx, account: UserId, update: &NewUpdate<'_>) -> R<UpdateId> {
    let id = counters::next_update(tx, account)?;
    append_as(tx, account, id, update)?;
    Ok(id)
}

/// Logs an update under an id that the account's counter gave for it.
pub fn append_as(tx: &mut dyn Tx, account: UserId, id: UpdateId, update: &NewUpdate<'_>) -> R<()> {
    let body = format!("{{\"update_id\":{id},\"{}\":{}}}", update.kind.name(), update.payload);
    tx.later(&APPEND, p![account, id, update.kind as u8, update.lane, update.date, body])
}

/// Where the default consumer stands; `None` when there is no such account.
pub fn consumer(tx: &mut dyn Tx, account: UserId) -> R<Option<Consumer>> {
    tx.opt(&CONSUMER, p![account, DEFAULT_CONSUMER], |row| {
        Ok(Consumer { position: UpdateId(row.int(0)?), allowed: UpdateKinds::from_bits(row.int(1)?) })
    })
}

/// Where the default consumer and its log stand; `None` when there is no such account.
pub fn standing(tx: &mut dyn Tx, account: UserId) -> R<Option<Standing>> {
    tx.opt(&STANDING, p![account, DEFAULT_CONSUMER], |row| {
        Ok(Standing {
            consumer: Consumer {
                position: UpdateId(row.int(0)?),
                allowed: UpdateKinds::from_bits(row.int(1)?),
            },
            newest: UpdateId(row.int(2)?),
            strict: row.bool(3)?,
            has_webhook: row.bool(4)?,
        })
    })
}

/// Which kinds are logged from now on.
pub fn allow(tx: &mut dyn Tx, account: UserId, kinds: UpdateKinds) -> R<()> {
    tx.execute(&ALLOW, p![account, DEFAULT_CONSUMER, kinds.bits()]).map(drop)
}

/// Confirms everything below `position`.
pub fn confirm(tx: &mut dyn Tx, account: UserId, position: UpdateId) -> R<()> {
    tx.later(&CONFIRM, p![account, DEFAULT_CONSUMER, position])?;
    tx.later(&FORGET_ACKNOWLEDGED, p![account, DEFAULT_CONSUMER, position])
}

/// Which updates to read.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// From this one on.
    pub from: UpdateId,
    /// Now: what is older than [`KEPT_S`] is as good as gone.
    pub now: Timestamp,
    /// Rows at most.
    pub limit: i64,
}

/// Updates in order, each with its JSON.
pub fn read(tx: &mut dyn Tx, account: UserId, span: Span) -> R<Vec<(UpdateId, String)>> {
    let since = span.now - KEPT_S;
    let params = p![account, span.from, since, span.limit];
    tx.all(&READ, params, |row| Ok((UpdateId(row.int(0)?), row.string(1)?)))
}

/// The update that is `back` before the last one, from `span.from` on.
pub fn nth_last(tx: &mut dyn Tx, account: UserId, span: Span, back: i64) -> R<Option<UpdateId>> {
    let since = span.now - KEPT_S;
    let params = p![account, span.from, since, back];
    tx.opt(&LAST, params, |row| Ok(UpdateId(row.int(0)?)))
}

/// How many updates wait.
pub fn pending(tx: &mut dyn Tx, account: UserId, now: Timestamp) -> R<i64> {
    let Some(consumer) = consumer(tx, account)? else { return Ok(0) };
    let since = now - KEPT_S;
    let params = p![account, consumer.position, since, DEFAULT_CONSUMER];
    tx.one(&PENDING, params, |row| row.int(0))
}

/// Updates that a webhook has not taken yet, in order; their JSON is for [`body`] to bring.
pub fn pending_rows(tx: &mut dyn Tx, account: UserId, span: Span) -> R<Vec<PendingUpdate>> {
    let since = span.now - KEPT_S;
    let params = p![account, span.from, since, DEFAULT_CONSUMER, span.limit];
    tx.all(&PENDING_ROWS, params, |row| {
        Ok(PendingUpdate { id: UpdateId(row.int(0)?), lane: row.int(1)?, date: row.int(2)? })
    })
}

/// The JSON of one update; `None` when it is forgotten.
pub fn body(tx: &mut dyn Tx, account: UserId, id: UpdateId) -> R<Option<String>> {
    tx.opt(&BODY, p![account, id], |row| row.string(0))
}

/// Notes that a webhook took these updates, and moves its position past what is taken without a gap.
pub fn acknowledge(tx: &mut dyn Tx, account: UserId, taken: &[UpdateId]) -> R<()> {
    for id in taken {
        tx.later(&ACKNOWLEDGE, p![account, DEFAULT_CONSUMER, *id])?;
    }
    let Some(consumer) = consumer(tx, account)? else { return Ok(()) };
    // The end of the log before the look for what is open: what is logged in between stays beyond it.
    let end = UpdateId(counters::get(tx, account)?.update_id + 1);
    let params = p![account, consumer.position, DEFAULT_CONSUMER];
    let open = tx.opt(&FIRST_OPEN, params, |row| row.int(0).map(UpdateId))?;
    confirm(tx, account, open.unwrap_or(end))
}

/// Forgets what is older than [`KEPT_S`].
pub fn forget_old(tx: &mut dyn Tx, now: Timestamp) -> R<u64> {
    tx.execute(&FORGET_OLD, p![now - KEPT_S])
}

/// Accounts that have confirmed updates in their log.
pub fn with_confirmed(tx: &mut dyn Tx) -> R<Vec<UserId>> {
    tx.all(&CONFIRMED, p![DEFAULT_CONSUMER], |row| row.int(0).map(UserId))
}

/// Forgets what every consumer of an account is past: the oldest at first, not so many at once that other
/// writers would feel it. 0 when there is nothing left to forget.
pub fn forget_confirmed(tx: &mut dyn Tx, account: UserId) -> R<u64> {
    tx.execute(&FORGET_CONFIRMED, p![account, FORGOTTEN_AT_ONCE])
}
