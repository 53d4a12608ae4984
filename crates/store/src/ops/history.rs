//! Pages of a mailbox: by chat, direction, time, position and text, newest or oldest first.
//! `scan` territory: offsets and searches may touch many rows.

use super::search::{self, Index};
use super::{chats, counters};
use crate::{Param, R, Sql, Tx, intern, p};
use contactgram_model::search::Term;
use contactgram_model::{ChatId, Direction, MessageId, Timestamp, UserId};

/// Which messages, in which order, from where.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only this chat.
    pub chat: Option<ChatId>,
    /// Only received, or only sent.
    pub direction: Option<Direction>,
    /// Only ids from here on.
    pub from: Option<MessageId>,
    /// Only ids below.
    pub below: Option<MessageId>,
    /// All terms must match.
    pub terms: Vec<Term>,
    /// Oldest first.
    pub ascending: bool,
    /// Rows to leave out first.
    pub offset: i64,
    /// Rows at most.
    pub limit: i64,
}

static FIRST_AT: Sql = Sql::new(
    "SELECT message_id, date FROM messages WHERE account_id = $1 AND message_id >= $2 ORDER BY message_id LIMIT 1",
);

/// Visits the bodies of a page in order.
pub fn page(tx: &mut dyn Tx, owner: UserId, query: &Query, each: &mut dyn FnMut(&str)) -> R<()> {
    let (filter, texts) = filter(tx, query);
    let mut params = bind(owner, query, &texts);
    let next = params.len() + 1;
    params.extend([Param::Int(query.limit), Param::Int(query.offset)]);
    let order = if query.ascending { "ASC" } else { "DESC" };
    // The rows to skip are skipped in the index alone; only the page itself is fetched.
    let sql = intern(format!(
        "SELECT body FROM messages WHERE account_id = $1 AND message_id IN (SELECT message_id FROM messages \
         WHERE account_id = $1{filter} ORDER BY message_id {order} LIMIT ${next} OFFSET ${}) \
         ORDER BY message_id {order}",
        next + 1
    ));
    tx.query(sql, &params, &mut |row| {
        each(row.text(0)?);
        Ok(())
    })
}

/// How many messages the query has in all: exact, from counters where the query is a whole mailbox or a
/// whole chat, else counted up to `most`; `None` beyond.
pub fn count(tx: &mut dyn Tx, owner: UserId, query: &Query, most: i64) -> R<Option<i64>> {
    let narrowed =
        query.direction.is_some() || query.from.is_some() || query.below.is_some() || !query.terms.is_empty();
    match query.chat {
        None if !narrowed => return Ok(Some(counters::get(tx, owner)?.messages)),
        Some(chat) if !narrowed => return Ok(Some(chats::get(tx, owner, chat)?.messages)),
        _ => {}
    }
    let (filter, texts) = filter(tx, query);
    let mut params = bind(owner, query, &texts);
    let next = params.len() + 1;
    params.push(Param::Int(most + 1));
    let sql = intern(format!(
        "SELECT count(*) FROM (SELECT 1 FROM messages WHERE account_id = $1{filter} LIMIT ${next}) AS counted"
    ));
    let found = tx.one(sql, &params, |row| row.int(0))?;
    Ok((found <= most).then_some(found))
}

/// The first message sent at `time` or later. Dates never fall while ids rise, so this is a search by
/// halves: some twenty point reads, however long the history.
pub fn first_at(tx: &mut dyn Tx, owner: UserId, time: Timestamp) -> R<MessageId> {
    let (mut low, mut high) = (1, counters::get(tx, owner)?.message_id + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = tx.opt(&FIRST_AT, p![owner, middle], |row| Ok((row.int(0)?, row.int(1)?)))?;
        match found {
            Some((id, date)) if date < time => low = id + 1,
            _ => high = middle,
        }
    }
    Ok(MessageId(low))
}

/// Conditions behind `account_id = $1`, with the values that are texts.
fn filter(tx: &mut dyn Tx, query: &Query) -> (String, Vec<String>) {
    let mut sql = String::new();
    let mut next = 2;
    let mut place = |sql: &mut String, condition: &str| {
        sql.push_str(&format!(" AND {condition} ${next}"));
        next += 1;
    };
    if query.chat.is_some() {
        place(&mut sql, "chat_id =");
    }
    if query.direction.is_some() {
        place(&mut sql, "outgoing =");
    }
    if query.from.is_some() {
        place(&mut sql, "message_id >=");
    }
    if query.below.is_some() {
        place(&mut sql, "message_id <");
    }
    let mut texts = Vec::new();
    if !query.terms.is_empty() {
        let condition = search::condition(tx.dialect(), Index::Messages, &query.terms, next);
        sql.push_str(&condition.sql);
        texts = condition.params;
    }
    (sql, texts)
}

fn bind<'a>(owner: UserId, query: &Query, texts: &'a [String]) -> Vec<Param<'a>> {
    let mut params = vec![Param::Int(owner.0)];
    params.extend(query.chat.map(|chat| Param::Int(chat.0)));
    params.extend(query.direction.map(|direction| Param::Bool(direction == Direction::Out)));
    params.extend(query.from.map(|id| Param::Int(id.0)));
    params.extend(query.below.map(|id| Param::Int(id.0)));
    params.extend(texts.iter().map(|text| Param::Text(text)));
    params
}
