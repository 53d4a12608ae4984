//! Mailboxes: messages one at a time. Each participant of a chat has a copy of its own, with its own id;
//! `origin` ties the copies together. Pages of history are in `history`.

use super::{chats, counters, search};
use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::{ChatId, Direction, MessageId, StoredMessage, UserId};

/// The columns of [`read`], in its order. The text is part of the body and not read back.
macro_rules! message_columns {
    () => {
        "message_id, chat_id, from_id, outgoing, date, origin_user, origin_id, body"
    };
}

static GET: Sql = Sql::new(concat!(
    "SELECT ",
    message_columns!(),
    " FROM messages WHERE account_id = $1 AND message_id = $2"
));
static COPY: Sql = Sql::new(concat!(
    "SELECT ",
    message_columns!(),
    " FROM messages WHERE account_id = $1 AND origin_user = $2 AND origin_id = $3 AND NOT outgoing"
));
static DELETE: Sql = Sql::new("DELETE FROM messages WHERE account_id = $1 AND message_id = $2");

/// Puts a message into its owner's mailbox and counts it; its id comes from `counters::next_message`.
pub fn insert(tx: &mut dyn Tx, owner: UserId, message: &StoredMessage, indexed: bool) -> R<()> {
    search::insert_message(tx, owner, message, indexed)?;
    chats::count(tx, owner, message.chat, message.direction == Direction::In)
}

/// The message of this id.
pub fn get(tx: &mut dyn Tx, owner: UserId, id: MessageId) -> R<Option<StoredMessage>> {
    tx.opt(&GET, p![owner, id], read)
}

/// The message of this id, if it belongs to this chat.
pub fn get_in(tx: &mut dyn Tx, owner: UserId, chat: ChatId, id: MessageId) -> R<Option<StoredMessage>> {
    Ok(get(tx, owner, id)?.filter(|message| message.chat == chat))
}

/// The copy of a message in somebody's mailbox.
pub fn copy(tx: &mut dyn Tx, owner: UserId, origin: (UserId, MessageId)) -> R<Option<StoredMessage>> {
    let (user, id) = origin;
    if owner == user {
        return get(tx, owner, id);
    }
    tx.opt(&COPY, p![owner, user, id], read)
}

/// Writes a message's text and body anew.
pub fn update(tx: &mut dyn Tx, owner: UserId, message: &StoredMessage, indexed: bool) -> R<()> {
    search::update_message(tx, owner, message, indexed)
}

/// Removes a message and counts it off; one that is gone already changes nothing.
pub fn delete(tx: &mut dyn Tx, owner: UserId, message: &StoredMessage) -> R<()> {
    search::forget_message(tx, owner, message.id)?;
    if tx.execute(&DELETE, p![owner, message.id])? == 0 {
        return Ok(());
    }
    counters::fewer_messages(tx, owner, 1)?;
    chats::fewer(tx, owner, message.chat, 1)
}

/// Reads a row of [`message_columns!`].
pub(crate) fn read(row: &dyn Row) -> R<StoredMessage> {
    Ok(StoredMessage {
        id: MessageId(row.int(0)?),
        chat: ChatId(row.int(1)?),
        from: UserId(row.int(2)?),
        direction: if row.bool(3)? { Direction::Out } else { Direction::In },
        date: row.int(4)?,
        origin: (UserId(row.int(5)?), MessageId(row.int(6)?)),
        text: String::new(),
        body: row.string(7)?,
    })
}

/// For a body that is not what this program writes.
pub fn corrupt_body(id: MessageId) -> StoreError {
    StoreError::corrupt("messages", "body", id)
}
