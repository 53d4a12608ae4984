//! One message to many contacts: what it says, to whom, and how far entries of the outbox are made of it. Its entries are
//! in `outbox`; pausing and cancelling change those that were not begun.

use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::outbox::{BroadcastState, EntryState};
use contactgram_model::scope::Scopes;
use contactgram_model::{Timestamp, UserId};

macro_rules! columns {
    () => {
        "account_id, broadcast_id, method, params, selection, scopes, state, total, made, reached, created_at, updated_at"
    };
}

static NEWEST: Sql =
    Sql::new("SELECT broadcast_id FROM broadcasts WHERE account_id = $1 ORDER BY broadcast_id DESC LIMIT 1");
static INSERT: Sql = Sql::new(concat!(
    "INSERT INTO broadcasts (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0, '', $8, $8)"
));
static GET: Sql =
    Sql::new(concat!("SELECT ", columns!(), " FROM broadcasts WHERE account_id = $1 AND broadcast_id = $2"));
static PAGE: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM broadcasts WHERE account_id = $1 ORDER BY broadcast_id DESC LIMIT $2 OFFSET $3"
));
static OPEN: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM broadcasts WHERE state = 0 ORDER BY account_id, broadcast_id"
));
static ADVANCE: Sql = Sql::new(
    "UPDATE broadcasts SET made = made + $3, reached = $4, state = $5, updated_at = $6 \
     WHERE account_id = $1 AND broadcast_id = $2 AND state = 0 AND reached = $7",
);
static SET_STATE: Sql =
    Sql::new("UPDATE broadcasts SET state = $3, updated_at = $4 WHERE account_id = $1 AND broadcast_id = $2");
static MOVE: Sql = Sql::new(
    "UPDATE outbox SET state = $4, updated_at = $5 WHERE account_id = $1 AND broadcast_id = $2 AND state = $3",
);
static WAITING: Sql =
    Sql::new("SELECT count(*) FROM outbox WHERE account_id = $1 AND broadcast_id = $2 AND state = 0");

/// A broadcast that is about to begin.
#[derive(Debug, Clone)]
pub struct NewBroadcast {
    /// The Bot API's method.
    pub method: String,
    /// Its parameters without `chat_id`, a JSON object.
    pub params: String,
    /// To whom, as the hub writes it.
    pub selection: String,
    /// What the sender may do.
    pub scopes: Scopes,
    /// How many contacts that were when it began.
    pub total: i64,
}

/// A broadcast as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// Whose.
    pub account: UserId,
    /// Counts from 1 for each account.
    pub id: i64,
    /// The Bot API's method.
    pub method: String,
    /// Its parameters without `chat_id`, a JSON object.
    pub params: String,
    /// To whom, as the hub wrote it.
    pub selection: String,
    /// What the sender may do.
    pub scopes: Scopes,
    /// Where it stands.
    pub state: BroadcastState,
    /// How many contacts the selection had when it began.
    pub total: i64,
    /// How many entries there are.
    pub made: i64,
    /// How far through the selection they go; empty at the beginning.
    pub reached: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Keeps a new broadcast; answers its number. The account's lock must be held.
pub fn insert(tx: &mut dyn Tx, account: UserId, new: &NewBroadcast, now: Timestamp) -> R<i64> {
    let id = tx.opt(&NEWEST, p![account], |row| row.int(0))?.unwrap_or(0) + 1;
    let NewBroadcast { method, params, selection, scopes, total } = new;
    let scopes = scopes.bits();
    let row = p![account, id, method, params, selection, scopes, total, now];
    tx.execute(&INSERT, row)?;
    Ok(id)
}

/// An account's broadcast.
pub fn get(tx: &mut dyn Tx, account: UserId, id: i64) -> R<Option<Broadcast>> {
    tx.opt(&GET, p![account, id], read)
}

/// A page of an account's broadcasts, the newest first.
pub fn list(tx: &mut dyn Tx, account: UserId, (limit, offset): (i64, i64)) -> R<Vec<Broadcast>> {
    tx.all(&PAGE, p![account, limit, offset], read)
}

/// Broadcasts of which entries are still to be made.
pub fn open(tx: &mut dyn Tx) -> R<Vec<Broadcast>> {
    tx.all(&OPEN, p![], read)
}

/// How many entries of a broadcast wait to be sent.
pub fn waiting(tx: &mut dyn Tx, account: UserId, id: i64) -> R<i64> {
    tx.one(&WAITING, p![account, id], |row| row.int(0))
}

/// Notes that entries were made; `false` when somebody else went on, or it runs no more. `reached` is how far they go,
/// and whether that is the end.
pub fn advance(
    tx: &mut dyn Tx,
    broadcast: &Broadcast,
    (made, reached, is_end): (i64, &str, bool),
    now: Timestamp,
) -> R<bool> {
    let state = if is_end { BroadcastState::Made } else { BroadcastState::Running };
    let Broadcast { account, id, reached: before, .. } = broadcast;
    Ok(tx.execute(&ADVANCE, p![account, id, made, reached, state.number(), now, before])? == 1)
}

/// Sets where a broadcast stands.
pub fn set_state(
    tx: &mut dyn Tx,
    account: UserId,
    id: i64,
    (state, now): (BroadcastState, Timestamp),
) -> R<()> {
    tx.execute(&SET_STATE, p![account, id, state.number(), now]).map(drop)
}

/// Brings all entries of a broadcast that stand at one state to another; how many those were.
pub fn move_entries(
    tx: &mut dyn Tx,
    account: UserId,
    id: i64,
    (from, to, now): (EntryState, EntryState, Timestamp),
) -> R<u64> {
    tx.execute(&MOVE, p![account, id, from.number(), to.number(), now])
}

fn read(row: &dyn Row) -> R<Broadcast> {
    let id = row.int(1)?;
    let state = BroadcastState::of_number(row.int(6)?);
    Ok(Broadcast {
        account: UserId(row.int(0)?),
        id,
        method: row.string(2)?,
        params: row.string(3)?,
        selection: row.string(4)?,
        scopes: Scopes::from_bits(row.int(5)?),
        state: state.ok_or_else(|| StoreError::corrupt("broadcasts", "state", id))?,
        total: row.int(7)?,
        made: row.int(8)?,
        reached: row.string(9)?,
        created_at: row.int(10)?,
        updated_at: row.int(11)?,
    })
}
