//! Contacts into a file. [`Hub::export`] notes in the audit log that they are taken out, and the file comes piece by piece,
//! each read as it is asked for: no snapshot is held while somebody's line is slow, and no more than a piece is in memory.
//! Which contacts, and how much of them, the caller's view says.

use crate::access::{ContactsRead, View};
use crate::{Error, Hub, Permit, accounts};
use bytes::Bytes;
use contactgram_model::{Action, Contact, search};
use contactgram_store::Store;
use contactgram_store::ops::contact_list::{self, Query, Sort, Start};
use contactgram_store::ops::{audit, counters};
use contactgram_wire::transfer::{Format, csv_header, csv_row, vcard};
use serde_json::json;

/// Contacts of a piece.
const PIECE: i64 = 500;

/// Which contacts, and how.
#[derive(Debug, Clone)]
pub struct ExportQuery {
    /// What the file is written in.
    pub format: Format,
    /// Only with this label.
    pub label: Option<String>,
    /// Only those that these words find.
    pub q: Option<String>,
}

/// A file on its way out.
pub struct Export {
    store: Store,
    view: View,
    query: Query,
    format: Format,
    /// The id behind which the next piece begins; `None` at the end.
    behind: Option<i64>,
    has_begun: bool,
}

impl Hub {
    /// Begins to take contacts out.
    ///
    /// # Errors
    /// What the store says: what can't be noted in the audit log is not done.
    pub async fn export(&self, permit: &Permit<ContactsRead>, asked: ExportQuery) -> Result<Export, Error> {
        let (view, actor, now) = (permit.view(), permit.actor(), self.clock.now());
        let account = view.account();
        let ExportQuery { format, label, q } = asked;
        let terms = q.as_deref().map(search::terms).unwrap_or_default();
        let is_asked = q.as_deref().is_some_and(|q| !q.trim().is_empty());
        // A search without a letter or digit finds nothing.
        let behind = (!is_asked || !terms.is_empty()).then_some(0);
        let mut details = json!({"format": format.name(), "private": view.private()});
        if let Some(label) = &label {
            details["label"] = label.as_str().into();
        }
        if is_asked {
            // Not what was searched for: it may be somebody's number.
            details["search"] = true.into();
        }
        let noting = self.change(account, move |tx, _| {
            counters::lock(tx, account)?;
            audit::append_ahead(tx, account)?;
            let target = ("contacts".to_owned(), details.clone());
            accounts::record(tx, (actor, now), (account, Action::ContactsExported), target)
        });
        noting.await?;
        let query = Query {
            terms,
            private: view.private(),
            label,
            view: view.narrow(),
            sort: Sort::Id,
            start: Start::offset(0),
            limit: PIECE,
        };
        Ok(Export { store: self.store.clone(), view, query, format, behind, has_begun: false })
    }
}

impl Export {
    /// What the file is written in.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The next piece of the file; `None` at its end. Pieces may be empty.
    ///
    /// # Errors
    /// What the store says; the file is not whole then.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let mut text = String::new();
        if !std::mem::replace(&mut self.has_begun, true) && self.format == Format::Csv {
            text.push_str(&csv_header(self.view.private()));
        }
        let Some(behind) = self.behind else {
            return Ok((!text.is_empty()).then(|| text.into()));
        };
        let (account, query) = (self.view.account(), self.query.clone());
        let reading =
            self.store.scan(move |tx| Ok::<_, Error>(contact_list::walk(tx, account, &query, behind)?));
        let step = reading.await?;
        self.behind = step.last;
        for body in step.bodies {
            self.write(&mut text, body)?;
        }
        Ok(Some(text.into()))
    }

    fn write(&self, text: &mut String, body: String) -> Result<(), Error> {
        let private = self.view.private();
        if self.format == Format::Jsonl && private {
            text.push_str(&body);
            text.push('\n');
            return Ok(());
        }
        let mut contact: Contact = serde_json::from_str(&body).map_err(Error::internal)?;
        if !private {
            contact.hide_private();
        }
        match self.format {
            Format::Vcard => text.push_str(&vcard(&contact)),
            Format::Csv => text.push_str(&csv_row(&contact, private)),
            Format::Jsonl => {
                text.push_str(&serde_json::to_string(&contact).map_err(Error::internal)?);
                text.push('\n');
            }
        }
        Ok(())
    }
}
