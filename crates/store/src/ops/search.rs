//! The one place where the engines differ in more than their DDL: the search index. SQLite has a
//! full-text table of trigrams beside the rows, PostgreSQL a column of the same grams with a GIN index.
//! Both are filled from `model::search`, and both confirm what the index finds against the text itself.

use crate::{Dialect, R, Sql, Tx, p};
use contactgram_model::search::{self, Term};
use contactgram_model::{Contact, ContactId, MessageId, StoredMessage, UserId};

/// Separates grams on their way into PostgreSQL; never part of a folded text.
const SEPARATOR: &str = "\u{1f}";

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

static MESSAGE_LITE: Sql = Sql::new(
    "INSERT INTO messages (account_id, message_id, chat_id, from_id, outgoing, date, origin_user, origin_id, \
     search, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING row",
);
static MESSAGE_PG: Sql = Sql::new(
    "INSERT INTO messages (account_id, message_id, chat_id, from_id, outgoing, date, origin_user, origin_id, \
     search, body, grams) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, string_to_array($11, chr(31)))",
);
static MESSAGE_BODY_LITE: Sql = Sql::new(
    "UPDATE messages SET search = $3, body = $4 WHERE account_id = $1 AND message_id = $2 RETURNING row",
);
static MESSAGE_BODY_PG: Sql = Sql::new(
    "UPDATE messages SET search = $3, body = $4, grams = string_to_array($5, chr(31)) \
     WHERE account_id = $1 AND message_id = $2",
);
static MESSAGE_ROW: Sql = Sql::new("SELECT row FROM messages WHERE account_id = $1 AND message_id = $2");
static INDEX_MESSAGE: Sql = Sql::new("INSERT INTO message_search (rowid, document) VALUES ($1, $2)");
static UNINDEX_MESSAGE: Sql = Sql::new("DELETE FROM message_search WHERE rowid = $1");
static UNINDEX_CONTACTS_OF: Sql =
    Sql::new("DELETE FROM contact_search WHERE rowid IN (SELECT row FROM contacts WHERE account_id = $1)");
static UNINDEX_MESSAGES_OF: Sql =
    Sql::new("DELETE FROM message_search WHERE rowid IN (SELECT row FROM messages WHERE account_id = $1)");

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Names, usernames, numbers and addresses of contacts.
    Contacts,
    /// Texts of messages.
    Messages,
}

/// A search among the rows of one account.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// What is searched.
    pub index: Index,
    /// Whose.
    pub account: UserId,
    /// All must match; at least one.
    pub terms: &'a [Term],
    /// The number of its first placeholder.
    pub first: usize,
}

/// The parts of a statement that find the rows matching a search.
#[derive(Debug)]
pub struct Condition {
    /// What to select from.
    pub from: &'static str,
    /// Begins with ` AND`, to be put behind other conditions.
    pub sql: String,
    /// Values for its placeholders.
    pub params: Vec<String>,
}

impl Search<'_> {
    /// How this engine is asked. On SQLite the index comes first in a join whose order is fixed: left to
    /// itself the planner, who has no statistics, passes over the account instead, or asks the index again
    /// for each row.
    pub fn condition(&self, dialect: Dialect) -> Condition {
        let Search { index, account, terms, first } = *self;
        let mut grams: Vec<String> = terms.iter().flat_map(Term::grams).collect();
        grams.push(scope(account));
        grams.sort_unstable();
        grams.dedup();
        let (from, asked, params) = match (dialect, index) {
            (Dialect::Postgres, Index::Contacts) => ("contacts", "grams @>", grams.join(SEPARATOR)),
            (Dialect::Postgres, Index::Messages) => ("messages", "grams @>", grams.join(SEPARATOR)),
            (Dialect::Sqlite, Index::Contacts) => (
                "contact_search CROSS JOIN contacts ON contacts.row = contact_search.rowid",
                "contact_search MATCH",
                quoted(&grams),
            ),
            (Dialect::Sqlite, Index::Messages) => (
                "message_search CROSS JOIN messages ON messages.row = message_search.rowid",
                "message_search MATCH",
                quoted(&grams),
            ),
        };
        let mut sql = match dialect {
            Dialect::Sqlite => format!(" AND {asked} ${first}"),
            Dialect::Postgres => format!(" AND {asked} string_to_array(${first}, chr(31))"),
        };
        let mut params = vec![params];
        confirm(&mut sql, &mut params, first, terms);
        Condition { from, sql, params }
    }

    /// The same rows without the index, for where other conditions leave few to look at.
    pub fn plain(&self) -> Condition {
        let from = match self.index {
            Index::Contacts => "contacts",
            Index::Messages => "messages",
        };
        let (mut sql, mut params) = (String::new(), Vec::new());
        confirm(&mut sql, &mut params, self.first, self.terms);
        Condition { from, sql, params }
    }
}

/// Compares the text itself with each term.
fn confirm(sql: &mut String, params: &mut Vec<String>, first: usize, terms: &[Term]) {
    for term in terms {
        sql.push_str(&format!(" AND search LIKE ${}", first + params.len()));
        params.push(term.pattern());
    }
}

