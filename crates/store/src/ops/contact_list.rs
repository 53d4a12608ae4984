//! Lists of contacts: pages in an order, by label or search, and what changed since a sync token. Rows come as
//! the JSON they are kept in; nothing here reads it. Pages of a plain list are one statement, and so one state
//! of the store, whichever door they go through; all else is `scan` territory.

mod changes;
mod first;
mod public;
mod walk;

pub use changes::{Change, changes};
pub use first::first;
pub use walk::{Step, walk};

use std::sync::OnceLock;

use super::search::{Condition, Index, Search};
use super::views::{self, ViewId};
use crate::{Param, R, Row, Sql, Tx, intern, p};
use contactgram_model::search::Term;
use contactgram_model::{Timestamp, UserId};

/// The order of a list. Each has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// First name, then last name, folded.
    Name,
    /// The contact's id.
    Id,
    /// Oldest change first.
    UpdatedAt,
}

/// Where a row stands in the order of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Its name key and id, in [`Sort::Name`].
    Name(String, i64),
    /// Its id or its version, as the sort has it.
    Number(i64),
}

/// Where a page begins: so many rows behind a place, or behind the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The row before.
    pub after: Option<Place>,
    /// Rows to leave out.
    pub skip: i64,
}

impl Start {
    /// So many rows in.
    pub fn offset(rows: i64) -> Start {
        Start { after: None, skip: rows }
    }

    /// Behind a row.
    pub fn after(place: Place) -> Start {
        Start { after: Some(place), skip: 0 }
    }
}

/// Which contacts, in which order, from where.
#[derive(Debug, Clone)]
pub struct Query {
    /// All terms must match.
    pub terms: Vec<Term>,
    /// Whether terms may match a number or an address; else names alone are searched.
    pub private: bool,
    /// Only contacts with this label.
    pub label: Option<String>,
    /// Only contacts that this view shows.
    pub view: Option<ViewId>,
    /// The order.
    pub sort: Sort,
    /// The first row.
    pub start: Start,
    /// Rows at most.
    pub limit: i64,
}

impl Query {
    /// Whether it asks for all contacts of an account.
    pub fn is_plain(&self) -> bool {
        self.is_whole() && self.view.is_none()
    }

    /// Whether it asks for all contacts that the caller can see.
    pub fn is_whole(&self) -> bool {
        self.terms.is_empty() && self.label.is_none()
    }
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Their JSON, with commas between.
    pub json: String,
    /// Where the last of them stands, if others follow.
    pub last: Option<Place>,
    /// How many rows the list has.
    pub total: i64,
    /// The account's contact version that this is the list of.
    pub version: i64,
}

/// Grouped by a value and not by the column, or SQLite would pass over the whole table in the order of its
/// key.
static OLD: Sql = Sql::new(
    "SELECT account_id + 0, max(version) FROM contact_tombstones WHERE deleted_at <= $1 GROUP BY account_id + 0 \
     UNION ALL SELECT account_id + 0, max(version) FROM contact_label_tombstones WHERE deleted_at <= $1 \
     GROUP BY account_id + 0",
);
static FORGET: Sql = Sql::new("DELETE FROM contact_tombstones WHERE account_id = $1 AND version <= $2");
static FORGET_LABELS: Sql = Sql::new("DELETE FROM contact_label_tombstones WHERE deleted_at <= $1");

/// A page of contacts.
pub fn page(tx: &mut dyn Tx, account: UserId, query: &Query) -> R<Page> {
    if !query.is_plain() {
        let names_alone = !query.private && !query.terms.is_empty();
        return if names_alone { public::page(tx, account, query) } else { filtered(tx, account, query) };
    }
    let Query { sort, start, limit, .. } = query;
    let mut params = vec![Param::Int(account.0), Param::Int(limit + 1), Param::Int(start.skip)];
    params.extend(start.after.iter().flat_map(bind));
    let mut rows = Rows::new(*sort, *limit);
    let mut numbers = None;
    tx.query(plain(*sort, start.after.is_some()), &params, &mut |row| {
        if numbers.is_none() {
            numbers = Some((row.int(2)?, row.int(3)?));
        }
        rows.push(row, 4)
    })?;
    let (version, total) = match numbers {
        Some(numbers) => numbers,
        None => {
            let counted = super::counters::get(tx, account)?;
            (counted.contact_version, counted.contacts)
        }
    };
    Ok(Page { json: rows.json, last: rows.last.filter(|_| rows.more), total, version })
}

