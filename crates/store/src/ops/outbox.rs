//! Sends that go out later: queued, taken one at a time in each chat, and settled. Which step is allowed from where is in
//! each statement's condition, so that two processes on one database never take the same entry.

mod lists;

pub use lists::{List, counts_of, list, of_broadcast};

use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::outbox::EntryState;
use contactgram_model::scope::Scopes;
use contactgram_model::{Timestamp, UserId};

/// How long finished entries are kept: 30 days, in seconds.
pub const KEPT_S: i64 = 30 * 24 * 3600;

/// The columns of [`read`], in its order.
macro_rules! columns {
    () => {
        "account_id, entry_id, method, lane, params, scopes, state, send_at, starts_at, due, tries, created_at, \
         updated_at, result, error_code, error, broadcast_id, contact_id"
    };
}
use columns;

static NEWEST: Sql =
    Sql::new("SELECT entry_id FROM outbox WHERE account_id = $1 ORDER BY entry_id DESC LIMIT 1");
static INSERT: Sql = Sql::new(
    "INSERT INTO outbox (account_id, entry_id, method, lane, params, scopes, state, send_at, starts_at, due, tries, \
     leased_until, created_at, updated_at, error, broadcast_id, contact_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, 0, $10, $10, $11, $12, $13)",
);
static GET: Sql =
    Sql::new(concat!("SELECT ", columns!(), " FROM outbox WHERE account_id = $1 AND entry_id = $2"));
static DUE_ACCOUNTS: Sql =
    Sql::new("SELECT DISTINCT account_id + 0 FROM outbox WHERE state = 0 AND due <= $1");
static NEXT_DUE: Sql = Sql::new("SELECT due FROM outbox WHERE state = 0 AND due > $1 ORDER BY due LIMIT 1");
/// Those that nothing of the same chat comes before.
static HEADS: Sql = Sql::new(
    "SELECT entry_id FROM outbox AS own WHERE state = 0 AND due <= $2 AND account_id = $1 AND NOT EXISTS \
     (SELECT 1 FROM outbox AS other WHERE other.account_id = own.account_id AND other.lane = own.lane \
     AND other.state < 2 AND (other.starts_at < own.starts_at \
     OR (other.starts_at = own.starts_at AND other.entry_id < own.entry_id))) ORDER BY due, entry_id LIMIT $3",
);
static BEFORE: Sql = Sql::new(
    "SELECT 1 FROM outbox WHERE account_id = $1 AND lane = $2 AND state < 2 AND (starts_at < $3 \
     OR (starts_at = $3 AND entry_id < $4)) LIMIT 1",
);
static BEGIN: Sql = Sql::new(
    "UPDATE outbox SET state = 1, tries = tries + 1, leased_until = $3, updated_at = $4 \
     WHERE account_id = $1 AND entry_id = $2 AND state = 0 AND due <= $4",
);
static PUT_OFF: Sql =
    Sql::new("UPDATE outbox SET due = $3 WHERE account_id = $1 AND entry_id = $2 AND state = 0 AND due < $3");
static AGAIN: Sql = Sql::new(
    "UPDATE outbox SET state = 0, due = $3, updated_at = $4, error_code = $5, error = $6 \
     WHERE account_id = $1 AND entry_id = $2 AND state = 1",
);
static SETTLE: Sql = Sql::new(
    "UPDATE outbox SET state = $3, updated_at = $4, result = $5, error_code = $6, error = $7 \
     WHERE account_id = $1 AND entry_id = $2 AND state IN (1, 4)",
);
static CANCEL: Sql = Sql::new(
    "UPDATE outbox SET state = 5, updated_at = $3 WHERE account_id = $1 AND entry_id = $2 AND state IN (0, 8)",
);
static CHANGE: Sql = Sql::new(
    "UPDATE outbox SET lane = $3, params = $4, send_at = $5, starts_at = $6, due = $6, scopes = $7, updated_at = $8 \
     WHERE account_id = $1 AND entry_id = $2 AND state IN (0, 8)",
);
static LEFT_BEHIND: Sql =
    Sql::new("SELECT account_id, entry_id FROM outbox WHERE state = 1 AND leased_until <= $1");
