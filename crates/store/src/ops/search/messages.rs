//! How a message's row and its search index are written together. `ops::messages` calls it; what is asked of
//! the index is made beside, in `search`.

use super::waiting::{Placed, mark};
use super::{Index, found, joined_grams, scoped};
use crate::{Dialect, R, Row, Sql, Tx, p};
use contactgram_model::{MessageId, StoredMessage, UserId, search};

static MESSAGE_LITE: Sql = Sql::new(
    "INSERT INTO messages (account_id, message_id, chat_id, from_id, outgoing, date, origin_user, origin_id, \
     search, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static MESSAGE_PG: Sql = Sql::new(
    "INSERT INTO messages (account_id, message_id, chat_id, from_id, outgoing, date, origin_user, origin_id, \
     search, body, grams) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, string_to_array($11, chr(31)))",
);
static MESSAGE_BODY_LITE: Sql = Sql::new(concat!(
    "UPDATE messages SET search = $3, body = $4 WHERE account_id = $1 AND message_id = $2 RETURNING row, ",
    mark!("messages")
));
static MESSAGE_BODY_PG: Sql = Sql::new(
    "UPDATE messages SET search = $3, body = $4, grams = string_to_array($5, chr(31)) \
     WHERE account_id = $1 AND message_id = $2",
);
static MESSAGE_ROW: Sql = Sql::new(concat!(
    "SELECT row, ",
    mark!("messages"),
    " FROM messages WHERE account_id = $1 AND message_id = $2"
));

/// Puts a message in; `indexed` is false for mailboxes that nobody searches.
pub(in crate::ops) fn insert_message(
    tx: &mut dyn Tx,
    owner: UserId,
    message: &StoredMessage,
    indexed: bool,
) -> R<()> {
    let document = message_document(&message.text, indexed);
    let outgoing = message.direction == contactgram_model::Direction::Out;
    let (user, id) = message.origin;
    let grams = if tx.dialect() == Dialect::Postgres {
        document.as_deref().map(|document| joined_grams(owner, document))
    } else {
        None
    };
    let params = p![
        owner,
        message.id,
        message.chat,
        message.from,
        outgoing,
        message.date,
        user,
        id,
        document,
        message.body,
        grams
    ];
    match tx.dialect() {
        Dialect::Sqlite => tx.later(&MESSAGE_LITE, &params[..10]),
        Dialect::Postgres => tx.later(&MESSAGE_PG, params),
    }
}

/// Gives a message another text and body.
pub(in crate::ops) fn update_message(
    tx: &mut dyn Tx,
    owner: UserId,
    message: &StoredMessage,
    indexed: bool,
) -> R<()> {
    let document = message_document(&message.text, indexed);
    match tx.dialect() {
        Dialect::Sqlite => {
            let params = p![owner, message.id, document, message.body];
            let placed = tx.one(&MESSAGE_BODY_LITE, params, placed)?;
            let document = document.as_deref().map(|document| scoped(owner, document));
            placed.reindex(tx, Index::Messages, document.as_deref())
        }
        Dialect::Postgres => {
            let grams = document.as_deref().map(|document| joined_grams(owner, document));
            found(tx.execute(&MESSAGE_BODY_PG, p![owner, message.id, document, message.body, grams])?)
        }
    }
}

pub(in crate::ops) fn forget_message(tx: &mut dyn Tx, owner: UserId, id: MessageId) -> R<()> {
    if tx.dialect() == Dialect::Sqlite
        && let Some(placed) = tx.opt(&MESSAGE_ROW, p![owner, id], placed)?
    {
        placed.forget(tx, Index::Messages)?;
    }
    Ok(())
}

fn message_document(text: &str, indexed: bool) -> Option<String> {
    (indexed && !text.is_empty()).then(|| search::document([text]))
}

fn placed(row: &dyn Row) -> R<Placed> {
    Ok(Placed { row: row.int(0)?, mark: row.int(1)? })
}
