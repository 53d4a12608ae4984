//! How deliveries to endpoints went: the newest tries of each, the updates that were given up, and those that are to be
//! delivered again. Written by the dispatcher together with where it stands, so that no count is ahead of another.

use crate::{R, Row, Sql, Tx, p};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::webhook::PendingUpdate;
use contactgram_model::{Timestamp, UpdateId, UserId};

/// Tries that are kept of an endpoint.
pub const MOST_KEPT: i64 = 1000;
/// Replays that are read at once.
const CHUNK: i64 = 1000;

static NEWEST: Sql =
    Sql::new("SELECT coalesce(max(seq), 0) FROM deliveries WHERE account_id = $1 AND webhook_id = $2");
static ADD: Sql = Sql::new(
    "INSERT INTO deliveries (account_id, webhook_id, seq, update_id, attempt, at, status, http_status, error, duration_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static FORGET: Sql =
    Sql::new("DELETE FROM deliveries WHERE account_id = $1 AND webhook_id = $2 AND seq <= $3");
static LIST: Sql = Sql::new(
    "SELECT update_id, attempt, at, status, http_status, error, duration_ms FROM deliveries \
     WHERE account_id = $1 AND webhook_id = $2 AND (CAST($3 AS BIGINT) < 0 OR status = CAST($3 AS BIGINT)) \
     ORDER BY seq DESC LIMIT $4 OFFSET $5",
);
static COUNT: Sql = Sql::new(
    "SELECT count(*) FROM deliveries WHERE account_id = $1 AND webhook_id = $2 \
     AND (CAST($3 AS BIGINT) < 0 OR status = CAST($3 AS BIGINT))",
);
static TRIED: Sql = Sql::new(
    "SELECT update_id, max(attempt) FROM deliveries WHERE account_id = $1 AND webhook_id = $2 AND status = 1 \
     GROUP BY update_id",
);
static BURY: Sql = Sql::new(
    "INSERT INTO dead_letters (account_id, webhook_id, update_id, attempts, at, http_status, error) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, webhook_id, update_id) DO UPDATE \
     SET attempts = excluded.attempts, at = excluded.at, http_status = excluded.http_status, error = excluded.error",
);
static DEAD: Sql = Sql::new(
    "SELECT update_id, attempts, at, 2, http_status, error, 0 FROM dead_letters \
     WHERE account_id = $1 AND webhook_id = $2 ORDER BY update_id LIMIT $3 OFFSET $4",
);
static COUNT_DEAD: Sql =
    Sql::new("SELECT count(*) FROM dead_letters WHERE account_id = $1 AND webhook_id = $2");
static UNBURY: Sql =
    Sql::new("DELETE FROM dead_letters WHERE account_id = $1 AND webhook_id = $2 AND update_id = $3");
static FORGET_DEAD: Sql = Sql::new("DELETE FROM dead_letters WHERE at <= $1");
static LAST_REPLAY: Sql =
    Sql::new("SELECT coalesce(max(seq), 0) FROM replays WHERE account_id = $1 AND webhook_id = $2");
static REPLAY: Sql =
    Sql::new("INSERT INTO replays (account_id, webhook_id, seq, update_id) VALUES ($1, $2, $3, $4)");
static REPLAYS: Sql = Sql::new(
    "SELECT r.update_id, u.lane, u.date, r.seq FROM replays r JOIN updates u ON u.account_id = r.account_id \
     AND u.update_id = r.update_id WHERE r.account_id = $1 AND r.webhook_id = $2 AND r.seq > $3 ORDER BY r.seq LIMIT $4",
);
static COUNT_REPLAYS: Sql =
    Sql::new("SELECT count(*) FROM replays WHERE account_id = $1 AND webhook_id = $2");
static REPLAYED: Sql = Sql::new("DELETE FROM replays WHERE account_id = $1 AND webhook_id = $2 AND seq = $3");
static BETWEEN: Sql = Sql::new(
    "SELECT update_id, lane, date FROM updates WHERE account_id = $1 AND date >= $2 AND date < $3 \
     AND ((CAST($4 AS BIGINT) >> CAST(kind AS INTEGER)) & 1) = 1 AND (update_id < $5 OR EXISTS (SELECT 1 FROM acknowledged a \
     WHERE a.account_id = updates.account_id AND a.name = $6 AND a.update_id = updates.update_id)) \
     ORDER BY update_id LIMIT $7",
);
static ONE: Sql =
    Sql::new("SELECT update_id, lane, date FROM updates WHERE account_id = $1 AND update_id = $2");
static DELETE: [Sql; 3] = [
    Sql::new("DELETE FROM deliveries WHERE account_id = $1 AND webhook_id = $2"),
    Sql::new("DELETE FROM dead_letters WHERE account_id = $1 AND webhook_id = $2"),
    Sql::new("DELETE FROM replays WHERE account_id = $1 AND webhook_id = $2"),
];

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i64)]
pub enum Status {
    /// The receiver took it.
    Delivered = 0,
    /// It will be tried again.
    Failed = 1,
    /// It was given up.
    Dead = 2,
}