/// Where the row stands that is `rows` behind `start`, counted from 1; `None` when the list ends before.
pub fn place(
    tx: &mut dyn Tx,
    account: UserId,
    sort: Sort,
    (start, rows): (Option<&Place>, i64),
) -> R<Option<Place>> {
    static TEXTS: [OnceLock<&Sql>; 6] = [const { OnceLock::new() }; 6];
    let text = TEXTS[index(sort, start.is_some())].get_or_init(|| {
        let (columns, behind) = (order(sort), start.map_or_else(String::new, |_| behind(sort, 3)));
        intern(format!(
            "SELECT {columns} FROM contacts WHERE account_id = $1{behind} ORDER BY {columns} LIMIT 1 OFFSET $2"
        ))
    });
    let mut params = vec![Param::Int(account.0), Param::Int(rows - 1)];
    params.extend(start.into_iter().flat_map(bind));
    tx.opt(text, &params, |row| match sort {
        Sort::Name => Ok(Place::Name(row.string(0)?, row.int(1)?)),
        Sort::Id | Sort::UpdatedAt => Ok(Place::Number(row.int(0)?)),
    })
}

/// Forgets tombstones up to `before` and expires the sync tokens that would need them.
pub fn forget_old(tx: &mut dyn Tx, before: Timestamp) -> R<()> {
    let old = tx.all(&OLD, p![before], |row| Ok((UserId(row.int(0)?), row.int(1)?)))?;
    for (account, version) in old {
        super::counters::raise_sync_floor(tx, account, version)?;
        tx.execute(&FORGET, p![account, version])?;
    }
    tx.execute(&FORGET_LABELS, p![before]).map(drop)
}

/// The rows of a page as they come in; one more than the page holds tells that others follow.
struct Rows {
    sort: Sort,
    wanted: i64,
    json: String,
    last: Option<Place>,
    more: bool,
}

impl Rows {
    fn new(sort: Sort, wanted: i64) -> Rows {
        Rows { sort, wanted, json: String::new(), last: None, more: false }
    }

    /// Takes a row: its body, its id or version, and in column `name` its name key.
    fn push(&mut self, row: &dyn Row, name: usize) -> R<()> {
        if self.wanted == 0 {
            self.more = true;
            return Ok(());
        }
        let body = row.text(0)?;
        if !self.json.is_empty() {
            self.json.push(',');
        } else {
            let rows = usize::try_from(self.wanted).unwrap_or_default().min(64);
            self.json.reserve((body.len() + body.len() / 4) * rows);
        }
        self.json.push_str(body);
        self.wanted -= 1;
        if self.wanted == 0 {
            let number = row.int(1)?;
            self.last = Some(match self.sort {
                Sort::Name => Place::Name(row.string(name)?, number),
                Sort::Id | Sort::UpdatedAt => Place::Number(number),
            });
        }
        Ok(())
    }
}

/// The statement of a plain page; made once for each order and kind of beginning. The account's numbers stand
/// in each row, but are worked out once.
fn plain(sort: Sort, after: bool) -> &'static Sql {
    static TEXTS: [OnceLock<&Sql>; 6] = [const { OnceLock::new() }; 6];
    TEXTS[index(sort, after)].get_or_init(|| {
        let (own, name) = number(sort);
        let (order, behind) = (order(sort), if after { behind(sort, 4) } else { String::new() });
        intern(format!(
            "SELECT body, {own}, (SELECT contact_version FROM counters WHERE account_id = $1), \
             (SELECT contacts FROM counters WHERE account_id = $1){name} FROM contacts \
             WHERE account_id = $1{behind} ORDER BY {order} LIMIT $2 OFFSET $3"
        ))
    })
}

