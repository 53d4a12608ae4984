//! Makes entries of broadcasts, a batch at a time: only as many wait as will be sent soon, so that pausing, cancelling and
//! a change of the contacts take effect. A batch and how far it goes are one transaction.

use crate::access::{Caller, ContactsRead};
use crate::broadcasts::Selection;
use crate::contacts::{ContactKey, ListQuery};
use crate::{Error, Hub};
use contactgram_model::outbox::EntryState;
use contactgram_model::{Contact, ContactId, UserId};
use contactgram_store::ops::broadcasts::{self, Broadcast};
use contactgram_store::ops::counters;
use contactgram_store::ops::outbox::{self as rows, NewEntry};
use serde_json::{Map, Value};

/// Entries that are made at once.
const BATCH: usize = 200;
/// More are made when fewer than this wait.
const FEW: i64 = 100;
/// What `reached` is when there is nothing more to reach.
const END: &str = "end";

/// Contacts of a batch; those that are there no more by their number alone.
type Batch = Vec<(i64, Option<Contact>)>;

impl Hub {
    /// Makes entries of those broadcasts of which few wait.
    pub(super) async fn fill_broadcasts(&self) -> Result<(), Error> {
        let open = self.store.read(|tx| {
            let mut few = Vec::new();
            for broadcast in broadcasts::open(tx)? {
                if broadcasts::waiting(tx, broadcast.account, broadcast.id)? < FEW {
                    few.push(broadcast);
                }
            }
            Ok::<_, Error>(few)
        });
        for broadcast in open.await? {
            self.fill(broadcast).await?;
        }
        Ok(())
    }

    async fn fill(&self, broadcast: Broadcast) -> Result<(), Error> {
        let (batch, reached) = match broadcast.reached.as_str() {
            END => (Vec::new(), END.to_owned()),
            _ => self.batch(&broadcast).await?,
        };
        let (account, now) = (broadcast.account, self.clock.now());
        let entries = batch.into_iter().map(|(id, contact)| entry(&broadcast, id, contact));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let made = i64::try_from(entries.len()).unwrap_or(0);
        self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            if broadcasts::advance(tx, &broadcast, (made, &reached, reached == END), now)? {
                rows::insert(tx, account, &entries, now)?;
                rings.outbox();
            }
            Ok(())
        })
        .await
    }

    /// The next contacts of a selection, and how far they go.
    async fn batch(&self, broadcast: &Broadcast) -> Result<(Batch, String), Error> {
        let caller = Caller::of_webhook(broadcast.account, broadcast.scopes);
        let permit = caller.permit::<ContactsRead>()?;
        match serde_json::from_str(&broadcast.selection).map_err(Error::internal)? {
            Selection::Ids(ids) => {
                let begin: usize = broadcast.reached.parse().unwrap_or(0);
                let end = (begin + BATCH).min(ids.len());
                let mut batch = Vec::new();
                for id in ids.get(begin..end).unwrap_or_default() {
                    let contact = match self.contact(&permit, ContactKey::Id(ContactId(*id))).await {
                        Ok(contact) => Some(serde_json::from_str(&contact.body).map_err(Error::internal)?),
                        Err(Error::NotFound(_)) => None,
                        Err(error) => return Err(error),
                    };
                    batch.push((*id, contact));
                }
                let reached = if end == ids.len() { END.to_owned() } else { end.to_string() };
                Ok((batch, reached))
            }
            Selection::Query { label, q } => {
                let query = ListQuery {
                    limit: i64::try_from(BATCH).ok(),
                    cursor: Some(broadcast.reached.clone()).filter(|cursor| !cursor.is_empty()),
                    sort: Some("id".to_owned()),
                    q,
                    label,
                    ..ListQuery::default()
                };
                let page = self.contacts(&permit, query).await?;
                let rows: Vec<Contact> =
                    serde_json::from_str(&format!("[{}]", page.json)).map_err(Error::internal)?;
                let batch = rows.into_iter().map(|contact| (contact.id.0, Some(contact))).collect();
                Ok((batch, page.next_cursor.unwrap_or_else(|| END.to_owned())))
            }
        }
    }
}

/// Who is behind a contact and can be written to, or why nobody is.
pub(crate) fn recipient(contact: &Contact) -> Result<UserId, &'static str> {
    match contact.user_id {
        _ if contact.is_blocked => Err("the contact has blocked the account"),
        Some(user) => Ok(user),
        None => Err("nobody is known behind the contact"),
    }
}

/// The entry of a contact: queued, or skipped where nobody can be written to.
fn entry(broadcast: &Broadcast, id: i64, contact: Option<Contact>) -> Result<NewEntry, Error> {
    let why_not = match &contact {
        None => Some("there is no such contact"),
        Some(contact) => recipient(contact).err(),
    };
    let user = contact.and_then(|contact| contact.user_id);
    let mut params: Map<String, Value> = serde_json::from_str(&broadcast.params).map_err(Error::internal)?;
    let chat = user.map_or(id, |user| user.0);
    params.insert("chat_id".to_owned(), Value::from(chat));
    Ok(NewEntry {
        method: broadcast.method.clone(),
        lane: chat.to_string(),
        params: Value::Object(params).to_string(),
        scopes: broadcast.scopes,
        send_at: None,
        state: if why_not.is_some() { EntryState::Skipped } else { EntryState::Queued },
        error: why_not.map(str::to_owned),
        of: Some((broadcast.id, id)),
    })
}
