//! What a mailbox looks like from above: its chats by their newest message, how much came and went by the hour, and
//! the labels of its contacts. The portal asks. Nothing here is counted beside writes: it is read when it is asked.

use super::views::{self, ViewId};
use crate::{R, Sql, Tx, intern, p};
use contactgram_model::{ChatId, MessageId, UserId};

/// Messages that one page looks through at most. A mailbox in which a few chats wrote so much in a row has short
/// pages, and goes on behind them.
const WALKED: i64 = 4_000;

static IS_NEWEST: Sql = Sql::new(
    "SELECT NOT EXISTS (SELECT 1 FROM messages WHERE account_id = $1 AND chat_id = $2 AND message_id > $3)",
);
static BODY: Sql = Sql::new("SELECT body FROM messages WHERE account_id = $1 AND message_id = $2");
static BY_HOUR: Sql = Sql::new(
    "SELECT date / 3600, sum(CASE WHEN outgoing THEN 0 ELSE 1 END), sum(CASE WHEN outgoing THEN 1 ELSE 0 END) \
     FROM messages WHERE account_id = $1 AND message_id >= $2 AND message_id < $3 GROUP BY 1 ORDER BY 1",
);
static NEXT_LABEL: Sql =
    Sql::new("SELECT label FROM contact_labels WHERE account_id = $1 AND label > $2 ORDER BY label LIMIT 1");

/// A page of chats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chats {
    /// Each chat with the body of its newest message, the newest first.
    pub rows: Vec<(ChatId, String)>,
    /// Where the next page begins, if there may be one.
    pub below: Option<MessageId>,
}

/// Up to `limit` chats whose newest message is below `below`.
pub fn chats(
    tx: &mut dyn Tx,
    (owner, view): (UserId, Option<ViewId>),
    below: Option<MessageId>,
    limit: usize,
) -> R<Chats> {
    let shown = view.map(|_| format!(" AND chat_id IN {}", views::visible(4))).unwrap_or_default();
    let walk = intern(format!(
        "SELECT message_id, chat_id FROM messages WHERE account_id = $1 AND message_id < $2{shown} \
         ORDER BY message_id DESC LIMIT $3"
    ));
    let below = below.map_or(i64::MAX, |id| id.0);
    let mut params = p![owner, below, WALKED].to_vec();
    params.extend(view.map(|view| crate::Param::Int(view.number())));
    let walked = tx.all(walk, &params, |row| Ok((MessageId(row.int(0)?), ChatId(row.int(1)?))))?;
    let mut seen = std::collections::HashSet::new();
    let mut page = Chats::default();
    for (id, chat) in &walked {
        if !seen.insert(*chat) || !tx.one(&IS_NEWEST, p![owner, chat, id], |row| row.bool(0))? {
            continue;
        }
        if page.rows.len() == limit {
            // The walk goes on with this chat: its newest message is the first below.
            page.below = Some(MessageId(id.0 + 1));
            return Ok(page);
        }
        if let Some(body) = tx.opt(&BODY, p![owner, id], |row| row.string(0))? {
            page.rows.push((*chat, body));
        }
    }
    if walked.len() as i64 == WALKED {
        page.below = walked.last().map(|(id, _)| *id);
    }
    Ok(page)
}

/// Messages of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// Since the beginning of Unix time, in hours.
    pub hour: i64,
    /// Received.
    pub received: i64,
    /// Sent.
    pub sent: i64,
}

/// How many messages there are between two of them, by the hour; hours without any are left out.
pub fn by_hour(tx: &mut dyn Tx, owner: UserId, (from, below): (MessageId, MessageId)) -> R<Vec<Hour>> {
    tx.all(&BY_HOUR, p![owner, from, below], |row| {
        Ok(Hour { hour: row.int(0)?, received: row.int(1)?, sent: row.int(2)? })
    })
}

/// The first labels of an account's contacts, by the alphabet.
pub fn labels(tx: &mut dyn Tx, account: UserId, most: usize) -> R<Vec<String>> {
    let mut labels: Vec<String> = Vec::new();
    while labels.len() < most {
        let last = labels.last().map_or("", String::as_str);
        match tx.opt(&NEXT_LABEL, p![account, last], |row| row.string(0))? {
            Some(label) => labels.push(label),
            None => break,
        }
    }
    Ok(labels)
}
