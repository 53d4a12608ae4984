//! What waits, over all accounts: updates for those who read them, entries of the outbox, broadcasts. For metrics; nothing of the
//! product depends on it. One look goes over the consumers and never over all that waits: counts of long queues are taken from
//! where they begin and end.

use super::{consumers, updates};
use crate::{R, Sql, Tx, p};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{Timestamp, UserId};

/// Below this many, updates are counted one by one; above, the length of the log is taken.
pub const EXACT: i64 = 1000;

/// Consumers whose log goes on behind where they stand.
macro_rules! behind {
    () => {
        "FROM consumers c JOIN counters n ON n.account_id = c.account_id \
         WHERE c.position <= n.update_id AND EXISTS (SELECT 1 FROM updates u \
         WHERE u.account_id = c.account_id AND u.update_id >= c.position)"
    };
}

static BEHIND: Sql = Sql::new(concat!(
    "SELECT count(*), CAST(coalesce(sum(n.update_id + 1 - c.position), 0) AS BIGINT) ",
    behind!()
));
static FARTHEST: Sql = Sql::new(concat!(
    "SELECT c.account_id, c.name, n.update_id + 1 - c.position AS length ",
    behind!(),
    " ORDER BY length DESC, c.account_id, c.name LIMIT $1"
));
static QUEUED: Sql = Sql::new("SELECT count(*) FROM outbox WHERE state = 0 AND due <= $1");
static FIRST_DUE: Sql = Sql::new("SELECT due FROM outbox WHERE state = 0 AND due <= $1 ORDER BY due LIMIT 1");
static SENDING: Sql = Sql::new("SELECT count(*) FROM outbox WHERE state = 1 AND leased_until <= $1");
static UNKNOWN: Sql = Sql::new("SELECT count(*) FROM outbox WHERE state = 4 AND account_id > $1");
static RUNNING: Sql = Sql::new(
    "SELECT count(*), CAST(coalesce(sum(total - made), 0) AS BIGINT) FROM broadcasts WHERE state = 0",
);
static ACCOUNTS: Sql = Sql::new("SELECT count(*) FROM accounts");
static LITE_SIZE: Sql =
    Sql::new("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
static PG_SIZE: Sql = Sql::new("SELECT pg_database_size(current_database())");

/// All that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Accounts there are.
    pub accounts: i64,
    /// Consumers for whom updates wait.
    pub consumers: i64,
    /// Updates that wait, once for each consumer. Of consumers that are not among the farthest, also those count that their
    /// filter hides.
    pub updates: i64,
    /// Those for whom most wait.
    pub farthest: Vec<Behind>,
    /// The outbox.
    pub outbox: Outbox,
    /// Bytes of data, as the engine counts them.
    pub bytes: i64,
}

/// A consumer for whom updates wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Whose.
    pub account: UserId,
    /// Which of theirs.
    pub name: ConsumerName,
    /// How many: exactly below [`EXACT`], else also those that its filter hides.
    pub updates: i64,
    /// When the one came that waits longest.
    pub since: Timestamp,
}

/// What waits to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbox {
    /// Entries whose time may be still to come.
    pub queued: i64,
    /// Those among them whose time has come.
    pub due: i64,
    /// When the time of the first of those came.
    pub due_since: Option<Timestamp>,
    /// Being sent.
    pub sending: i64,
    /// Nobody knows whether they went out.
    pub unknown: i64,
    /// Broadcasts that go on.
    pub broadcasts: i64,
    /// Contacts that they have not reached.
    pub unreached: i64,
}

/// What is counted, and up to when something counts.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Now.
    pub now: Timestamp,
    /// What is not younger waits no more for a default consumer.
    pub since: Timestamp,
    /// The same for others.
    pub others_since: Timestamp,
    /// Consumers that are told apart, at most.
    pub most: i64,
}

/// Looks at all that waits.
pub fn look(tx: &mut dyn Tx, bounds: Bounds) -> R<Backlog> {
    let (mut consumers, mut updates) = tx.one(&BEHIND, p![], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let farthest = tx.all(&FARTHEST, p![bounds.most], |row| {
        Ok((UserId(row.int(0)?), ConsumerName::from_store(row.string(1)?), row.int(2)?))
    })?;
    let mut told = Vec::with_capacity(farthest.len());
    for (account, name, length) in farthest {
        updates -= length;
        match behind(tx, (account, name), length, bounds)? {
            Some(behind) => {
                updates += behind.updates;
                told.push(behind);
            }
            None => consumers -= 1,
        }
    }
    Ok(Backlog {
        accounts: tx.one(&ACCOUNTS, p![], |row| row.int(0))?,
        consumers,
        updates,
        farthest: told,
        outbox: outbox(tx, bounds.now)?,
        bytes: size(tx)?,
    })
}

/// How far behind one is; `None` where all that waits is hidden or too old.
fn behind(
    tx: &mut dyn Tx,
    (account, name): (UserId, ConsumerName),
    length: i64,
    bounds: Bounds,
) -> R<Option<Behind>> {
    let since = if name.is_default() { bounds.since } else { bounds.others_since };
    let Some(oldest) = updates::oldest(tx, account, &name, since)? else { return Ok(None) };
    let Some(consumer) = consumers::get(tx, account, &name)? else { return Ok(None) };
    let counted = updates::pending_up_to(tx, (account, &name), (consumer, since), EXACT)?;
    let updates = if counted < EXACT { counted } else { length };
    Ok(Some(Behind { account, name, updates, since: oldest }))
}

fn outbox(tx: &mut dyn Tx, now: Timestamp) -> R<Outbox> {
    let mut count = |sql: &'static Sql, bound: i64| tx.one(sql, p![bound], |row| row.int(0));
    let (queued, due) = (count(&QUEUED, i64::MAX)?, count(&QUEUED, now)?);
    let (sending, unknown) = (count(&SENDING, i64::MAX)?, count(&UNKNOWN, 0)?);
    let (broadcasts, unreached) = tx.one(&RUNNING, p![], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let due_since = tx.opt(&FIRST_DUE, p![now], |row| row.int(0))?;
    Ok(Outbox { queued, due, due_since, sending, unknown, broadcasts, unreached })
}

fn size(tx: &mut dyn Tx) -> R<i64> {
    let sql = match tx.dialect() {
        crate::Dialect::Sqlite => &LITE_SIZE,
        crate::Dialect::Postgres => &PG_SIZE,
    };
    tx.one(sql, p![], |row| row.int(0))
}
