//! Contacts whom nobody knows yet, which is what most new ones are: the number gets its user in the directory and
//! the contact its place among the account's. The hub asks here first, and goes the long way when somebody is
//! known after all. The contact itself is put in by `contacts`.

use super::consumers::wanted;
use super::counters::{self, ContactPlace};
use super::{contacts, directory};
use crate::{Dialect, R, Sql, Tx, p};
use contactgram_model::{ContactId, Timestamp, User, UserId};

/// Looks, puts in and counts in one statement, each of which is a way there and back.
static ADMIT_PG: Sql = Sql::new(concat!(
    "WITH waiting AS (INSERT INTO users (id, kind, first_name, last_name, phone, created_at) \
     SELECT CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($2 AS TEXT), \
     CAST($7 AS BIGINT) WHERE NOT (",
    contacts::known!(),
    ") ON CONFLICT DO NOTHING RETURNING id), \
     mailbox AS (INSERT INTO counters (account_id, update_id) SELECT id, 0 FROM waiting ON CONFLICT DO NOTHING) \
     UPDATE counters SET contact_version = contact_version + 1, contacts = contacts + 1 \
     WHERE account_id = $1 AND EXISTS (SELECT 1 FROM waiting) RETURNING contact_version, ",
    wanted!()
));

/// Puts a number that waits into the directory, with its mailbox, and counts a contact of it in. `None`, and
/// nothing is done, when the directory or the account knows the number or the id.
pub fn admit(tx: &mut dyn Tx, account: UserId, waiting: &User, now: Timestamp) -> R<Option<ContactPlace>> {
    let phone = waiting.phone_number.as_deref().unwrap_or_default();
    if tx.dialect() == Dialect::Postgres {
        let User { id, kind, first_name, last_name, .. } = waiting;
        let kind = kind.code();
        let params = p![account, phone, id, kind, first_name, last_name, now];
        return tx.opt(&ADMIT_PG, params, counters::contact_place);
    }
    if !contacts::is_newcomer(tx, account, phone, ContactId(waiting.id.0))?
        || !directory::insert(tx, waiting, now)?
    {
        return Ok(None);
    }
    counters::open_waiting(tx, waiting.id)?;
    counters::next_contact(tx, account, 1).map(Some)
}
