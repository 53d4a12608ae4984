//! Deleting messages for everybody: deleteMessage and deleteMessages.

use super::{Actor, ChatRef, resolve};
use crate::access::MessagesSend;
use crate::delivery;
use crate::files::Leftovers;
use crate::{Answer, Error, Hub, Once, Permit, Rings};
use contactgram_connector::local::{self, Deletion, Route};
use contactgram_model::{ChatId, MemberStatus, MessageId, StoredMessage, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::{counters, files, groups, messages};
use std::sync::Arc;

impl Hub {
    /// deleteMessage. With `several`, messages that are not there are passed over.
    pub async fn delete_messages(
        &self,
        permit: &Permit<MessagesSend>,
        (chat, ids, several): (ChatRef, Vec<MessageId>, bool),
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (view, now) = (permit.view(), self.clock.now());
        let leftovers = Arc::clone(&self.leftovers);
        self.change_once(view.account(), once, move |tx, rings| {
            let actor = Actor::account(tx, view)?;
            let chat = resolve(tx, view, &chat)?;
            let (scene, refused) = Scene::of(tx, &actor, (chat, now))?;
            let mut deleted = false;
            for id in &ids {
                deleted |= delete(tx, (rings, &leftovers), &scene, *id)?;
            }
            match (deleted, refused) {
                // Nothing was there because there is no such chat.
                (false, Some(error @ Error::BadRequest(_))) => Err(error),
                (false, _) if !several => Err(Error::bad("message to delete not found")),
                _ => Ok(Answer::yes()),
            }
        })
        .await
    }
}

/// Where messages are deleted, and for whom.
struct Scene<'a> {
    actor: &'a Actor,
    chat: ChatId,
    leads: bool,
    /// Everybody else with a copy.
    others: Vec<UserId>,
    now: Timestamp,
}

impl<'a> Scene<'a> {
    /// The scene, with the refusal that writing there would meet. Its mailboxes stay locked.
    fn of(
        tx: &mut dyn Tx,
        actor: &'a Actor,
        (chat, now): (ChatId, Timestamp),
    ) -> Result<(Scene<'a>, Option<Error>), Error> {
        let owner = actor.user.id;
        let (mut others, refused) = match actor.route(tx, chat) {
            Ok(route @ Route::Private(_)) => (delivery::recipients(&actor.user, &route), None),
            Ok(Route::Group { .. }) => {
                (groups::members(tx, chat)?.into_iter().map(|(id, _)| id).collect(), None)
            }
            // Whoever may no longer write may still take back; the other side keeps its copy.
            Err(error @ (Error::Forbidden(_) | Error::Lacks(_) | Error::BadRequest(_))) => {
                (Vec::new(), Some(error))
            }
            Err(error) => return Err(error),
        };
        others.retain(|other| *other != owner);
        let everybody: Vec<UserId> = others.iter().copied().chain([owner]).collect();
        counters::lock_all(tx, &everybody)?;
        let leads = matches!(
            groups::member(tx, chat, owner)?,
            Some(MemberStatus::Creator | MemberStatus::Administrator)
        );
        Ok((Scene { actor, chat, leads, others, now }, refused))
    }
}

fn delete(
    tx: &mut dyn Tx,
    (rings, leftovers): (&mut Rings, &Leftovers),
    scene: &Scene<'_>,
    id: MessageId,
) -> Result<bool, Error> {
    let owner = scene.actor.user.id;
    let Some(stored) = messages::get_in(tx, owner, scene.chat, id)? else { return Ok(false) };
    local::may_delete(&Deletion {
        actor: owner,
        kind: scene.actor.user.kind,
        author: stored.from,
        chat: scene.chat,
        leads: scene.leads,
        date: stored.date,
        now: scene.now,
    })?;
    erase(tx, leftovers, owner, &stored)?;
    rings.show(owner);
    for other in &scene.others {
        if let Some(copy) = messages::copy(tx, *other, stored.origin)? {
            erase(tx, leftovers, *other, &copy)?;
            rings.show(*other);
        }
    }
    Ok(true)
}

/// Takes a message out of a mailbox, and with it the claim to the file that it may have carried.
fn erase(
    tx: &mut dyn Tx,
    leftovers: &Leftovers,
    owner: UserId,
    message: &StoredMessage,
) -> Result<(), Error> {
    // Quotes inside texts are escaped: this is a field, or no message around has a file.
    if message.body.contains("\"file_unique_id\":")
        && let Some(file) = files::put_down(tx, owner, message.id)?
    {
        leftovers.add(file);
    }
    Ok(messages::delete(tx, owner, message)?)
}
