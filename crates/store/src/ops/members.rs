//! Members: who signs in, their roles on accounts, and the one-time links with which they set a password. Who may
//! change what is the hub's to say. A password comes here as its hash, a link as its digest.

use super::oauth::grants;
use super::sessions;
use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::member::name_key;
use contactgram_model::{MemberId, Role, Timestamp, TokenDigest, UserId};

macro_rules! columns {
    () => {
        "m.member_id, m.name, m.display_name, m.password IS NOT NULL, m.created_at, m.last_sign_in_at, m.disabled_at"
    };
}
/// How many that are.
const COLUMNS: usize = 7;

static NEXT: Sql =
    Sql::new("UPDATE counters SET token_id = token_id + 1 WHERE account_id = 0 RETURNING token_id");
static INSERT: Sql = Sql::new(
    "INSERT INTO access_members (member_id, name, name_key, display_name, created_at) VALUES ($1, $2, $3, $4, $5)",
);
static GET: Sql = Sql::new(concat!("SELECT ", columns!(), " FROM access_members m WHERE m.member_id = $1"));
static BY_NAME: Sql =
    Sql::new(concat!("SELECT ", columns!(), ", m.password FROM access_members m WHERE m.name_key = $1"));
static LIST: Sql = Sql::new(concat!("SELECT ", columns!(), " FROM access_members m ORDER BY m.member_id"));
static COUNT: Sql = Sql::new("SELECT count(*) FROM access_members");
static WITH_PASSWORD: Sql = Sql::new("SELECT 1 FROM access_members WHERE password IS NOT NULL LIMIT 1");
static PASSWORD: Sql = Sql::new("SELECT password FROM access_members WHERE member_id = $1");
static SET_PASSWORD: Sql = Sql::new("UPDATE access_members SET password = $2 WHERE member_id = $1");
static RENAME: Sql = Sql::new("UPDATE access_members SET display_name = $2 WHERE member_id = $1");
static DISABLE: Sql = Sql::new("UPDATE access_members SET disabled_at = $2 WHERE member_id = $1");
static SIGNED_IN: Sql = Sql::new("UPDATE access_members SET last_sign_in_at = $2 WHERE member_id = $1");
static DELETE: [Sql; 2] = [
    Sql::new("DELETE FROM access_members WHERE member_id = $1"),
    Sql::new("DELETE FROM access_roles WHERE member_id = $1"),
];

static ROLE: Sql =
    Sql::new("SELECT max(role) FROM access_roles WHERE member_id = $1 AND account_id IN ($2, 0)");
static GIVEN_ROLE: Sql = Sql::new("SELECT role FROM access_roles WHERE account_id = $2 AND member_id = $1");
static ROLES: Sql =
    Sql::new("SELECT account_id, role FROM access_roles WHERE member_id = $1 ORDER BY account_id");
static SET_ROLE: Sql = Sql::new(
    "INSERT INTO access_roles (account_id, member_id, role) VALUES ($2, $1, $3) \
     ON CONFLICT (account_id, member_id) DO UPDATE SET role = excluded.role",
);
static DROP_ROLE: Sql = Sql::new("DELETE FROM access_roles WHERE account_id = $2 AND member_id = $1");
static WITH_ROLE: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    ", r.account_id, r.role FROM access_roles r JOIN access_members m ON m.member_id = r.member_id \
     WHERE r.account_id IN ($1, 0) ORDER BY m.member_id, r.role DESC, r.account_id"
));
static OWNERS: Sql = Sql::new(
    "SELECT count(m.password), count(*) FROM access_members m WHERE m.disabled_at IS NULL AND EXISTS (SELECT 1 FROM access_roles r \
     WHERE r.member_id = m.member_id AND r.account_id IN ($1, 0) AND r.role = $2)",
);
static ROLES_OF_ACCOUNT: Sql = Sql::new("DELETE FROM access_roles WHERE account_id = $1");

static LINK: Sql = Sql::new(
    "INSERT INTO access_links (member_id, digest, expires_at) VALUES ($1, $2, $3) \
     ON CONFLICT (member_id) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at",
);
static BY_LINK: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    ", l.digest FROM access_links l JOIN access_members m ON m.member_id = l.member_id \
     WHERE l.digest = $1 AND l.expires_at > $2"
));
static UNLINK: Sql = Sql::new("DELETE FROM access_links WHERE member_id = $1");
static OLD_LINKS: Sql = Sql::new("DELETE FROM access_links WHERE expires_at <= $1");

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Given once.
    pub id: MemberId,
    /// What they sign in with; unique but for capitals.
    pub name: String,
    /// What others see.
    pub display_name: String,
    /// Whether a password was set; without one nobody signs in.
    pub has_password: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they signed in last.
    pub last_sign_in_at: Option<Timestamp>,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
}