static UNKNOWN: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM outbox WHERE account_id = $1 AND lane = $2 AND state = 4"
));
static FORGET: Sql = Sql::new(
    "DELETE FROM outbox WHERE updated_at <= $1 AND state > 1 AND state < 8 \
     AND entry_id < (SELECT max(entry_id) FROM outbox AS newest WHERE newest.account_id = outbox.account_id)",
);

/// A send that is about to be queued.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The Bot API's method.
    pub method: String,
    /// The chat: its entries go one after the other.
    pub lane: String,
    /// The method's parameters, a JSON object.
    pub params: String,
    /// What the sender may do.
    pub scopes: Scopes,
    /// Not before this, where somebody asked for a time.
    pub send_at: Option<Timestamp>,
    /// Queued, or else one that is settled from the beginning.
    pub state: EntryState,
    /// Why, where it is settled already.
    pub error: Option<String>,
    /// The broadcast that it belongs to, and the contact there.
    pub of: Option<(i64, i64)>,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub account: UserId,
    /// Counts from 1 for each account.
    pub id: i64,
    /// The Bot API's method.
    pub method: String,
    /// The chat.
    pub lane: String,
    /// The method's parameters, a JSON object.
    pub params: String,
    /// What the sender may do.
    pub scopes: Scopes,
    /// Where it stands.
    pub state: EntryState,
    /// The time that was asked for.
    pub send_at: Option<Timestamp>,
    /// Its place in its chat.
    pub starts_at: Timestamp,
    /// Not tried before this.
    pub due: Timestamp,
    /// How often it was begun.
    pub tries: i64,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// What the method answered.
    pub result: Option<String>,
    /// Why not: the code and the text.
    pub error: Option<(Option<i64>, String)>,
    /// The broadcast that it belongs to.
    pub broadcast: Option<i64>,
    /// The contact that it goes to, in a broadcast.
    pub contact: Option<i64>,
}

/// What became of an entry that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Sent, failed, unknown or blocked.
    pub state: EntryState,
    /// What the method answered.
    pub result: Option<String>,
    /// The code and the text.
    pub error: Option<(Option<i64>, String)>,
}

/// Queues entries; answers the first one's number, the others follow it. The account's lock must be held.
pub fn insert(tx: &mut dyn Tx, account: UserId, entries: &[NewEntry], now: Timestamp) -> R<i64> {
    let first = tx.opt(&NEWEST, p![account], |row| row.int(0))?.unwrap_or(0) + 1;
    for (id, entry) in (first..).zip(entries) {
        let NewEntry { method, lane, params, scopes, send_at, state, error, of } = entry;
        let starts_at = send_at.unwrap_or(now);
        let (broadcast, contact) = of.unzip();
        let (scopes, state) = (scopes.bits(), state.number());
        let row = p![
            account, id, method, lane, params, scopes, state, send_at, starts_at, now, error, broadcast,
            contact
        ];
        tx.later(&INSERT, row)?;
    }
    Ok(first)
}

/// An account's entry.
pub fn get(tx: &mut dyn Tx, account: UserId, id: i64) -> R<Option<Entry>> {
    tx.opt(&GET, p![account, id], read)
}

/// Accounts with something that is due.
pub fn due_accounts(tx: &mut dyn Tx, now: Timestamp) -> R<Vec<UserId>> {
    tx.all(&DUE_ACCOUNTS, p![now], |row| row.int(0).map(UserId))
}

/// When something is due next, after `now`.
pub fn next_due(tx: &mut dyn Tx, now: Timestamp) -> R<Option<Timestamp>> {
    tx.opt(&NEXT_DUE, p![now], |row| row.int(0))
}

/// The entries of an account whose time has come, at most one of each chat.
pub fn heads(tx: &mut dyn Tx, account: UserId, now: Timestamp, limit: i64) -> R<Vec<i64>> {
    tx.all(&HEADS, p![account, now, limit], |row| row.int(0))
}

