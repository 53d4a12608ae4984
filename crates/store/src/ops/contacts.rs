//! Contacts, one at a time: reading, writing, removing, and the ids they had before. A row keeps the JSON that
//! the API answers with; columns are only what rows are found and sorted by. Lists are in `contact_list`, search
//! in `search`. Which contacts are the same is decided in the hub.

use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::{Contact, ContactId, StoredContact, Timestamp, UserId};

static GET: Sql = Sql::new("SELECT id, version, body FROM contacts WHERE account_id = $1 AND id = $2");
static BY_PHONE: Sql =
    Sql::new("SELECT id, version, body FROM contacts WHERE account_id = $1 AND phone = $2");
static BY_USERNAME: Sql = Sql::new(
    "SELECT id, version, body FROM contacts WHERE account_id = $1 AND username_key = $2 ORDER BY id LIMIT 1",
);
/// Everything that would make the number `$2` or the id `$3` no newcomer.
macro_rules! known {
    () => {
        "EXISTS (SELECT 1 FROM users WHERE phone = $2) \
         OR EXISTS (SELECT 1 FROM contacts WHERE account_id = $1 AND phone = $2) \
         OR EXISTS (SELECT 1 FROM users WHERE id = $3) \
         OR EXISTS (SELECT 1 FROM contacts WHERE account_id = $1 AND id = $3) \
         OR EXISTS (SELECT 1 FROM contact_aliases WHERE account_id = $1 AND old_id = $3)"
    };
}
pub(super) use known;

static KNOWN: Sql = Sql::new(concat!("SELECT ", known!()));
static TAKEN: Sql = Sql::new(
    "SELECT EXISTS (SELECT 1 FROM users WHERE id = $2) \
     OR EXISTS (SELECT 1 FROM contacts WHERE account_id = $1 AND id = $2) \
     OR EXISTS (SELECT 1 FROM contact_aliases WHERE account_id = $1 AND old_id = $2)",
);
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
/// A contact that had the label and lost it before is told of once, as of now.
static UNLABEL: Sql = Sql::new(
    "INSERT INTO contact_label_tombstones (account_id, label, id, version, deleted_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (account_id, label, id) DO UPDATE SET version = excluded.version, \
     deleted_at = excluded.deleted_at",
);
static DROP_LABELS: Sql = Sql::new("DELETE FROM contact_labels WHERE account_id = $1 AND id = $2");
static ADD_LABEL: Sql = Sql::new("INSERT INTO contact_labels (account_id, label, id) VALUES ($1, $2, $3)");
static SET_BODY: Sql =
    Sql::new("UPDATE contacts SET version = $3, body = $4 WHERE account_id = $1 AND id = $2");

