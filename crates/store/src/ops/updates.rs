//! The update log. A row is written in the transaction of what it tells. Rows leave from below: when every consumer is
//! past them, or when they are too old for all. Where consumers stand is in `consumers`.

use super::consumers;
use super::counters::{self, LogPlace};
use crate::{R, Sql, Tx, p};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::update::Wanted;
use contactgram_model::webhook::PendingUpdate;
use contactgram_model::{Timestamp, UpdateId, UpdateKind, UpdateKinds, UserId};

/// How long an update waits for the default consumer: 24 hours, in seconds (Bot API, getUpdates).
pub const KEPT_S: i64 = 24 * 3600;
/// Updates forgotten in one transaction, at most.
const FORGOTTEN_AT_ONCE: i64 = 1000;

/// What a reader is shown: `$5` is the kinds, or 0 for the default consumer, for whom the log was filtered as it was
/// written.
macro_rules! shown {
    () => {
        "(NOT aside AND CAST($5 AS BIGINT) = 0 OR ((CAST($5 AS BIGINT) >> CAST(kind AS INTEGER)) & 1) = 1)"
    };
}

/// What the consumer of `$4` took early is not shown again.
macro_rules! untaken {
    () => {
        "NOT EXISTS (SELECT 1 FROM acknowledged a WHERE a.account_id = updates.account_id \
         AND a.name = $4 AND a.update_id = updates.update_id)"
    };
}

static APPEND: Sql = Sql::new(
    "INSERT INTO updates (account_id, update_id, kind, lane, date, body, aside) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
static READ: Sql = Sql::new(concat!(
    "SELECT update_id, body FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 AND ",
    shown!(),
    " ORDER BY update_id LIMIT $4"
));
static LAST: Sql = Sql::new(concat!(
    "SELECT update_id FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 AND ",
    shown!(),
    " ORDER BY update_id DESC LIMIT 1 OFFSET $4"
));
static PENDING: Sql = Sql::new(concat!(
    "SELECT count(*) FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 AND ",
    untaken!(),
    " AND ",
    shown!()
));
static PENDING_UP_TO: Sql = Sql::new(concat!(
    "SELECT count(*) FROM (SELECT 1 FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 AND ",
    untaken!(),
    " AND ",
    shown!(),
    " LIMIT $6) AS first"
));
static PENDING_ROWS: Sql = Sql::new(concat!(
    "SELECT update_id, lane, date FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 AND ",
    untaken!(),
    " AND ",
    shown!(),
    " ORDER BY update_id LIMIT $6"
));
static BODY: Sql = Sql::new("SELECT body FROM updates WHERE account_id = $1 AND update_id = $2");
static ACKNOWLEDGE: Sql = Sql::new(
    "INSERT INTO acknowledged (account_id, name, update_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
);
static FIRST_OPEN: Sql = Sql::new(concat!(
    "SELECT update_id FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 AND ",
    untaken!(),
    " AND ",
    shown!(),
    " ORDER BY update_id LIMIT 1"
));
static FORGET_OLD: Sql = Sql::new("DELETE FROM updates WHERE date <= $1");
static EXPIRED: Sql = Sql::new(
    "SELECT c.account_id FROM consumers c WHERE c.name = '' AND (SELECT u.date FROM updates u \
     WHERE u.account_id = c.account_id AND u.update_id >= c.position ORDER BY u.update_id LIMIT 1) <= $1",
);
static FIRST_YOUNG: Sql = Sql::new(
    "SELECT update_id FROM updates WHERE account_id = $1 AND update_id >= $2 AND date > $3 ORDER BY update_id LIMIT 1",
);
static UNSEEN: Sql = Sql::new(
    "SELECT c.account_id, c.name FROM consumers c WHERE c.name > '' AND (SELECT (c.allowed >> CAST(u.kind AS INTEGER)) & 1 \
     FROM updates u WHERE u.account_id = c.account_id AND u.update_id >= c.position ORDER BY u.update_id LIMIT 1) = 0",
);
static CONFIRMED: Sql = Sql::new(
    "SELECT account_id FROM (SELECT account_id, min(position) AS low FROM consumers GROUP BY account_id) c \
     WHERE EXISTS (SELECT 1 FROM updates u WHERE u.account_id = c.account_id AND u.update_id < c.low) \
     AND NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.account_id = c.account_id AND w.name > '')",
);
static FORGET_CONFIRMED: Sql = Sql::new(
    "DELETE FROM updates WHERE account_id = $1 AND update_id < \
     (SELECT min(position) FROM consumers WHERE account_id = $1) AND update_id < \
     (SELECT min(update_id) FROM updates WHERE account_id = $1) + $2 \
     AND NOT EXISTS (SELECT 1 FROM webhooks WHERE account_id = $1 AND name > '')",
);

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

/// What of the log a reader is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// What the default consumer asked for when it was written.
    ByDefault,
    /// These kinds.
    Kinds(UpdateKinds),
}

