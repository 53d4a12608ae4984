//! What a mailbox knows of each of its chats: how many messages, and whether the other side ever wrote.

use crate::{R, Sql, Tx, p};
use contactgram_model::{ChatId, UserId};

static BUMP: Sql = Sql::new(
    "INSERT INTO chats (account_id, chat_id, messages, wrote) VALUES ($1, $2, 1, $3) \
     ON CONFLICT (account_id, chat_id) DO UPDATE SET messages = chats.messages + 1, wrote = chats.wrote OR excluded.wrote",
);
static FEWER: Sql =
    Sql::new("UPDATE chats SET messages = messages - $3 WHERE account_id = $1 AND chat_id = $2");
static GET: Sql = Sql::new("SELECT messages, wrote FROM chats WHERE account_id = $1 AND chat_id = $2");
static ALLOW: Sql = Sql::new(
    "INSERT INTO chats (account_id, chat_id, messages, wrote) VALUES ($1, $2, 0, $3) \
     ON CONFLICT (account_id, chat_id) DO UPDATE SET wrote = excluded.wrote",
);
static BLOCK: Sql =
    Sql::new("INSERT INTO blocks (account_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
static UNBLOCK: Sql = Sql::new("DELETE FROM blocks WHERE account_id = $1 AND user_id = $2");
static BLOCKED: Sql = Sql::new("SELECT 1 FROM blocks WHERE account_id = $1 AND user_id = $2");

/// A chat as its mailbox counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChatState {
    /// Messages there are.
    pub messages: i64,
    /// The other side wrote at least once: a bot may write to it, also where Telegram's rules hold.
    pub wrote: bool,
}

/// Counts a message; `wrote` says that the other side sent it.
pub fn count(tx: &mut dyn Tx, owner: UserId, chat: ChatId, wrote: bool) -> R<()> {
    tx.later(&BUMP, p![owner, chat, wrote])
}

/// Counts messages off.
pub fn fewer(tx: &mut dyn Tx, owner: UserId, chat: ChatId, removed: i64) -> R<()> {
    tx.later(&FEWER, p![owner, chat, removed])
}

/// How a chat stands; all zero for one without a message.
pub fn get(tx: &mut dyn Tx, owner: UserId, chat: ChatId) -> R<ChatState> {
    let state =
        tx.opt(&GET, p![owner, chat], |row| Ok(ChatState { messages: row.int(0)?, wrote: row.bool(1)? }))?;
    Ok(state.unwrap_or_default())
}

/// Notes that the other side started the chat without a message.
pub fn start(tx: &mut dyn Tx, owner: UserId, chat: ChatId) -> R<()> {
    tx.execute(&ALLOW, p![owner, chat, true]).map(drop)
}

/// `user` blocks the account; `false` when it had already.
pub fn block(tx: &mut dyn Tx, account: UserId, user: UserId) -> R<bool> {
    Ok(tx.execute(&BLOCK, p![account, user])? == 1)
}

/// `user` lets the account write again; `false` when it was not blocked.
pub fn unblock(tx: &mut dyn Tx, account: UserId, user: UserId) -> R<bool> {
    Ok(tx.execute(&UNBLOCK, p![account, user])? == 1)
}

/// Asks ahead for [`is_blocked`].
pub fn is_blocked_ahead(tx: &mut dyn Tx, account: UserId, user: UserId) -> R<()> {
    tx.ahead(&BLOCKED, p![account, user])
}

/// Whether `user` blocked the account.
pub fn is_blocked(tx: &mut dyn Tx, account: UserId, user: UserId) -> R<bool> {
    Ok(tx.opt(&BLOCKED, p![account, user], |_| Ok(()))?.is_some())
}
