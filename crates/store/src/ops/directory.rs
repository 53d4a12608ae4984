//! Users of the directory: accounts, people and numbers that wait. The local connector's address book.
//! Whose contact they are is in `contacts`; that they hold a token is in `accounts`.

use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::{Timestamp, User, UserId, UserKind, ids};

/// The columns of [`read`], in its order.
macro_rules! user_columns {
    () => {
        "id, kind, first_name, last_name, username, phone, email, language"
    };
}
pub(super) use user_columns;

/// How many they are.
pub(super) const USER_COLUMNS: usize = 8;

static INSERT: Sql = Sql::new(
    "INSERT INTO users (id, kind, first_name, last_name, username, username_key, phone, email, language, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
);
static UPDATE: Sql = Sql::new(
    "UPDATE users SET kind = $2, first_name = $3, last_name = $4, username = $5, username_key = $6, phone = $7, \
     email = $8, language = $9 WHERE id = $1",
);
static DELETE: Sql = Sql::new("DELETE FROM users WHERE id = $1");
static GET: Sql = Sql::new(concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1"));
static BY_PHONE: Sql = Sql::new(concat!("SELECT ", user_columns!(), " FROM users WHERE phone = $1"));
static BY_USERNAME: Sql =
    Sql::new(concat!("SELECT ", user_columns!(), " FROM users WHERE username_key = $1"));
static PAGE: Sql = Sql::new(concat!(
    "SELECT ",
    user_columns!(),
    " FROM users WHERE kind <= 1 AND id > $1 ORDER BY id LIMIT $2"
));

/// Puts a user in; `false` when the id, the username or the phone is taken already.
pub fn insert(tx: &mut dyn Tx, user: &User, now: Timestamp) -> R<bool> {
    let key = user.username.as_deref().map(str::to_ascii_lowercase);
    let rows = tx.execute(
        &INSERT,
        p![
            user.id,
            user.kind.code(),
            user.first_name,
            user.last_name,
            user.username,
            key,
            user.phone_number,
            user.email,
            user.language_code,
            now
        ],
    )?;
    Ok(rows == 1)
}

/// Writes all of a user's fields.
pub fn update(tx: &mut dyn Tx, user: &User) -> R<()> {
    let key = user.username.as_deref().map(str::to_ascii_lowercase);
    tx.execute(
        &UPDATE,
        p![
            user.id,
            user.kind.code(),
            user.first_name,
            user.last_name,
            user.username,
            key,
            user.phone_number,
            user.email,
            user.language_code
        ],
    )?;
    Ok(())
}

/// Takes a user out.
pub fn delete(tx: &mut dyn Tx, id: UserId) -> R<()> {
    tx.execute(&DELETE, p![id]).map(drop)
}

/// Asks ahead for [`get`].
pub fn get_ahead(tx: &mut dyn Tx, id: UserId) -> R<()> {
    tx.ahead(&GET, p![id])
}

/// The user of this id.
pub fn get(tx: &mut dyn Tx, id: UserId) -> R<Option<User>> {
    tx.opt(&GET, p![id], read)
}

/// The user with this number in E.164.
pub fn by_phone(tx: &mut dyn Tx, phone: &str) -> R<Option<User>> {
    tx.opt(&BY_PHONE, p![phone], read)
}

/// The user of this username, in any case, without the `@`.
pub fn by_username(tx: &mut dyn Tx, username: &str) -> R<Option<User>> {
    tx.opt(&BY_USERNAME, p![username.to_ascii_lowercase()], read)
}

/// People and waiting numbers in the order of their ids, from after `after`.
pub fn people(tx: &mut dyn Tx, after: UserId, limit: i64) -> R<Vec<User>> {
    tx.all(&PAGE, p![after, limit], read)
}

/// An id of `range` that nobody has. `seed` is the caller's randomness: the same seed on the same data
/// gives the same id, so that a rerun does no harm.
///
/// # Errors
/// [`StoreError::Other`] when 64 ids in a row were taken, which only a full range explains.
pub fn free_id(tx: &mut dyn Tx, range: &std::ops::Range<i64>, seed: u64) -> R<UserId> {
    let mut random = seed;
    for _ in 0..64 {
        let id = UserId(ids::pick(range, random));
        if get(tx, id)?.is_none() {
            return Ok(id);
        }
        // A step of SplitMix64: any good mixing does.
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        random = (random ^ (random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        random ^= random >> 31;
    }
    Err(StoreError::Other("no free user id found".to_owned()))
}

/// Reads a row of [`user_columns!`].
pub(super) fn read(row: &dyn Row) -> R<User> {
    let id = row.int(0)?;
    let kind = UserKind::from_code(row.int(1)?).ok_or(StoreError::Corrupt {
        table: "users",
        column: "kind",
        key: id.to_string(),
    })?;
    Ok(User {
        id: UserId(id),
        kind,
        first_name: row.string(2)?,
        last_name: row.opt_string(3)?,
        username: row.opt_string(4)?,
        phone_number: row.opt_string(5)?,
        email: row.opt_string(6)?,
        language_code: row.opt_string(7)?,
    })
}
