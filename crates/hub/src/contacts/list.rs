//! Contacts as they are read: one, pages of them, and what changed since a sync token. They come as the JSON
//! that the store keeps and go to the caller as they are.

use super::fences::STRIDE;
use super::{ContactKey, NO_CONTACT};
use crate::access::{ContactsRead, View};
use crate::{Error, Hub, Permit};
use contactgram_model::{StoredContact, UserId, page, search};
use contactgram_store::Tx;
use contactgram_store::ops::contact_list::{self, Change, Page, Place, Query, Sort, Start};
use contactgram_store::ops::{contacts, counters, views};
use contactgram_wire::event::RemovedContact;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of a page that are read where they are asked for.
const CHEAP_ROWS: i64 = 200;

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

/// Hits that [`Hub::contacts_as_typed`] puts in order.
pub const AS_TYPED: i64 = 1_000;

/// A page of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPage {
    /// How many there are in all.
    pub total_count: i64,
    /// The rows as JSON, with commas between: contacts, and in a sync answer removed ones.
    pub json: String,
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
    /// One contact.
    pub async fn contact(
        &self,
        permit: &Permit<ContactsRead>,
        key: ContactKey,
    ) -> Result<StoredContact, Error> {
        let view = permit.view();
        let account = view.account();
        if matches!(key, ContactKey::Phone(_)) {
            view.needs_private()?;
        }
        if view.narrow().is_some() {
            let reading = self.store.read(move |tx| {
                let seen = super::find(tx, view, &key)?.ok_or(NO_CONTACT)?;
                contacts::stored(tx, account, contacts::Key::Id(seen.id))?.ok_or(NO_CONTACT)
            });
            return view.stored(reading.await?);
        }
        let reading =
            self.store.read(move |tx| contacts::stored(tx, account, (&key).into())?.ok_or(NO_CONTACT));
        view.stored(reading.await?)
    }

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
        let view = permit.view();
        let limit = query.limit.unwrap_or(page::DEFAULT_LIMIT);
        if let Some(token) = &query.sync_token {
            let since = match page::decode_cursor(query.cursor.as_ref().unwrap_or(token)) {
                Some(Position::Sync(version)) => version,
                _ => return Err(Error::bad("sync_token is not one that this server gave")),
            };
            return self.store.scan(move |tx| changes(tx, view, since, limit)).await;
        }
        let plan = plan(view, query, limit)?;
        if plan.hopeless {
            return Ok(ContactPage {
                total_count: 0,
                json: String::new(),
                next_cursor: None,
                next_sync_token: None,
            });
        }
        let page = self.page(view.account(), plan.query.clone()).await?;
        let page = plan.answer(page);
        Ok(ContactPage { json: view.contacts(page.json)?, ..page })
    }

    /// The first page of a search while somebody types it: among the first hits alone where there are many, and then
    /// without a page behind it. Says so beside the page.
    pub async fn contacts_as_typed(
        &self,
        permit: &Permit<ContactsRead>,
        query: ListQuery,
    ) -> Result<(ContactPage, bool), Error> {
        let (view, limit) = (permit.view(), query.limit.unwrap_or(page::DEFAULT_LIMIT));
        let plan = plan(view, query.clone(), limit)?;
        if query.cursor.is_some() || plan.query.terms.is_empty() {
            return Ok((self.contacts(permit, query).await?, false));
        }
        let (account, asked) = (view.account(), plan.query.clone());
        let looking =
            self.store.scan(move |tx| Ok::<_, Error>(contact_list::first(tx, account, &asked, AS_TYPED)?));
        let (page, are_many) = looking.await?;
        let page = plan.answer(page);
        Ok((ContactPage { json: view.contacts(page.json)?, ..page }, are_many))
    }

    /// Plain pages that begin near what is known touch few rows: they run where they are asked.
    async fn page(&self, account: UserId, query: Query) -> Result<Page, Error> {
        if !query.is_plain() || query.limit > CHEAP_ROWS {
            return self.store.scan(move |tx| Ok(contact_list::page(tx, account, &query)?)).await;
        }
        let offset = query.start.skip;
        if offset < STRIDE {
            return self.store.read(move |tx| Ok(contact_list::page(tx, account, &query)?)).await;
        }
        let key = (account, query.sort);
        if let Some((version, start)) = self.fences.find(key, offset) {
            let near = Query { start, ..query.clone() };
            let page = self.store.read(move |tx| contact_list::page(tx, account, &near)).await?;
            if page.version == version {
                return Ok(page);
            }
        }
        let fences = Arc::clone(&self.fences);
        let scan = self.store.scan(move |tx| {
            let version = counters::get(tx, account)?.contact_version;
            let start = fences.extend(tx, key, offset, version)?;
            contact_list::page(tx, account, &Query { start, ..query.clone() })
        });
        Ok(scan.await?)
    }
}

