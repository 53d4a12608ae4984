//! Who gets a message, and what may be done to it later. Texts are Telegram's own: client libraries
//! compare them.

use super::world::{Sender, World};
use contactgram_model::{ChatId, Group, MemberStatus, Timestamp, User, UserId, UserKind};

/// For how long a bot may delete messages: 48 hours, in seconds (Bot API, deleteMessage).
pub const DELETE_WITHIN_S: i64 = 48 * 3600;

/// Why Telegram would not do it. The texts stand behind "Bad Request: " or "Forbidden: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 400.
    BadRequest(&'static str),
    /// 403.
    Forbidden(&'static str),
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To one user; to oneself, when it is the sender.
    Private(Box<User>),
    /// To everybody in a group.
    Group {
        /// The group.
        group: Group,
        /// Who gets a copy beside the sender.
        others: Vec<UserId>,
    },
}

/// Decides where a message of `sender` to `chat` goes.
///
/// # Errors
/// What the world ended in; a refusal is a value.
pub fn route<W: World>(
    world: &mut W,
    sender: Sender<'_>,
    chat: ChatId,
) -> Result<Result<Route, Refusal>, W::Error> {
    if chat.is_group() {
        return to_group(world, sender, chat);
    }
    // A bot that lives elsewhere hears of what happens there, and must not be told otherwise by somebody here.
    let Some(user) = world.user(chat.user())?.filter(|user| user.kind != UserKind::Remote) else {
        return Ok(Err(Refusal::BadRequest("chat not found")));
    };
    if world.has_blocked(user.id, sender.user.id)? {
        return Ok(Err(if sender.user.is_bot() {
            Refusal::Forbidden("bot was blocked by the user")
        } else {
            Refusal::Forbidden("user is blocked")
        }));
    }
    if sender.strict && sender.user.is_bot() {
        if user.is_bot() {
            return Ok(Err(Refusal::Forbidden("bot can't send messages to bots")));
        }
        if !world.has_written(user.id, sender.user.id)? {
            return Ok(Err(Refusal::Forbidden("bot can't initiate conversation with a user")));
        }
    }
    Ok(Ok(Route::Private(Box::new(user))))
}

fn to_group<W: World>(
    world: &mut W,
    sender: Sender<'_>,
    chat: ChatId,
) -> Result<Result<Route, Refusal>, W::Error> {
    let Some(group) = world.group(chat)? else {
        return Ok(Err(Refusal::BadRequest("chat not found")));
    };
    if let Some(refusal) = member_refusal(world.member(chat, sender.user.id)?) {
        return Ok(Err(refusal));
    }
    let mut others = Vec::new();
    for id in world.members(chat)? {
        if id == sender.user.id {
            continue;
        }
        // Telegram never shows a bot what other bots say.
        if sender.strict && sender.user.is_bot() && world.user(id)?.is_some_and(|user| user.is_bot()) {
            continue;
        }
        others.push(id);
    }
    Ok(Ok(Route::Group { group, others }))
}

/// What somebody with this standing is told who writes to the group. Who never was in it is told the same
/// as if there were no such group.
pub fn member_refusal(status: Option<MemberStatus>) -> Option<Refusal> {
    match status {
        Some(status) if status.is_in() => None,
        Some(MemberStatus::Kicked) => Some(Refusal::Forbidden("bot was kicked from the group chat")),
        Some(_) => Some(Refusal::Forbidden("bot is not a member of the group chat")),
        None => Some(Refusal::BadRequest("chat not found")),
    }
}

/// Whether `actor` may edit a message of `author`: only one's own.
pub fn may_edit(actor: UserId, author: UserId) -> Result<(), Refusal> {
    if actor == author { Ok(()) } else { Err(Refusal::BadRequest("message can't be edited")) }
}

/// A message that somebody wants to delete.
#[derive(Debug, Clone, Copy)]
pub struct Deletion {
    /// Who wants to.
    pub actor: UserId,
    /// Whether it is a bot.
    pub kind: UserKind,
    /// Who wrote it.
    pub author: UserId,
    /// Where.
    pub chat: ChatId,
    /// Whether the actor leads the group.
    pub leads: bool,
    /// When it was written.
    pub date: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// Whether a message may be deleted for everybody: within 48 hours; in groups only one's own, in private
/// chats either side's. Who leads a group may delete whatever is there (Bot API, deleteMessage).
pub fn may_delete(deletion: &Deletion) -> Result<(), Refusal> {
    if deletion.chat.is_group() && deletion.leads {
        return Ok(());
    }
    let too_old = deletion.kind == UserKind::Bot && deletion.now - deletion.date > DELETE_WITHIN_S;
    let not_own = deletion.chat.is_group() && deletion.actor != deletion.author;
    if too_old || not_own {
        return Err(Refusal::BadRequest("message can't be deleted"));
    }
    Ok(())
}
