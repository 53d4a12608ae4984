//! What a Bot API server tells, as far as this server looks into it: whose update it is, who is met by it, and which
//! message it brings. The JSON itself is kept as it came. Read by the bot connector's side of the hub; reading is
//! lenient, since kinds and fields that nobody knows yet must not stop what is known.

use crate::message::SharedContact;
use contactgram_model::{ChatId, UpdateKind, UserId};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Users whom Telegram puts in the place of others: service notifications, anonymous admins, channels, replies.
const NOBODY: [i64; 4] = [777_000, 1_087_968_824, 136_817_688, 1_271_266_957];

/// An update.
#[derive(Debug)]
pub struct Update<'a> {
    /// Its number at the upstream.
    pub id: i64,
    /// The key of its payload.
    pub kind: &'a str,
    /// The payload as it came.
    pub payload: &'a str,
    /// The chat or user whose updates stay in order.
    pub lane: i64,
    /// Who is met by it.
    pub people: Vec<Person>,
    /// What it tells of.
    pub event: Event,
}

/// What an update tells of, beside whom one meets.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// A message, new or changed.
    Message(Box<Message>),
    /// Messages of a connected business account are gone.
    Deleted {
        /// The connection.
        connection: String,
        /// Where.
        chat: ChatId,
        /// Their `message_id`s.
        numbers: Vec<i64>,
    },
    /// Somebody blocked the bot, or no longer does.
    Blocked(UserId, bool),
    /// Nothing that is kept.
    Other,
}

/// Somebody of Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// Never empty.
    pub first_name: String,
    /// If they have one, as with the rest.
    pub last_name: Option<String>,
    /// Without the `@`.
    pub username: Option<String>,
    /// IETF tag; most updates don't say it.
    pub language_code: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `message_id`, which counts in each channel and supergroup anew.
    pub number: i64,
    /// Where.
    pub chat: ChatId,
    /// The business connection that it came through.
    pub connection: Option<String>,
    /// Who wrote it, if anybody did.
    pub from: Option<UserId>,
    /// When, in Unix seconds.
    pub date: i64,
    /// What a search looks in.
    pub text: String,
    /// The contact that it shares.
    pub contact: Option<SharedContact>,
}

#[derive(Deserialize)]
struct Fields<'a>(#[serde(borrow)] BTreeMap<&'a str, &'a RawValue>);

impl<'a> Update<'a> {
    /// Reads one update; `None` for what has no number or no payload. What stands beside the payload is passed over.
    pub fn read(json: &'a str) -> Option<Update<'a>> {
        let Fields(mut fields) = serde_json::from_str(json).ok()?;
        let id = fields.remove("update_id")?.get().parse().ok()?;
        let known = fields.keys().copied().find(|key| UpdateKind::parse(key).is_some());
        let (kind, payload) = match known {
            Some(key) => fields.remove_entry(key)?,
            None => fields.into_iter().next()?,
        };
        let value: Value = serde_json::from_str(payload.get()).ok()?;
        let (people, event) = look(kind, &value);
        let lane = value["chat"]["id"]
            .as_i64()
            .or_else(|| value["message"]["chat"]["id"].as_i64())
            .or_else(|| value["from"]["id"].as_i64())
            .or_else(|| value["user"]["id"].as_i64())
            .unwrap_or_default();
        Some(Update { id, kind, payload: payload.get(), lane, people, event })
    }
}

impl Message {
    /// Reads a message; `None` for what is none.
    pub fn read(value: &Value) -> Option<Message> {
        let contact: Option<SharedContact> = value
            .get("contact")
            .and_then(|contact| SharedContact::deserialize(contact).ok())
            .map(|mut contact| {
                contact.first_name = plain(&contact.first_name);
                contact.last_name = contact.last_name.as_deref().map(plain);
                contact
            });
        let text = ["text", "caption"].iter().find_map(|key| value[*key].as_str());
        let text = match (text, &contact) {
            (Some(text), _) => plain(text),
            (None, Some(contact)) => {
                let last = contact.last_name.as_deref().unwrap_or_default();
                format!("{} {last} {}", contact.first_name, contact.phone_number)
            }
            (None, None) => String::new(),
        };
        let from = value["from"]["id"].as_i64().or_else(|| value["sender_chat"]["id"].as_i64());
        Some(Message {
            number: value["message_id"].as_i64()?,
            chat: ChatId(value["chat"]["id"].as_i64()?),
            connection: value["business_connection_id"].as_str().map(plain),
            from: from.map(UserId),
            date: value["date"].as_i64()?,
            text,
            contact,
        })
    }
}

impl Person {
    /// Reads a user; `None` for what is none, or stands for others.
    pub fn read(value: &Value) -> Option<Person> {
        let id = value["id"].as_i64().filter(|id| *id > 0 && !NOBODY.contains(id))?;
        let text = |key: &str| value[key].as_str().map(plain).filter(|text| !text.is_empty());
        Some(Person {
            id: UserId(id),
            is_bot: value["is_bot"].as_bool().unwrap_or_default(),
            // Those whose account is deleted have an empty one.
            first_name: text("first_name").unwrap_or_else(|| id.to_string()),
            last_name: text("last_name"),
            username: text("username"),
            language_code: text("language_code"),
        })
    }

