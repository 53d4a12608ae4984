//! How a contact's row and its search index are written together. `ops::contacts` calls it; what is asked of
//! the index is made beside, in `search`.

use super::{found, joined_grams, scoped};
use crate::{Dialect, R, Sql, Tx, p};
use contactgram_model::{Contact, ContactId, UserId};

macro_rules! contact_values {
    () => {
        "account_id, id, first_name, last_name, username, username_key, phone, email, user_id, language, is_bot, \
         labels, note, attributes, verified, blocked, source, created_at, updated_at, version, name_key, search"
    };
}
macro_rules! contact_places {
    () => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22"
    };
}
macro_rules! contact_sets {
    () => {
        "first_name = $3, last_name = $4, username = $5, username_key = $6, phone = $7, email = $8, user_id = $9, \
         language = $10, is_bot = $11, labels = $12, note = $13, attributes = $14, verified = $15, blocked = $16, \
         source = $17, created_at = $18, updated_at = $19, version = $20, name_key = $21, search = $22"
    };
}

static INSERT_LITE: Sql = Sql::new(concat!(
    "INSERT INTO contacts (",
    contact_values!(),
    ") VALUES (",
    contact_places!(),
    ") RETURNING row"
));
static INSERT_PG: Sql = Sql::new(concat!(
    "INSERT INTO contacts (",
    contact_values!(),
    ", grams) VALUES (",
    contact_places!(),
    ", string_to_array($23, chr(31)))"
));
static UPDATE_LITE: Sql =
    Sql::new(concat!("UPDATE contacts SET ", contact_sets!(), " WHERE account_id = $1 AND id = $2"));
static UPDATE_PG: Sql = Sql::new(concat!(
    "UPDATE contacts SET ",
    contact_sets!(),
    ", grams = string_to_array($23, chr(31)) WHERE account_id = $1 AND id = $2"
));
static CONTACT_ROW: Sql = Sql::new("SELECT row, search FROM contacts WHERE account_id = $1 AND id = $2");
static INDEX_CONTACT: Sql = Sql::new("INSERT INTO contact_search (rowid, document) VALUES ($1, $2)");
static UNINDEX_CONTACT: Sql = Sql::new("DELETE FROM contact_search WHERE rowid = $1");

pub(in crate::ops) fn insert_contact(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    let document = contact.search_document();
    with_contact(account, contact, (&document, tx.dialect()), |params| match tx.dialect() {
        Dialect::Sqlite => {
            let row = tx.one(&INSERT_LITE, &params[..22], |row| row.int(0))?;
            tx.execute(&INDEX_CONTACT, p![row, scoped(account, &document)]).map(drop)
        }
        Dialect::Postgres => tx.execute(&INSERT_PG, params).map(drop),
    })
}

pub(in crate::ops) fn update_contact(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    let document = contact.search_document();
    with_contact(account, contact, (&document, tx.dialect()), |params| match tx.dialect() {
        Dialect::Sqlite => {
            let (row, before) =
                tx.one(&CONTACT_ROW, &params[..2], |row| Ok((row.int(0)?, row.string(1)?)))?;
            if before != document {
                tx.execute(&UNINDEX_CONTACT, p![row])?;
                tx.execute(&INDEX_CONTACT, p![row, scoped(account, &document)])?;
            }
            tx.execute(&UPDATE_LITE, &params[..22]).map(drop)
        }
        Dialect::Postgres => found(tx.execute(&UPDATE_PG, params)?),
    })
}

pub(in crate::ops) fn forget_contact(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<()> {
    if tx.dialect() == Dialect::Sqlite
        && let Some(row) = tx.opt(&CONTACT_ROW, p![account, id], |row| row.int(0))?
    {
        tx.execute(&UNINDEX_CONTACT, p![row])?;
    }
    Ok(())
}

fn with_contact<T>(
    account: UserId,
    contact: &Contact,
    (document, dialect): (&str, Dialect),
    run: impl FnOnce(&[crate::Param<'_>]) -> R<T>,
) -> R<T> {
    let labels =
        (!contact.labels.is_empty()).then(|| serde_json::to_string(&contact.labels).unwrap_or_default());
    let attributes = (!contact.attributes.is_empty())
        .then(|| serde_json::to_string(&contact.attributes).unwrap_or_default());
    let username_key = contact.username.as_deref().map(str::to_ascii_lowercase);
    let name_key = contact.name_key();
    let grams = (dialect == Dialect::Postgres).then(|| joined_grams(account, document));
    run(p![
        account,
        contact.id,
        contact.first_name,
        contact.last_name,
        contact.username,
        username_key,
        contact.phone_number,
        contact.email,
        contact.user_id,
        contact.language_code,
        contact.is_bot,
        labels,
        contact.note,
        attributes,
        contact.phone_verified,
        contact.is_blocked,
        contact.source.code(),
        contact.created_at,
        contact.updated_at,
        contact.version,
        name_key,
        document,
        grams
    ])
}
