//! setMyCommands, getMyCommands, deleteMyCommands.

use super::{Done, refuse};
use crate::call::Asked;
use crate::reply::{Failure, bad};
use contactgram_hub::{Answer, Audience};
use contactgram_wire::params::Params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The most commands of one list (Bot API, setMyCommands).
const MOST: usize = 100;

#[derive(Serialize, Deserialize)]
struct Command {
    command: String,
    description: String,
}

/// `setMyCommands`
pub(super) async fn set(asked: Asked) -> Done {
    let (permit, audience) = (asked.permit()?, audience(&asked.params)?);
    let text = asked.params.text("commands").unwrap_or("[]");
    let commands: Vec<Command> = serde_json::from_str(text).map_err(|_| {
        refuse("can't parse commands JSON object: a list of command and description is expected")
    })?;
    if commands.len() > MOST {
        return Err(refuse("BOT_COMMANDS_TOO_MUCH"));
    }
    let commands = commands.into_iter().map(checked).collect::<Result<Vec<_>, _>>()?;
    if commands.is_empty() {
        return Ok(asked.hub().delete_commands(&permit, audience).await?);
    }
    let list = Answer::of(&commands)?.result;
    Ok(asked.hub().set_commands(&permit, audience, list).await?)
}

/// `getMyCommands`
pub(super) async fn get(asked: Asked) -> Done {
    Ok(asked.hub().commands(&asked.permit()?, audience(&asked.params)?).await?)
}

/// `deleteMyCommands`
pub(super) async fn delete(asked: Asked) -> Done {
    Ok(asked.hub().delete_commands(&asked.permit()?, audience(&asked.params)?).await?)
}

fn checked(command: Command) -> Result<Command, Failure> {
    let name = command.command.strip_prefix('/').unwrap_or(&command.command).to_owned();
    let fits = (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !fits {
        return Err(refuse("BOT_COMMAND_INVALID"));
    }
    let description = command.description.trim().to_owned();
    if !(1..=256).contains(&description.chars().count()) {
        return Err(refuse("BOT_COMMAND_DESCRIPTION_INVALID"));
    }
    Ok(Command { command: name, description })
}

/// `scope` in its canonical form, and `language_code`.
fn audience(params: &Params) -> Result<Audience, Failure> {
    let language = params.text("language_code").unwrap_or_default().to_owned();
    let is_code = language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase());
    if !(language.is_empty() || is_code) {
        return Err(refuse("invalid language code specified"));
    }
    let scope = match params.text("scope").filter(|text| !text.is_empty()) {
        None => json!({"type": "default"}),
        Some(text) => {
            canonical(serde_json::from_str(text).map_err(|_| refuse("can't parse BotCommandScope"))?)?
        }
    };
    Ok(Audience { scope: scope.to_string(), language })
}

fn canonical(scope: Value) -> Result<Value, Failure> {
    let kind = scope.get("type").and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| match scope.get(name) {
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(bad(format!("can't parse BotCommandScope: {name} is required"))),
    };
    match kind {
        "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => {
            Ok(json!({"type": kind}))
        }
        "chat" | "chat_administrators" => Ok(json!({"type": kind, "chat_id": number("chat_id")?})),
        "chat_member" => {
            Ok(json!({"type": kind, "chat_id": number("chat_id")?, "user_id": number("user_id")?}))
        }
        _ => Err(refuse("can't parse BotCommandScope: unsupported type specified")),
    }
}