impl Member {
    /// Whether they may sign in, and their roles count.
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// What a member lost, to be ended with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Everything: they were disabled or removed.
    Everything,
    /// The password is another: whoever got in with the old one is out, but for one session.
    Password {
        /// The session in which it was changed.
        but: Option<i64>,
    },
    /// The role on this account, or on all, is lower or gone; what is left is to be asked for.
    Role(UserId),
}

/// Ends what a member has by what is lost: called in the transaction that takes it, so that nothing outlives it.
pub fn lost(tx: &mut dyn Tx, member: MemberId, loss: Loss) -> R<()> {
    match loss {
        Loss::Everything => {
            tx.execute(&UNLINK, p![member])?;
            grants::revoke_of_member(tx, member, true)?;
            sessions::end_all(tx, member, None).map(drop)
        }
        Loss::Password { but } => sessions::end_all(tx, member, but).map(drop),
        // A session or a token asks for the role each time; a grant without any ends.
        Loss::Role(_) => grants::revoke_of_member(tx, member, false),
    }
}

/// The next of the server's own numbers. Whoever takes it has the others wait.
pub fn next_number(tx: &mut dyn Tx) -> R<i64> {
    tx.lock(0)?;
    tx.one(&NEXT, p![], |row| row.int(0))
}

/// Makes a member without a password. The name must be free: ask [`by_name`], under the lock.
pub fn insert(tx: &mut dyn Tx, (name, display_name): (&str, &str), now: Timestamp) -> R<MemberId> {
    let id = next_number(tx)?;
    tx.execute(&INSERT, p![id, name, name_key(name), display_name, now])?;
    Ok(MemberId(id))
}

/// The member of this id.
pub fn get(tx: &mut dyn Tx, id: MemberId) -> R<Option<Member>> {
    tx.opt(&GET, p![id], read)
}

/// The member of this sign-in name, whatever its capitals, with the hash of the password.
pub fn by_name(tx: &mut dyn Tx, name: &str) -> R<Option<(Member, Option<String>)>> {
    tx.opt(&BY_NAME, p![name_key(name)], |row| Ok((read(row)?, row.opt_string(COLUMNS)?)))
}

/// Every member, the oldest first.
pub fn list(tx: &mut dyn Tx) -> R<Vec<Member>> {
    tx.all(&LIST, p![], read)
}

/// How many there are.
pub fn count(tx: &mut dyn Tx) -> R<i64> {
    tx.one(&COUNT, p![], |row| row.int(0))
}

/// Whether anybody has set a password.
pub fn any_password(tx: &mut dyn Tx) -> R<bool> {
    Ok(tx.opt(&WITH_PASSWORD, p![], |_| Ok(()))?.is_some())
}

/// The hash of a member's password.
pub fn password(tx: &mut dyn Tx, id: MemberId) -> R<Option<String>> {
    Ok(tx.opt(&PASSWORD, p![id], |row| row.opt_string(0))?.flatten())
}

/// Sets the hash of a password. The member's link opens nothing any more, and sessions end but for one.
pub fn set_password(tx: &mut dyn Tx, id: MemberId, hash: &str, but: Option<i64>) -> R<()> {
    tx.execute(&SET_PASSWORD, p![id, hash])?;
    tx.execute(&UNLINK, p![id])?;
    lost(tx, id, Loss::Password { but })
}

/// Changes what others see.
pub fn rename(tx: &mut dyn Tx, id: MemberId, display_name: &str) -> R<()> {
    tx.execute(&RENAME, p![id, display_name]).map(drop)
}

/// Disables a member since then, or enables it.
pub fn set_disabled(tx: &mut dyn Tx, id: MemberId, since: Option<Timestamp>) -> R<()> {
    tx.execute(&DISABLE, p![id, since])?;
    if since.is_some() { lost(tx, id, Loss::Everything) } else { Ok(()) }
}

/// Notes a sign-in.
pub fn signed_in(tx: &mut dyn Tx, id: MemberId, now: Timestamp) -> R<()> {
    tx.execute(&SIGNED_IN, p![id, now]).map(drop)
}

/// Removes a member with roles, links and sessions.
pub fn delete(tx: &mut dyn Tx, id: MemberId) -> R<()> {
    lost(tx, id, Loss::Everything)?;
    for statement in &DELETE {
        tx.execute(statement, p![id])?;
    }
    Ok(())
}

