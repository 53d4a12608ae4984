//! setMyCommands, getMyCommands, deleteMyCommands.

use super::Method;
use crate::openapi::about::ACCOUNT;
use crate::openapi::parts::{Field, list, may, of, text};
use serde_json::json;

pub(super) fn all() -> Vec<Method> {
    let commands = json!([{"command": "help", "description": "What I can do"}]);
    let set =
        [may("commands", list("Absent or empty removes the list.", of("BotCommand")).max_items(Some(100)))];
    vec![
        Method::new("setMyCommands", ACCOUNT, "Sets the list of commands for an audience.")
            .takes(set.into_iter().chain(audience()), json!({"commands": commands})),
        Method::new("getMyCommands", ACCOUNT, "The list of commands for an audience.")
            .takes(audience(), json!({}))
            .answers(list("", of("BotCommand")), commands),
        Method::new("deleteMyCommands", ACCOUNT, "Removes the list of commands for an audience.")
            .takes(audience(), json!({"scope": {"type": "all_private_chats"}})),
    ]
}

fn audience() -> [Field; 2] {
    [
        may("scope", of("BotCommandScope")),
        may("language_code", text("Two letters; empty for everybody else.").pattern(Some("^([a-z]{2})?$"))),
    ]
}
