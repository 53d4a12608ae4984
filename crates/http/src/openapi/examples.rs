//! Examples that several parts of the document show: those of the Contact API's own documentation, with
//! the fields that this server always adds.

use serde_json::{Value, json};

/// The documentation's contact.
pub(super) fn contact() -> Value {
    json!({
        "id": 1_234_567_890,
        "first_name": "John",
        "last_name": "Doe",
        "phone_number": "+1234567890",
        "email": "john.doe@example.com",
        "source": "manual",
        "created_at": 1_609_459_200,
        "updated_at": 1_609_459_200,
    })
}

/// The documentation's new contact.
pub(super) fn new_contact() -> Value {
    json!({"phone_number": "+1234567890", "first_name": "John", "last_name": "Doe"})
}

/// The documentation's message.
pub(super) fn message() -> Value {
    json!({
        "message_id": 123_456,
        "from": {"id": 1_234_567_890, "is_bot": false, "first_name": "John", "last_name": "Doe"},
        "chat": {"id": 1_234_567_890, "first_name": "John", "last_name": "Doe", "type": "private"},
        "date": 1_609_459_200,
        "text": "Hello World!",
    })
}

/// What the account itself writes, after the documentation's sendMessage.
pub(super) fn sent() -> Value {
    let mut message = by_account();
    message["text"] = json!("Hello John!");
    message
}

/// The documentation's contact, sent as one.
pub(super) fn sent_contact() -> Value {
    let mut message = by_account();
    message["contact"] = json!({"phone_number": "+1234567890", "first_name": "John", "last_name": "Doe"});
    message
}

fn by_account() -> Value {
    json!({
        "message_id": 123_457,
        "from": {"id": 5_123_456_789_i64, "is_bot": true, "first_name": "Support", "username": "support_bot"},
        "chat": {
            "id": -1_234_567_890, "title": "Team", "type": "group", "all_members_are_administrators": false,
        },
        "date": 1_609_459_200,
    })
}
