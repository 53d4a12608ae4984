//! Grants as they are listed and revoked: by the member who gave one, by whoever manages the application, and by
//! whoever manages the account that it is on. Called by the portal and the command line.

use super::apps::{managed, parsed};
use super::noted;
use super::standing::manages;
use crate::{Error, Hub};
use contactgram_model::scope::Scope;
use contactgram_model::{Action, Actor, MemberId, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::members;
use contactgram_store::ops::oauth::apps as rows;
use contactgram_store::ops::oauth::grants::{self, Grant};
use serde::Serialize;

/// What a member allows an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantView {
    /// Whom.
    pub client_id: String,
    /// What people know it by.
    pub app: String,
    /// On which account.
    pub account_id: UserId,
    /// Who.
    pub member_id: i64,
    /// What they sign in with.
    pub member: String,
    /// What.
    pub scopes: Vec<&'static str>,
    /// When for the first time, in Unix seconds.
    pub created_at: Timestamp,
    /// When last, in Unix seconds.
    pub given_at: Timestamp,
}

impl Hub {
    /// All that an application is allowed, on whatever account.
    pub async fn grants_of_app(&self, by: Actor, client_id: &str) -> Result<Vec<GrantView>, Error> {
        let client = parsed(client_id)?;
        let listing = self.store.scan(move |tx| {
            let (app, _) = managed(tx, by, &client)?;
            let grants = grants::of_app(tx, app.id)?;
            shown(tx, grants)
        });
        listing.await
    }

    /// All that a member allows.
    pub async fn grants_of_member(&self, member: MemberId) -> Result<Vec<GrantView>, Error> {
        let listing = self.store.scan(move |tx| {
            let grants = grants::of_member(tx, member)?;
            shown(tx, grants)
        });
        listing.await
    }

    /// All that is allowed on an account, also to applications of others.
    pub async fn grants_on(&self, by: Actor, account: UserId) -> Result<Vec<GrantView>, Error> {
        let listing = self.store.scan(move |tx| {
            manages(tx, by, account)?;
            let grants = grants::on_account(tx, account)?;
            shown(tx, grants)
        });
        listing.await
    }

    /// Revokes what `member` allowed an application on an account; every token that came of it opens nothing once this
    /// returns. Members revoke their own, managers of the application or of the account anybody's.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such grant, or none that `by` may see.
    pub async fn revoke_grant(
        &self,
        by: Actor,
        client_id: &str,
        (account, member): (UserId, MemberId),
    ) -> Result<(), Error> {
        let (client, now) = (parsed(client_id)?, self.clock.now());
        self.change_tokens(account, move |tx, _| {
            tx.lock(account.0)?;
            let missing = || Error::missing("no such grant");
            let app = rows::by_client(tx, &client)?.ok_or_else(missing)?;
            let may = by == Actor::Member(member)
                || manages(tx, by, app.account).is_ok()
                || manages(tx, by, account).is_ok();
            if !may || !grants::revoke(tx, account, app.id, member)? {
                return Err(missing());
            }
            let details = serde_json::json!({ "member": member.0 });
            noted::note(tx, (account, by, now), (Action::GrantRevoked, app.client.as_str()), details)
        })
        .await
    }
}

fn shown(tx: &mut dyn Tx, grants: Vec<Grant>) -> Result<Vec<GrantView>, Error> {
    let mut views = Vec::new();
    for grant in grants {
        let Some(app) = rows::get(tx, grant.app)? else { continue };
        let member = members::get(tx, grant.member)?;
        views.push(GrantView {
            client_id: app.client.to_string(),
            app: app.name,
            account_id: grant.account,
            member_id: grant.member.0,
            member: member.map(|member| member.name).unwrap_or_default(),
            scopes: grant.scopes.iter().map(Scope::name).collect(),
            created_at: grant.created_at,
            given_at: grant.given_at,
        });
    }
    Ok(views)
}
