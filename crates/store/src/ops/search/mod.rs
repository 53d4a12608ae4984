//! The one folder where the engines differ in more than their DDL: the search index. SQLite has a
//! full-text table of trigrams beside the rows, PostgreSQL a column of the same grams with a GIN index.
//! Both are filled from `model::search`, and both confirm what the index finds against the text itself.

mod contacts;
mod messages;
mod waiting;

pub(super) use contacts::{forget_contact, insert_contact, update_contact};
pub(super) use messages::{forget_message, insert_message, update_message};
pub use waiting::{BATCH, index_batch, waiting};

use crate::{Dialect, R, Tx};
use contactgram_model::UserId;
use contactgram_model::search::{self, Term};
use waiting::mark;

/// Separates grams on their way into PostgreSQL; never part of a folded text.
const SEPARATOR: &str = "\u{1f}";

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
    /// All must match.
    pub terms: &'a [Term],
    /// The number of its first placeholder.
    pub first: usize,
}

/// How the rows that match a search are found.
#[derive(Debug)]
pub struct Condition {
    arms: Vec<Arm>,
    /// What else must be true of a row, of whichever arm: begins with ` AND`.
    confirmed: String,
    /// Values for the placeholders.
    pub params: Vec<String>,
}

/// One way to rows; those of several arms are different ones.
#[derive(Debug)]
struct Arm {
    from: &'static str,
    /// The number that its rows come in the order of.
    key: &'static str,
    /// The account's own rows.
    own: &'static str,
    /// Begins with ` AND`, or is empty.
    asked: String,
}

impl Condition {
    /// A statement, or the better part of one, that selects `columns` of the rows that match and for which
    /// `more`, beginning with ` AND`, is true. `{key}` among the columns becomes each arm's.
    pub fn select(&self, columns: &str, more: &str) -> String {
        let selects: Vec<String> =
            self.arms.iter().map(|arm| arm.select(columns, more, &self.confirmed)).collect();
        selects.join(" UNION ALL ")
    }
}

impl Arm {
    fn select(&self, columns: &str, more: &str, confirmed: &str) -> String {
        let Arm { from, key, own, asked } = self;
        let columns = columns.replace("{key}", key);
        format!("SELECT {columns} FROM {from} WHERE {own} = $1{more}{asked}{confirmed}")
    }
}

impl Search<'_> {
    /// How this engine is asked; `$1` is the account. On SQLite the index comes first in a join whose order is
    /// fixed: left to itself the planner, who has no statistics, passes over the account instead, or asks the
    /// index again for each row. Rows that wait for the index are read besides.
    pub fn condition(&self, dialect: Dialect) -> Condition {
        let Search { index, account, terms, first } = *self;
        let mut grams: Vec<String> = terms.iter().flat_map(Term::grams).collect();
        grams.push(scope(account));
        grams.sort_unstable();
        grams.dedup();
        let indexed = |from, key, asked: &str| Arm { from, key, own: "account_id", asked: asked.to_owned() };
        // The sign keeps the planner from passing over the whole account.
        let unindexed =
            |from, asked: &str| Arm { from, key: "row", own: "+account_id", asked: asked.to_owned() };
        let (arms, grams) = match (dialect, index) {
            (Dialect::Postgres, _) => {
                let asked = format!(" AND grams @> string_to_array(${first}, chr(31))");
                (vec![indexed(index.table(), index.key(), &asked)], grams.join(SEPARATOR))
            }
            (Dialect::Sqlite, Index::Contacts) => {
                let from = "contact_search CROSS JOIN contacts ON contacts.row = contact_search.rowid";
                let asked = format!(" AND contact_search MATCH ${first}");
                let behind = concat!(" AND row > ", mark!("contacts"));
                let arms = vec![indexed(from, "contact_search.rowid", &asked), unindexed("contacts", behind)];
                (arms, quoted(&grams))
            }
            (Dialect::Sqlite, Index::Messages) => {
                let from = "message_search CROSS JOIN messages ON messages.row = message_search.rowid";
                let asked = format!(" AND message_search MATCH ${first}");
                let behind = concat!(" AND row > ", mark!("messages"));
                let arms = vec![indexed(from, "message_search.rowid", &asked), unindexed("messages", behind)];
                (arms, quoted(&grams))
            }
        };
        let (mut confirmed, mut params) = (String::new(), vec![grams]);
        confirm(&mut confirmed, &mut params, first, terms);
        Condition { arms, confirmed, params }
    }

    /// The same rows without the index, for where other conditions leave few to look at.
    pub fn plain(&self) -> Condition {
        let (from, key) = (self.index.table(), self.index.key());
        let arm = Arm { from, key, own: "account_id", asked: String::new() };
        let (mut confirmed, mut params) = (String::new(), Vec::new());
        confirm(&mut confirmed, &mut params, self.first, self.terms);
        Condition { arms: vec![arm], confirmed, params }
    }
}

impl Index {
    fn table(self) -> &'static str {
        match self {
            Index::Contacts => "contacts",
            Index::Messages => "messages",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Index::Contacts => "id",
            Index::Messages => "message_id",
        }
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
        waiting::forget_account(tx, account)?;
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
