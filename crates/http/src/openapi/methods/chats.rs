//! Methods about chats and who is in them, and the answer to a pressed button.

use super::Method;
use crate::openapi::about::CHATS;
use crate::openapi::parts::{
    Field, chat_ref, count, filled, flag, may, must, of, sized, text, usually, within, word,
};
use contactgram_hub::CHAT_ACTIONS;
use serde_json::json;

pub(super) fn all() -> Vec<Method> {
    let example = || json!({"chat_id": -1_234_567_890});
    let chat = json!({
        "id": -1_234_567_890, "title": "Team", "type": "group", "all_members_are_administrators": false,
        "accent_color_id": 2, "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
            "premium_subscription": false, "gifts_from_channels": false,
        },
    });
    let member = json!({
        "user": {"id": 1_234_567_890, "is_bot": false, "first_name": "John", "last_name": "Doe"},
        "status": "member",
    });
    let callback = [
        must("callback_query_id", filled("From the `callback_query`.")),
        may("text", sized("What the person is shown.", 0..=200)),
        may("show_alert", flag("As an alert, not as a note.").default(Some(false.into()))),
        may("url", text("To be opened.")),
        may(
            "cache_time",
            usually("Seconds the answer may be kept; beyond the range the nearest.", 0..=86_400, 0),
        ),
    ];
    vec![
        Method::new("getChat", CHATS, "A chat that the account has to do with.")
            .takes([chat_id()], example())
            .answers(of("FullChat"), chat),
        Method::new("getChatMember", CHATS, "Somebody's standing in a chat.")
            .takes([chat_id(), must("user_id", within("", 1..=i64::MAX))], json!({"chat_id": -1_234_567_890, "user_id": 1_234_567_890}))
            .answers(of("ChatMember"), member),
        Method::new("getChatMemberCount", CHATS, "How many are in a chat.")
            .takes([chat_id()], example())
            .answers(count(""), json!(3)),
        Method::new("sendChatAction", CHATS, "Says that something is under way. Nobody sees it here, but the chat must be one that could be written to.")
            .takes([chat_id(), must("action", word("", &CHAT_ACTIONS))], json!({"chat_id": -1_234_567_890, "action": "typing"})),
        Method::new("leaveChat", CHATS, "Leaves a group.").takes([chat_id()], example()),
        Method::new(
            "answerCallbackQuery",
            CHATS,
            "Answers a pressed button. Within 15 minutes, once.",
        )
        .takes(callback, json!({"callback_query_id": "4382057219834", "text": "Noted"}))
        .once(),
    ]
}

fn chat_id() -> Field {
    must("chat_id", chat_ref("A user, a group, a contact's id, or `@username`."))
}