/// Takes an entry to be sent now, unless somebody else did, or it is not its turn. The account's lock must be held.
pub fn begin(tx: &mut dyn Tx, account: UserId, id: i64, (now, lease): (Timestamp, i64)) -> R<Option<Entry>> {
    let Some(entry) = get(tx, account, id)? else { return Ok(None) };
    let (lane, starts_at) = (&entry.lane, entry.starts_at);
    if tx.opt(&BEFORE, p![account, lane, starts_at, id], |_| Ok(()))?.is_some() {
        return Ok(None);
    }
    let begun = tx.execute(&BEGIN, p![account, id, now + lease, now])? == 1;
    Ok(begun.then(|| Entry { state: EntryState::Sending, tries: entry.tries + 1, ..entry }))
}

/// Leaves an entry that waits alone until then.
pub fn put_off(tx: &mut dyn Tx, account: UserId, id: i64, due: Timestamp) -> R<()> {
    tx.execute(&PUT_OFF, p![account, id, due]).map(drop)
}

/// Puts an entry that was begun back, to be tried again; `why` it was not sent.
pub fn again(
    tx: &mut dyn Tx,
    entry: &Entry,
    (due, why): (Timestamp, (Option<i64>, &str)),
    now: Timestamp,
) -> R<bool> {
    let (code, text) = why;
    Ok(tx.execute(&AGAIN, p![entry.account, entry.id, due, now, code, text])? == 1)
}

/// Says what became of an entry that was begun, or whose fate was unknown.
pub fn settle(tx: &mut dyn Tx, account: UserId, id: i64, (settled, now): (&Settled, Timestamp)) -> R<bool> {
    let (code, text) = match &settled.error {
        Some((code, text)) => (*code, Some(text)),
        None => (None, None),
    };
    let state = settled.state.number();
    let row = p![account, id, state, now, settled.result, code, text];
    Ok(tx.execute(&SETTLE, row)? == 1)
}

/// Takes an entry back; `false` when it is too late.
pub fn cancel(tx: &mut dyn Tx, account: UserId, id: i64, now: Timestamp) -> R<bool> {
    Ok(tx.execute(&CANCEL, p![account, id, now])? == 1)
}

/// Writes what an entry will send, and when; `false` when it is too late.
pub fn change(tx: &mut dyn Tx, entry: &Entry, now: Timestamp) -> R<bool> {
    let Entry { account, id, lane, params, send_at, scopes, .. } = entry;
    let starts_at = send_at.unwrap_or(entry.starts_at);
    let scopes = scopes.bits();
    let row = p![account, id, lane, params, send_at, starts_at, scopes, now];
    Ok(tx.execute(&CHANGE, row)? == 1)
}

/// Entries that were begun by somebody who is gone by now.
pub fn left_behind(tx: &mut dyn Tx, now: Timestamp) -> R<Vec<(UserId, i64)>> {
    tx.all(&LEFT_BEHIND, p![now], |row| Ok((UserId(row.int(0)?), row.int(1)?)))
}

/// Entries to a chat whose fate is unknown.
pub fn unknown(tx: &mut dyn Tx, account: UserId, lane: &str) -> R<Vec<Entry>> {
    tx.all(&UNKNOWN, p![account, lane], read)
}

/// Forgets what was finished [`KEPT_S`] ago. An account's newest stays, so that no number comes twice.
pub fn forget_old(tx: &mut dyn Tx, now: Timestamp) -> R<u64> {
    tx.execute(&FORGET, p![now - KEPT_S])
}

fn read(row: &dyn Row) -> R<Entry> {
    let id = row.int(1)?;
    let state = EntryState::of_number(row.int(6)?);
    Ok(Entry {
        account: UserId(row.int(0)?),
        id,
        method: row.string(2)?,
        lane: row.string(3)?,
        params: row.string(4)?,
        scopes: Scopes::from_bits(row.int(5)?),
        state: state.ok_or_else(|| StoreError::corrupt("outbox", "state", id))?,
        send_at: row.opt_int(7)?,
        starts_at: row.int(8)?,
        due: row.int(9)?,
        tries: row.int(10)?,
        created_at: row.int(11)?,
        updated_at: row.int(12)?,
        result: row.opt_string(13)?,
        error: row.opt_string(15)?.map(|text| Ok::<_, StoreError>((row.opt_int(14)?, text))).transpose()?,
        broadcast: row.opt_int(16)?,
        contact: row.opt_int(17)?,
    })
}
