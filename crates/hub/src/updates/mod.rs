//! Updates by asking: getUpdates, as Telegram's own server does it, for the default consumer and for those that a
//! poller names. The log is in the store; here are the rules of offsets and of who may wait. `poll` holds those who
//! wait, `consumers` lists and removes.

mod consumers;
mod poll;
mod stream;

pub use consumers::ConsumerView;

pub use poll::Pollers;
pub use stream::{Streamed, Streams, UpdateStream};

use crate::access::UpdatesRead;
use crate::{Error, Hub, Permit};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{Timestamp, UpdateId, UpdateKinds, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::consumers::{self as rows, Standing};
use contactgram_store::ops::updates::{self, KEPT_S, Span};
use poll::{Ended, Seat};
use std::time::Duration;

/// Nothing is forgotten for others before it is for the default consumer.
pub(crate) const LEAST_RETENTION_S: i64 = KEPT_S;
/// An answer ends early near this size, in bytes (the official server: 4 MiB).
const MOST_BYTES: usize = 4 << 20;
/// Offsets so far beyond the newest update, or behind it, are taken for another log's.
const AHEAD: i64 = 10;
const BEHIND: i64 = 200_000;

const WEBHOOK_ACTIVE: &str =
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/// What getUpdates was asked; limits are clamped already.
#[derive(Debug, Clone, Copy)]
pub struct Poll {
    /// The first update wanted; negative counts from the end.
    pub offset: i64,
    /// 1–100.
    pub limit: i64,
    /// Seconds to wait, 0–50.
    pub timeout: i64,
    /// Which kinds from now on; absent leaves it.
    pub allowed: Option<UpdateKinds>,
}

/// What looking at the log showed.
struct Look {
    webhook: bool,
    strict: bool,
    allowed: UpdateKinds,
    /// Everything below is to be confirmed.
    confirm: Option<UpdateId>,
    json: String,
    /// Updates in it.
    count: usize,
}

/// One call: who asks, for what, and what is too old for them.
#[derive(Clone)]
struct Asked {
    account: UserId,
    name: ConsumerName,
    poll: Poll,
}

impl Hub {
    /// getUpdates of the default consumer: a JSON array of `Update`.
    ///
    /// # Errors
    /// [`Error::Conflict`] while a webhook is set, and when a newer waiting call takes over.
    pub async fn updates(&self, permit: &Permit<UpdatesRead>, poll: Poll) -> Result<String, Error> {
        self.updates_of(permit, ConsumerName::DEFAULT, poll).await
    }

    /// getUpdates of a consumer. One that is not there yet is made, and begins at the end of the log.
    ///
    /// # Errors
    /// As [`Hub::updates`]; [`Error::BadRequest`] where an account has too many.
    pub async fn updates_of(
        &self,
        permit: &Permit<UpdatesRead>,
        name: ConsumerName,
        poll: Poll,
    ) -> Result<String, Error> {
        let view = permit.view();
        let asked = Asked { account: permit.account(), name, poll };
        if poll.timeout == 0 {
            let look = self.look(&asked).await?;
            if !look.webhook && !look.strict {
                self.settle(&asked, &look).await?;
                return view.updates(self.given(look));
            }
        }
        // In a box of its own: those who never wait need not carry its room around.
        view.updates(Box::pin(self.updates_or_wait(asked)).await?)
    }

    /// getUpdates for who waits, or may be made to.
    async fn updates_or_wait(&self, mut asked: Asked) -> Result<String, Error> {
        let (account, seat) = (asked.account, Seat::of(asked.account, &asked.name));
        // Listen before looking: an update in between must ring.
        let listener = self.bells.listen(account);
        let mut rung = std::pin::pin!(listener.rung());
        rung.as_mut().enable();

        let mut look = self.look(&asked).await?;
        if look.webhook {
            return Err(self.conflict(&seat, WEBHOOK_ACTIVE).await);
        }
        let limit = asked.poll.limit;
        if look.strict {
            asked.poll = self.pollers.pace(&seat, asked.poll);
        }
        if asked.poll.limit < limit {
            look = self.look(&asked).await?;
        }
        self.settle(&asked, &look).await?;
        if look.count > 0 || asked.poll.timeout == 0 {
            return Ok(self.given(look));
        }
        // A count from the end was made once: of what comes now nothing is passed over.
        asked.poll = Poll { offset: asked.poll.offset.max(0), allowed: None, ..asked.poll };

        let waiting = self.pollers.wait(&seat);
        let deadline = tokio::time::sleep(Duration::from_secs(asked.poll.timeout.unsigned_abs()));
        let mut deadline = std::pin::pin!(deadline);
        let mut ended = std::pin::pin!(waiting.ended());
        loop {
            tokio::select! {
                () = rung.as_mut() => {}
                () = deadline.as_mut() => return Ok(look.json),
                () = self.shutdown.cancelled() => return Ok(look.json),
                why = ended.as_mut() => return Err(self.conflict(&seat, why.text()).await),
            }
            rung.set(listener.rung());
            rung.as_mut().enable();
            look = match self.glance(&asked).await? {
                Some(look) => look,
                None => return Err(Error::Conflict(Ended::Removed.text().into())),
            };
            if look.webhook {
                return Err(self.conflict(&seat, Ended::WebhookSet.text()).await);
            }
            if look.count > 0 {
                self.settle(&asked, &look).await?;
                return Ok(self.given(look));
            }
        }
    }

    /// Updates on their way to whoever asked.
    fn given(&self, look: Look) -> String {
        self.counts.polled.add(look.count as u64);
        look.json
    }

    /// A conflict, once it may be told.
    async fn conflict(&self, seat: &Seat, text: &'static str) -> Error {
        tokio::select! {
            () = self.pollers.delay_conflict(seat) => {}
            () = self.shutdown.cancelled() => {}
        }
        Error::Conflict(text.into())
    }

    /// Looks at the log; a consumer that is not there is made.
    async fn look(&self, asked: &Asked) -> Result<Look, Error> {
        if let Some(look) = self.glance(asked).await? {
            return Ok(look);
        }
        if asked.name.is_default() {
            return Err(Error::Unauthorized);
        }
        self.add_consumer(asked.account, asked.name.clone(), asked.poll).await?;
        self.glance(asked).await?.ok_or(Error::Unauthorized)
    }

    /// Looks at the log; `None` without such a consumer.
    async fn glance(&self, asked: &Asked) -> Result<Option<Look>, Error> {
        let (asked, since) = (asked.clone(), self.kept_since(&asked.name));
        self.store.read(move |tx| look(tx, &asked, since)).await
    }

    /// What is not younger is not shown to a consumer any more.
    pub(crate) fn kept_since(&self, name: &ConsumerName) -> Timestamp {
        self.clock.now() - if name.is_default() { KEPT_S } else { self.retention_s }
    }

    /// Writes what a call changes, if anything: most change nothing.
    async fn settle(&self, asked: &Asked, look: &Look) -> Result<(), Error> {
        let allowed = asked.poll.allowed.filter(|kinds| *kinds != look.allowed);
        let confirm = look.confirm;
        if allowed.is_none() && confirm.is_none() {
            return Ok(());
        }
        let (account, name) = (asked.account, asked.name.clone());
        self.change(account, move |tx, _| {
            if let Some(kinds) = allowed {
                if !name.is_default() {
                    contactgram_store::ops::counters::lock(tx, account)?;
                }
                rows::allow(tx, account, &name, kinds)?;
            }
            if let Some(position) = confirm {
                rows::confirm(tx, account, &name, position)?;
            }
            Ok(())
        })
        .await
    }
}

fn look(tx: &mut dyn Tx, asked: &Asked, since: Timestamp) -> Result<Option<Look>, Error> {
    let Asked { account, name, poll } = asked;
    let Some(standing) = rows::standing(tx, *account, name)? else { return Ok(None) };
    let mut look = Look {
        webhook: standing.has_webhook,
        strict: standing.strict,
        allowed: standing.consumer.allowed,
        confirm: None,
        json: String::new(),
        count: 0,
    };
    if look.webhook {
        return Ok(Some(look));
    }
    // What a further consumer names counts from this call on, for what waits as well.
    let consumer = rows::Consumer { allowed: poll.allowed.unwrap_or(look.allowed), ..standing.consumer };
    let span = Span { from: consumer.position, since, limit: poll.limit, seen: consumer.seen(name) };
    let from = start(tx, *account, (&standing, poll.offset), span)?;
    look.confirm = (from > standing.consumer.position).then_some(from);
    let rows = match from > standing.newest {
        true => Vec::new(),
        false => updates::read(tx, *account, Span { from, ..span })?,
    };
    (look.json, look.count) = array(rows.iter().map(|(_, body)| body.as_str()));
    Ok(Some(look))
}

/// The first update to show; everything below it counts as confirmed.
fn start(
    tx: &mut dyn Tx,
    account: UserId,
    (standing, offset): (&Standing, i64),
    span: Span,
) -> Result<UpdateId, Error> {
    let position = span.from;
    if offset == 0 || offset < 0 && position > standing.newest {
        return Ok(position);
    }
    if offset < 0 {
        let back = offset.saturating_neg().saturating_sub(1);
        return Ok(updates::nth_last(tx, account, span, back)?.unwrap_or(position));
    }
    let tail = standing.newest.0 + 1;
    if offset > tail + AHEAD || offset < tail - BEHIND {
        return Ok(position);
    }
    Ok(UpdateId(offset.min(tail)).max(position))
}

/// A JSON array of these, and how many of them found room in it.
fn array<'a>(bodies: impl Iterator<Item = &'a str>) -> (String, usize) {
    let (mut json, mut count) = (String::from("["), 0);
    for body in bodies {
        if json.len() > 1 {
            if json.len() + body.len() > MOST_BYTES {
                break;
            }
            json.push(',');
        }
        json.push_str(body);
        count += 1;
    }
    json.push(']');
    (json, count)
}
