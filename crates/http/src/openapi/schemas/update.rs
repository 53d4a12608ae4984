//! Updates: what getUpdates answers and webhooks bring.

use crate::openapi::parts::{count, flag, list, may, must, of, record, text, this, time, within};
use utoipa::openapi::{RefOr, Schema};

pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("Update", update()),
        ("CallbackQuery", callback_query()),
        ("ChatMemberUpdated", member_updated()),
        ("WebhookInfo", webhook_info()),
    ]
}

fn update() -> RefOr<Schema> {
    let asked = "Only for those who name it in `allowed_updates`.";
    record(
        "Something that happened: its number and exactly one other field.",
        [
            must("update_id", within("Grows by one with each update of the account.", 1..=u32::MAX.into())),
            may("message", this("Message", "A new message.")),
            may("edited_message", this("Message", "A message was edited.")),
            may("callback_query", of("CallbackQuery")),
            may(
                "my_chat_member",
                this("ChatMemberUpdated", "The account's own standing in a chat; blocking counts."),
            ),
            may(
                "chat_member",
                this(
                    "ChatMemberUpdated",
                    &format!("Somebody else's, where the account is an administrator. {asked}"),
                ),
            ),
            may("contact_added", this("Contact", &format!("A new contact. {asked}"))),
            may("contact_changed", this("Contact", &format!("A contact as it is now. {asked}"))),
            may("contact_removed", this("RemovedContact", &format!("A contact is gone. {asked}"))),
        ],
    )
    .into()
}

fn callback_query() -> RefOr<Schema> {
    record(
        "Somebody pressed an inline button.",
        [
            must("id", text("For answerCallbackQuery, within 15 minutes.")),
            must("from", this("User", "Who pressed.")),
            must("message", this("Message", "The message with the button.")),
            must("chat_instance", text("The same for all presses in one chat.")),
            must("data", text("The button's `callback_data`.")),
        ],
    )
    .into()
}

fn member_updated() -> RefOr<Schema> {
    record(
        "Somebody's standing in a chat changed.",
        [
            must("chat", of("Chat")),
            must("from", this("User", "Who did it.")),
            must("date", time("")),
            must("old_chat_member", of("ChatMember")),
            must("new_chat_member", of("ChatMember")),
        ],
    )
    .into()
}

fn webhook_info() -> RefOr<Schema> {
    record(
        "The webhook and how it fares.",
        [
            must("url", text("Empty when there is none.")),
            must("has_custom_certificate", flag("")),
            must("pending_update_count", count("Updates that wait.")),
            may("ip_address", text("As given.")),
            may("last_error_date", time("When a delivery last failed.")),
            may("last_error_message", text("How it failed.")),
            may("max_connections", within("", 1..=100)),
            may("allowed_updates", list("There only when it isn't the usual set.", text(""))),
        ],
    )
    .into()
}

#[cfg(test)]
mod tests {
    use crate::openapi::tests::{keys, properties};
    use contactgram_hub::WebhookInfo;

    #[test]
    fn webhook_info_has_the_fields_that_the_document_lists() {
        let info = WebhookInfo {
            url: "x".to_owned(),
            has_custom_certificate: false,
            pending_update_count: 0,
            ip_address: Some("x".to_owned()),
            last_error_date: Some(1),
            last_error_message: Some("x".to_owned()),
            max_connections: Some(1),
            allowed_updates: Some(vec!["message"]),
        };
        assert_eq!(keys(&info), properties("WebhookInfo"));
    }
}