/// A gram that all documents of an account hold and hardly any other: both engines keep all accounts in
/// one index, and without it a search would meet everybody's rows. It only spares work; whose a row is,
/// is in the row. Three characters of a private plane, which is in no text that is searched.
fn scope(account: UserId) -> String {
    let digit = |place: u32| {
        let value = (account.0 >> (16 * place)) & 0xFFFF;
        // The plane's last two code points are kept from use as characters.
        let value = u32::try_from(value.min(0xFFFD)).unwrap_or_default();
        char::from_u32(0xF_0000 + value).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    [digit(2), digit(1), digit(0)].into_iter().collect()
}

/// A document as SQLite's index takes it.
fn scoped(account: UserId, document: &str) -> String {
    scope(account) + document
}

/// Grams as FTS5 is asked for all of them.
fn quoted(grams: &[String]) -> String {
    let quoted: Vec<String> = grams.iter().map(|gram| format!("\"{gram}\"")).collect();
    quoted.join(" AND ")
}

pub(super) fn insert_contact(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
    let document = contact.search_document();
    with_contact(account, contact, (&document, tx.dialect()), |params| match tx.dialect() {
        Dialect::Sqlite => {
            let row = tx.one(&INSERT_LITE, &params[..22], |row| row.int(0))?;
            tx.execute(&INDEX_CONTACT, p![row, scoped(account, &document)]).map(drop)
        }
        Dialect::Postgres => tx.execute(&INSERT_PG, params).map(drop),
    })
}

pub(super) fn update_contact(tx: &mut dyn Tx, account: UserId, contact: &Contact) -> R<()> {
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

pub(super) fn forget_contact(tx: &mut dyn Tx, account: UserId, id: ContactId) -> R<()> {
    if tx.dialect() == Dialect::Sqlite
        && let Some(row) = tx.opt(&CONTACT_ROW, p![account, id], |row| row.int(0))?
    {
        tx.execute(&UNINDEX_CONTACT, p![row])?;
    }
    Ok(())
}

/// Puts a message in; `indexed` is false for mailboxes that nobody searches.
pub(super) fn insert_message(
    tx: &mut dyn Tx,
    owner: UserId,
    message: &StoredMessage,
    indexed: bool,
) -> R<()> {
    let document = message_document(&message.text, indexed);
    let outgoing = message.direction == contactgram_model::Direction::Out;
    let (user, id) = message.origin;
    let grams = if tx.dialect() == Dialect::Postgres {
        document.as_deref().map(|document| joined_grams(owner, document))
    } else {
        None
    };
    let params = p![
        owner,
        message.id,
        message.chat,
        message.from,
        outgoing,
        message.date,
        user,
        id,
        document,
        message.body,
        grams
    ];
    match tx.dialect() {
        Dialect::Sqlite => {
            let row = tx.one(&MESSAGE_LITE, &params[..10], |row| row.int(0))?;
            if let Some(document) = document {
                tx.execute(&INDEX_MESSAGE, p![row, scoped(owner, &document)])?;
            }
            Ok(())
        }
        Dialect::Postgres => tx.execute(&MESSAGE_PG, params).map(drop),
    }
}

/// Gives a message another text and body.
pub(super) fn update_message(
    tx: &mut dyn Tx,
    owner: UserId,
    message: &StoredMessage,
    indexed: bool,
) -> R<()> {
    let document = message_document(&message.text, indexed);
    match tx.dialect() {
        Dialect::Sqlite => {
            let params = p![owner, message.id, document, message.body];
            let row = tx.one(&MESSAGE_BODY_LITE, params, |row| row.int(0))?;
            tx.execute(&UNINDEX_MESSAGE, p![row])?;
            if let Some(document) = document {
                tx.execute(&INDEX_MESSAGE, p![row, scoped(owner, &document)])?;
            }
            Ok(())
        }
        Dialect::Postgres => {
            let grams = document.as_deref().map(|document| joined_grams(owner, document));
            found(tx.execute(&MESSAGE_BODY_PG, p![owner, message.id, document, message.body, grams])?)
        }
    }
}

pub(super) fn forget_message(tx: &mut dyn Tx, owner: UserId, id: MessageId) -> R<()> {
    if tx.dialect() == Dialect::Sqlite
        && let Some(row) = tx.opt(&MESSAGE_ROW, p![owner, id], |row| row.int(0))?
    {
        tx.execute(&UNINDEX_MESSAGE, p![row])?;
    }
    Ok(())
}

pub(super) fn forget_account(tx: &mut dyn Tx, account: UserId) -> R<()> {
    if tx.dialect() == Dialect::Sqlite {
        tx.execute(&UNINDEX_CONTACTS_OF, p![account])?;
        tx.execute(&UNINDEX_MESSAGES_OF, p![account])?;
    }
    Ok(())
}

/// What `RETURNING` and `one` say on SQLite.
fn found(rows: u64) -> R<()> {
    if rows == 0 { Err(crate::StoreError::NotFound) } else { Ok(()) }
}

fn message_document(text: &str, indexed: bool) -> Option<String> {
    (indexed && !text.is_empty()).then(|| search::document([text]))
}

fn joined_grams(account: UserId, document: &str) -> String {
    let mut grams = search::grams(document);
    grams.push(scope(account));
    grams.join(SEPARATOR)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_a_gram_of_its_own_that_is_in_no_text() {
        let ids = [1, 2, 65_535 << 16, 65_536, 5_000_000_101, 5_000_000_102, UserId::NEW.end, 1 << 40];
        let mut scopes: Vec<String> = ids.iter().map(|&id| scope(UserId(id))).collect();
        for gram in &scopes {
            assert_eq!(gram.chars().count(), 3, "the tokenizer's unit");
            assert!(
                search::terms(gram).is_empty()
                    && search::grams(&search::document([gram.as_str()])).is_empty()
            );
        }
        scopes.sort_unstable();
        scopes.dedup();
        assert_eq!(scopes.len(), ids.len());
    }
}
