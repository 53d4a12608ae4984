//! Applications: who registered them, where they may send people, and the most they may ask for. One belongs to an
//! account, and may have tokens on others, where members allow it.

use super::{AppId, families, scopes};
use crate::{R, Row, Sql, StoreError, Tx, p};
use contactgram_model::scope::Scopes;
use contactgram_model::{Timestamp, TokenDigest, UserId};
use contactgram_oauth::{ClientId, RedirectUri};

macro_rules! columns {
    () => {
        "account_id, app_id, client_id, name, digest, redirects, scopes, disabled, registered_by, created_at"
    };
}
static INSERT: Sql = Sql::new(concat!(
    "INSERT INTO oauth_apps (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
));
static BY_NUMBER: Sql = Sql::new(concat!("SELECT ", columns!(), " FROM oauth_apps WHERE app_id = $1"));
static LIST: Sql = Sql::new(concat!(
    "SELECT ",
    columns!(),
    " FROM oauth_apps WHERE account_id = $1 ORDER BY created_at, app_id"
));
static UPDATE: Sql = Sql::new(
    "UPDATE oauth_apps SET name = $3, digest = $4, redirects = $5, scopes = $6, disabled = $7 \
     WHERE account_id = $1 AND app_id = $2",
);
static REMOVE: [Sql; 3] = [
    Sql::new("DELETE FROM tokens WHERE app_id = $1"),
    Sql::new("DELETE FROM oauth_grants WHERE app_id = $1"),
    Sql::new("DELETE FROM oauth_apps WHERE app_id = $1"),
];

/// A registered application.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// What rows know it by.
    pub id: AppId,
    /// Whose it is.
    pub account: UserId,
    /// Its public name.
    pub client: ClientId,
    /// What people know it by.
    pub name: String,
    /// Of its secret; a public one has none.
    pub secret: Option<TokenDigest>,
    /// Where people may be sent back to.
    pub redirects: Vec<RedirectUri>,
    /// The most it may have.
    pub scopes: Scopes,
    /// Whether it is shut out for now.
    pub disabled: bool,
    /// The member who registered it; 0 is the operator.
    pub registered_by: i64,
    /// When.
    pub created_at: Timestamp,
}

/// Keeps a new application.
pub fn insert(tx: &mut dyn Tx, app: &App) -> R<()> {
    let (redirects, scopes) = (joined(&app.redirects), app.scopes.bits());
    let digest = app.secret.as_ref().map(|digest| &digest.bytes()[..]);
    tx.execute(
        &INSERT,
        p![
            app.account,
            app.id,
            app.client.as_str(),
            app.name,
            digest,
            redirects,
            scopes,
            app.disabled,
            app.registered_by,
            app.created_at
        ],
    )
    .map(drop)
}

/// The application of this public name.
pub fn by_client(tx: &mut dyn Tx, client: &ClientId) -> R<Option<App>> {
    Ok(get(tx, AppId::of(client))?.filter(|app| app.client == *client))
}

/// The application of this number.
pub fn get(tx: &mut dyn Tx, app: AppId) -> R<Option<App>> {
    tx.opt(&BY_NUMBER, p![app], read)
}

/// An account's applications, the oldest first.
pub fn list(tx: &mut dyn Tx, account: UserId) -> R<Vec<App>> {
    tx.all(&LIST, p![account], read)
}

/// Keeps an application's name, secret, addresses, scopes and whether it is shut out.
pub fn update(tx: &mut dyn Tx, app: &App) -> R<()> {
    let digest = app.secret.as_ref().map(|digest| &digest.bytes()[..]);
    let (redirects, scopes) = (joined(&app.redirects), app.scopes.bits());
    tx.execute(&UPDATE, p![app.account, app.id, app.name, digest, redirects, scopes, app.disabled]).map(drop)
}

/// Forgets an application of an account with all its tokens, and all that it was allowed anywhere.
pub fn remove(tx: &mut dyn Tx, account: UserId, app: AppId) -> R<bool> {
    if get(tx, app)?.is_none_or(|found| found.account != account) {
        return Ok(false);
    }
    families::forget_of_app(tx, app)?;
    REMOVE.iter().try_for_each(|statement| tx.execute(statement, p![app]).map(drop))?;
    Ok(true)
}

/// An address has no white space, so that they can stand one a line.
fn joined(redirects: &[RedirectUri]) -> String {
    redirects.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join("\n")
}

fn read(row: &dyn Row) -> R<App> {
    let number = row.int(1)?;
    let corrupt = |column| StoreError::corrupt("oauth_apps", column, number);
    let digest = match row.opt_blob(4)? {
        Some(bytes) => Some(TokenDigest::from_bytes(bytes).ok_or_else(|| corrupt("digest"))?),
        None => None,
    };
    Ok(App {
        account: UserId(row.int(0)?),
        id: AppId(number),
        client: ClientId::parse(row.text(2)?).ok_or_else(|| corrupt("client_id"))?,
        name: row.string(3)?,
        secret: digest,
        redirects: row.text(5)?.lines().map(|line| RedirectUri::from_store(line.to_owned())).collect(),
        scopes: scopes(row.int(6)?),
        disabled: row.bool(7)?,
        registered_by: row.int(8)?,
        created_at: row.int(9)?,
    })
}
