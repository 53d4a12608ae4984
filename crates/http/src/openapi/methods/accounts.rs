//! getMe, logOut, close.

use super::Method;
use crate::openapi::about::ACCOUNT;
use crate::openapi::parts::of;
use serde_json::json;

pub(super) fn all() -> Vec<Method> {
    let me = json!({
        "id": 5_123_456_789_i64, "is_bot": true, "first_name": "Support", "username": "support_bot",
        "can_join_groups": true, "can_read_all_group_messages": true, "supports_inline_queries": false,
        "can_connect_to_business": false, "has_main_web_app": false, "has_topics_enabled": false,
        "allows_users_to_create_topics": false, "can_manage_bots": false,
    });
    vec![
        Method::new("getMe", ACCOUNT, "The account itself. A way to try a token.").answers(of("Me"), me),
        Method::new(
            "logOut",
            ACCOUNT,
            "Does nothing here. On Telegram a bot leaves the cloud's server by it.",
        ),
        Method::new("close", ACCOUNT, "Does nothing here. Nothing is held open between calls."),
    ]
}