impl Status {
    /// The kept number's meaning.
    pub fn from_number(number: i64) -> Option<Status> {
        [Status::Delivered, Status::Failed, Status::Dead].into_iter().find(|status| *status as i64 == number)
    }

    /// As it is shown.
    pub fn name(self) -> &'static str {
        match self {
            Status::Delivered => "delivered",
            Status::Failed => "failed",
            Status::Dead => "dead",
        }
    }
}

/// A try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which update.
    pub update: UpdateId,
    /// Counts from 1.
    pub attempt: i64,
    /// When it ended.
    pub at: Timestamp,
    /// What came of it.
    pub status: Status,
    /// What the receiver answered, if it did.
    pub http_status: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
}

/// Notes tries, and forgets the oldest of many.
pub fn add(tx: &mut dyn Tx, account: UserId, webhook: i64, attempts: &[Attempt]) -> R<()> {
    let mut seq = tx.one(&NEWEST, p![account, webhook], |row| row.int(0))?;
    for one in attempts {
        seq += 1;
        let status = one.status as i64;
        let params = p![
            account,
            webhook,
            seq,
            one.update,
            one.attempt,
            one.at,
            status,
            one.http_status,
            one.error,
            one.duration_ms
        ];
        tx.later(&ADD, params)?;
        if one.status == Status::Dead {
            let params = p![account, webhook, one.update, one.attempt, one.at, one.http_status, one.error];
            tx.later(&BURY, params)?;
        }
    }
    tx.later(&FORGET, p![account, webhook, seq - MOST_KEPT])
}

/// The tries that are kept, the newest first; those with one status alone, if one is given. Of [`Status::Dead`], the updates
/// that are given up, by their numbers. Also how many there are.
pub fn list(
    tx: &mut dyn Tx,
    (account, webhook): (UserId, i64),
    status: Option<Status>,
    (limit, offset): (i64, i64),
) -> R<(Vec<Attempt>, i64)> {
    if status == Some(Status::Dead) {
        let rows = tx.all(&DEAD, p![account, webhook, limit, offset], attempt)?;
        return Ok((rows, dead(tx, account, webhook)?));
    }
    let wanted = status.map_or(-1, |status| status as i64);
    let rows = tx.all(&LIST, p![account, webhook, wanted, limit, offset], attempt)?;
    Ok((rows, tx.one(&COUNT, p![account, webhook, wanted], |row| row.int(0))?))
}

/// How often the updates failed that are not delivered yet, as far as the tries are kept.
pub fn tried(tx: &mut dyn Tx, account: UserId, webhook: i64) -> R<Vec<(UpdateId, i64)>> {
    tx.all(&TRIED, p![account, webhook], |row| Ok((UpdateId(row.int(0)?), row.int(1)?)))
}

