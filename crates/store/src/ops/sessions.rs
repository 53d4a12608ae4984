//! Sessions of members, as digests of their secrets. How long one is good, the hub says with each question; what
//! is past that is forgotten by `forget_old`.

use crate::{R, Row, Sql, Tx, p};
use contactgram_model::{MemberId, Timestamp, TokenDigest};

static INSERT: Sql = Sql::new(
    "INSERT INTO access_sessions (member_id, session_id, digest, created_at, seen_at, address, agent) \
     VALUES ($1, $2, $3, $4, $4, $5, $6)",
);
static FIND: Sql = Sql::new(
    "SELECT member_id, session_id, created_at, seen_at, address, agent, digest FROM access_sessions \
     WHERE digest = $1 AND seen_at > $2 AND created_at > $3",
);
static LIST: Sql = Sql::new(
    "SELECT member_id, session_id, created_at, seen_at, address, agent FROM access_sessions \
     WHERE member_id = $1 AND seen_at > $2 AND created_at > $3 ORDER BY seen_at DESC, session_id DESC",
);
static SEEN: Sql = Sql::new(
    "UPDATE access_sessions SET seen_at = $3 WHERE member_id = $1 AND session_id = $2 AND seen_at < $3",
);
static END: Sql = Sql::new("DELETE FROM access_sessions WHERE member_id = $1 AND session_id = $2");
static END_ALL: Sql = Sql::new("DELETE FROM access_sessions WHERE member_id = $1 AND session_id <> $2");
static OLD: Sql = Sql::new("DELETE FROM access_sessions WHERE seen_at <= $1 OR created_at <= $2");

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub member: MemberId,
    /// Its number, which no other ever gets.
    pub id: i64,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was used last, to a minute or so.
    pub seen_at: Timestamp,
    /// From where.
    pub address: String,
    /// With what.
    pub agent: String,
}

/// Since when sessions must have been used and made to be good.
#[derive(Debug, Clone, Copy)]
pub struct Good {
    /// Used after this.
    pub seen: Timestamp,
    /// Made after this.
    pub created: Timestamp,
}

/// Keeps a session; `seen_at` is when it was made.
pub fn insert(tx: &mut dyn Tx, session: &Session, digest: &TokenDigest) -> R<()> {
    let Session { member, id, created_at, address, agent, .. } = session;
    tx.execute(&INSERT, p![member, id, digest.bytes(), created_at, address, agent]).map(drop)
}

/// The session of this digest, if it is good.
pub fn find(tx: &mut dyn Tx, digest: &TokenDigest, good: Good) -> R<Option<Session>> {
    tx.opt(&FIND, p![digest.bytes(), good.seen, good.created], |row| {
        let fits = TokenDigest::from_bytes(row.blob(6)?).is_some_and(|stored| stored == *digest);
        if fits { read(row).map(Some) } else { Ok(None) }
    })
    .map(Option::flatten)
}

/// A member's good sessions, the one used last first.
pub fn list(tx: &mut dyn Tx, member: MemberId, good: Good) -> R<Vec<Session>> {
    tx.all(&LIST, p![member, good.seen, good.created], read)
}

/// Notes that a session was used.
pub fn seen(tx: &mut dyn Tx, (member, id): (MemberId, i64), now: Timestamp) -> R<()> {
    tx.execute(&SEEN, p![member, id, now]).map(drop)
}

/// Ends one session; `false` when the member has none of this number.
pub fn end(tx: &mut dyn Tx, (member, id): (MemberId, i64)) -> R<bool> {
    Ok(tx.execute(&END, p![member, id])? > 0)
}

/// Ends all sessions of a member but one; answers how many there were.
pub fn end_all(tx: &mut dyn Tx, member: MemberId, but: Option<i64>) -> R<u64> {
    tx.execute(&END_ALL, p![member, but.unwrap_or(0)])
}

/// Forgets what is not good any more.
pub fn forget_old(tx: &mut dyn Tx, good: Good) -> R<()> {
    tx.execute(&OLD, p![good.seen, good.created]).map(drop)
}

fn read(row: &dyn Row) -> R<Session> {
    Ok(Session {
        member: MemberId(row.int(0)?),
        id: row.int(1)?,
        created_at: row.int(2)?,
        seen_at: row.int(3)?,
        address: row.string(4)?,
        agent: row.string(5)?,
    })
}
