//! Groups of the local connector and who is in them.

use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::{ChatId, Group, MemberStatus, UserId};

static INSERT: Sql = Sql::new("INSERT INTO group_chats (id, title) VALUES ($1, $2) ON CONFLICT DO NOTHING");
static GET: Sql = Sql::new("SELECT id, title FROM group_chats WHERE id = $1");
static LIST: Sql = Sql::new("SELECT id, title FROM group_chats ORDER BY id DESC");
static SET_MEMBER: Sql = Sql::new(
    "INSERT INTO members (group_id, user_id, status) VALUES ($1, $2, $3) \
     ON CONFLICT (group_id, user_id) DO UPDATE SET status = excluded.status",
);
static MEMBER: Sql = Sql::new("SELECT status FROM members WHERE group_id = $1 AND user_id = $2");
static MEMBERS: Sql = Sql::new("SELECT user_id, status FROM members WHERE group_id = $1 ORDER BY user_id");

/// Makes a group; `false` when the id is taken.
pub fn insert(tx: &mut dyn Tx, group: &Group) -> R<bool> {
    Ok(tx.execute(&INSERT, p![group.id, group.title])? == 1)
}

/// The group of this id.
pub fn get(tx: &mut dyn Tx, id: ChatId) -> R<Option<Group>> {
    tx.opt(&GET, p![id], read)
}

/// Every group of the server.
pub fn list(tx: &mut dyn Tx) -> R<Vec<Group>> {
    tx.all(&LIST, p![], read)
}

/// Sets somebody's standing in a group.
pub fn set_member(tx: &mut dyn Tx, group: ChatId, user: UserId, status: MemberStatus) -> R<()> {
    tx.execute(&SET_MEMBER, p![group, user, status.word()]).map(drop)
}

/// Somebody's standing in a group; `None` for who never was there.
pub fn member(tx: &mut dyn Tx, group: ChatId, user: UserId) -> R<Option<MemberStatus>> {
    tx.opt(&MEMBER, p![group, user], |row| status(row, 0, group))
}

/// Everybody who is in a group.
pub fn members(tx: &mut dyn Tx, group: ChatId) -> R<Vec<(UserId, MemberStatus)>> {
    let mut all = tx.all(&MEMBERS, p![group], |row| Ok((UserId(row.int(0)?), status(row, 1, group)?)))?;
    all.retain(|(_, status)| status.is_in());
    Ok(all)
}

fn status(row: &dyn Row, column: usize, group: ChatId) -> R<MemberStatus> {
    MemberStatus::from_word(row.text(column)?).ok_or(StoreError::Corrupt {
        table: "members",
        column: "status",
        key: group.to_string(),
    })
}

fn read(row: &dyn Row) -> R<Group> {
    Ok(Group { id: ChatId(row.int(0)?), title: row.string(1)? })
}
