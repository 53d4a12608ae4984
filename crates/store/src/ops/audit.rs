//! The audit log: a chain of entries for each account, each with the digest of the one before, and the head of each
//! chain in a row of its own. Entries are added and read; nothing here changes or removes one.

use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::audit::{self, AuditEntry, AuditHash};
use contactgram_model::{Timestamp, UserId};

macro_rules! columns {
    () => {
        "account_id, seq, at, actor_kind, actor_id, actor_label, action, target, details, previous, hash"
    };
}

static HEAD: Sql = Sql::new("SELECT account_id, seq, at, hash FROM audit_heads WHERE account_id = $1");
static HEADS: Sql = Sql::new("SELECT account_id, seq, at, hash FROM audit_heads ORDER BY account_id");
static SET_HEAD: Sql = Sql::new(
    "INSERT INTO audit_heads (account_id, seq, at, hash) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (account_id) DO UPDATE SET seq = excluded.seq, at = excluded.at, hash = excluded.hash",
);
static INSERT: Sql = Sql::new(concat!(
    "INSERT INTO audit (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
));
static CHAIN: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE account_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3"
));
/// The filters that both lists share; what is empty or -1 is not asked for.
macro_rules! filters {
    () => {
        " AND at >= $3 AND at < $4 AND ($5 = '' OR actor_kind = $5) AND ($6 = -1 OR actor_id = $6) \
         AND ($7 = '' OR action = $7) "
    };
}
static PAGE: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE account_id = $1 AND seq < $2",
    filters!(),
    "ORDER BY seq DESC LIMIT $8"
));
// Dates don't fall within a chain, so this is each chain's own order too.
static PAGE_OF_ALL: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE (at, account_id, seq) < ($8, $1, $2)",
    filters!(),
    "ORDER BY at DESC, account_id DESC, seq DESC LIMIT $9"
));
static CHAINS: Sql = Sql::new("SELECT DISTINCT account_id FROM audit ORDER BY account_id");

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose chain; 0 for the server's.
    pub account: UserId,
    /// The last entry's number.
    pub seq: i64,
    /// When that was.
    pub at: Timestamp,
    /// Its digest.
    pub hash: AuditHash,
}

/// An entry as it was found, with what chains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it says.
    pub entry: AuditEntry,
    /// The digest of the entry before, as it stands there.
    pub previous: AuditHash,
    /// Its own digest, as it stands there.
    pub hash: AuditHash,
}

/// Which entries are asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Of one chain; else of all.
    pub account: Option<UserId>,
    /// Written then or later.
    pub from: Timestamp,
    /// Written before.
    pub until: Timestamp,
    /// Of this kind of actor, and perhaps of one.
    pub actor: Option<(String, Option<i64>)>,
    /// Of this name.
    pub action: Option<String>,
    /// Older than this one.
    pub before: Option<Place>,
    /// Entries at most.
    pub limit: i64,
}

/// Where an entry is among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub at: Timestamp,
    pub account: UserId,
    pub seq: i64,
}

/// Entries, the newest first.
pub fn page(tx: &mut dyn Tx, query: &Query) -> R<Vec<Kept>> {
    let Query { from, until, limit, .. } = query;
    let (kind, number) = query.actor.as_ref().map_or(("", None), |(kind, number)| (kind.as_str(), *number));
    let (number, action) = (number.unwrap_or(-1), query.action.as_deref().unwrap_or_default());
    let top = Place { at: i64::MAX, account: UserId(i64::MAX), seq: i64::MAX };
    let before = query.before.unwrap_or(top);
    match query.account {
        Some(account) => {
            tx.all(&PAGE, p![account, before.seq, from, until, kind, number, action, limit], read)
        }
        None => {
            let params = p![before.account, before.seq, from, until, kind, number, action, before.at, limit];
            tx.all(&PAGE_OF_ALL, params, read)
        }
    }
}

/// Adds an entry to its account's chain: `seq` is set here, and `at` is no earlier than the entry before.
pub fn append(tx: &mut dyn Tx, mut entry: AuditEntry) -> R<Head> {
    // Whoever writes to this chain at the same time would take the same number.
    tx.lock(entry.account.0)?;
    let before = head(tx, entry.account)?;
    let previous = before.as_ref().map_or(audit::FIRST, |head| head.hash);
    entry.seq = before.as_ref().map_or(1, |head| head.seq + 1);
    entry.at = before.as_ref().map_or(entry.at, |head| entry.at.max(head.at));
    let hash = entry.hash(&previous);
    let AuditEntry { account, seq, at, actor_kind, actor_id, actor_label, action, target, details } = &entry;
    tx.later(
        &INSERT,
        p![account, seq, at, actor_kind, actor_id, actor_label, action, target, details, previous, hash],
    )?;
    tx.later(&SET_HEAD, p![account, seq, at, hash])?;
    Ok(Head { account: *account, seq: *seq, at: *at, hash })
}

/// Asks ahead for what [`append`] begins with.
pub fn append_ahead(tx: &mut dyn Tx, account: UserId) -> R<()> {
    tx.ahead(&HEAD, p![account])
}

/// Where a chain ends, as its own row says.
pub fn head(tx: &mut dyn Tx, account: UserId) -> R<Option<Head>> {
    tx.opt(&HEAD, p![account], read_head)
}

/// Where each chain ends.
pub fn heads(tx: &mut dyn Tx) -> R<Vec<Head>> {
    tx.all(&HEADS, p![], read_head)
}

/// Whose entries there are, in heads or not.
pub fn chains(tx: &mut dyn Tx) -> R<Vec<UserId>> {
    tx.all(&CHAINS, p![], |row| Ok(UserId(row.int(0)?)))
}

/// Entries of a chain from a number on, the oldest first.
pub fn chain(tx: &mut dyn Tx, account: UserId, from: i64, limit: i64) -> R<Vec<Kept>> {
    tx.all(&CHAIN, p![account, from, limit], read)
}

fn read_head(row: &dyn Row) -> R<Head> {
    let account = UserId(row.int(0)?);
    Ok(Head { account, seq: row.int(1)?, at: row.int(2)?, hash: hash(row, 3, account)? })
}

fn read(row: &dyn Row) -> R<Kept> {
    let account = UserId(row.int(0)?);
    Ok(Kept {
        entry: AuditEntry {
            account,
            seq: row.int(1)?,
            at: row.int(2)?,
            actor_kind: row.string(3)?,
            actor_id: row.int(4)?,
            actor_label: row.string(5)?,
            action: row.string(6)?,
            target: row.string(7)?,
            details: row.string(8)?,
        },
        previous: hash(row, 9, account)?,
        hash: hash(row, 10, account)?,
    })
}

fn hash(row: &dyn Row, column: usize, account: UserId) -> R<AuditHash> {
    row.blob(column)?.try_into().map_err(|_| StoreError::corrupt("audit", "hash", account))
}
