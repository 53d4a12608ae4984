//! The world that the local connector's rules ask about: a transaction of the store.

use contactgram_connector::local::World;
use contactgram_model::{ChatId, Group, MemberStatus, User, UserId};
use contactgram_store::ops::{chats, directory, groups};
use contactgram_store::{StoreError, Tx};

/// A transaction as the rules see it.
pub struct Directory<'a>(pub &'a mut dyn Tx);

impl World for Directory<'_> {
    type Error = StoreError;

    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        directory::get(self.0, id)
    }

    fn group(&mut self, id: ChatId) -> Result<Option<Group>, StoreError> {
        groups::get(self.0, id)
    }

    fn member(&mut self, group: ChatId, user: UserId) -> Result<Option<MemberStatus>, StoreError> {
        groups::member(self.0, group, user)
    }

    fn members(&mut self, group: ChatId) -> Result<Vec<UserId>, StoreError> {
        Ok(groups::members(self.0, group)?.into_iter().map(|(id, _)| id).collect())
    }

    fn has_blocked(&mut self, user: UserId, sender: UserId) -> Result<bool, StoreError> {
        chats::is_blocked(self.0, sender, user)
    }

    fn has_written(&mut self, user: UserId, sender: UserId) -> Result<bool, StoreError> {
        Ok(chats::get(self.0, sender, user.chat())?.wrote)
    }
}
