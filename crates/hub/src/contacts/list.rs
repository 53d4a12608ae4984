//! Pages of contacts, and what changed since a sync token.

use crate::access::ContactsRead;
use crate::{Error, Hub, Permit};
use contactgram_model::{Contact, UserId, page, search};
use contactgram_store::Tx;
pub use contactgram_store::ops::contact_list::Change;
use contactgram_store::ops::contact_list::{self, Query, Sort, Start};
use contactgram_store::ops::counters;
use serde::{Deserialize, Serialize};

/// What a list is asked for.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Rows at most, 1–1000; 50 when absent.
    pub limit: Option<i64>,
    /// Rows to leave out.
    pub offset: Option<i64>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Words to look for.
    pub q: Option<String>,
    /// Only with this label.
    pub label: Option<String>,
    /// `name`, `id` or `updated_at`.
    pub sort: Option<String>,
    /// Only what changed since.
    pub sync_token: Option<String>,
}

/// A page of contacts.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactPage {
    /// How many there are in all.
    pub total_count: i64,
    /// The rows: contacts, and in a sync answer removed ones.
    pub rows: Vec<Change>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// For asking later what changed; only behind the last page of an unfiltered list.
    pub next_sync_token: Option<String>,
}

/// What `next_cursor` and `next_sync_token` hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Position {
    /// Behind the contact with this name key and id; the version from which the list began.
    Name(String, i64, i64),
    /// Behind this id.
    Id(i64, i64),
    /// Behind this version, in order of change.
    Updated(i64, i64),
    /// Behind this version, in a sync.
    Sync(i64),
}

impl Hub {
    /// A page of an account's contacts.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a parameter that makes no sense; [`Error::Gone`] for a sync token that is
    /// older than what is remembered of removed contacts (30 days).
    pub async fn contacts(
        &self,
        permit: &Permit<ContactsRead>,
        query: ListQuery,
    ) -> Result<ContactPage, Error> {
        let account = permit.account();
        let limit = query.limit.unwrap_or(page::DEFAULT_LIMIT);
        if let Some(token) = &query.sync_token {
            let since = match page::decode_cursor(query.cursor.as_ref().unwrap_or(token)) {
                Some(Position::Sync(version)) => version,
                _ => return Err(Error::bad("sync_token is not one that this server gave")),
            };
            return self.store.scan(move |tx| changes(tx, account, since, limit)).await;
        }
        let plan = plan(&query, limit)?;
        if plan.is_cheap() {
            return self.store.read(move |tx| list(tx, account, &plan)).await;
        }
        self.store.scan(move |tx| list(tx, account, &plan)).await
    }
}

#[derive(Debug, Clone)]
struct Plan {
    query: Query,
    began: Option<i64>,
    /// A search without a letter or digit finds nothing.
    hopeless: bool,
}

impl Plan {
    /// Pages by cursor and shallow offsets touch few rows: they run where they are asked.
    fn is_cheap(&self) -> bool {
        let shallow = !matches!(self.query.start, Start::Offset(rows) if rows > 500);
        self.query.terms.is_empty() && self.query.label.is_none() && shallow && self.query.limit <= 200
    }
}

fn plan(query: &ListQuery, limit: i64) -> Result<Plan, Error> {
    let sort = match query.sort.as_deref() {
        None | Some("" | "name") => Sort::Name,
        Some("id") => Sort::Id,
        Some("updated_at") => Sort::UpdatedAt,
        Some(_) => return Err(Error::bad("sort must be name, id or updated_at")),
    };
    let (start, began) = match (&query.cursor, query.offset) {
        (Some(_), Some(offset)) if offset > 0 => {
            return Err(Error::bad("offset and cursor can't be given together"));
        }
        (Some(cursor), _) => match (page::decode_cursor(cursor), sort) {
            (Some(Position::Name(name, id, began)), Sort::Name) => (Start::AfterName(name, id), Some(began)),
            (Some(Position::Id(id, began)), Sort::Id) => (Start::After(id), Some(began)),
            (Some(Position::Updated(version, began)), Sort::UpdatedAt) => {
                (Start::After(version), Some(began))
            }
            _ => return Err(Error::bad("cursor is not one that this server gave for this sort")),
        },
        (None, offset) => (Start::Offset(offset.unwrap_or(0)), None),
    };
    let terms = query.q.as_deref().map(search::terms).unwrap_or_default();
    let hopeless = query.q.as_deref().is_some_and(|q| !q.trim().is_empty()) && terms.is_empty();
    Ok(Plan { query: Query { terms, label: query.label.clone(), sort, start, limit }, began, hopeless })
}

fn list(tx: &mut dyn Tx, account: UserId, plan: &Plan) -> Result<ContactPage, Error> {
    if plan.hopeless {
        return Ok(ContactPage {
            total_count: 0,
            rows: Vec::new(),
            next_cursor: None,
            next_sync_token: None,
        });
    }
    let query = &plan.query;
    let began = match plan.began {
        Some(version) => version,
        None => counters::get(tx, account)?.contact_version,
    };
    let total_count = contact_list::count(tx, account, query)?;
    // One row more than asked for tells whether there is another page.
    let mut contacts = contact_list::page(tx, account, &Query { limit: query.limit + 1, ..query.clone() })?;
    let more = contacts.len() as i64 > query.limit;
    contacts.truncate(usize::try_from(query.limit).unwrap_or_default());
    let next_cursor =
        contacts.last().filter(|_| more).map(|last| page::encode_cursor(&behind(last, query.sort, began)));
    // Whoever counts rows may have missed a change in the pages before; a cursor remembers where it began.
    let counted = matches!(query.start, Start::Offset(rows) if rows > 0);
    let whole = query.terms.is_empty() && query.label.is_none() && !counted;
    let next_sync_token = (!more && whole).then(|| page::encode_cursor(&Position::Sync(began)));
    let rows = contacts.into_iter().map(|contact| Change::Kept(Box::new(contact))).collect();
    Ok(ContactPage { total_count, rows, next_cursor, next_sync_token })
}

fn behind(last: &Contact, sort: Sort, began: i64) -> Position {
    match sort {
        Sort::Name => Position::Name(last.name_key(), last.id.0, began),
        Sort::Id => Position::Id(last.id.0, began),
        Sort::UpdatedAt => Position::Updated(last.version, began),
    }
}

fn changes(tx: &mut dyn Tx, account: UserId, since: i64, limit: i64) -> Result<ContactPage, Error> {
    let counted = counters::get(tx, account)?;
    if since < counted.sync_floor || since > counted.contact_version {
        return Err(Error::Gone("the sync token has expired; list the contacts again without it".into()));
    }
    let mut changes = contact_list::changes(tx, account, since, limit + 1)?;
    let more = changes.len() as i64 > limit;
    changes.truncate(usize::try_from(limit).unwrap_or_default());
    let reached = changes.last().filter(|_| more).map_or(counted.contact_version, |(version, _)| *version);
    let position = page::encode_cursor(&Position::Sync(reached));
    Ok(ContactPage {
        total_count: counted.contacts,
        rows: changes.into_iter().map(|(_, change)| change).collect(),
        next_cursor: more.then(|| position.clone()),
        next_sync_token: (!more).then_some(position),
    })
}
