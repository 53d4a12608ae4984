//! Copies, and forwards of several: the upstream tells their numbers alone, so what they say is taken from the message that was
//! copied, where that is known here. Called by `sent`.

use super::About;
use super::keep::space;
use crate::Error;
use contactgram_model::{ChatId, StoredMessage, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::history::{self, Query};
use contactgram_store::ops::upstreams::{self, Place};
use contactgram_store::ops::{directory, messages};
use contactgram_wire::foreign::Message;
use contactgram_wire::user::User;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What stays behind: whose a message was and what it belonged to.
const NOT_COPIED: [&str; 14] = [
    "message_id",
    "from",
    "sender_chat",
    "author_signature",
    "chat",
    "date",
    "edit_date",
    "reply_to_message",
    "reply_markup",
    "message_thread_id",
    "business_connection_id",
    "forward_origin",
    "media_group_id",
    "via_bot",
];

/// The numbers that the upstream gave; none where the method is another, or tells whole messages.
pub(super) fn numbers(method: &str, result: &str) -> Vec<i64> {
    #[derive(Deserialize)]
    struct Number {
        message_id: i64,
    }
    match method {
        "copymessage" => serde_json::from_str(result).map(|Number { message_id }| vec![message_id]),
        "copymessages" | "forwardmessages" => serde_json::from_str::<Vec<Number>>(result)
            .map(|all| all.into_iter().map(|number| number.message_id).collect()),
        _ => return Vec::new(),
    }
    .unwrap_or_default()
}

/// The messages behind these numbers, with their JSON.
pub(super) fn messages(
    tx: &mut dyn Tx,
    (account, now): (UserId, Timestamp),
    about: &About,
    numbers: &[i64],
) -> Result<Vec<(Message, String)>, Error> {
    let (Some(chat), false) = (about.chat, numbers.is_empty()) else { return Ok(Vec::new()) };
    let described = described(tx, account, chat)?;
    let from = directory::get(tx, account)?.map(|bot| json!(User::from(&bot)));
    // What can't be copied is left out without a word: then nobody knows which number is whose.
    let sources = if about.numbers.len() == numbers.len() { about.numbers.as_slice() } else { &[] };
    let mut copies = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let source = match (about.source, sources.get(at)) {
            (Some(chat), Some(number)) => source(tx, account, about, (chat, *number))?,
            _ => None,
        };
        let mut copy = content(source, about);
        copy.insert("message_id".to_owned(), json!(number));
        copy.insert("date".to_owned(), json!(now));
        copy.insert("chat".to_owned(), described.clone());
        copy.extend(from.clone().map(|from| ("from".to_owned(), from)));
        copy.extend(about.connection.clone().map(|id| ("business_connection_id".to_owned(), json!(id))));
        let copy = Value::Object(copy);
        copies.extend(Message::read(&copy).map(|message| (message, copy.to_string())));
    }
    Ok(copies)
}

fn source(
    tx: &mut dyn Tx,
    account: UserId,
    about: &About,
    (chat, number): (ChatId, i64),
) -> Result<Option<StoredMessage>, Error> {
    let place = Place { space: space(about.connection.as_deref()), chat, number };
    Ok(match upstreams::message(tx, account, place)? {
        Some(id) => messages::get(tx, account, id)?,
        None => None,
    })
}

/// What a copy says.
fn content(source: Option<StoredMessage>, about: &About) -> Map<String, Value> {
    let source = source.and_then(|source| serde_json::from_str(&source.body).ok());
    let Some(Value::Object(mut fields)) = source else { return Map::new() };
    let origin =
        (fields.get("forward_origin").cloned(), fields.get("from").cloned(), fields.get("date").cloned());
    fields.retain(|name, _| !NOT_COPIED.contains(&name.as_str()));
    match (about.method == "forwardmessages", origin) {
        (false, _) => {}
        (true, (Some(origin), ..)) => {
            fields.insert("forward_origin".to_owned(), origin);
        }
        (true, (None, Some(from), Some(date))) => {
            let origin = json!({"type": "user", "sender_user": from, "date": date});
            fields.insert("forward_origin".to_owned(), origin);
        }
        (true, _) => {}
    }
    if let Some(caption) = &about.caption {
        fields.remove("caption_entities");
        fields.insert("caption".to_owned(), json!(caption));
    }
    fields
}

/// A chat as its last message describes it.
fn described(tx: &mut dyn Tx, account: UserId, chat: ChatId) -> Result<Value, Error> {
    let mut last = None;
    let query = Query { chat: Some(chat), limit: 1, ..Query::default() };
    history::page(tx, account, &query, &mut |body| {
        last = serde_json::from_str(body).ok().map(|mut message: Value| message["chat"].take());
    })?;
    let kind = if chat.0 > 0 { "private" } else { "supergroup" };
    Ok(last.filter(Value::is_object).unwrap_or_else(|| json!({"id": chat, "type": kind})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_of_the_methods_that_tell_nothing_else() {
        assert_eq!(numbers("copymessage", r#"{"message_id":5}"#), [5]);
        assert_eq!(numbers("copymessages", r#"[{"message_id":5},{"message_id":6}]"#), [5, 6]);
        assert_eq!(numbers("forwardmessages", r#"[{"message_id":7}]"#), [7]);
        for (method, result) in
            [("sendmessage", r#"{"message_id":5}"#), ("copymessage", "true"), ("copymessages", "{}")]
        {
            assert_eq!(numbers(method, result), [] as [i64; 0], "{method} {result}");
        }
    }
}