/// What a list was asked for, checked.
#[derive(Debug)]
struct Plan {
    query: Query,
    began: Option<i64>,
    /// A search without a letter or digit finds nothing.
    hopeless: bool,
}

impl Plan {
    fn answer(self, page: Page) -> ContactPage {
        let began = self.began.unwrap_or(page.version);
        let more = page.last.is_some();
        let next_cursor = page.last.map(|last| page::encode_cursor(&self.behind(last, began)));
        // Whoever counts rows may have missed a change in the pages before; a cursor remembers where it began.
        let whole = self.query.is_whole() && self.query.start.skip == 0;
        let next_sync_token = (!more && whole).then(|| page::encode_cursor(&Position::Sync(began)));
        ContactPage { total_count: page.total, json: page.json, next_cursor, next_sync_token }
    }

    fn behind(&self, last: Place, began: i64) -> Position {
        match last {
            Place::Name(name, id) => Position::Name(name, id, began),
            Place::Number(version) if self.query.sort == Sort::UpdatedAt => Position::Updated(version, began),
            Place::Number(id) => Position::Id(id, began),
        }
    }
}

fn plan(view: View, query: ListQuery, limit: i64) -> Result<Plan, Error> {
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
            (Some(Position::Name(name, id, began)), Sort::Name) => {
                (Start::after(Place::Name(name, id)), Some(began))
            }
            (Some(Position::Id(number, began)), Sort::Id)
            | (Some(Position::Updated(number, began)), Sort::UpdatedAt) => {
                (Start::after(Place::Number(number)), Some(began))
            }
            _ => return Err(Error::bad("cursor is not one that this server gave for this sort")),
        },
        (None, offset) => (Start::offset(offset.unwrap_or(0)), None),
    };
    let terms = query.q.as_deref().map(search::terms).unwrap_or_default();
    let hopeless = query.q.as_deref().is_some_and(|q| !q.trim().is_empty()) && terms.is_empty();
    let (private, view) = (view.private(), view.narrow());
    Ok(Plan {
        query: Query { terms, private, label: query.label, view, sort, start, limit },
        began,
        hopeless,
    })
}

fn changes(tx: &mut dyn Tx, view: View, since: i64, limit: i64) -> Result<ContactPage, Error> {
    let account = view.account();
    let counted = counters::get(tx, account)?;
    if since < counted.sync_floor || since > counted.contact_version {
        return Err(Error::Gone("the sync token has expired; list the contacts again without it".into()));
    }
    let mut changes = contact_list::changes(tx, (account, view.narrow()), since, limit + 1)?;
    let more = changes.len() as i64 > limit;
    changes.truncate(usize::try_from(limit).unwrap_or_default());
    let reached = changes.last().filter(|_| more).map_or(counted.contact_version, |(version, _)| *version);
    let position = page::encode_cursor(&Position::Sync(reached));
    let total_count = match view.narrow() {
        None => counted.contacts,
        Some(narrow) => views::count(tx, account, narrow)?,
    };
    Ok(ContactPage {
        total_count,
        json: rows(view, changes)?,
        next_cursor: more.then(|| position.clone()),
        next_sync_token: (!more).then_some(position),
    })
}

fn rows(view: View, changes: Vec<(i64, Change)>) -> Result<String, Error> {
    let mut json = String::new();
    for (_, change) in changes {
        if !json.is_empty() {
            json.push(',');
        }
        match change {
            Change::Kept(contact) => json.push_str(&view.stored(contact)?.body),
            Change::Removed(id) => {
                let row = serde_json::to_string(&RemovedContact::new(id)).map_err(Error::internal)?;
                json.push_str(&row);
            }
        }
    }
    Ok(json)
}
