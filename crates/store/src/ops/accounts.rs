//! Accounts: directory users that applications act for. Removing one takes everything it held along.

use super::directory::{USER_COLUMNS, read as read_user, user_columns};
use crate::{R, Row, Sql, Tx, p};
use contactgram_model::{Account, AccountKind, User, UserId};

static INSERT: Sql = Sql::new(
    "INSERT INTO accounts (account_id, is_user, region, strict, created_at) VALUES ($1, $2, $3, $4, $5)",
);
static GET: Sql =
    Sql::new("SELECT account_id, is_user, region, strict, created_at FROM accounts WHERE account_id = $1");
static ACTING: Sql = Sql::new(concat!(
    "SELECT ",
    user_columns!(),
    ", strict FROM accounts JOIN users ON users.id = accounts.account_id WHERE account_id = $1"
));
static LIST: Sql =
    Sql::new("SELECT account_id, is_user, region, strict, created_at FROM accounts ORDER BY account_id");
static COUNT: Sql = Sql::new("SELECT count(*) FROM accounts");

/// Tables whose rows are one account's own.
static REMOVE: [Sql; 28] = [
    Sql::new("DELETE FROM accounts WHERE account_id = $1"),
    Sql::new("DELETE FROM tokens WHERE account_id = $1"),
    Sql::new("DELETE FROM contact_labels WHERE account_id = $1"),
    Sql::new("DELETE FROM contact_aliases WHERE account_id = $1"),
    Sql::new("DELETE FROM contact_tombstones WHERE account_id = $1"),
    Sql::new("DELETE FROM contact_label_tombstones WHERE account_id = $1"),
    Sql::new("DELETE FROM views WHERE account_id = $1"),
    Sql::new("DELETE FROM chats WHERE account_id = $1"),
    Sql::new("DELETE FROM message_files WHERE account_id = $1"),
    Sql::new("DELETE FROM blocks WHERE account_id = $1"),
    Sql::new("DELETE FROM updates WHERE account_id = $1"),
    Sql::new("DELETE FROM consumers WHERE account_id = $1"),
    Sql::new("DELETE FROM acknowledged WHERE account_id = $1"),
    Sql::new("DELETE FROM webhooks WHERE account_id = $1"),
    Sql::new("DELETE FROM endpoints WHERE account_id = $1"),
    Sql::new("DELETE FROM deliveries WHERE account_id = $1"),
    Sql::new("DELETE FROM dead_letters WHERE account_id = $1"),
    Sql::new("DELETE FROM replays WHERE account_id = $1"),
    Sql::new("DELETE FROM callback_queries WHERE account_id = $1"),
    Sql::new("DELETE FROM bot_commands WHERE account_id = $1"),
    Sql::new("DELETE FROM idempotency WHERE account_id = $1"),
    Sql::new("DELETE FROM upstreams WHERE account_id = $1"),
    Sql::new("DELETE FROM upstream_messages WHERE account_id = $1"),
    Sql::new("DELETE FROM upstream_received WHERE account_id = $1"),
    Sql::new("DELETE FROM freezes WHERE account_id = $1"),
    Sql::new("DELETE FROM outbox WHERE account_id = $1"),
    Sql::new("DELETE FROM broadcasts WHERE account_id = $1"),
    Sql::new("DELETE FROM counters WHERE account_id = $1"),
];
static REMOVE_CONTACTS: Sql = Sql::new("DELETE FROM contacts WHERE account_id = $1");
static REMOVE_MESSAGES: Sql = Sql::new("DELETE FROM messages WHERE account_id = $1");
static REMOVE_MEMBER: Sql = Sql::new("DELETE FROM members WHERE user_id = $1");

/// Makes a directory user an account.
pub fn insert(tx: &mut dyn Tx, account: &Account) -> R<()> {
    let is_user = account.kind == AccountKind::User;
    tx.execute(&INSERT, p![account.id, is_user, account.region, account.strict, account.created_at])?;
    Ok(())
}

/// The account of this id.
pub fn get(tx: &mut dyn Tx, id: UserId) -> R<Option<Account>> {
    tx.opt(&GET, p![id], read)
}

/// Asks ahead for [`acting`].
pub fn acting_ahead(tx: &mut dyn Tx, id: UserId) -> R<()> {
    tx.ahead(&ACTING, p![id])
}

/// The account of this id as a user, and whether it is held to Telegram's rules.
pub fn acting(tx: &mut dyn Tx, id: UserId) -> R<Option<(User, bool)>> {
    tx.opt(&ACTING, p![id], |row| Ok((read_user(row)?, row.bool(USER_COLUMNS)?)))
}

/// Every account of the server, by id.
pub fn list(tx: &mut dyn Tx) -> R<Vec<Account>> {
    tx.all(&LIST, p![], read)
}

/// How many accounts there are.
pub fn count(tx: &mut dyn Tx) -> R<i64> {
    tx.one(&COUNT, p![], |row| row.int(0))
}

/// Removes an account with its contacts, messages, updates and tokens, its place in groups and the roles on it. Its
/// audit log stays.
pub fn remove(tx: &mut dyn Tx, id: UserId) -> R<()> {
    super::search::forget_account(tx, id)?;
    super::members::forget_account(tx, id)?;
    super::oauth::forget_account(tx, id)?;
    tx.execute(&REMOVE_CONTACTS, p![id])?;
    tx.execute(&REMOVE_MESSAGES, p![id])?;
    tx.execute(&REMOVE_MEMBER, p![id])?;
    for statement in &REMOVE {
        tx.execute(statement, p![id])?;
    }
    super::directory::delete(tx, id)
}

fn read(row: &dyn Row) -> R<Account> {
    Ok(Account {
        id: UserId(row.int(0)?),
        kind: if row.bool(1)? { AccountKind::User } else { AccountKind::Bot },
        region: row.opt_string(2)?,
        strict: row.bool(3)?,
        created_at: row.int(4)?,
    })
}
