//! The Bot API servers that accounts of the bot connector live on, how far their updates were taken, and where their
//! messages are in the mailbox. The token comes and goes encrypted.

use crate::{R, Row, Sql, Tx, p};
use contactgram_model::{ChatId, MessageId, Timestamp, UserId};

// At another server the updates have other numbers.
static PUT: Sql = Sql::new(
    "INSERT INTO upstreams (account_id, base_url, token, webhook, next_update) VALUES ($1, $2, $3, $4, 0) \
     ON CONFLICT (account_id) DO UPDATE SET base_url = excluded.base_url, token = excluded.token, \
     webhook = excluded.webhook, stopped_at = NULL, stopped_why = NULL, next_update = \
     CASE WHEN upstreams.base_url = excluded.base_url THEN upstreams.next_update ELSE 0 END",
);
static GET: Sql = Sql::new(
    "SELECT account_id, base_url, token, next_update, stopped_at, stopped_why, webhook, further_kinds FROM upstreams \
     WHERE account_id = $1",
);
static ALL: Sql = Sql::new(
    "SELECT account_id, base_url, token, next_update, stopped_at, stopped_why, webhook, further_kinds FROM upstreams \
     ORDER BY account_id",
);
static TAKEN: Sql = Sql::new("UPDATE upstreams SET next_update = $2 WHERE account_id = $1");
static NEXT: Sql = Sql::new("SELECT next_update FROM upstreams WHERE account_id = $1");
static STOP: Sql = Sql::new("UPDATE upstreams SET stopped_at = $2, stopped_why = $3 WHERE account_id = $1");
static ASK_FOR: Sql = Sql::new("UPDATE upstreams SET further_kinds = $2 WHERE account_id = $1");
static LEASE: Sql = Sql::new(
    "UPDATE upstreams SET poller = $2, polled_until = $4 WHERE account_id = $1 AND (poller = $2 OR polled_until <= $3)",
);
static RELEASE: Sql =
    Sql::new("UPDATE upstreams SET polled_until = 0 WHERE poller = $1 AND polled_until > 0");
static RECEIVE: Sql = Sql::new(
    "INSERT INTO upstream_received (account_id, number, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
);
static FORGET_ALL_RECEIVED: Sql = Sql::new("DELETE FROM upstream_received WHERE account_id = $1");
static FORGET_RECEIVED: Sql = Sql::new("DELETE FROM upstream_received WHERE received_at <= $1");
static FIND: Sql = Sql::new(
    "SELECT message_id FROM upstream_messages WHERE account_id = $1 AND space = $2 AND chat_id = $3 AND number = $4",
);
static FROM: Sql = Sql::new(
    "SELECT message_id FROM upstream_messages WHERE account_id = $1 AND space = $2 AND chat_id = $3 \
     AND number >= $4 ORDER BY number LIMIT 1",
);
static KEEP: Sql = Sql::new(
    "INSERT INTO upstream_messages (account_id, space, chat_id, number, message_id) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (account_id, space, chat_id, number) DO UPDATE SET message_id = excluded.message_id",
);
static FORGET: Sql = Sql::new("DELETE FROM upstream_messages WHERE account_id = $1 AND message_id = $2");

/// An account's Bot API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamRow {
    /// Whose.
    pub account: UserId,
    /// Where it is.
    pub base_url: String,
    /// The bot's token, encrypted.
    pub token: Vec<u8>,
    /// The first update that is not kept here yet, as the upstream counts; 0 before the first.
    pub next_update: i64,
    /// Since when its token is known to be good no more.
    pub stopped: Option<(Timestamp, String)>,
    /// The secret that it sends with the updates that it posts, encrypted; none while it is polled.
    pub webhook: Option<Vec<u8>>,
    /// Kinds of updates that somebody asked for and nobody here knows: their names, with spaces between.
    pub further_kinds: String,
}

/// What connects an account to an upstream.
#[derive(Debug, Clone, Copy)]
pub struct NewUpstream<'a> {
    /// Where it is.
    pub base_url: &'a str,
    /// The bot's token, encrypted.
    pub token: &'a [u8],
    /// The secret for what it posts, encrypted.
    pub webhook: Option<&'a [u8]>,
}

/// A message's place at an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 0 for the bot's own chats, else a business connection's number.
    pub space: i64,
    /// The chat.
    pub chat: ChatId,
    /// `message_id` as the upstream has it.
    pub number: i64,
}

