//! Lists of contacts: pages in an order, by label or search, and what changed since a sync token.
//! `scan` territory: these may touch many rows.

use super::contacts::{contact_columns, read};
use super::search::{Index, Search};
use crate::{Param, R, Sql, Tx, intern, p};
use contactgram_model::search::Term;
use contactgram_model::{Contact, ContactId, Timestamp, UserId};

/// The order of a list. Each has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// First name, then last name, folded.
    Name,
    /// The contact's id.
    Id,
    /// Oldest change first.
    UpdatedAt,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// So many rows in.
    Offset(i64),
    /// After the contact with this name key and id ([`Sort::Name`]).
    AfterName(String, i64),
    /// After this id, or after this version, as the sort has it.
    After(i64),
}

/// Which contacts, in which order, from where.
#[derive(Debug, Clone)]
pub struct Query {
    /// All terms must match.
    pub terms: Vec<Term>,
    /// Only contacts with this label.
    pub label: Option<String>,
    /// The order.
    pub sort: Sort,
    /// The first row.
    pub start: Start,
    /// Rows at most.
    pub limit: i64,
}

static CHANGED: Sql = Sql::new(concat!(
    "SELECT ",
    contact_columns!(),
    " FROM contacts WHERE account_id = $1 AND version > $2 ORDER BY version LIMIT $3"
));
/// Without those that were added again since: they are among the changed.
static REMOVED: Sql = Sql::new(
    "SELECT version, id FROM contact_tombstones t WHERE account_id = $1 AND version > $2 AND NOT EXISTS \
     (SELECT 1 FROM contacts c WHERE c.account_id = t.account_id AND c.id = t.id) ORDER BY version LIMIT $3",
);
/// Grouped by a value and not by the column, or SQLite would pass over the whole table in the order of its
/// key.
static OLD: Sql = Sql::new(
    "SELECT account_id + 0, max(version) FROM contact_tombstones WHERE deleted_at <= $1 GROUP BY account_id + 0",
);
static FORGET: Sql = Sql::new("DELETE FROM contact_tombstones WHERE account_id = $1 AND version <= $2");

/// A page of contacts.
pub fn page(tx: &mut dyn Tx, account: UserId, query: &Query) -> R<Vec<Contact>> {
    let Filter { from, mut sql, texts } = filter(tx, account, query);
    let mut params = bind(account, &texts);
    let after = params.len() + 1;
    let (order, key) = match query.sort {
        Sort::Name => ("name_key, id", "name_key"),
        Sort::Id => ("id", "id"),
        Sort::UpdatedAt => ("version", "version"),
    };
    let mut offset = 0;
    match &query.start {
        Start::Offset(rows) => offset = *rows,
        Start::AfterName(name, id) => {
            sql.push_str(&format!(" AND (name_key, id) > (${after}, ${})", after + 1));
            params.extend([Param::Text(name), Param::Int(*id)]);
        }
        Start::After(value) => {
            sql.push_str(&format!(" AND {key} > ${after}"));
            params.push(Param::Int(*value));
        }
    }
    let next = params.len() + 1;
    params.extend([Param::Int(query.limit), Param::Int(offset)]);
    let sql = intern(format!(
        concat!(
            "SELECT ",
            contact_columns!(),
            " FROM {} WHERE account_id = $1{} ORDER BY {} LIMIT ${} OFFSET ${}"
        ),
        from,
        sql,
        order,
        next,
        next + 1
    ));
    tx.all(sql, &params, read)
}

/// How many contacts the query has in all.
pub fn count(tx: &mut dyn Tx, account: UserId, query: &Query) -> R<i64> {
    if query.terms.is_empty() && query.label.is_none() {
        return Ok(super::counters::get(tx, account)?.contacts);
    }
    let Filter { from, sql, texts } = filter(tx, account, query);
    let sql = intern(format!("SELECT count(*) FROM {from} WHERE account_id = $1{sql}"));
    tx.one(sql, &bind(account, &texts), |row| row.int(0))
}

/// One change since a sync token.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// New or different.
    Kept(Box<Contact>),
    /// Removed.
    Removed(ContactId),
}

/// Changes after version `since`, oldest first, with each one's version.
pub fn changes(tx: &mut dyn Tx, account: UserId, since: i64, limit: i64) -> R<Vec<(i64, Change)>> {
    let mut all = tx.all(&CHANGED, p![account, since, limit], |row| {
        let contact = read(row)?;
        Ok((contact.version, Change::Kept(Box::new(contact))))
    })?;
    all.extend(tx.all(&REMOVED, p![account, since, limit], |row| {
        Ok((row.int(0)?, Change::Removed(ContactId(row.int(1)?))))
    })?);
    all.sort_by_key(|(version, _)| *version);
    all.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(all)
}

/// Forgets tombstones up to `before` and expires the sync tokens that would need them.
pub fn forget_old(tx: &mut dyn Tx, before: Timestamp) -> R<()> {
    let old = tx.all(&OLD, p![before], |row| Ok((UserId(row.int(0)?), row.int(1)?)))?;
    for (account, version) in old {
        super::counters::raise_sync_floor(tx, account, version)?;
        tx.execute(&FORGET, p![account, version])?;
    }
    Ok(())
}

/// Where to select from, and the conditions behind `account_id = $1` with their values from `$2` on.
struct Filter {
    from: &'static str,
    sql: String,
    texts: Vec<String>,
}

fn filter(tx: &mut dyn Tx, account: UserId, query: &Query) -> Filter {
    let mut filter = Filter { from: "contacts", sql: String::new(), texts: Vec::new() };
    if let Some(label) = &query.label {
        filter
            .sql
            .push_str(" AND id IN (SELECT id FROM contact_labels WHERE account_id = $1 AND label = $2)");
        filter.texts.push(label.clone());
    }
    if !query.terms.is_empty() {
        let first = filter.texts.len() + 2;
        let search = Search { index: Index::Contacts, account, terms: &query.terms, first };
        let condition = search.condition(tx.dialect());
        filter.from = condition.from;
        filter.sql.push_str(&condition.sql);
        filter.texts.extend(condition.params);
    }
    filter
}

fn bind(account: UserId, texts: &[String]) -> Vec<Param<'_>> {
    [Param::Int(account.0)].into_iter().chain(texts.iter().map(|text| Param::Text(text))).collect()
}
