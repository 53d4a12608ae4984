//! The numbers a mailbox counts with. One row a mailbox, changed first by every write, so that writers of
//! one account queue there and never meet half way.

use crate::{R, Sql, Tx, p};
use contactgram_model::{MessageId, Timestamp, UpdateId, UserId};

static OPEN: Sql =
    Sql::new("INSERT INTO counters (account_id, update_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
static MESSAGE: Sql = Sql::new(
    "UPDATE counters SET message_id = message_id + 1, messages = messages + 1, \
     last_date = CASE WHEN last_date > $2 THEN last_date ELSE $2 END WHERE account_id = $1 \
     RETURNING message_id, last_date",
);
static FEWER_MESSAGES: Sql = Sql::new("UPDATE counters SET messages = messages - $2 WHERE account_id = $1");
static UPDATE: Sql =
    Sql::new("UPDATE counters SET update_id = update_id + 1 WHERE account_id = $1 RETURNING update_id");
static CONTACT: Sql = Sql::new(
    "UPDATE counters SET contact_version = contact_version + 1, contacts = contacts + $2 WHERE account_id = $1 \
     RETURNING contact_version",
);
static SYNC_FLOOR: Sql =
    Sql::new("UPDATE counters SET sync_floor = $2 WHERE account_id = $1 AND sync_floor < $2");
static GET: Sql = Sql::new(
    "SELECT message_id, update_id, contact_version, sync_floor, messages, contacts FROM counters \
     WHERE account_id = $1",
);

/// Where a mailbox stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// The newest message's id.
    pub message_id: i64,
    /// The newest update's id.
    pub update_id: i64,
    /// The newest change of a contact.
    pub contact_version: i64,
    /// Sync tokens below this are expired.
    pub sync_floor: i64,
    /// Messages there are.
    pub messages: i64,
    /// Contacts there are.
    pub contacts: i64,
}

/// Gives a user a mailbox, whose first update will be `first_update + 1`.
pub fn open(tx: &mut dyn Tx, user: UserId, first_update: i64) -> R<()> {
    tx.later(&OPEN, p![user, first_update])
}

/// Makes other writers of this account wait until this transaction ends. On SQLite there are none.
pub fn lock(tx: &mut dyn Tx, account: UserId) -> R<()> {
    tx.lock(account.0)
}

/// Locks several mailboxes, always in the same order.
pub fn lock_all(tx: &mut dyn Tx, accounts: &[UserId]) -> R<()> {
    let mut sorted = accounts.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.into_iter().try_for_each(|account| lock(tx, account))
}

/// The next message's id, and its date: `now`, or the newest message's date if the clock went back, so
/// that dates never fall while ids rise.
pub fn next_message(tx: &mut dyn Tx, user: UserId, now: Timestamp) -> R<(MessageId, Timestamp)> {
    tx.one(&MESSAGE, p![user, now], |row| Ok((MessageId(row.int(0)?), row.int(1)?)))
}

/// Counts messages off.
pub fn fewer_messages(tx: &mut dyn Tx, user: UserId, removed: i64) -> R<()> {
    tx.later(&FEWER_MESSAGES, p![user, removed])
}

/// The next update's id.
pub fn next_update(tx: &mut dyn Tx, account: UserId) -> R<UpdateId> {
    tx.one(&UPDATE, p![account], |row| Ok(UpdateId(row.int(0)?)))
}

/// The next contact version; `added` is 1 for a new contact, 0 for a changed, -1 for a removed one.
pub fn next_contact_version(tx: &mut dyn Tx, account: UserId, added: i64) -> R<i64> {
    tx.one(&CONTACT, p![account, added], |row| row.int(0))
}

/// Declares sync tokens below `version` expired.
pub fn raise_sync_floor(tx: &mut dyn Tx, account: UserId, version: i64) -> R<()> {
    tx.execute(&SYNC_FLOOR, p![account, version]).map(drop)
}

/// Where a mailbox stands.
pub fn get(tx: &mut dyn Tx, user: UserId) -> R<Counters> {
    let read = tx.opt(&GET, p![user], |row| {
        Ok(Counters {
            message_id: row.int(0)?,
            update_id: row.int(1)?,
            contact_version: row.int(2)?,
            sync_floor: row.int(3)?,
            messages: row.int(4)?,
            contacts: row.int(5)?,
        })
    })?;
    Ok(read.unwrap_or_default())
}