/// Connects an account to an upstream, anew if it was. At another server [`forget_all_received`] is due.
pub fn put(tx: &mut dyn Tx, account: UserId, new: NewUpstream<'_>) -> R<()> {
    tx.execute(&PUT, p![account, new.base_url, new.token, new.webhook]).map(drop)
}

/// An account's upstream.
pub fn get(tx: &mut dyn Tx, account: UserId) -> R<Option<UpstreamRow>> {
    tx.opt(&GET, p![account], read)
}

/// Every upstream, by account.
pub fn all(tx: &mut dyn Tx) -> R<Vec<UpstreamRow>> {
    tx.all(&ALL, p![], read)
}

/// The first update that is not kept yet.
pub fn next_update(tx: &mut dyn Tx, account: UserId) -> R<Option<i64>> {
    tx.opt(&NEXT, p![account], |row| row.int(0))
}

/// Everything below `next` is kept. Whoever calls holds the account's lock.
pub fn taken(tx: &mut dyn Tx, account: UserId, next: i64) -> R<()> {
    tx.execute(&TAKEN, p![account, next]).map(drop)
}

/// Notes that an upstream is asked no more, and why.
pub fn stop(tx: &mut dyn Tx, account: UserId, (at, why): (Timestamp, &str)) -> R<()> {
    tx.execute(&STOP, p![account, at, why]).map(drop)
}

/// Which kinds it is asked for that nobody here knows.
pub fn ask_for(tx: &mut dyn Tx, account: UserId, kinds: &str) -> R<()> {
    tx.execute(&ASK_FOR, p![account, kinds]).map(drop)
}

/// Notes that a process polls an upstream until then; whether it may, since no other does.
pub fn lease(tx: &mut dyn Tx, account: UserId, poller: i64, (now, until): (Timestamp, Timestamp)) -> R<bool> {
    tx.execute(&LEASE, p![account, poller, now, until]).map(|rows| rows > 0)
}

/// Leaves all upstreams of a process to others.
pub fn release(tx: &mut dyn Tx, poller: i64) -> R<()> {
    tx.execute(&RELEASE, p![poller]).map(drop)
}

/// Notes that the update of this number was posted; whether it was not before.
pub fn receive(tx: &mut dyn Tx, account: UserId, number: i64, now: Timestamp) -> R<bool> {
    tx.execute(&RECEIVE, p![account, number, now]).map(|rows| rows > 0)
}

/// Forgets which updates of an account were posted: another server counts its own.
pub fn forget_all_received(tx: &mut dyn Tx, account: UserId) -> R<()> {
    tx.execute(&FORGET_ALL_RECEIVED, p![account]).map(drop)
}

/// Forgets which updates were posted until then.
pub fn forget_received(tx: &mut dyn Tx, until: Timestamp) -> R<()> {
    tx.execute(&FORGET_RECEIVED, p![until]).map(drop)
}

/// Where a message is in the mailbox.
pub fn message(tx: &mut dyn Tx, account: UserId, place: Place) -> R<Option<MessageId>> {
    let Place { space, chat, number } = place;
    tx.opt(&FIND, p![account, space, chat, number], |row| row.int(0).map(MessageId))
}

/// Where the first message of a chat is in the mailbox whose number is this one or above.
pub fn first_from(tx: &mut dyn Tx, account: UserId, place: Place) -> R<Option<MessageId>> {
    let Place { space, chat, number } = place;
    tx.opt(&FROM, p![account, space, chat, number], |row| row.int(0).map(MessageId))
}

/// Notes where a message is; the last that had this place is the one that has it.
pub fn keep_message(tx: &mut dyn Tx, account: UserId, place: Place, id: MessageId) -> R<()> {
    let Place { space, chat, number } = place;
    tx.execute(&KEEP, p![account, space, chat, number, id]).map(drop)
}

/// Forgets where a message was.
pub fn forget_message(tx: &mut dyn Tx, account: UserId, id: MessageId) -> R<()> {
    tx.execute(&FORGET, p![account, id]).map(drop)
}

fn read(row: &dyn Row) -> R<UpstreamRow> {
    let at = row.opt_int(4)?;
    Ok(UpstreamRow {
        account: UserId(row.int(0)?),
        base_url: row.string(1)?,
        token: row.blob(2)?.to_vec(),
        next_update: row.int(3)?,
        stopped: at.zip(row.opt_string(5)?),
        webhook: row.opt_blob(6)?.map(<[u8]>::to_vec),
        further_kinds: row.string(7)?,
    })
}
