//! How a contact's row and its search index are written together. `ops::contacts` calls it; what is asked of
//! the index is made beside, in `search`.

use super::waiting::{Placed, mark};
use super::{Index, found, joined_grams, scoped};
use crate::{Dialect, R, Sql, Tx, p};
use contactgram_model::{Contact, ContactId, UserId};

static INSERT_LITE: Sql = Sql::new(
    "INSERT INTO contacts (account_id, id, username_key, phone, version, name_key, search, body) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);
static INSERT_PG: Sql = Sql::new(
    "INSERT INTO contacts (account_id, id, username_key, phone, version, name_key, search, body, grams) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, string_to_array($9, chr(31)))",
);
static UPDATE_LITE: Sql = Sql::new(
    "UPDATE contacts SET username_key = $3, phone = $4, version = $5, name_key = $6, search = $7, body = $8 \
     WHERE account_id = $1 AND id = $2",
);
static UPDATE_PG: Sql = Sql::new(
    "UPDATE contacts SET username_key = $3, phone = $4, version = $5, name_key = $6, search = $7, body = $8, \
     grams = string_to_array($9, chr(31)) WHERE account_id = $1 AND id = $2",
);
static CONTACT_ROW: Sql = Sql::new(concat!(
    "SELECT row, ",
    mark!("contacts"),
    ", search FROM contacts WHERE account_id = $1 AND id = $2"
));

pub(in crate::ops) fn insert_contact(
    tx: &mut dyn Tx,
    account: UserId,
    contact: &Contact,
    body: &str,
) -> R<()> {
    let document = contact.search_document();
    let dialect = tx.dialect();
    with_contact(account, contact, (&document, body, dialect), |params| match dialect {
        Dialect::Sqlite => tx.later(&INSERT_LITE, &params[..8]),
        Dialect::Postgres => tx.later(&INSERT_PG, params),
    })
}

pub(in crate::ops) fn update_contact(
    tx: &mut dyn Tx,
    account: UserId,
    contact: &Contact,
    body: &str,
) -> R<()> {
    let document = contact.search_document();
    let dialect = tx.dialect();
    with_contact(account, contact, (&document, body, dialect), |params| match dialect {
        Dialect::Sqlite => {
            let (placed, same) = tx.one(&CONTACT_ROW, &params[..2], |row| {
                Ok((Placed { row: row.int(0)?, mark: row.int(1)? }, row.text(2)? == document))
            })?;
            if !same {
                placed.reindex(tx, Index::Contacts, Some(&scoped(account, &document)))?;
            }
            tx.execute(&UPDATE_LITE, &params[..8]).map(drop)
        }
        Dialect::Postgres => found(tx.execute(&UPDATE_PG, params)?),
    })
}

pub(in crate::ops) fn forget_contact(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<()> {
    if tx.dialect() == Dialect::Sqlite
        && let Some(placed) =
            tx.opt(&CONTACT_ROW, p![account, id], |row| Ok(Placed { row: row.int(0)?, mark: row.int(1)? }))?
    {
        placed.forget(tx, Index::Contacts)?;
    }
    Ok(())
}

fn with_contact<T>(
    account: UserId,
    contact: &Contact,
    (document, body, dialect): (&str, &str, Dialect),
    run: impl FnOnce(&[crate::Param<'_>]) -> R<T>,
) -> R<T> {
    let username_key = contact.username.as_deref().map(str::to_ascii_lowercase);
    let (phone, name_key) = (&contact.phone_number, contact.name_key());
    let grams = (dialect == Dialect::Postgres).then(|| joined_grams(account, document));
    run(p![account, contact.id, username_key, phone, contact.version, name_key, document, body, grams])
}
