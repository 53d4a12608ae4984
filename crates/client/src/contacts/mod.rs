//! Contacts: list, search, add, change, remove, keep a copy in step, in and out of files. `Client::contacts` begins here.
//! Which of two contacts are the same is the server's to say.

mod page;
mod patch;
mod reference;
mod transfer;

use contactgram_model::{Contact, ContactId};
use contactgram_wire::event::RemovedContact;
use futures_util::Stream;
use reqwest::Method;
use reqwest::header::{HeaderValue, IF_MATCH};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use page::{ContactPage, ContactQuery, Sort};
pub use patch::{ContactPatch, NewContact};
pub use reference::ContactRef;
pub use transfer::{ContactFile, ExportQuery, Imported, OnConflict, RefusedLine};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::send::answer::Answer;
use crate::send::request::{Repeat, Request};

/// The contacts of the account. Made by [`Client::contacts`].
#[derive(Debug, Clone, Copy)]
pub struct Contacts<'a> {
    pub(crate) client: &'a Client,
}

/// A contact as it was when it was read: what [`Contacts::edit_if`] and [`Contacts::delete_if`] compare.
///
/// It dereferences to the [`Contact`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Tagged {
    /// The contact.
    pub contact: Contact,
    /// The tag of this version, as the server gave it.
    pub etag: String,
}

impl std::ops::Deref for Tagged {
    type Target = Contact;

    fn deref(&self) -> &Contact {
        &self.contact
    }
}

/// What came of adding a contact.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Added {
    /// As it is now.
    pub contact: Tagged,
    /// Whether it is new. One that was there, by its number or its user, was changed instead.
    pub is_new: bool,
}

/// What changed since a sync token was given.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Changes {
    /// New ones and changed ones, as they are now.
    pub changed: Vec<Contact>,
    /// Those that are gone, by the id they had last.
    pub removed: Vec<ContactId>,
    /// For the next time.
    pub next_sync_token: String,
}

/// A row of a sync.
#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Removed(RemovedContact),
    Contact(Box<Contact>),
}

