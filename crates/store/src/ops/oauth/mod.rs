//! What OAuth 2.0 keeps: applications, what members allow them, codes, and the tokens that came of those. `hub::oauth`
//! composes these in one transaction with the decisions of the crate `oauth`. Secrets come here as digests alone;
//! nothing here decides whether one is good.

pub mod access;
pub mod apps;
pub mod codes;
pub mod families;
pub mod grants;
pub mod refresh;

use crate::{AsParam, Param, R, Sql, Tx, p};
use contactgram_model::scope::Scopes;
use contactgram_model::{Timestamp, UserId};
use contactgram_oauth::ClientId;
use contactgram_oauth::grant::FamilyId;

/// An application's number: what rows know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub i64);

impl AppId {
    /// The number of the application with this public name: the first 63 bits of its chance.
    pub fn of(client: &ClientId) -> AppId {
        let digits = client.as_str().bytes().skip_while(|byte| *byte != b'_').skip(1).take(16);
        let number = digits.fold(0_u64, |number, digit| {
            number << 4 | u64::from(char::from(digit).to_digit(16).unwrap_or_default())
        });
        AppId((number >> 1) as i64)
    }
}

impl AsParam for AppId {
    fn as_param(&self) -> Param<'_> {
        Param::Int(self.0)
    }
}

fn scopes(bits: i64) -> Scopes {
    Scopes::from_bits(bits)
}

/// What a removed account leaves: its applications wherever they had tokens, and all that was allowed on it.
static FORGET: [Sql; 4] = [
    Sql::new("DELETE FROM oauth_refresh WHERE account_id = $1"),
    Sql::new("DELETE FROM oauth_codes WHERE account_id = $1"),
    Sql::new("DELETE FROM oauth_families WHERE account_id = $1"),
    Sql::new("DELETE FROM oauth_grants WHERE account_id = $1"),
];

/// Forgets an account's applications, and what others were allowed on it. Its tokens are `accounts`' to forget.
pub fn forget_account(tx: &mut dyn Tx, account: UserId) -> R<()> {
    for app in apps::list(tx, account)? {
        apps::remove(tx, account, app.id)?;
    }
    FORGET.iter().try_for_each(|statement| tx.execute(statement, p![account]).map(drop))
}

/// Rows that one round of [`forget_old`] forgets at most.
pub const ROUND: u64 = 500;

/// Forgets what is past its time: access and refresh tokens when they expire, a code and its family when nothing of the
/// family is alive. Answers whether there may be more.
pub fn forget_old(tx: &mut dyn Tx, now: Timestamp) -> R<bool> {
    let tokens = access::forget_old(tx, now)?;
    let refresh = refresh::forget_old(tx, now)?;
    let families = families::forget_old(tx, now)?;
    Ok([tokens, refresh, families].contains(&ROUND))
}

/// A family's number, for statements.
fn number(family: FamilyId) -> i64 {
    family.0
}