impl Seen {
    fn bits(self) -> i64 {
        match self {
            Seen::ByDefault => 0,
            Seen::Kinds(kinds) => kinds.bits(),
        }
    }
}

/// Which updates to read.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// From this one on.
    pub from: UpdateId,
    /// What is not younger is as good as gone.
    pub since: Timestamp,
    /// Rows at most.
    pub limit: i64,
    /// Which of them.
    pub seen: Seen,
}

/// Logs an update for those who want its kind; `None` when nobody does.
pub fn append(tx: &mut dyn Tx, account: UserId, update: &NewUpdate<'_>) -> R<Option<UpdateId>> {
    let wanted = consumers::wants(tx, account)?;
    if !wanted.has(update.kind) {
        return Ok(None);
    }
    append_wanted(tx, account, wanted, update).map(Some)
}

/// Logs an update that the account is known to want.
pub fn append_wanted(
    tx: &mut dyn Tx,
    account: UserId,
    wanted: Wanted,
    update: &NewUpdate<'_>,
) -> R<UpdateId> {
    let id = counters::next_update(tx, account)?;
    append_as(tx, account, LogPlace { id, aside: wanted.is_aside(update.kind) }, update)?;
    Ok(id)
}

/// Logs an update of a kind that has no name here, for those who want such; `None` when nobody does.
pub fn append_unknown(
    tx: &mut dyn Tx,
    account: UserId,
    name: &str,
    update: &NewUpdate<'_>,
) -> R<Option<UpdateId>> {
    let wanted = consumers::wants(tx, account)?;
    if !wanted.has(UpdateKind::Unknown) || !UpdateKind::may_become(name) {
        return Ok(None);
    }
    let id = counters::next_update(tx, account)?;
    insert(tx, account, LogPlace { id, aside: wanted.is_aside(UpdateKind::Unknown) }, (name, update))?;
    Ok(Some(id))
}

/// Logs an update in the place that the account's counter gave for it.
pub fn append_as(tx: &mut dyn Tx, account: UserId, place: LogPlace, update: &NewUpdate<'_>) -> R<()> {
    insert(tx, account, place, (update.kind.name(), update))
}

