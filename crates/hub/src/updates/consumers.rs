//! The named consumers of getUpdates: made when they are named first, listed, and removed. What they are shown is in the
//! log; a further webhook's consumer is `webhooks`' and never in this list.

use super::Poll;
use super::poll::Seat;
use crate::access::UpdatesRead;
use crate::{Error, Hub, Permit};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{Timestamp, UpdateId, UpdateKinds, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::consumers::{self, Consumer};
use contactgram_store::ops::counters;
use contactgram_store::ops::updates::{self, Span};
use serde::Serialize;

/// Named consumers of an account, at most: each keeps the log for itself.
const MOST: usize = 100;

const NONE: Error = Error::missing("consumer not found");

/// A consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsumerView {
    /// As pollers name it; the default one has no name.
    pub name: String,
    /// The first update it has not confirmed.
    pub next_update_id: i64,
    /// Updates that wait for it.
    pub pending_update_count: i64,
    /// When the one of them came that waits longest, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_pending_date: Option<Timestamp>,
    /// Only when it isn't the usual set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_updates: Option<Vec<&'static str>>,
}

impl Hub {
    /// The account's named consumers.
    pub async fn consumers(&self, permit: &Permit<UpdatesRead>) -> Result<Vec<ConsumerView>, Error> {
        let account = permit.account();
        let named = move |tx: &mut dyn Tx| {
            let mut all = consumers::further(tx, account)?;
            all.retain(|(name, _)| name.is_named());
            Ok::<_, Error>(all)
        };
        let since = self.clock.now() - self.retention_s;
        // Counting what waits takes its time where much does.
        self.store
            .scan(move |tx| named(tx)?.into_iter().map(|one| view(tx, (account, since), one)).collect())
            .await
    }

    /// The consumer that Telegram knows: getUpdates without a name, or setWebhook.
    pub async fn default_consumer(&self, permit: &Permit<UpdatesRead>) -> Result<ConsumerView, Error> {
        let (account, since) = (permit.account(), self.clock.now() - updates::KEPT_S);
        self.store
            .scan(move |tx| {
                let name = ConsumerName::DEFAULT;
                let consumer = consumers::get(tx, account, &name)?.ok_or(NONE)?;
                view(tx, (account, since), (name, consumer))
            })
            .await
    }

    /// Removes a named consumer; whoever waits as it is told.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn remove_consumer(&self, permit: &Permit<UpdatesRead>, name: &str) -> Result<(), Error> {
        let (account, name) = (permit.account(), ConsumerName::parse(name).ok_or(NONE)?);
        let seat = Seat::of(account, &name);
        let removing = self.change(account, move |tx, rings| {
            counters::lock(tx, account)?;
            if !consumers::remove(tx, account, &name)? {
                return Err(NONE);
            }
            // Also where it waits in another process.
            rings.push(account);
            Ok(())
        });
        removing.await?;
        self.pollers.end_for_removal(&seat);
        Ok(())
    }

    /// Makes a named consumer at the end of the log, or so many updates before it as a negative offset says.
    pub(super) async fn add_consumer(
        &self,
        account: UserId,
        name: ConsumerName,
        poll: Poll,
    ) -> Result<(), Error> {
        let since = self.clock.now() - self.retention_s;
        self.change(account, move |tx, _| {
            counters::lock(tx, account)?;
            let all = consumers::further(tx, account)?;
            if all.iter().any(|(known, _)| *known == name) {
                return Ok(());
            }
            if all.iter().filter(|(name, _)| name.is_named()).count() >= MOST {
                let text = format!("the account has {MOST} consumers already; remove one");
                return Err(Error::BadRequest(text.into()));
            }
            let end = UpdateId(counters::get(tx, account)?.update_id + 1);
            let mut new = Consumer { position: end, allowed: poll.allowed.unwrap_or_default() };
            if poll.offset < 0 {
                let span = Span { from: UpdateId(0), since, limit: 1, seen: new.seen(&name) };
                let back = poll.offset.saturating_neg().saturating_sub(1);
                let first = match updates::nth_last(tx, account, span, back)? {
                    Some(first) => Some(first),
                    // There are not so many: all of them.
                    None => updates::read(tx, account, span)?.first().map(|(id, _)| *id),
                };
                new.position = first.unwrap_or(end);
            }
            Ok(consumers::add(tx, account, &name, new)?)
        })
        .await
    }
}

fn view(
    tx: &mut dyn Tx,
    (account, since): (UserId, Timestamp),
    (name, consumer): (ConsumerName, Consumer),
) -> Result<ConsumerView, Error> {
    let allowed = consumer.allowed;
    Ok(ConsumerView {
        next_update_id: consumer.position.0,
        pending_update_count: updates::pending(tx, account, &name, since)?,
        oldest_pending_date: updates::oldest(tx, account, &name, since)?,
        allowed_updates: (allowed != UpdateKinds::usual()).then(|| allowed.names().collect()),
        name: name.as_str().to_owned(),
    })
}
