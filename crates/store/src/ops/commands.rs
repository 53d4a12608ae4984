//! A bot's commands, as setMyCommands stores them for each scope and language.

use crate::{R, Sql, Tx, p};
use contactgram_model::UserId;

static GET: Sql =
    Sql::new("SELECT commands FROM bot_commands WHERE account_id = $1 AND scope = $2 AND language = $3");
static PUT: Sql = Sql::new(
    "INSERT INTO bot_commands (account_id, scope, language, commands) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (account_id, scope, language) DO UPDATE SET commands = excluded.commands",
);
static DELETE: Sql =
    Sql::new("DELETE FROM bot_commands WHERE account_id = $1 AND scope = $2 AND language = $3");

/// For whom a list of commands is: the scope's canonical JSON and a language, empty for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// `BotCommandScope` as canonical JSON.
    pub scope: String,
    /// Two-letter code or empty.
    pub language: String,
}

/// The commands for an audience, as the JSON array that was stored.
pub fn get(tx: &mut dyn Tx, account: UserId, audience: &Audience) -> R<Option<String>> {
    tx.opt(&GET, p![account, audience.scope, audience.language], |row| row.string(0))
}

/// Stores the commands for an audience.
pub fn put(tx: &mut dyn Tx, account: UserId, audience: &Audience, commands: &str) -> R<()> {
    tx.execute(&PUT, p![account, audience.scope, audience.language, commands]).map(drop)
}

/// Removes the commands for an audience.
pub fn delete(tx: &mut dyn Tx, account: UserId, audience: &Audience) -> R<()> {
    tx.execute(&DELETE, p![account, audience.scope, audience.language]).map(drop)
}
