//! One delivery: an update is read, signed where the webhook has a secret, posted once, and what its receiver said is brought
//! back. Run by the dispatcher, a task each; it decides nothing about what happens next.

use super::MethodRunner;
use super::signing::Signing;
use crate::{Caller, Error, Hub};
use bytes::Bytes;
use contactgram_connector::courier::{Outcome, Target};
use contactgram_model::webhook::PendingUpdate;
use contactgram_store::ops::updates;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

pub(super) struct Delivered {
    pub update: PendingUpdate,
    pub end: End,
    pub took: Duration,
}

pub(super) enum End {
    Told(Outcome),
    /// The update was forgotten before its turn.
    Forgotten,
    /// The store did not hand it out.
    Unread(Error),
}

/// Posts one update, and runs the method that the answer names before the chat's next update is posted: at the webhook
/// that Telegram has, too.
pub(super) async fn deliver(
    hub: Arc<Hub>,
    (caller, signing): (Caller, Option<Arc<Signing>>),
    target: Arc<Target>,
    update: PendingUpdate,
) -> Delivered {
    let (account, id, begun) = (caller.account(), update.id, Instant::now());
    let ended = |end| Delivered { update, end, took: begun.elapsed() };
    let body = match hub.store.read(move |tx| Ok::<_, Error>(updates::body(tx, account, id)?)).await {
        Ok(Some(body)) => body,
        Ok(None) => return ended(End::Forgotten),
        Err(error) => return ended(End::Unread(error)),
    };
    let signed = signing.as_ref().map(|signing| signing.sign(id, hub.clock.now(), body.as_bytes()));
    let mut outcome = hub.courier.deliver(&target, Bytes::from(body), signed.as_ref()).await;
    if let Outcome::Accepted { reply } = &mut outcome
        && signing.is_none()
        && let (Some(call), Some(run)) = (reply.take(), hub.dispatchers.runner().map(MethodRunner::clone))
    {
        run(caller, call).await;
    }
    ended(End::Told(outcome))
}
