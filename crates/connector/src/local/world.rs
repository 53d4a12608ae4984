//! What the rules may ask: the directory, the groups and who blocked whom. The hub answers from its
//! transaction, tests from a table.

use contactgram_model::{ChatId, Group, MemberStatus, User, UserId};

/// The facts that the rules decide by.
pub trait World {
    /// What asking may end in.
    type Error;

    /// The user of this id.
    fn user(&mut self, id: UserId) -> Result<Option<User>, Self::Error>;
    /// The group of this id.
    fn group(&mut self, id: ChatId) -> Result<Option<Group>, Self::Error>;
    /// Somebody's standing in a group; `None` for who never was there.
    fn member(&mut self, group: ChatId, user: UserId) -> Result<Option<MemberStatus>, Self::Error>;
    /// Everybody in a group.
    fn members(&mut self, group: ChatId) -> Result<Vec<UserId>, Self::Error>;
    /// Whether `user` blocked `sender`.
    fn has_blocked(&mut self, user: UserId, sender: UserId) -> Result<bool, Self::Error>;
    /// Whether `user` ever wrote to `sender`.
    fn has_written(&mut self, user: UserId, sender: UserId) -> Result<bool, Self::Error>;
}

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// The directory entry.
    pub user: &'a User,
    /// Hold to Telegram's rules where the default is kinder.
    pub strict: bool,
}
