//! Whom somebody means: accounts and people by id, `@username` or name. Called by the commands, before the
//! verb that wants an id. It guesses nothing: a name that fits two is refused.

use contactgram_hub::Hub;
use contactgram_model::UserId;

use crate::failure::Outcome;

/// People asked for at a time.
const PAGE: i64 = 1000;

/// The account of this id, `@username` or name.
///
/// # Errors
/// None or several are called so.
pub async fn account(hub: &Hub, named: &str) -> Outcome<UserId> {
    if let Ok(id) = named.parse() {
        return Ok(UserId(id));
    }
    match find_account(hub, named).await? {
        Some(id) => Ok(id),
        None => Err(format!("no account is called `{named}`; `contactgram account list` shows them").into()),
    }
}

/// The person of this id or `@username`.
///
/// # Errors
/// Nobody is called so.
pub async fn person(hub: &Hub, named: &str) -> Outcome<UserId> {
    if let Ok(id) = named.parse() {
        return Ok(UserId(id));
    }
    match find_person(hub, named).await? {
        Some(id) => Ok(id),
        None => Err(format!("no person is called `{named}`; `contactgram people list` shows them").into()),
    }
}

/// The account or person of this id or `@username`.
///
/// # Errors
/// Nobody is called so.
pub async fn user(hub: &Hub, named: &str) -> Outcome<UserId> {
    if let Ok(id) = named.parse() {
        return Ok(UserId(id));
    }
    if let Some(id) = find_account(hub, named).await? {
        return Ok(id);
    }
    person(hub, named).await
}

async fn find_account(hub: &Hub, named: &str) -> Outcome<Option<UserId>> {
    let username = named.strip_prefix('@').unwrap_or(named);
    let mut fitting = hub.accounts().await?.into_iter().filter(|account| {
        let has_username = account.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(username));
        has_username || account.name == named
    });
    match (fitting.next(), fitting.next()) {
        (_, Some(_)) => Err(format!("several accounts are called `{named}`: give an id").into()),
        (found, None) => Ok(found.map(|account| account.id)),
    }
}

async fn find_person(hub: &Hub, named: &str) -> Outcome<Option<UserId>> {
    let username = named.strip_prefix('@').unwrap_or(named);
    let mut after = UserId(0);
    loop {
        let page = hub.people(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = last.id;
        let fits = |own: &str| own.eq_ignore_ascii_case(username);
        if let Some(found) = page.iter().find(|user| user.username.as_deref().is_some_and(fits)) {
            return Ok(Some(found.id));
        }
    }
}
