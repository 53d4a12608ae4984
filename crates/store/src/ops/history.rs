//! Pages of a mailbox: by chat, direction, time, position and text, newest or oldest first.
//! `scan` territory: offsets and searches may touch many rows.

use super::search::{Condition, Index, Search};
use super::views::{self, ViewId};
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
    /// Only chats with contacts that this view shows.
    pub view: Option<ViewId>,
    /// All terms must match.
    pub terms: Vec<Term>,
    /// Whether shared contacts are passed over: a term may be part of a number.
    pub without_shared: bool,
    /// Oldest first.
    pub ascending: bool,
    /// Rows to leave out first.
    pub offset: i64,
    /// Rows at most.
    pub limit: i64,
}

/// Up to so many messages a chat is searched by reading it: the index knows accounts, not chats, and a
/// common word has hits in all of them. Tests take both ways.
const SMALL: i64 = if cfg!(test) { 3 } else { 10_000 };

static FIRST_AT: Sql = Sql::new(
    "SELECT message_id, date FROM messages WHERE account_id = $1 AND message_id >= $2 ORDER BY message_id LIMIT 1",
);

/// Visits the bodies of a page in order.
pub fn page(tx: &mut dyn Tx, owner: UserId, query: &Query, each: &mut dyn FnMut(&str)) -> R<()> {
    let Filter { condition, more } = filter(tx, owner, query)?;
    let mut params = bind(owner, query, &condition.params);
    let next = params.len() + 1;
    params.extend([Param::Int(query.limit), Param::Int(query.offset)]);
    let order = if query.ascending { "ASC" } else { "DESC" };
    let found = condition.select("message_id, {key} AS place", &more);
    // The rows to skip are skipped in the index alone; only the page itself is fetched.
    let sql = intern(format!(
        "SELECT body FROM messages WHERE account_id = $1 AND message_id IN (SELECT message_id FROM ({found} \
         ORDER BY place {order} LIMIT ${next} OFFSET ${}) AS page) ORDER BY message_id {order}",
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
    let narrowed = query.view.is_some()
        || query.direction.is_some()
        || query.from.is_some()
        || query.below.is_some()
        || !query.terms.is_empty();
    match query.chat {
        None if !narrowed => return Ok(Some(counters::get(tx, owner)?.messages)),
        Some(chat) if !narrowed => return Ok(Some(chats::get(tx, owner, chat)?.messages)),
        _ => {}
    }
    let Filter { condition, more } = filter(tx, owner, query)?;
    let mut params = bind(owner, query, &condition.params);
    let next = params.len() + 1;
    params.push(Param::Int(most + 1));
    let found = condition.select("1", &more);
    let sql = intern(format!("SELECT count(*) FROM ({found} LIMIT ${next}) AS counted"));
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

/// How the rows are found by their text, and the conditions besides.
struct Filter {
    condition: Condition,
    more: String,
}

fn filter(tx: &mut dyn Tx, owner: UserId, query: &Query) -> R<Filter> {
    let mut more = String::new();
    let mut next = 2;
    let mut place = |condition: &str| {
        more.push_str(&format!(" AND {condition} ${next}"));
        next += 1;
    };
    if query.chat.is_some() {
        place("chat_id =");
    }
    if query.direction.is_some() {
        place("outgoing =");
    }
    if query.from.is_some() {
        place("message_id >=");
    }
    if query.below.is_some() {
        place("message_id <");
    }
    if query.view.is_some() {
        more.push_str(&format!(" AND chat_id IN {}", views::visible(next)));
        next += 1;
    }
    if query.without_shared {
        more.push_str(r#" AND body NOT LIKE '%"contact":{%'"#);
    }
    let search = Search { index: Index::Messages, account: owner, terms: &query.terms, first: next };
    let small = match query.chat {
        _ if query.terms.is_empty() => true,
        Some(chat) => chats::get(tx, owner, chat)?.messages <= SMALL,
        None => false,
    };
    // Rows are numbered as messages come, so in a mailbox their order is the messages'. SQLite's index yields
    // its hits in that order, newest or oldest first, and is left when the page is full.
    let condition = if small { search.plain() } else { search.condition(tx.dialect()) };
    Ok(Filter { condition, more })
}

fn bind<'a>(owner: UserId, query: &Query, texts: &'a [String]) -> Vec<Param<'a>> {
    let mut params = vec![Param::Int(owner.0)];
    params.extend(query.chat.map(|chat| Param::Int(chat.0)));
    params.extend(query.direction.map(|direction| Param::Bool(direction == Direction::Out)));
    params.extend(query.from.map(|id| Param::Int(id.0)));
    params.extend(query.below.map(|id| Param::Int(id.0)));
    params.extend(query.view.map(|view| Param::Int(view.number())));
    params.extend(texts.iter().map(|text| Param::Text(text)));
    params
}