/// How many updates were given up.
pub fn dead(tx: &mut dyn Tx, account: UserId, webhook: i64) -> R<i64> {
    tx.one(&COUNT_DEAD, p![account, webhook], |row| row.int(0))
}

/// Forgets what was given up and is not younger.
pub fn forget_dead(tx: &mut dyn Tx, since: Timestamp) -> R<u64> {
    tx.execute(&FORGET_DEAD, p![since])
}

/// Has updates delivered again, after those for which that was asked before.
pub fn replay(tx: &mut dyn Tx, account: UserId, webhook: i64, updates: &[UpdateId]) -> R<()> {
    let last = tx.one(&LAST_REPLAY, p![account, webhook], |row| row.int(0))?;
    for (seq, update) in (last + 1..).zip(updates) {
        tx.later(&REPLAY, p![account, webhook, seq, update])?;
    }
    Ok(())
}

/// Updates that are to be delivered again, in the order in which that was asked for, beyond this place.
pub fn replays(tx: &mut dyn Tx, account: UserId, webhook: i64, after: i64) -> R<Vec<PendingUpdate>> {
    tx.all(&REPLAYS, p![account, webhook, after, CHUNK], |row| {
        Ok(PendingUpdate { replay: Some(row.int(3)?), ..update(row)? })
    })
}

/// How many updates are to be delivered again.
pub fn count_replays(tx: &mut dyn Tx, account: UserId, webhook: i64) -> R<i64> {
    tx.one(&COUNT_REPLAYS, p![account, webhook], |row| row.int(0))
}

/// What was to be delivered again is done with, in this place; `taken` names it if the receiver took it: then it is no
/// longer given up.
pub fn replayed(
    tx: &mut dyn Tx,
    account: UserId,
    webhook: i64,
    (seq, taken): (i64, Option<UpdateId>),
) -> R<()> {
    tx.later(&REPLAYED, p![account, webhook, seq])?;
    match taken {
        Some(update) => tx.later(&UNBURY, p![account, webhook, update]),
        None => Ok(()),
    }
}

/// Which updates a range of time has.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// From then on.
    pub since: Timestamp,
    /// Before then.
    pub until: Timestamp,
    /// At most.
    pub limit: i64,
}

/// Updates of a range that an endpoint is done with.
pub fn between(tx: &mut dyn Tx, account: UserId, name: &ConsumerName, range: Range) -> R<Vec<PendingUpdate>> {
    let Some(consumer) = super::consumers::get(tx, account, name)? else { return Ok(Vec::new()) };
    let (kinds, position) = (consumer.allowed.bits(), consumer.position);
    let params = p![account, range.since, range.until, kinds, position, name, range.limit];
    tx.all(&BETWEEN, params, update)
}

/// An update, if it is kept.
pub fn one(tx: &mut dyn Tx, account: UserId, id: UpdateId) -> R<Option<PendingUpdate>> {
    tx.opt(&ONE, p![account, id], update)
}

/// Forgets all of an endpoint.
pub fn delete(tx: &mut dyn Tx, account: UserId, webhook: i64) -> R<()> {
    DELETE.iter().try_for_each(|sql| tx.execute(sql, p![account, webhook]).map(drop))
}

fn update(row: &dyn Row) -> R<PendingUpdate> {
    Ok(PendingUpdate { id: UpdateId(row.int(0)?), lane: row.int(1)?, date: row.int(2)?, replay: None })
}

fn attempt(row: &dyn Row) -> R<Attempt> {
    let number = row.int(3)?;
    let unknown = || crate::StoreError::Rule(format!("deliveries.status is {number}"));
    Ok(Attempt {
        update: UpdateId(row.int(0)?),
        attempt: row.int(1)?,
        at: row.int(2)?,
        status: Status::from_number(number).ok_or_else(unknown)?,
        http_status: row.opt_int(4)?,
        error: row.opt_string(5)?,
        duration_ms: row.int(6)?,
    })
}
