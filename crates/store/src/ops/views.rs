//! Views: which contacts a narrowed credential sees. A view is a set of labels and of single contacts, and shows
//! whoever has one of the labels or is one of the contacts. `hub::access` asks; lists and histories put
//! `ids_in!` into their own statements. What a view hides is decided here alone.

use crate::{AsParam, Param, R, Sql, Tx, p};
use contactgram_model::{ContactId, UserId};
use std::num::NonZeroI64;

/// The ids of contacts that a view shows, as a list in parentheses; `$1` is the account, and the placeholder the
/// view.
macro_rules! ids_in {
    ($view:literal) => {
        concat!(
            "(SELECT c.id FROM views v JOIN contacts c ON c.account_id = v.account_id AND c.id = v.contact_id ",
            "WHERE v.account_id = $1 AND v.view_id = ",
            $view,
            " AND v.label = '' UNION ALL SELECT l.id FROM views v JOIN contact_labels l ",
            "ON l.account_id = v.account_id AND l.label = v.label ",
            "WHERE v.account_id = $1 AND v.view_id = ",
            $view,
            " AND v.contact_id = 0)"
        )
    };
}
pub(super) use ids_in;

/// The same, where the placeholder's number is known late.
pub(super) fn visible(view: usize) -> String {
    ids_in!("$?").replace("$?", &format!("${view}"))
}

/// Which view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewId(NonZeroI64);

impl ViewId {
    /// The view of this number, which is chance.
    pub fn new(number: i64) -> Option<ViewId> {
        NonZeroI64::new(number).map(ViewId)
    }

    /// Its number.
    pub fn number(self) -> i64 {
        self.0.get()
    }
}

impl AsParam for ViewId {
    fn as_param(&self) -> Param<'_> {
        Param::Int(self.number())
    }
}

static PUT: Sql = Sql::new(
    "INSERT INTO views (account_id, view_id, label, contact_id) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (account_id, view_id, label, contact_id) DO NOTHING",
);
static LIST: Sql = Sql::new(
    "SELECT label, contact_id FROM views WHERE account_id = $1 AND view_id = $2 ORDER BY label, contact_id",
);
static SHOWS: Sql = Sql::new(
    "SELECT EXISTS (SELECT 1 FROM views v JOIN contacts c ON c.account_id = v.account_id AND c.id = v.contact_id \
     WHERE v.account_id = $1 AND v.view_id = $2 AND v.label = '' AND v.contact_id = $3) \
     OR EXISTS (SELECT 1 FROM contact_labels l JOIN views v ON v.account_id = l.account_id AND v.label = l.label \
     WHERE l.account_id = $1 AND l.id = $3 AND v.view_id = $2 AND v.contact_id = 0)",
);
static COUNT: Sql =
    Sql::new(concat!("SELECT count(*) FROM contacts WHERE account_id = $1 AND id IN ", ids_in!("$2")));
static FOLLOW: Sql = Sql::new(
    "INSERT INTO views (account_id, view_id, label, contact_id) \
     SELECT account_id, view_id, '', $3 FROM views WHERE account_id = $1 AND label = '' AND contact_id = $2 \
     ON CONFLICT (account_id, view_id, label, contact_id) DO NOTHING",
);
static DELETE: Sql = Sql::new("DELETE FROM views WHERE account_id = $1 AND view_id = $2");

/// What a view shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Contacts with one of these.
    pub labels: Vec<String>,
    /// And these.
    pub contacts: Vec<ContactId>,
}

/// Makes a view.
pub fn put(tx: &mut dyn Tx, account: UserId, id: ViewId, view: &View) -> R<()> {
    for label in &view.labels {
        tx.execute(&PUT, p![account, id, label, 0_i64])?;
    }
    for contact in &view.contacts {
        tx.execute(&PUT, p![account, id, "", contact])?;
    }
    Ok(())
}

/// What a view was made from. A contact that got another id since is there under both.
pub fn get(tx: &mut dyn Tx, account: UserId, id: ViewId) -> R<View> {
    let mut view = View::default();
    tx.query(&LIST, p![account, id], &mut |row| {
        match row.int(1)? {
            0 => view.labels.push(row.string(0)?),
            contact => view.contacts.push(ContactId(contact)),
        }
        Ok(())
    })?;
    Ok(view)
}

/// Whether a view shows the contact of this id.
pub fn shows(tx: &mut dyn Tx, account: UserId, view: ViewId, contact: ContactId) -> R<bool> {
    tx.one(&SHOWS, p![account, view, contact], |row| row.bool(0))
}

/// How many contacts a view shows.
pub fn count(tx: &mut dyn Tx, account: UserId, view: ViewId) -> R<i64> {
    tx.one(&COUNT, p![account, view], |row| row.int(0))
}

/// A contact has another id from now on: views that had it keep it.
pub fn follow(tx: &mut dyn Tx, account: UserId, old: ContactId, new: ContactId) -> R<()> {
    tx.later(&FOLLOW, p![account, old, new])
}

/// Forgets a view.
pub fn delete(tx: &mut dyn Tx, account: UserId, id: ViewId) -> R<()> {
    tx.execute(&DELETE, p![account, id]).map(drop)
}
