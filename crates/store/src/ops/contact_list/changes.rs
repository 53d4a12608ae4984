//! What changed since a sync token: of all contacts, or of those that a view shows. Whoever a view shows no more is
//! told as removed, whoever it never showed not at all. The hub's sync asks.

use super::super::views::{ViewId, ids_in};
use crate::{R, Row, Sql, Tx, p};
use contactgram_model::{ContactId, StoredContact, UserId};

static CHANGED: Sql = Sql::new(
    "SELECT version, body FROM contacts WHERE account_id = $1 AND version > $2 ORDER BY version LIMIT $3",
);
/// Without those that were added again since: they are among the changed.
static REMOVED: Sql = Sql::new(
    "SELECT version, id FROM contact_tombstones t WHERE account_id = $1 AND version > $2 AND NOT EXISTS \
     (SELECT 1 FROM contacts c WHERE c.account_id = t.account_id AND c.id = t.id) ORDER BY version LIMIT $3",
);
static CHANGED_IN_VIEW: Sql = Sql::new(concat!(
    "SELECT version, body FROM contacts WHERE account_id = $1 AND version > $2 AND id IN ",
    ids_in!("$4"),
    " ORDER BY version LIMIT $3"
));
static REMOVED_FROM_VIEW: Sql = Sql::new(concat!(
    "SELECT max(version), id FROM (SELECT t.version, t.id FROM views v JOIN contact_tombstones t ",
    "ON t.account_id = v.account_id AND t.id = v.contact_id ",
    "WHERE v.account_id = $1 AND v.view_id = $4 AND v.label = '' AND t.version > $2 ",
    "UNION ALL SELECT t.version, t.id FROM views v JOIN contact_label_tombstones t ",
    "ON t.account_id = v.account_id AND t.label = v.label ",
    "WHERE v.account_id = $1 AND v.view_id = $4 AND v.contact_id = 0 AND t.version > $2) AS gone ",
    "WHERE id NOT IN ",
    ids_in!("$4"),
    " GROUP BY id ORDER BY 1 LIMIT $3"
));

/// One change since a sync token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// New or different.
    Kept(StoredContact),
    /// Removed.
    Removed(ContactId),
}

/// Changes after version `since`, oldest first, with each one's version; those of a view where one is given.
pub fn changes(
    tx: &mut dyn Tx,
    (account, view): (UserId, Option<ViewId>),
    since: i64,
    limit: i64,
) -> R<Vec<(i64, Change)>> {
    let kept = |row: &dyn Row| {
        let version = row.int(0)?;
        Ok((version, Change::Kept(StoredContact { version, body: row.string(1)? })))
    };
    let removed = |row: &dyn Row| Ok((row.int(0)?, Change::Removed(ContactId(row.int(1)?))));
    let mut all = match view {
        None => {
            let mut all = tx.all(&CHANGED, p![account, since, limit], kept)?;
            all.extend(tx.all(&REMOVED, p![account, since, limit], removed)?);
            all
        }
        Some(view) => {
            let mut all = tx.all(&CHANGED_IN_VIEW, p![account, since, limit, view], kept)?;
            all.extend(tx.all(&REMOVED_FROM_VIEW, p![account, since, limit, view], removed)?);
            all
        }
    };
    all.sort_by_key(|(version, _)| *version);
    all.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(all)
}