/// How a contact is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// By its id, or one it had before.
    Id(ContactId),
    /// By its number in E.164.
    Phone(&'a str),
    /// By its username, in any case; the oldest if several have it.
    Username(&'a str),
}

/// The contact as it is answered with.
pub fn stored(tx: &mut dyn Tx, account: UserId, key: Key<'_>) -> R<Option<StoredContact>> {
    Ok(find(tx, account, key)?.map(|(_, stored)| stored))
}

/// Asks ahead for [`of_user`].
pub fn of_user_ahead(tx: &mut dyn Tx, account: UserId, user: UserId) -> R<()> {
    tx.ahead(&GET, p![account, user])
}

/// The contact of this user, by its present id alone: an id that a contact had before may be another user's
/// by now.
pub fn of_user(tx: &mut dyn Tx, account: UserId, user: UserId) -> R<Option<Contact>> {
    tx.opt(&GET, p![account, user], read)?.map(parse).transpose()
}

/// The contact of this id, or else the one that had this id before.
pub fn get(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<Option<Contact>> {
    find(tx, account, Key::Id(id))?.map(parse).transpose()
}

/// The contact with this number in E.164.
pub fn by_phone(tx: &mut dyn Tx, account: UserId, phone: &str) -> R<Option<Contact>> {
    find(tx, account, Key::Phone(phone))?.map(parse).transpose()
}

/// The contact with this username, in any case; the oldest if several have it.
pub fn by_username(tx: &mut dyn Tx, account: UserId, username: &str) -> R<Option<Contact>> {
    find(tx, account, Key::Username(username))?.map(parse).transpose()
}

/// Whether neither the directory nor the account knows this number, and the id is free.
pub(super) fn is_newcomer(tx: &mut dyn Tx, account: UserId, phone: &str, id: ContactId) -> R<bool> {
    tx.one(&KNOWN, p![account, phone, id], |row| row.bool(0)).map(|known| !known)
}

/// Whether no user has this id, and the account no contact under it, today or before.
pub fn is_free(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<bool> {
    tx.one(&TAKEN, p![account, id], |row| row.bool(0)).map(|taken| !taken)
}

/// Puts a new contact in. Its id leads to no other from now on. Returns the JSON that is kept.
pub fn insert(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<String> {
    if contact.id.is_own() {
        tx.later(&DROP_ALIAS, p![account, contact.id])?;
    }
    insert_free(tx, account, contact)
}

/// Puts a new contact in whose id was found free. Returns the JSON that is kept.
pub fn insert_free(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<String> {
    let body = body(contact)?;
    super::search::insert_contact(tx, account, contact, &body)?;
    write_labels(tx, account, contact)?;
    Ok(body)
}

/// Writes all fields of a contact that there is; its id must be its present one. Returns the JSON that is kept.
pub fn update(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<String> {
    let body = body(contact)?;
    super::search::update_contact(tx, account, contact, &body)?;
    tx.later(&DROP_LABELS, p![account, contact.id])?;
    write_labels(tx, account, contact)?;
    Ok(body)
}

/// Removes a contact and the ids it had before. The caller writes the tombstone with [`bury`].
pub fn delete(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<()> {
    super::search::forget_contact(tx, account, id)?;
    tx.later(&DROP_LABELS, p![account, id])?;
    tx.later(&DROP_ALIASES, p![account, id])?;
    tx.later(&DELETE, p![account, id])
}

/// Tells sync tokens that the contact of this id is gone.
pub fn bury(tx: &mut dyn Tx, account: UserId, id: ContactId, at: (i64, Timestamp)) -> R<()> {
    let (version, now) = at;
    tx.later(&BURY, p![account, version, id, now])
}

/// Tells sync tokens of views that the contact of this id has these labels no more.
pub fn unlabel(
    tx: &mut dyn Tx,
    account: UserId,
    (id, labels): (ContactId, &[String]),
    (version, now): (i64, Timestamp),
) -> R<()> {
    for label in labels {
        tx.later(&UNLABEL, p![account, label, id, version, now])?;
    }
    Ok(())
}

/// Makes `old` lead to `id` from now on, and whatever led to `old` too.
pub fn add_alias(tx: &mut dyn Tx, account: UserId, old: ContactId, id: ContactId) -> R<()> {
    super::views::follow(tx, account, old, id)?;
    tx.later(&MOVE_ALIASES, p![account, old, id])?;
    tx.later(&ADD_ALIAS, p![account, old, id])
}

/// Notes whether the contact's user blocked the account; nothing else may be different.
pub fn set_blocked(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    tx.execute(&SET_BODY, p![account, contact.id, contact.version, body(contact)?]).map(drop)
}

fn write_labels(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    for label in &contact.labels {
        tx.later(&ADD_LABEL, p![account, label, contact.id])?;
    }
    Ok(())
}

fn find(tx: &mut dyn Tx, account: UserId, key: Key<'_>) -> R<Option<(i64, StoredContact)>> {
    let id = match key {
        Key::Id(id) => id,
        Key::Phone(phone) => return tx.opt(&BY_PHONE, p![account, phone], read),
        Key::Username(name) => return tx.opt(&BY_USERNAME, p![account, name.to_ascii_lowercase()], read),
    };
    let found = tx.opt(&GET, p![account, id], read)?;
    if found.is_some() || !id.is_own() {
        return Ok(found);
    }
    match tx.opt(&ALIAS, p![account, id], |row| row.int(0))? {
        Some(newer) => tx.opt(&GET, p![account, newer], read),
        None => Ok(None),
    }
}

/// The id, for what names the row, and what is kept.
fn read(row: &dyn Row) -> R<(i64, StoredContact)> {
    Ok((row.int(0)?, StoredContact { version: row.int(1)?, body: row.string(2)? }))
}

fn parse((id, stored): (i64, StoredContact)) -> R<Contact> {
    stored.contact().map_err(|_| StoreError::corrupt("contacts", "body", id))
}

fn body(contact: &Contact) -> R<String> {
    serde_json::to_string(contact).map_err(|error| StoreError::Other(format!("a contact as JSON: {error}")))
}