    /// One of those whom a user shared by a keyboard's button; `None` where no name came along.
    fn shared(value: &Value) -> Option<Person> {
        let mut user = value.clone();
        user["id"] = user["user_id"].take();
        user["first_name"].as_str()?;
        Person::read(&user)
    }
}

/// A text without the one character that not every database takes.
fn plain(text: &str) -> String {
    text.replace('\0', "")
}

/// Whom one meets by an update, and what it tells of.
fn look(kind: &str, value: &Value) -> (Vec<Person>, Event) {
    let mut people: Vec<Person> = Vec::new();
    let mut meet = |value: &Value| people.extend(Person::read(value));
    let event = match kind {
        "message"
        | "edited_message"
        | "channel_post"
        | "edited_channel_post"
        | "business_message"
        | "edited_business_message"
        | "guest_message" => {
            if value["sender_chat"].is_null() {
                meet(&value["from"]);
            }
            for joined in value["new_chat_members"].as_array().into_iter().flatten() {
                meet(joined);
            }
            for shared in value["users_shared"]["users"].as_array().into_iter().flatten() {
                people.extend(Person::shared(shared));
            }
            Message::read(value).map_or(Event::Other, |message| Event::Message(Box::new(message)))
        }
        "my_chat_member" => {
            meet(&value["from"]);
            blocked(value)
        }
        "chat_member" => {
            let status = value["new_chat_member"]["status"].as_str();
            if !matches!(status, Some("left" | "kicked")) {
                meet(&value["new_chat_member"]["user"]);
            }
            Event::Other
        }
        "deleted_business_messages" => deleted(value),
        _ => {
            // Whoever pressed, asked, paid, answered, reacted or connected.
            meet(&value["from"]);
            meet(&value["user"]);
            Event::Other
        }
    };
    (people, event)
}

/// In a private chat the bot is a member until it is blocked.
fn blocked(value: &Value) -> Event {
    let status = value["new_chat_member"]["status"].as_str();
    match (value["chat"]["type"].as_str(), value["chat"]["id"].as_i64(), status) {
        (Some("private"), Some(user), Some("kicked")) => Event::Blocked(UserId(user), true),
        (Some("private"), Some(user), Some("member")) => Event::Blocked(UserId(user), false),
        _ => Event::Other,
    }
}

fn deleted(value: &Value) -> Event {
    let connection = value["business_connection_id"].as_str();
    let (Some(connection), Some(chat)) = (connection, value["chat"]["id"].as_i64()) else {
        return Event::Other;
    };
    let numbers = value["message_ids"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    Event::Deleted { connection: connection.to_owned(), chat: ChatId(chat), numbers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn met(update: Value) -> Vec<i64> {
        let text = update.to_string();
        Update::read(&text).unwrap().people.iter().map(|person| person.id.0).collect()
    }

    #[test]
    fn the_payload_is_kept_as_it_came() {
        let text = r#"{"update_id": 7, "message": {"message_id":3,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"is_bot":false,"first_name":"Ann"},"text":"h\u00e9", "new": [1 ]}}"#;
        let update = Update::read(text).unwrap();
        assert_eq!((update.id, update.kind, update.lane), (7, "message", 5));
        assert!(text.contains(update.payload) && update.payload.contains(r#"h\u00e9", "new": [1 ]"#));
        let Event::Message(message) = update.event else { panic!("a message") };
        assert_eq!(
            (message.number, message.chat, message.from, message.text.as_str()),
            (3, ChatId(5), Some(UserId(5)), "hé")
        );
    }

    #[test]
    fn whoever_does_something_is_met_and_whoever_stands_for_others_is_not() {
        let ann = json!({"id": 5, "is_bot": false, "first_name": "Ann"});
        let ben = json!({"id": 6, "is_bot": false, "first_name": "Ben"});
        let group = json!({"id": -100, "type": "supergroup", "title": "G"});
        let message = |more: Value| {
            let mut message = json!({"message_id": 1, "date": 1, "chat": group});
            message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            message
        };
        let cases = [
            (
                json!({"message": message(json!({"from": ann, "new_chat_members": [ann, ben]}))}),
                vec![5, 5, 6],
            ),
            (
                json!({"message": message(json!({"from": {"id": 1_087_968_824, "first_name": "Group"}, "sender_chat": group}))}),
                vec![],
            ),
            (json!({"message": message(json!({"from": {"id": 777_000, "first_name": "Telegram"}}))}), vec![]),
            (
                json!({"message": message(json!({"from": ann, "users_shared": {"request_id": 1, "user_ids": [6, 7],
                "users": [{"user_id": 6, "first_name": "Ben"}, {"user_id": 7}]}}))}),
                vec![5, 6],
            ),
            (json!({"channel_post": message(json!({"sender_chat": group}))}), vec![]),
            (json!({"callback_query": {"id": "1", "from": ann, "data": "x"}}), vec![5]),
            (json!({"inline_query": {"id": "1", "from": ann, "query": ""}}), vec![5]),
            (json!({"poll_answer": {"poll_id": "1", "user": ann, "option_ids": []}}), vec![5]),
            (json!({"message_reaction": {"chat": group, "user": ann}}), vec![5]),
            (json!({"chat_join_request": {"chat": group, "from": ann}}), vec![5]),
            (
                json!({"chat_member": {"chat": group, "from": ann, "new_chat_member": {"user": ben, "status": "member"}}}),
                vec![6],
            ),
            (
                json!({"chat_member": {"chat": group, "from": ann, "new_chat_member": {"user": ben, "status": "left"}}}),
                vec![],
            ),
            (json!({"business_connection": {"id": "c", "user": ann, "user_chat_id": 5}}), vec![5]),
            (json!({"something_new": {"from": ann}}), vec![5]),
        ];
        for (mut update, people) in cases {
            update["update_id"] = json!(1);
            assert_eq!(met(update.clone()), people, "{update}");
        }
    }

    #[test]
    fn a_block_is_told_of_private_chats_alone() {
        let told = |kind: &str, status: &str| {
            let text = json!({"update_id": 1, "my_chat_member": {"chat": {"id": 5, "type": kind},
                "from": {"id": 5, "first_name": "Ann"}, "new_chat_member": {"status": status}}})
            .to_string();
            Update::read(&text).unwrap().event
        };
        assert_eq!(told("private", "kicked"), Event::Blocked(UserId(5), true));
        assert_eq!(told("private", "member"), Event::Blocked(UserId(5), false));
        assert_eq!(told("supergroup", "kicked"), Event::Other);
    }

    #[test]
    fn deleted_messages_of_a_connection_are_named_by_their_numbers() {
        let text = json!({"update_id": 1, "deleted_business_messages":
            {"business_connection_id": "c", "chat": {"id": 5}, "message_ids": [3, 4]}})
        .to_string();
        let event = Update::read(&text).unwrap().event;
        assert_eq!(
            event,
            Event::Deleted { connection: "c".to_owned(), chat: ChatId(5), numbers: vec![3, 4] }
        );
    }

    #[test]
    fn what_is_no_update_is_none_and_odd_fields_stop_nothing() {
        for text in [
            "",
            "1",
            "[]",
            "{}",
            r#"{"update_id":1}"#,
            r#"{"message":{}}"#,
            r#"{"update_id":"x","message":{}}"#,
        ] {
            assert!(Update::read(text).is_none(), "{text}");
        }
        let odd = r#"{"update_id":1,"message":{"message_id":1,"date":2,"chat":{"id":5},"from":7,"text":[],"contact":9}}"#;
        let nul = r#"{"update_id":1,"message":{"message_id":1,"date":2,"chat":{"id":5},"text":"a\u0000b",
            "from":{"id":5,"first_name":"\u0000"}}}"#;
        let update = Update::read(nul).unwrap();
        assert_eq!(update.people.first().map(|person| person.first_name.as_str()), Some("5"));
        assert!(matches!(update.event, Event::Message(message) if message.text == "ab"));
        let update = Update::read(odd).unwrap();
        assert!(update.people.is_empty() && matches!(update.event, Event::Message(_)));
    }
}