/// The higher of the roles that a member has on an account and on all. Whether it is enabled is not asked.
pub fn role(tx: &mut dyn Tx, id: MemberId, account: UserId) -> R<Option<Role>> {
    let code = tx.opt(&ROLE, p![id, account], |row| row.opt_int(0))?.flatten();
    code.map(|code| role_of(code, id)).transpose()
}

/// The role that was given for exactly this account, or for all.
pub fn given_role(tx: &mut dyn Tx, id: MemberId, account: UserId) -> R<Option<Role>> {
    tx.opt(&GIVEN_ROLE, p![id, account], |row| role_of(row.int(0)?, id))
}

/// The roles that were given, that on all accounts first.
pub fn roles(tx: &mut dyn Tx, id: MemberId) -> R<Vec<(UserId, Role)>> {
    tx.all(&ROLES, p![id], |row| Ok((UserId(row.int(0)?), role_of(row.int(1)?, id)?)))
}

/// Gives a role, or takes it.
pub fn set_role(tx: &mut dyn Tx, id: MemberId, account: UserId, role: Option<Role>) -> R<()> {
    let before = given_role(tx, id, account)?;
    match role {
        Some(role) => tx.execute(&SET_ROLE, p![id, account, role.code()])?,
        None => tx.execute(&DROP_ROLE, p![id, account])?,
    };
    if role < before { lost(tx, id, Loss::Role(account)) } else { Ok(()) }
}

/// A member with one of its roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithRole {
    /// Who.
    pub member: Member,
    /// Whether it is a role on all accounts.
    pub everywhere: bool,
    /// Which.
    pub role: Role,
}

/// Who has a role on an account; those with roles on all among them. With both, a member is there once, with the
/// higher.
pub fn with_role(tx: &mut dyn Tx, account: UserId) -> R<Vec<WithRole>> {
    let mut all = tx.all(&WITH_ROLE, p![account], |row| {
        let member = read(row)?;
        let (on, role) = (row.int(COLUMNS)?, role_of(row.int(COLUMNS + 1)?, member.id)?);
        Ok(WithRole { member, everywhere: on == 0, role })
    })?;
    all.dedup_by_key(|with| with.member.id);
    Ok(all)
}

/// The enabled members who are owners of an account, by a role on it or on all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owners {
    /// Those who have set a password.
    pub can_sign_in: i64,
    /// With those who were only invited.
    pub all: i64,
}

/// How many owners an account has.
pub fn owners(tx: &mut dyn Tx, account: UserId) -> R<Owners> {
    tx.one(&OWNERS, p![account, Role::Owner.code()], |row| {
        Ok(Owners { can_sign_in: row.int(0)?, all: row.int(1)? })
    })
}

/// Forgets the roles on an account that is removed.
pub fn forget_account(tx: &mut dyn Tx, account: UserId) -> R<()> {
    tx.execute(&ROLES_OF_ACCOUNT, p![account]).map(drop)
}

/// Keeps a member's new link; the one before opens nothing any more.
pub fn put_link(tx: &mut dyn Tx, id: MemberId, digest: &TokenDigest, expires_at: Timestamp) -> R<()> {
    tx.execute(&LINK, p![id, digest.bytes(), expires_at]).map(drop)
}

/// Whose link this is, unless it has expired.
pub fn by_link(tx: &mut dyn Tx, digest: &TokenDigest, now: Timestamp) -> R<Option<Member>> {
    tx.opt(&BY_LINK, p![digest.bytes(), now], |row| {
        let fits = TokenDigest::from_bytes(row.blob(COLUMNS)?).is_some_and(|stored| stored == *digest);
        if fits { read(row).map(Some) } else { Ok(None) }
    })
    .map(Option::flatten)
}

/// Forgets links that have expired.
pub fn forget_old_links(tx: &mut dyn Tx, now: Timestamp) -> R<()> {
    tx.execute(&OLD_LINKS, p![now]).map(drop)
}

fn read(row: &dyn Row) -> R<Member> {
    Ok(Member {
        id: MemberId(row.int(0)?),
        name: row.string(1)?,
        display_name: row.string(2)?,
        has_password: row.bool(3)?,
        created_at: row.int(4)?,
        last_sign_in_at: row.opt_int(5)?,
        disabled_at: row.opt_int(6)?,
    })
}

/// A role that none is must not count as the lowest one.
fn role_of(code: i64, member: MemberId) -> R<Role> {
    Role::from_code(code).ok_or_else(|| StoreError::corrupt("access_roles", "role", member))
}
