//! The first start: an account to try, an admin token, and a link for the first owner. Called by the server before it serves. It makes
//! nothing where there is something already.

use contactgram_hub::{Hub, NewAccount};
use contactgram_model::{AccountKind, Actor};

use crate::admin::AdminToken;
use crate::banner::First;
use crate::config::Config;
use crate::failure::Outcome;

/// Makes the first account, unless there is one.
pub async fn account(hub: &Hub, config: &Config) -> Outcome<Option<First>> {
    if accounts(hub).await? > 0 {
        return Ok(None);
    }
    let new = NewAccount {
        name: "Demo".to_owned(),
        username: None,
        phone: None,
        kind: AccountKind::Bot,
        region: config.default_region.clone(),
        strict: false,
    };
    let (account, token) = hub.add_account(Actor::Server, new).await?;
    if !config.demo {
        return Ok(Some(First { account, token }));
    }
    if let Err(error) = hub.demo(account.id).await {
        // An account without examples is still an account.
        tracing::warn!(?error, "the examples could not be made");
    }
    let account = hub.account(account.id).await?;
    Ok(Some(First { account, token }))
}

/// Makes an admin token where neither the configuration nor the store has one.
pub async fn admin_token(hub: &Hub, config: &Config) -> Outcome<Option<AdminToken>> {
    if config.admin_token.is_some() || hub.admin_digest().await?.is_some() {
        return Ok(None);
    }
    let token = AdminToken::create()?;
    token.keep(hub).await?;
    Ok(Some(token))
}

/// The path of the page on which the first owner sets a password, while nobody can sign in. A start makes a new one
/// and ends the one before.
pub async fn owner_link(hub: &Hub) -> Outcome<Option<String>> {
    Ok(hub.first_owner_link().await?.map(|link| link.path()))
}

/// How many accounts there are.
pub async fn accounts(hub: &Hub) -> Outcome<i64> {
    Ok(hub.store().read(contactgram_store::ops::accounts::count).await?)
}
