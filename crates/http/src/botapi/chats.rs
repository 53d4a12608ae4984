//! Methods about chats: getChat and its like, sendChatAction, leaveChat, answerCallbackQuery.

use super::messages::chat_id;
use super::{Done, refuse};
use crate::call::Asked;
use contactgram_hub::{CHAT_ACTIONS, CallbackAnswer};
use contactgram_model::UserId;

/// The longest text of a callback answer, in characters (Bot API, answerCallbackQuery).
const CALLBACK_CHARS: usize = 200;

/// `getChat`
pub(super) async fn get(asked: Asked) -> Done {
    Ok(asked.hub().chat(&asked.permit()?, chat_id(&asked.params, "chat_id")?).await?)
}

/// `getChatMember`
pub(super) async fn member(asked: Asked) -> Done {
    let chat = chat_id(&asked.params, "chat_id")?;
    let user = asked.params.int("user_id").filter(|id| *id > 0).ok_or(refuse("invalid user_id specified"))?;
    Ok(asked.hub().chat_member(&asked.permit()?, chat, UserId(user)).await?)
}

/// `getChatMemberCount`
pub(super) async fn member_count(asked: Asked) -> Done {
    Ok(asked.hub().chat_member_count(&asked.permit()?, chat_id(&asked.params, "chat_id")?).await?)
}

/// `sendChatAction`
pub(super) async fn action(asked: Asked) -> Done {
    let action = asked.params.text("action").unwrap_or_default();
    if !CHAT_ACTIONS.contains(&action) {
        return Err(refuse("wrong parameter action in request"));
    }
    Ok(asked.hub().chat_action(&asked.permit()?, chat_id(&asked.params, "chat_id")?).await?)
}

/// `leaveChat`
pub(super) async fn leave(asked: Asked) -> Done {
    Ok(asked.hub().leave_chat(&asked.permit()?, chat_id(&asked.params, "chat_id")?).await?)
}

/// `answerCallbackQuery`
pub(super) async fn answer_callback(asked: Asked) -> Done {
    let params = &asked.params;
    let text = params.text("text").filter(|text| !text.is_empty()).map(str::to_owned);
    if text.as_ref().is_some_and(|text| text.chars().count() > CALLBACK_CHARS) {
        return Err(refuse("MESSAGE_TOO_LONG"));
    }
    let answer = CallbackAnswer {
        text,
        show_alert: params.flag("show_alert"),
        url: params.text("url").filter(|url| !url.is_empty()).map(str::to_owned),
        cache_time: params.int_clamped("cache_time", 0, 0..=24 * 3600),
    };
    let query = params.text("callback_query_id").unwrap_or_default().to_owned();
    Ok(asked.hub().answer_callback(&asked.permit()?, (query, answer), asked.once.clone()).await?)
}
