//! What the fake upstream's methods do and answer.
//! Called by the server with a call that is to act. A method that it doesn't know is answered with an echo.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::World;
use super::fault::{BotError, Fault};
use super::params::Params;

/// The longest poll that it grants.
const LONGEST_POLL: Duration = Duration::from_secs(50);

/// What a method came to.
pub(super) type Outcome = Result<Value, BotError>;

pub(super) async fn act(world: &Arc<World>, token: &str, method: &str, params: &Params) -> Outcome {
    if method.eq_ignore_ascii_case("getUpdates") {
        return get_updates(world, token, params).await;
    }
    world.change(|state| {
        let Some(bot) = state.bots.get_mut(token) else { return Err(unauthorised()) };
        let result = match method.to_ascii_lowercase().as_str() {
            "getme" => bot.me(),
            "setwebhook" if params.text("url").is_some_and(|url| !url.is_empty()) => {
                bot.webhook = Some(params.object());
                json!(true)
            }
            "setwebhook" | "deletewebhook" => {
                bot.webhook = None;
                json!(true)
            }
            "getwebhookinfo" => json!({
                "url": bot.webhook.as_ref().and_then(|webhook| webhook["url"].as_str()).unwrap_or_default(),
                "has_custom_certificate": false,
                "pending_update_count": bot.updates.len(),
            }),
            "getfile" => {
                let path = params.text("file_id").unwrap_or_default();
                match bot.files.get(path) {
                    Some(size) => json!({
                        "file_id": path, "file_unique_id": path, "file_size": size, "file_path": path,
                    }),
                    None => return Err(bad_request("wrong file_id or the file is temporarily unavailable")),
                }
            }
            "getchat" => {
                let id = params.number("chat_id").unwrap_or_default();
                json!({"id": id, "first_name": "Somebody", "type": "private"})
            }
            "sendchataction"
            | "deletemessage"
            | "deletemessages"
            | "answercallbackquery"
            | "logout"
            | "close" => {
                json!(true)
            }
            "copymessages" | "forwardmessages" => {
                let wanted =
                    params.text("message_ids").and_then(|text| serde_json::from_str::<Vec<i64>>(text).ok());
                let numbers = wanted.unwrap_or_default().into_iter();
                numbers.map(|_| json!({ "message_id": bot.message(params)["message_id"] })).collect()
            }
            "copymessage" => json!({ "message_id": bot.message(params)["message_id"] }),
            "editmessagetext" | "editmessagecaption" | "editmessagereplymarkup" => {
                let mut message = bot.message(params);
                message["message_id"] = params.number("message_id").unwrap_or(1).into();
                message["edit_date"] = message["date"].clone();
                message
            }
            name if name.starts_with("send") || name == "forwardmessage" => bot.message(params),
            _ => json!({ "method": method, "parameters": params.object(), "files": params.files.len() }),
        };
        Ok(result)
    })
}

async fn get_updates(world: &Arc<World>, token: &str, params: &Params) -> Outcome {
    let limit = usize::try_from(params.number("limit").unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let patience = Duration::from_secs(params.number("timeout").unwrap_or(0).clamp(0, 50).unsigned_abs());
    let until = Instant::now() + patience.min(LONGEST_POLL);
    let mut offset = params.number("offset").unwrap_or(0);
    let mut own_poll = None;
    loop {
        let changed = world.bell.notified();
        let waits = Instant::now() < until;
        let mut begins = false;
        let found = {
            let mut state = world.lock();
            let Some(bot) = state.bots.get_mut(token) else { return Err(unauthorised()) };
            if bot.webhook.is_some() {
                let text = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
                return Err(error(409, text));
            }
            let found = bot.take(offset, limit);
            // Counted from the end, an offset is used up by its first look.
            offset = offset.max(0);
            if found.is_empty() && waits && own_poll.is_none() {
                bot.polls += 1;
                own_poll = Some(bot.polls);
                begins = true;
            }
            if own_poll.is_some_and(|own| own != bot.polls) {
                let text = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
                return Err(error(409, text));
            }
            found
        };
        if begins {
            // An older poll that waits looks again, and finds that it is not the newest.
            world.bell.notify_waiters();
        }
        if found.is_empty() && waits {
            let _ = timeout_at(until, changed).await;
            continue;
        }
        return Ok(found.into());
    }
}

fn error(status: u16, description: &str) -> BotError {
    match Fault::error(status, description) {
        Fault::Error(error) => error,
        _ => unreachable!("an error is an error"),
    }
}

fn bad_request(text: &str) -> BotError {
    error(400, &format!("Bad Request: {text}"))
}

pub(super) fn unauthorised() -> BotError {
    error(401, "Unauthorized")
}
