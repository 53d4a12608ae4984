//! The one folder where the engines differ in more than their DDL: the search index. SQLite has a
//! full-text table of trigrams beside the rows, PostgreSQL a column of the same grams with a GIN index.
//! Both are filled from `model::search`, and both confirm what the index finds against the text itself.

mod contacts;
mod messages;

pub(super) use contacts::{forget_contact, insert_contact, update_contact};
pub(super) use messages::{forget_message, insert_message, update_message};

use crate::{Dialect, R, Sql, Tx, p};
use contactgram_model::UserId;
use contactgram_model::search::{self, Term};

/// Separates grams on their way into PostgreSQL; never part of a folded text.
const SEPARATOR: &str = "\u{1f}";

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

fn joined_grams(account: UserId, document: &str) -> String {
    let mut grams = search::grams(document);
    grams.push(scope(account));
    grams.join(SEPARATOR)
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
