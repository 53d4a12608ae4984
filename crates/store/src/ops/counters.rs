//! The numbers a mailbox counts with. One row a mailbox, changed first by every write, so that writers of
//! one account queue there and never meet half way.

use super::consumers::wanted;
use crate::{Dialect, R, Sql, Tx, p};
use contactgram_model::update::Wanted;
use contactgram_model::{MessageId, Timestamp, UpdateId, UpdateKind, UpdateKinds, UserId};

static OPEN: Sql =
    Sql::new("INSERT INTO counters (account_id, update_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
static FEWER_MESSAGES: Sql = Sql::new("UPDATE counters SET messages = messages - $2 WHERE account_id = $1");

/// Whether a kind of `$3` is logged.
macro_rules! logged {
    () => {
        "(CASE WHEN EXISTS (SELECT 1 FROM consumers WHERE account_id = $1 AND name = '' \
         AND (allowed | also) & $3 <> 0) THEN 1 ELSE 0 END)"
    };
}

// On PostgreSQL each statement is a way there and back; on SQLite `RETURNING` makes a table of its own, which
// costs more than looking first.
static MESSAGE_PG: Sql = Sql::new(concat!(
    "UPDATE counters SET message_id = message_id + 1, messages = messages + 1, \
     last_date = CASE WHEN last_date > $2 THEN last_date ELSE $2 END, update_id = update_id + ",
    logged!(),
    " WHERE account_id = $1 RETURNING message_id, last_date, update_id, ",
    wanted!()
));
static MESSAGE_LOOK: Sql = Sql::new(concat!(
    "SELECT message_id, last_date, update_id, ",
    wanted!(),
    " FROM counters WHERE account_id = $1"
));
static MESSAGE_SET: Sql = Sql::new(
    "UPDATE counters SET message_id = $2, messages = messages + 1, last_date = $3, update_id = $4 \
     WHERE account_id = $1",
);
static UPDATE_PG: Sql =
    Sql::new("UPDATE counters SET update_id = update_id + 1 WHERE account_id = $1 RETURNING update_id");
static UPDATE_LOOK: Sql = Sql::new("SELECT update_id + 1 FROM counters WHERE account_id = $1");
static UPDATE_SET: Sql = Sql::new("UPDATE counters SET update_id = $2 WHERE account_id = $1");
static CONTACT_PG: Sql = Sql::new(concat!(
    "UPDATE counters SET contact_version = contact_version + 1, contacts = contacts + $2 WHERE account_id = $1 \
     RETURNING contact_version, ",
    wanted!()
));
static CONTACT_LOOK: Sql =
    Sql::new(concat!("SELECT contact_version + 1, ", wanted!(), " FROM counters WHERE account_id = $1"));
static CONTACT_SET: Sql =
    Sql::new("UPDATE counters SET contact_version = $2, contacts = contacts + $3 WHERE account_id = $1");
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

/// What a message gets from its mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagePlace {
    /// Its id.
    pub id: MessageId,
    /// Now, or the newest message's date if the clock went back, so that dates never fall while ids rise.
    pub date: Timestamp,
    /// The place of the update that tells of it, if the mailbox's owner wants one.
    pub update: Option<LogPlace>,
}

/// The place of an update in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPlace {
    /// Its id.
    pub id: UpdateId,
    /// Whether the default consumer is not to see it.
    pub aside: bool,
}

/// What a change of a contact gets from its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactPlace {
    /// Its place among all changes.
    pub version: i64,
    /// The updates that the account wants.
    pub wanted: Wanted,
}

/// Gives a user a mailbox, whose first update will be `first_update + 1`.
pub fn open(tx: &mut dyn Tx, user: UserId, first_update: i64) -> R<()> {
    tx.later(&OPEN, p![user, first_update])
}

/// Gives a number that waits a mailbox: at once where others must be able to [`lock`] it, else with its
/// first message, which most never get.
pub fn open_waiting(tx: &mut dyn Tx, user: UserId) -> R<()> {
    match tx.dialect() {
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => open(tx, user, 0),
    }
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

/// Counts a message in. `update` is the kind of update that tells of it.
pub fn next_message(
    tx: &mut dyn Tx,
    user: UserId,
    now: Timestamp,
    update: Option<UpdateKind>,
) -> R<MessagePlace> {
    let place = |wanted: i64, id: i64| {
        let (wanted, kind) = (Wanted::from_bits(wanted), update?);
        wanted.has(kind).then_some(LogPlace { id: UpdateId(id), aside: wanted.is_aside(kind) })
    };
    if tx.dialect() == Dialect::Postgres {
        let kinds: UpdateKinds = update.into_iter().collect();
        return tx.one(&MESSAGE_PG, p![user, now, kinds.bits()], |row| {
            let (id, date) = (MessageId(row.int(0)?), row.int(1)?);
            Ok(MessagePlace { id, date, update: place(row.int(3)?, row.int(2)?) })
        });
    }
    let look = |tx: &mut dyn Tx| {
        tx.opt(&MESSAGE_LOOK, p![user], |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?]))
    };
    let mut numbers = look(tx)?;
    if numbers.is_none() {
        open(tx, user, 0)?;
        numbers = look(tx)?;
    }
    let [newest, last_date, last_update, wanted] = numbers.ok_or(crate::StoreError::NotFound)?;
    let (id, date) = (newest + 1, last_date.max(now));
    let update = place(wanted, last_update + 1);
    let update_id = update.map_or(last_update, |place| place.id.0);
    tx.execute(&MESSAGE_SET, p![user, id, date, update_id])?;
    Ok(MessagePlace { id: MessageId(id), date, update })
}

/// Counts messages off.
pub fn fewer_messages(tx: &mut dyn Tx, user: UserId, removed: i64) -> R<()> {
    tx.later(&FEWER_MESSAGES, p![user, removed])
}

/// The next update's id.
pub fn next_update(tx: &mut dyn Tx, account: UserId) -> R<UpdateId> {
    if tx.dialect() == Dialect::Postgres {
        return tx.one(&UPDATE_PG, p![account], |row| Ok(UpdateId(row.int(0)?)));
    }
    let id = tx.one(&UPDATE_LOOK, p![account], |row| row.int(0))?;
    tx.execute(&UPDATE_SET, p![account, id])?;
    Ok(UpdateId(id))
}

/// Counts a change of a contact in; `added` is 1 for a new contact, 0 for a changed, -1 for a removed one.
pub fn next_contact(tx: &mut dyn Tx, account: UserId, added: i64) -> R<ContactPlace> {
    if tx.dialect() == Dialect::Postgres {
        return tx.one(&CONTACT_PG, p![account, added], contact_place);
    }
    let place = tx.one(&CONTACT_LOOK, p![account], contact_place)?;
    tx.execute(&CONTACT_SET, p![account, place.version, added])?;
    Ok(place)
}

/// Reads a version and what is [`wanted!`].
pub(super) fn contact_place(row: &dyn crate::Row) -> R<ContactPlace> {
    Ok(ContactPlace { version: row.int(0)?, wanted: Wanted::from_bits(row.int(1)?) })
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
