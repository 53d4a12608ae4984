//! Updates by asking: getUpdates, as Telegram's own server does it. The log is in the store; here are the
//! rules of offsets and of who may wait. `poll` holds those who wait.

mod poll;

pub use poll::Pollers;

use crate::access::UpdatesRead;
use crate::{Error, Hub, Permit};
use contactgram_model::{Timestamp, UpdateId, UpdateKinds, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::updates::{self, Span, Standing};
use poll::Ended;
use std::time::Duration;

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
    empty: bool,
}

impl Hub {
    /// getUpdates: a JSON array of `Update`.
    ///
    /// # Errors
    /// [`Error::Conflict`] while a webhook is set, and when a newer waiting call takes over.
    pub async fn updates(&self, permit: &Permit<UpdatesRead>, poll: Poll) -> Result<String, Error> {
        let (account, view) = (permit.account(), permit.view());
        if poll.timeout == 0 {
            let look = self.look(account, poll).await?;
            if !look.webhook && !look.strict {
                self.settle(account, poll, &look).await?;
                return view.updates(look.json);
            }
        }
        // In a box of its own: those who never wait need not carry its room around.
        view.updates(Box::pin(self.updates_or_wait(account, poll)).await?)
    }

    /// getUpdates for who waits, or may be made to.
    async fn updates_or_wait(&self, account: UserId, poll: Poll) -> Result<String, Error> {
        // Listen before looking: an update in between must ring.
        let listener = self.bells.listen(account);
        let mut rung = std::pin::pin!(listener.rung());
        rung.as_mut().enable();

        let mut look = self.look(account, poll).await?;
        if look.webhook {
            return Err(self.conflict(account, WEBHOOK_ACTIVE).await);
        }
        let asked = poll;
        let poll = if look.strict { self.pollers.pace(account, asked) } else { asked };
        if poll.limit < asked.limit {
            look = self.look(account, poll).await?;
        }
        self.settle(account, poll, &look).await?;
        if !look.empty || poll.timeout == 0 {
            return Ok(look.json);
        }
        // A count from the end was made once: of what comes now nothing is passed over.
        let poll = Poll { offset: poll.offset.max(0), allowed: None, ..poll };

        let waiting = self.pollers.wait(account);
        let deadline = tokio::time::sleep(Duration::from_secs(poll.timeout.unsigned_abs()));
        let mut deadline = std::pin::pin!(deadline);
        let mut ended = std::pin::pin!(waiting.ended());
        loop {
            tokio::select! {
                () = rung.as_mut() => {}
                () = deadline.as_mut() => return Ok(look.json),
                () = self.shutdown.cancelled() => return Ok(look.json),
                why = ended.as_mut() => return Err(self.conflict(account, why.text()).await),
            }
            rung.set(listener.rung());
            rung.as_mut().enable();
            look = self.look(account, poll).await?;
            if look.webhook {
                return Err(self.conflict(account, Ended::BySetWebhook.text()).await);
            }
            if !look.empty {
                self.settle(account, poll, &look).await?;
                return Ok(look.json);
            }
        }
    }

    /// A conflict, once it may be told.
    async fn conflict(&self, account: UserId, text: &'static str) -> Error {
        tokio::select! {
            () = self.pollers.delay_conflict(account) => {}
            () = self.shutdown.cancelled() => {}
        }
        Error::Conflict(text.into())
    }

    async fn look(&self, account: UserId, poll: Poll) -> Result<Look, Error> {
        let now = self.clock.now();
        self.store.read(move |tx| look(tx, account, poll, now)).await
    }

    /// Writes what a call changes, if anything: most change nothing.
    async fn settle(&self, account: UserId, poll: Poll, look: &Look) -> Result<(), Error> {
        let allowed = poll.allowed.filter(|kinds| *kinds != look.allowed);
        let confirm = look.confirm;
        if allowed.is_none() && confirm.is_none() {
            return Ok(());
        }
        self.change(account, move |tx, _| {
            if let Some(kinds) = allowed {
                updates::allow(tx, account, kinds)?;
            }
            if let Some(position) = confirm {
                updates::confirm(tx, account, position)?;
            }
            Ok(())
        })
        .await
    }
}

fn look(tx: &mut dyn Tx, account: UserId, poll: Poll, now: Timestamp) -> Result<Look, Error> {
    let standing = updates::standing(tx, account)?.ok_or(Error::Unauthorized)?;
    let mut look = Look {
        webhook: standing.has_webhook,
        strict: standing.strict,
        allowed: standing.consumer.allowed,
        confirm: None,
        json: String::new(),
        empty: true,
    };
    if look.webhook {
        return Ok(look);
    }
    let from = start(tx, account, (&standing, poll), now)?;
    look.confirm = (from > standing.consumer.position).then_some(from);
    let rows = match from > standing.newest {
        true => Vec::new(),
        false => updates::read(tx, account, Span { from, now, limit: poll.limit })?,
    };
    look.empty = rows.is_empty();
    look.json = array(rows.iter().map(|(_, body)| body.as_str()));
    Ok(look)
}

/// The first update to show; everything below it counts as confirmed.
fn start(
    tx: &mut dyn Tx,
    account: UserId,
    (standing, poll): (&Standing, Poll),
    now: Timestamp,
) -> Result<UpdateId, Error> {
    let position = standing.consumer.position;
    if poll.offset == 0 || poll.offset < 0 && position > standing.newest {
        return Ok(position);
    }
    if poll.offset < 0 {
        let span = Span { from: position, now, limit: 1 };
        let back = poll.offset.saturating_neg().saturating_sub(1);
        return Ok(updates::nth_last(tx, account, span, back)?.unwrap_or(position));
    }
    let tail = standing.newest.0 + 1;
    if poll.offset > tail + AHEAD || poll.offset < tail - BEHIND {
        return Ok(position);
    }
    Ok(UpdateId(poll.offset.min(tail)).max(position))
}

fn array<'a>(bodies: impl Iterator<Item = &'a str>) -> String {
    let mut json = String::from("[");
    for body in bodies {
        if json.len() > 1 {
            if json.len() + body.len() > MOST_BYTES {
                break;
            }
            json.push(',');
        }
        json.push_str(body);
    }
    json.push(']');
    json
}
