//! The consumers of an account's log: where each stands, and what each asks for. The log itself is in `updates`. Whoever
//! adds, changes or removes one beside the default holds the account's lock: what all of them want is put together here.

use super::updates::Seen;
use crate::{R, Row, Sql, Tx, p};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::update::Wanted;
use contactgram_model::{UpdateId, UpdateKind, UpdateKinds, UserId};

/// What the consumers of an account ask for, as [`Wanted`] has it; nothing for who has none.
macro_rules! wanted {
    () => {
        "coalesce((SELECT allowed + also * 4294967296 FROM consumers WHERE account_id = $1 AND name = ''), 0)"
    };
}
pub(super) use wanted;

static OPEN: Sql = Sql::new(
    "INSERT INTO consumers (account_id, name, position, allowed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
);
static GET: Sql = Sql::new("SELECT position, allowed FROM consumers WHERE account_id = $1 AND name = $2");
static WANTED: Sql =
    Sql::new("SELECT allowed + also * 4294967296 FROM consumers WHERE account_id = $1 AND name = ''");
static STANDING: Sql = Sql::new(
    "SELECT c.position, c.allowed, n.update_id, a.strict, w.account_id IS NOT NULL FROM consumers c \
     JOIN counters n ON n.account_id = c.account_id JOIN accounts a ON a.account_id = c.account_id \
     LEFT JOIN webhooks w ON w.account_id = c.account_id AND w.name = c.name \
     WHERE c.account_id = $1 AND c.name = $2",
);
static FURTHER: Sql = Sql::new(
    "SELECT name, position, allowed FROM consumers WHERE account_id = $1 AND name > '' ORDER BY name",
);
static HAVING: Sql = Sql::new("SELECT account_id FROM consumers WHERE name = $1 ORDER BY account_id");
static ALLOW: Sql = Sql::new("UPDATE consumers SET allowed = $3 WHERE account_id = $1 AND name = $2");
static ALSO: Sql = Sql::new("UPDATE consumers SET also = $2 WHERE account_id = $1 AND name = ''");
static CONFIRM: Sql =
    Sql::new("UPDATE consumers SET position = $3 WHERE account_id = $1 AND name = $2 AND position < $3");
static FORGET_ACKNOWLEDGED: Sql =
    Sql::new("DELETE FROM acknowledged WHERE account_id = $1 AND name = $2 AND update_id < $3");
static REMOVE: Sql = Sql::new("DELETE FROM consumers WHERE account_id = $1 AND name = $2");

/// Where a consumer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumer {
    /// The first update it has not confirmed.
    pub position: UpdateId,
    /// What it asked for: what is logged for the default one, what is shown to others.
    pub allowed: UpdateKinds,
}

impl Consumer {
    /// What of the log it is shown.
    pub fn seen(&self, name: &ConsumerName) -> Seen {
        if name.is_default() { Seen::ByDefault } else { Seen::Kinds(self.allowed) }
    }
}

/// All that getUpdates has to know before it reads an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where the consumer is.
    pub consumer: Consumer,
    /// The newest update there ever was: above it there is nothing to read.
    pub newest: UpdateId,
    /// Whether the account is held to Telegram's rules.
    pub strict: bool,
    /// Whether a webhook takes the consumer's updates.
    pub has_webhook: bool,
}

/// Opens the log of a new account for its default consumer.
pub fn open(tx: &mut dyn Tx, account: UserId, first: UpdateId) -> R<()> {
    let usual = UpdateKinds::usual().bits();
    tx.execute(&OPEN, p![account, ConsumerName::DEFAULT, first, usual]).map(drop)
}

/// Adds a consumer, unless it is there.
pub fn add(tx: &mut dyn Tx, account: UserId, name: &ConsumerName, new: Consumer) -> R<()> {
    tx.execute(&OPEN, p![account, name, new.position, new.allowed.bits()])?;
    gather(tx, account)
}

/// Removes a consumer beside the default one; whether it was there.
pub fn remove(tx: &mut dyn Tx, account: UserId, name: &ConsumerName) -> R<bool> {
    if name.is_default() || tx.execute(&REMOVE, p![account, name])? == 0 {
        return Ok(false);
    }
    tx.execute(&FORGET_ACKNOWLEDGED, p![account, name, i64::MAX])?;
    gather(tx, account)?;
    Ok(true)
}

/// Where a consumer stands; `None` when there is none of this name.
pub fn get(tx: &mut dyn Tx, account: UserId, name: &ConsumerName) -> R<Option<Consumer>> {
    tx.opt(&GET, p![account, name], |row| consumer(row, 0))
}

/// What the account's log takes.
pub fn wants(tx: &mut dyn Tx, account: UserId) -> R<Wanted> {
    Ok(tx.opt(&WANTED, p![account], |row| row.int(0))?.map(Wanted::from_bits).unwrap_or_default())
}

/// The account's consumers beside the default one, by name.
pub fn further(tx: &mut dyn Tx, account: UserId) -> R<Vec<(ConsumerName, Consumer)>> {
    tx.all(&FURTHER, p![account], |row| Ok((ConsumerName::from_store(row.string(0)?), consumer(row, 1)?)))
}

/// Accounts that have a consumer of this name.
pub fn having(tx: &mut dyn Tx, name: &ConsumerName) -> R<Vec<UserId>> {
    tx.all(&HAVING, p![name], |row| row.int(0).map(UserId))
}

/// Where a consumer and its log stand; `None` when there is no such account or consumer.
pub fn standing(tx: &mut dyn Tx, account: UserId, name: &ConsumerName) -> R<Option<Standing>> {
    tx.opt(&STANDING, p![account, name], |row| {
        Ok(Standing {
            consumer: consumer(row, 0)?,
            newest: UpdateId(row.int(2)?),
            strict: row.bool(3)?,
            has_webhook: row.bool(4)?,
        })
    })
}

/// Which kinds a consumer asks for from now on.
pub fn allow(tx: &mut dyn Tx, account: UserId, name: &ConsumerName, kinds: UpdateKinds) -> R<()> {
    tx.execute(&ALLOW, p![account, name, kinds.bits()])?;
    if name.is_default() { Ok(()) } else { gather(tx, account) }
}

/// Confirms everything below `position`.
pub fn confirm(tx: &mut dyn Tx, account: UserId, name: &ConsumerName, position: UpdateId) -> R<()> {
    tx.later(&CONFIRM, p![account, name, position])?;
    tx.later(&FORGET_ACKNOWLEDGED, p![account, name, position])
}

/// Puts together what those beside the default one ask for.
fn gather(tx: &mut dyn Tx, account: UserId) -> R<()> {
    let all = further(tx, account)?;
    let also: UpdateKinds = UpdateKind::ALL
        .iter()
        .copied()
        .filter(|kind| all.iter().any(|(_, consumer)| consumer.allowed.has(*kind)))
        .collect();
    tx.execute(&ALSO, p![account, also.bits()]).map(drop)
}

fn consumer(row: &dyn Row, at: usize) -> R<Consumer> {
    Ok(Consumer { position: UpdateId(row.int(at)?), allowed: UpdateKinds::from_bits(row.int(at + 1)?) })
}