/// A page of a search or of a label. What it counts and what it shows are two looks at the store.
fn filtered(tx: &mut dyn Tx, account: UserId, query: &Query) -> R<Page> {
    let Query { sort, start, limit, .. } = query;
    let filter = filter(tx, query, account);
    let mut params = filter.params(account);
    let Filter { condition, more, .. } = &filter;
    let count = intern(format!("SELECT count(*) FROM ({}) AS counted", condition.select("1", more)));
    let total = tx.one(count, &params, |row| row.int(0))?;
    let version = super::counters::get(tx, account)?.contact_version;
    let next = params.len() + 1;
    params.extend([Param::Int(limit + 1), Param::Int(start.skip)]);
    params.extend(start.after.iter().flat_map(bind));
    let ((own, name), order) = (number(*sort), order(*sort));
    let behind = if start.after.is_some() { behind(*sort, next + 2) } else { String::new() };
    let found = condition.select(&format!("body, {own}{name}"), &format!("{more}{behind}"));
    let text = intern(format!("{found} ORDER BY {order} LIMIT ${next} OFFSET ${}", next + 1));
    let mut rows = Rows::new(*sort, *limit);
    tx.query(text, &params, &mut |row| rows.push(row, 2))?;
    Ok(Page { json: rows.json, last: rows.last.filter(|_| rows.more), total, version })
}

fn index(sort: Sort, after: bool) -> usize {
    sort as usize * 2 + usize::from(after)
}

/// The columns that an order goes by.
fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Name => "name_key, id",
        Sort::Id => "id",
        Sort::UpdatedAt => "version",
    }
}

/// The columns of a row's place: its number, and in [`Sort::Name`] its name behind the others.
fn number(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Name => ("id", ", name_key"),
        Sort::Id => ("id", ""),
        Sort::UpdatedAt => ("version", ""),
    }
}

/// The condition for rows behind a place that is bound from `first` on.
fn behind(sort: Sort, first: usize) -> String {
    match sort {
        Sort::Name => format!(" AND (name_key, id) > (${first}, ${})", first + 1),
        Sort::Id | Sort::UpdatedAt => format!(" AND {} > ${first}", order(sort)),
    }
}

fn bind(place: &Place) -> impl Iterator<Item = Param<'_>> {
    let (name, number) = match place {
        Place::Name(name, id) => (Some(Param::Text(name)), *id),
        Place::Number(number) => (None, *number),
    };
    name.into_iter().chain([Param::Int(number)])
}

/// How the rows are found by what they hold, and the conditions besides, whose values follow the account.
struct Filter<'a> {
    condition: Condition,
    more: String,
    label: Option<&'a str>,
    view: Option<ViewId>,
}

impl Filter<'_> {
    /// The values for what it asks.
    fn params(&self, account: UserId) -> Vec<Param<'_>> {
        let label = self.label.map(Param::Text);
        let view = self.view.map(|view| Param::Int(view.number()));
        let texts = self.condition.params.iter().map(|text| Param::Text(text));
        [Param::Int(account.0)].into_iter().chain(label).chain(view).chain(texts).collect()
    }
}

fn filter<'a>(tx: &mut dyn Tx, query: &'a Query, account: UserId) -> Filter<'a> {
    let (label, view) = (query.label.as_deref(), query.view);
    let (mut more, mut first) = (String::new(), 2);
    if label.is_some() {
        more.push_str(" AND id IN (SELECT id FROM contact_labels WHERE account_id = $1 AND label = $2)");
        first += 1;
    }
    if view.is_some() {
        more.push_str(&format!(" AND id IN {}", views::visible(first)));
        first += 1;
    }
    let search = Search { index: Index::Contacts, account, terms: &query.terms, first };
    let condition = if query.terms.is_empty() { search.plain() } else { search.condition(tx.dialect()) };
    Filter { condition, more, label, view }
}
