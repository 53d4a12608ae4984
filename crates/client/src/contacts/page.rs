//! Lists of contacts: what to ask for, a page of the answer, and all pages as one stream.

use contactgram_model::Contact;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::send::request::Request;

/// Which contacts, in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactQuery {
    limit: Option<u32>,
    offset: Option<u64>,
    cursor: Option<String>,
    q: Option<String>,
    label: Option<String>,
    sort: Option<Sort>,
}

/// By what contacts are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sort {
    /// By name.
    Name,
    /// By id.
    Id,
    /// What changed last comes last.
    UpdatedAt,
}

/// A page of contacts, or of what was asked of each.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ContactPage<T = Contact> {
    /// How many there are in all, beyond this page.
    pub total_count: u64,
    /// Those of this page.
    pub contacts: Vec<T>,
    /// There when another page follows: for [`ContactQuery::cursor`].
    pub next_cursor: Option<String>,
    /// There behind the last page of a whole list: for [`Contacts::sync`](super::Contacts::sync).
    pub next_sync_token: Option<String>,
}

impl ContactQuery {
    /// Contacts of a page: 1 to 1000, 50 by default.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> ContactQuery {
        self.limit = Some(limit);
        self
    }

    /// Leaves out so many rows. Not together with a cursor, which misses nothing when the list changes meanwhile.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> ContactQuery {
        self.offset = Some(offset);
        self
    }

    /// Goes on behind a page.
    #[must_use]
    pub fn cursor(mut self, cursor: impl Into<String>) -> ContactQuery {
        (self.cursor, self.offset) = (Some(cursor.into()), None);
        self
    }

    /// Only those that match these words.
    #[must_use]
    pub fn search(mut self, words: impl Into<String>) -> ContactQuery {
        self.q = Some(words.into());
        self
    }

    /// Only those with this label.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> ContactQuery {
        self.label = Some(label.into());
        self
    }

    /// In another order than by name.
    #[must_use]
    pub fn sort(mut self, sort: Sort) -> ContactQuery {
        self.sort = Some(sort);
        self
    }

    pub(super) fn request(&self) -> Request {
        let sort = self.sort.map(|sort| match sort {
            Sort::Name => "name",
            Sort::Id => "id",
            Sort::UpdatedAt => "updated_at",
        });
        Request::get("contacts", "contacts")
            .query("limit", self.limit)
            .query("offset", self.offset)
            .query("cursor", self.cursor.as_ref())
            .query("q", self.q.as_ref())
            .query("label", self.label.as_ref())
            .query("sort", sort)
    }
}

/// All pages, one after the other.
pub(super) fn stream(client: Client, query: ContactQuery) -> impl Stream<Item = Result<Contact>> + Send {
    let pages = stream::try_unfold(Some(query), move |query| {
        let client = client.clone();
        async move {
            let Some(query) = query else { return Ok(None) };
            let page = client.contacts().list(&query).await?;
            let next = page.next_cursor.map(|cursor| query.cursor(cursor));
            Ok(Some((stream::iter(page.contacts.into_iter().map(Ok::<_, Error>)), next)))
        }
    });
    pages.try_flatten().boxed()
}