impl<'a> Contacts<'a> {
    /// One contact, by its id, its `@username` or its `+number`.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// let john = client.contacts().get(1234567890).await?;
    /// let same = client.contacts().get("@john_doe").await?;
    /// println!("{} is {}", john.first_name, same.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn get(&self, contact: impl Into<ContactRef>) -> Result<Tagged> {
        let id = self.id(contact.into()).await?;
        let request = Request::get("contacts/{contact_id}", format!("contacts/{id}"));
        tagged(&self.client.send(request).await?)
    }

    /// Adds a contact, or changes the one that has this number or user.
    ///
    /// # Errors
    /// [`Error::BadRequest`] with the field that is wrong.
    pub async fn add(&self, contact: NewContact) -> Result<Added> {
        let request = Request::post("contacts", "contacts", contact.key.clone()).json(&contact.fields())?;
        let answer = self.client.send(request).await?;
        Ok(Added { contact: tagged(&answer)?, is_new: answer.status == 201 })
    }

    /// A page of contacts.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(&self, query: &ContactQuery) -> Result<ContactPage> {
        self.page(query).await
    }

    /// A page with some fields of each contact alone, such as `["id", "first_name"]`, read as a type that has these.
    ///
    /// # Errors
    /// [`Error::Decode`] when a row is no `T`.
    pub async fn list_fields<T: DeserializeOwned>(
        &self,
        query: &ContactQuery,
        fields: &[&str],
    ) -> Result<ContactPage<T>> {
        let request = query.request().query("fields", Some(fields.join(",")));
        self.client.send(request).await?.result()
    }

    /// The first page of those that match some words: in names and usernames, numbers and addresses.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn search(&self, words: impl Into<String>) -> Result<ContactPage> {
        self.list(&ContactQuery::default().search(words)).await
    }

    /// All contacts that a query selects, page by page as they are asked for. It ends with its first error.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// use contactgram_client::{ContactQuery, TryStreamExt};
    ///
    /// let mut all = std::pin::pin!(client.contacts().all(ContactQuery::default().label("support")));
    /// while let Some(contact) = all.try_next().await? {
    ///     println!("{} {}", contact.id, contact.first_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn all(&self, query: ContactQuery) -> impl Stream<Item = Result<Contact>> + Send + use<> {
        page::stream(self.client.clone(), query)
    }

    /// What changed since a token was given; without one, all contacts there are. Keep `next_sync_token` together with
    /// what came, and bring it next time.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// let first = client.contacts().sync(None).await?;
    /// // … later …
    /// let then = client.contacts().sync(Some(&first.next_sync_token)).await?;
    /// println!("{} changed, {} removed", then.changed.len(), then.removed.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Gone`] when the token is too old: begin anew with `None`, and drop what isn't in the answer.
    pub async fn sync(&self, token: Option<&str>) -> Result<Changes> {
        let mut query = ContactQuery::default().limit(1000);
        let (mut changed, mut removed) = (Vec::new(), Vec::new());
        loop {
            let request = query.request().query("sync_token", token);
            let page: ContactPage<Row> = self.client.send(request).await?.result()?;
            for row in page.contacts {
                match row {
                    Row::Removed(gone) => removed.push(gone.id),
                    Row::Contact(contact) => changed.push(*contact),
                }
            }
            match (page.next_sync_token, page.next_cursor) {
                (Some(next_sync_token), _) => return Ok(Changes { changed, removed, next_sync_token }),
                (None, Some(cursor)) => query = query.cursor(cursor),
                (None, None) => {
                    return Err(Error::decode("a list that neither goes on nor has a sync token"));
                }
            }
        }
    }

    /// Changes a contact, whatever others did to it meanwhile.
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::BadRequest`] with the field that is wrong.
    pub async fn edit(&self, contact: impl Into<ContactRef>, patch: &ContactPatch) -> Result<Tagged> {
        let id = self.id(contact.into()).await?;
        self.patch(id, patch, None).await
    }

    /// Changes a contact, unless somebody else has since it was read.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// use contactgram_client::{ContactPatch, Error};
    ///
    /// let read = client.contacts().get(1234567890).await?;
    /// match client.contacts().edit_if(&read, &ContactPatch::new().note("prefers mornings")).await {
    ///     Err(Error::PreconditionFailed { .. }) => println!("somebody was faster: read it again"),
    ///     changed => println!("{:?}", changed?.note),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when somebody did. [`Error::OutcomeUnknown`] when an answer got lost, and what changed
    /// the contact may have been this very call.
    pub async fn edit_if(&self, read: &Tagged, patch: &ContactPatch) -> Result<Tagged> {
        self.patch(read.contact.id, patch, Some(&read.etag)).await
    }

    /// Removes a contact.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn delete(&self, contact: impl Into<ContactRef>) -> Result<()> {
        let id = self.id(contact.into()).await?;
        self.client.send(removal(id)).await.map(drop)
    }

    /// Removes a contact, unless somebody has changed it since it was read.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when somebody did.
    pub async fn delete_if(&self, read: &Tagged) -> Result<()> {
        self.client.send(removal(read.contact.id).header(IF_MATCH, tag(&read.etag)?)).await.map(drop)
    }

    async fn patch(&self, id: ContactId, patch: &ContactPatch, etag: Option<&str>) -> Result<Tagged> {
        let mut request = Request::new(Method::PATCH, "contacts/{contact_id}", format!("contacts/{id}"));
        if let Some(etag) = etag {
            request = request.header(IF_MATCH, tag(etag)?).repeats(Repeat::Conditional);
        }
        tagged(&self.client.send(request.json(patch)?).await?)
    }

    /// The id behind a username or a number.
    async fn id(&self, contact: ContactRef) -> Result<ContactId> {
        #[derive(Deserialize)]
        struct Found {
            id: ContactId,
        }
        let name = match contact {
            ContactRef::Id(id) => return Ok(id),
            ContactRef::Username(name) => ("username", name),
            ContactRef::Phone(number) => ("phone_number", number),
        };
        let body = serde_json::json!({name.0: name.1, "fields": "id"});
        let request = Request::new(Method::POST, "getContact", "getContact").json(&body)?;
        Ok(self.client.send(request).await?.result::<Found>()?.id)
    }

    async fn page(&self, query: &ContactQuery) -> Result<ContactPage> {
        self.client.send(query.request()).await?.result()
    }
}

fn removal(id: ContactId) -> Request {
    let request = Request::new(Method::DELETE, "contacts/{contact_id}", format!("contacts/{id}"));
    request.repeats(Repeat::Removes)
}

fn tag(etag: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(etag).map_err(|_| Error::Setup("an ETag is as the server gave it".to_owned()))
}

fn tagged(answer: &Answer) -> Result<Tagged> {
    let etag = answer.etag().ok_or_else(|| Error::decode("a contact without an ETag"))?;
    Ok(Tagged { contact: answer.result()?, etag })
}
