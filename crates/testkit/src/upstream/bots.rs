//! A bot of the fake upstream: its updates, messages, files and webhook.
//! Changed by methods and by tests. It knows nothing of requests.

use std::collections::{HashMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::params::Params;

/// Where update ids begin.
const FIRST_UPDATE: i64 = 700_000_001;

pub(super) struct Bot {
    pub id: i64,
    pub updates: VecDeque<(i64, Value)>,
    next_update: i64,
    last_message: i64,
    pub files: HashMap<String, u64>,
    pub webhook: Option<Value>,
    /// Counts polls that began to wait: only the newest goes on.
    pub polls: u64,
}

impl Bot {
    pub fn new(id: i64) -> Bot {
        Bot {
            id,
            updates: VecDeque::new(),
            next_update: FIRST_UPDATE,
            last_message: 0,
            files: HashMap::new(),
            webhook: None,
            polls: 0,
        }
    }

    pub fn me(&self) -> Value {
        json!({
            "id": self.id, "is_bot": true, "first_name": "Fake", "username": format!("fake_{}_bot", self.id),
            "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
            "can_connect_to_business": false, "has_main_web_app": false,
        })
    }

    pub fn push(&mut self, update: Value) -> i64 {
        let update_id = self.next_update;
        self.next_update += 1;
        let mut whole = json!({ "update_id": update_id });
        if let (Some(whole), Value::Object(fields)) = (whole.as_object_mut(), update) {
            whole.extend(fields);
        }
        self.updates.push_back((update_id, whole));
        update_id
    }

    /// The next update has this number.
    pub fn count_from(&mut self, number: i64) {
        self.next_update = number;
    }

    /// Drops what an offset confirms, and returns what comes next.
    pub fn take(&mut self, offset: i64, limit: usize) -> Vec<Value> {
        // As the real one: that far ahead it is of another count.
        let offset = if offset > self.next_update + 10 { 0 } else { offset };
        if offset > 0 {
            self.updates.retain(|(id, _)| *id >= offset);
        } else if offset < 0 {
            let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
            self.updates.drain(..self.updates.len().saturating_sub(keep));
        }
        self.updates.iter().take(limit).map(|(_, update)| update.clone()).collect()
    }

    /// The message that a sending method made.
    pub fn message(&mut self, params: &Params) -> Value {
        self.last_message += 1;
        let chat = params.text("chat_id").unwrap_or_default();
        let chat = match chat.parse::<i64>() {
            Ok(id) if id >= 0 => json!({"id": id, "first_name": "Somebody", "type": "private"}),
            Ok(id) => json!({"id": id, "title": "Some group", "type": "supergroup"}),
            Err(_) => {
                json!({"id": -1_001_000_000_001_i64, "title": "Some channel", "username": chat.trim_start_matches('@'), "type": "channel"})
            }
        };
        let mut message = json!({
            "message_id": self.last_message, "from": self.me(), "chat": chat, "date": seconds_now(),
        });
        for name in ["text", "caption"] {
            if let Some(text) = params.text(name) {
                message[name] = text.into();
            }
        }
        if let (Some(phone), Some(first_name)) = (params.text("phone_number"), params.text("first_name")) {
            message["contact"] = json!({"phone_number": phone, "first_name": first_name});
        }
        if let Some((field, name, length)) = params.files.first() {
            let file_id = format!("sent-{}", self.last_message);
            let path = format!("{field}s/{file_id}");
            self.files.insert(path.clone(), u64::try_from(*length).unwrap_or_default());
            message[field] = json!({
                "file_id": path, "file_unique_id": file_id, "file_name": name, "file_size": length,
            });
        }
        message
    }
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
