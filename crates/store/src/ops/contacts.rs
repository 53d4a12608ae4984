//! Contacts, one at a time: reading, writing, removing, and the ids they had before. Lists and search are
//! in `search`, changes since a point in `sync`. Which contacts are the same is decided in the hub.

use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::{Contact, ContactId, ContactSource, Timestamp, UserId};

/// The columns of [`read`], in its order.
macro_rules! contact_columns {
    () => {
        "id, first_name, last_name, username, phone, email, user_id, language, is_bot, labels, note, attributes, \
         verified, blocked, source, created_at, updated_at, version"
    };
}
pub(crate) use contact_columns;

static GET: Sql =
    Sql::new(concat!("SELECT ", contact_columns!(), " FROM contacts WHERE account_id = $1 AND id = $2"));
static BY_PHONE: Sql =
    Sql::new(concat!("SELECT ", contact_columns!(), " FROM contacts WHERE account_id = $1 AND phone = $2"));
static BY_USERNAME: Sql = Sql::new(concat!(
    "SELECT ",
    contact_columns!(),
    " FROM contacts WHERE account_id = $1 AND username_key = $2 ORDER BY id LIMIT 1"
));
static DELETE: Sql = Sql::new("DELETE FROM contacts WHERE account_id = $1 AND id = $2");
static ALIAS: Sql = Sql::new("SELECT id FROM contact_aliases WHERE account_id = $1 AND old_id = $2");
static ADD_ALIAS: Sql = Sql::new(
    "INSERT INTO contact_aliases (account_id, old_id, id) VALUES ($1, $2, $3) \
     ON CONFLICT (account_id, old_id) DO UPDATE SET id = excluded.id",
);
static MOVE_ALIASES: Sql = Sql::new("UPDATE contact_aliases SET id = $3 WHERE account_id = $1 AND id = $2");
static DROP_ALIASES: Sql = Sql::new("DELETE FROM contact_aliases WHERE account_id = $1 AND id = $2");
static DROP_ALIAS: Sql = Sql::new("DELETE FROM contact_aliases WHERE account_id = $1 AND old_id = $2");
static BURY: Sql =
    Sql::new("INSERT INTO contact_tombstones (account_id, version, id, deleted_at) VALUES ($1, $2, $3, $4)");
static DROP_LABELS: Sql = Sql::new("DELETE FROM contact_labels WHERE account_id = $1 AND id = $2");
static ADD_LABEL: Sql = Sql::new("INSERT INTO contact_labels (account_id, label, id) VALUES ($1, $2, $3)");
static SET_BLOCKED: Sql = Sql::new(
    "UPDATE contacts SET blocked = $3, updated_at = $4, version = $5 WHERE account_id = $1 AND id = $2",
);

/// The contact of this user, by its present id alone: an id that a contact had before may be another user's
/// by now.
pub fn of_user(tx: &mut dyn Tx, account: UserId, user: UserId) -> R<Option<Contact>> {
    tx.opt(&GET, p![account, user], read)
}

/// The contact of this id, or else the one that had this id before.
pub fn get(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<Option<Contact>> {
    let found = tx.opt(&GET, p![account, id], read)?;
    if found.is_some() || !id.is_own() {
        return Ok(found);
    }
    match tx.opt(&ALIAS, p![account, id], |row| row.int(0))? {
        Some(newer) => tx.opt(&GET, p![account, newer], read),
        None => Ok(None),
    }
}

/// The contact with this number in E.164.
pub fn by_phone(tx: &mut dyn Tx, account: UserId, phone: &str) -> R<Option<Contact>> {
    tx.opt(&BY_PHONE, p![account, phone], read)
}

/// The contact with this username, in any case; the oldest if several have it.
pub fn by_username(tx: &mut dyn Tx, account: UserId, username: &str) -> R<Option<Contact>> {
    tx.opt(&BY_USERNAME, p![account, username.to_ascii_lowercase()], read)
}

/// Puts a new contact in. Its id leads to no other from now on.
pub fn insert(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    super::search::insert_contact(tx, account, contact)?;
    if contact.id.is_own() {
        tx.execute(&DROP_ALIAS, p![account, contact.id])?;
    }
    write_labels(tx, account, contact)
}

/// Writes all fields of a contact that there is; its id must be its present one.
pub fn update(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    super::search::update_contact(tx, account, contact)?;
    tx.execute(&DROP_LABELS, p![account, contact.id])?;
    write_labels(tx, account, contact)
}

/// Removes a contact and the ids it had before. The caller writes the tombstone with [`bury`].
pub fn delete(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<()> {
    super::search::forget_contact(tx, account, id)?;
    tx.execute(&DROP_LABELS, p![account, id])?;
    tx.execute(&DROP_ALIASES, p![account, id])?;
    tx.execute(&DELETE, p![account, id]).map(drop)
}

/// Tells sync tokens that the contact of this id is gone.
pub fn bury(tx: &mut dyn Tx, account: UserId, id: ContactId, at: (i64, Timestamp)) -> R<()> {
    let (version, now) = at;
    tx.execute(&BURY, p![account, version, id, now]).map(drop)
}

/// Makes `old` lead to `id` from now on, and whatever led to `old` too.
pub fn add_alias(tx: &mut dyn Tx, account: UserId, old: ContactId, id: ContactId) -> R<()> {
    tx.execute(&MOVE_ALIASES, p![account, old, id])?;
    tx.execute(&ADD_ALIAS, p![account, old, id]).map(drop)
}

/// Notes whether the contact's user blocked the account.
pub fn set_blocked(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    let params = p![account, contact.id, contact.is_blocked, contact.updated_at, contact.version];
    tx.execute(&SET_BLOCKED, params).map(drop)
}

fn write_labels(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    for label in &contact.labels {
        tx.execute(&ADD_LABEL, p![account, label, contact.id])?;
    }
    Ok(())
}

/// Reads a row of [`contact_columns!`].
pub(crate) fn read(row: &dyn Row) -> R<Contact> {
    let id = row.int(0)?;
    let corrupt = |column: &'static str| StoreError::corrupt("contacts", column, id);
    Ok(Contact {
        id: ContactId(id),
        first_name: row.string(1)?,
        last_name: row.opt_string(2)?,
        username: row.opt_string(3)?,
        phone_number: row.opt_string(4)?,
        email: row.opt_string(5)?,
        user_id: row.opt_int(6)?.map(UserId),
        language_code: row.opt_string(7)?,
        is_bot: row.bool(8)?,
        labels: json_or_default(row.opt_text(9)?).ok_or_else(|| corrupt("labels"))?,
        note: row.opt_string(10)?,
        attributes: json_or_default(row.opt_text(11)?).ok_or_else(|| corrupt("attributes"))?,
        phone_verified: row.bool(12)?,
        is_blocked: row.bool(13)?,
        source: ContactSource::from_code(row.int(14)?).ok_or_else(|| corrupt("source"))?,
        created_at: row.int(15)?,
        updated_at: row.int(16)?,
        version: row.int(17)?,
    })
}

fn json_or_default<T: serde::de::DeserializeOwned + Default>(text: Option<&str>) -> Option<T> {
    text.map_or_else(|| Some(T::default()), |text| serde_json::from_str(text).ok())
}
