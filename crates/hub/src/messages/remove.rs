//! Deleting messages for everybody: deleteMessage and deleteMessages.

use super::{Actor, ChatRef, resolve};
use crate::access::MessagesSend;
use crate::delivery;
use crate::{Answer, Error, Hub, Once, Permit};
use contactgram_connector::local::{self, Deletion, Route};
use contactgram_model::{ChatId, MessageId, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::{counters, groups, messages};

impl Hub {
    /// deleteMessage. With `several`, messages that are not there are passed over.
    pub async fn delete_messages(
        &self,
        permit: &Permit<MessagesSend>,
        (chat, ids, several): (ChatRef, Vec<MessageId>, bool),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (account, now) = (permit.account(), self.clock.now());
        self.change_once(account, once, move |tx, _| {
            let actor = Actor::account(tx, account)?;
            let chat = resolve(tx, account, &chat)?;
            let mut deleted = false;
            for id in &ids {
                deleted |= delete(tx, &actor, (chat, *id), now)?;
            }
            if !deleted && !several {
                return Err(Error::bad("message to delete not found"));
            }
            Ok(Answer::yes())
        })
        .await
    }
}

fn delete(
    tx: &mut dyn Tx,
    actor: &Actor,
    (chat, id): (ChatId, MessageId),
    now: Timestamp,
) -> Result<bool, Error> {
    let owner = actor.user.id;
    let Some(stored) = messages::get_in(tx, owner, chat, id)? else { return Ok(false) };
    let deletion =
        Deletion { actor: owner, kind: actor.user.kind, author: stored.from, chat, date: stored.date, now };
    local::may_delete(&deletion)?;
    let others: Vec<UserId> = match actor.route(tx, chat) {
        Ok(route @ Route::Private(_)) => delivery::recipients(&actor.user, &route),
        Ok(Route::Group { .. }) => groups::members(tx, chat)?.into_iter().map(|(id, _)| id).collect(),
        // Whoever may no longer write may still take back; the other side keeps its copy.
        Err(Error::Forbidden(_) | Error::BadRequest(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let everybody: Vec<UserId> = others.iter().copied().chain([owner]).collect();
    counters::lock_all(tx, &everybody)?;
    messages::delete(tx, owner, &stored)?;
    for other in others.into_iter().filter(|other| *other != owner) {
        if let Some(copy) = messages::copy(tx, other, stored.origin)? {
            messages::delete(tx, other, &copy)?;
        }
    }
    Ok(true)
}
