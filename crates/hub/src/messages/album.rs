//! Sending an album: several messages with a file each, in one go. sendMediaGroup.

use super::{Actor, Draft, Sending, send};
use crate::access::MessagesSend;
use crate::{Answer, Error, Hub, Once, Permit, random};

impl Hub {
    /// sendMediaGroup: all of them or none, one behind the other. What is alone makes no album.
    ///
    /// # Errors
    /// Telegram's refusals, in its words.
    pub async fn send_album(
        &self,
        permit: &Permit<MessagesSend>,
        mut drafts: Vec<Draft>,
        once: Option<Once>,
    ) -> Result<Answer, Error> {
        let (view, now) = (permit.view(), self.clock.now());
        if drafts.len() > 1 {
            let group = (random::seed()? >> 1).to_string();
            drafts.iter_mut().for_each(|draft| draft.content.media_group_id = Some(group.clone()));
        }
        let sending = self.change_once(view.account(), once, move |tx, rings| {
            let actor = Actor::account(tx, view)?;
            let mut sent = Vec::with_capacity(drafts.len());
            for draft in &drafts {
                sent.push(send(tx, rings, &actor, Sending { draft, origin: None, now })?.body);
            }
            Ok(Answer::json(format!("[{}]", sent.join(","))))
        });
        view.with_message(sending.await?)
    }
}