fn insert(
    tx: &mut dyn Tx,
    account: UserId,
    LogPlace { id, aside }: LogPlace,
    (name, update): (&str, &NewUpdate<'_>),
) -> R<()> {
    let body = format!("{{\"update_id\":{id},\"{name}\":{}}}", update.payload);
    tx.later(&APPEND, p![account, id, update.kind as u8, update.lane, update.date, body, aside])
}

/// Updates in order, each with its JSON.
pub fn read(tx: &mut dyn Tx, account: UserId, span: Span) -> R<Vec<(UpdateId, String)>> {
    tx.all(&READ, p![account, span.from, span.since, span.limit, span.seen.bits()], |row| {
        Ok((UpdateId(row.int(0)?), row.string(1)?))
    })
}

/// The update that is `back` before the last one, from `span.from` on.
pub fn nth_last(tx: &mut dyn Tx, account: UserId, span: Span, back: i64) -> R<Option<UpdateId>> {
    tx.opt(&LAST, p![account, span.from, span.since, back, span.seen.bits()], |row| Ok(UpdateId(row.int(0)?)))
}

/// How many updates wait for a consumer that keeps so far.
pub fn pending(tx: &mut dyn Tx, account: UserId, name: &ConsumerName, since: Timestamp) -> R<i64> {
    let Some(consumer) = consumers::get(tx, account, name)? else { return Ok(0) };
    tx.one(&PENDING, p![account, consumer.position, since, name, consumer.seen(name).bits()], |row| {
        row.int(0)
    })
}

/// The same for whoever knows the consumer, and need not know of more than `most`.
pub fn pending_up_to(
    tx: &mut dyn Tx,
    (account, name): (UserId, &ConsumerName),
    (consumer, since): (consumers::Consumer, Timestamp),
    most: i64,
) -> R<i64> {
    let seen = consumer.seen(name).bits();
    tx.one(&PENDING_UP_TO, p![account, consumer.position, since, name, seen, most], |row| row.int(0))
}

/// When the update came that waits longest for a consumer that keeps so far.
pub fn oldest(
    tx: &mut dyn Tx,
    account: UserId,
    name: &ConsumerName,
    since: Timestamp,
) -> R<Option<Timestamp>> {
    let Some(consumer) = consumers::get(tx, account, name)? else { return Ok(None) };
    let span = Span { from: consumer.position, since, limit: 1, seen: consumer.seen(name) };
    Ok(pending_rows(tx, account, name, span)?.first().map(|update| update.date))
}

/// Updates that a webhook has not taken yet, in order; their JSON is for [`body`] to bring.
pub fn pending_rows(
    tx: &mut dyn Tx,
    account: UserId,
    name: &ConsumerName,
    span: Span,
) -> R<Vec<PendingUpdate>> {
    tx.all(&PENDING_ROWS, p![account, span.from, span.since, name, span.seen.bits(), span.limit], |row| {
        Ok(PendingUpdate { id: UpdateId(row.int(0)?), lane: row.int(1)?, date: row.int(2)?, replay: None })
    })
}

/// The JSON of one update; `None` when it is forgotten.
pub fn body(tx: &mut dyn Tx, account: UserId, id: UpdateId) -> R<Option<String>> {
    tx.opt(&BODY, p![account, id], |row| row.string(0))
}

/// Notes that a webhook took these updates, and moves its position past what is taken without a gap.
pub fn acknowledge(tx: &mut dyn Tx, account: UserId, name: &ConsumerName, taken: &[UpdateId]) -> R<()> {
    for id in taken {
        tx.later(&ACKNOWLEDGE, p![account, name, *id])?;
    }
    let Some(consumer) = consumers::get(tx, account, name)? else { return Ok(()) };
    // The end of the log before the look for what is open: what is logged in between stays beyond it.
    let end = UpdateId(counters::get(tx, account)?.update_id + 1);
    let seen = consumer.seen(name).bits();
    let params = p![account, consumer.position, i64::MIN, name, seen];
    let open = tx.opt(&FIRST_OPEN, params, |row| row.int(0).map(UpdateId))?;
    consumers::confirm(tx, account, name, open.unwrap_or(end))
}

/// Forgets what is not younger, whoever waits for it.
pub fn forget_old(tx: &mut dyn Tx, since: Timestamp) -> R<u64> {
    tx.execute(&FORGET_OLD, p![since])
}

/// Accounts whose default consumer still stands at updates that are not younger.
pub fn with_expired(tx: &mut dyn Tx, since: Timestamp) -> R<Vec<UserId>> {
    tx.all(&EXPIRED, p![since], |row| row.int(0).map(UserId))
}

/// Moves an account's default consumer past updates that are not younger: they are no longer shown to it.
pub fn pass_expired(tx: &mut dyn Tx, account: UserId, since: Timestamp) -> R<()> {
    let name = &ConsumerName::DEFAULT;
    let Some(consumer) = consumers::get(tx, account, name)? else { return Ok(()) };
    let end = UpdateId(counters::get(tx, account)?.update_id + 1);
    let young =
        tx.opt(&FIRST_YOUNG, p![account, consumer.position, since], |row| row.int(0).map(UpdateId))?;
    consumers::confirm(tx, account, name, young.unwrap_or(end))
}

/// Further consumers that stand at updates that they are not shown.
pub fn at_unseen(tx: &mut dyn Tx) -> R<Vec<(UserId, ConsumerName)>> {
    tx.all(&UNSEEN, p![], |row| Ok((UserId(row.int(0)?), ConsumerName::from_store(row.string(1)?))))
}

/// Accounts with updates in their log that all their consumers are past. Those with further webhooks keep them, to be
/// replayed.
pub fn with_confirmed(tx: &mut dyn Tx) -> R<Vec<UserId>> {
    tx.all(&CONFIRMED, p![], |row| row.int(0).map(UserId))
}

/// Forgets what every consumer of an account is past: the oldest at first, not so many at once that other
/// writers would feel it. 0 when there is nothing left to forget.
pub fn forget_confirmed(tx: &mut dyn Tx, account: UserId) -> R<u64> {
    tx.execute(&FORGET_CONFIRMED, p![account, FORGOTTEN_AT_ONCE])
}
