//! Introspection and revocation: what a client learns of its tokens, and how it ends them. An account's manager may
//! look at any token of the account. Called by `http`.

use super::{Refusal, client, noted, standing};
use crate::access::AccountManage;
use crate::{Error, Hub, Permit};
use contactgram_model::{Action, Actor, PlainToken, TokenKind, UserId};
use contactgram_oauth::grant::RefreshState;
use contactgram_oauth::inspect::{self, Revoke, TokenKind as Kind, TokenRecord};
use contactgram_oauth::opaque::Opaque;
use contactgram_oauth::scopes::{both, is_empty};
use contactgram_store::Tx;
use contactgram_store::ops::oauth::apps::{self, App};
use contactgram_store::ops::oauth::{access, families, refresh};
use std::sync::Arc;

/// A token that was found, with its number within the account.
struct Found {
    account: UserId,
    id: i64,
    record: TokenRecord,
}

impl Hub {
    /// What a client may know of a token: all, if it is its own and good; else nothing.
    pub async fn introspect(&self, app: &App, token: &Opaque) -> Result<Option<TokenRecord>, Refusal> {
        inspect::may_introspect(&client(app))?;
        let found = self.look_at(token).await?;
        let record = found.map(|found| found.record);
        Ok(inspect::active(record.as_ref(), &app.client, self.clock.now()).cloned())
    }

    /// What whoever manages an account may know of a token of any application on it.
    pub async fn introspect_of_account(
        &self,
        permit: &Permit<AccountManage>,
        token: &Opaque,
    ) -> Result<Option<TokenRecord>, Error> {
        let account = permit.account();
        let record =
            self.look_at(token).await?.filter(|found| found.account == account).map(|found| found.record);
        let now = self.clock.now();
        Ok(record.filter(|record| inspect::active(Some(record), &record.client, now).is_some()))
    }

    /// Ends a token of the client's; a refresh token with everything that came of the same consent.
    pub async fn revoke(&self, app: &App, token: &Opaque) -> Result<(), Refusal> {
        let (text, app, now, known) = (token.clone(), app.clone(), self.clock.now(), Arc::clone(&self.known));
        let Some(account) = marked(token).map(|token| token.account()) else { return Ok(()) };
        let change = self.change(account, move |tx, _| {
            tx.lock(account.0)?;
            let found = find(tx, &text)?;
            let decided = match inspect::revoke(found.as_ref().map(|found| &found.record), &app.client) {
                Ok(decided) => decided,
                Err(error) => return Ok((Err(error), None)),
            };
            let action = match (decided, &found) {
                (Revoke::Token, Some(found)) => {
                    // It can't be seen any more that it was used; that it arrived, its holder shows.
                    if let Some(family) = found.record.family {
                        refresh::note_arrival(tx, (account, family, found.id))?;
                    }
                    access::delete(tx, account, found.id)?;
                    Action::TokenRevoked
                }
                (Revoke::Family(family), _) => {
                    families::revoke(tx, account, family)?;
                    Action::GrantRevoked
                }
                (Revoke::Nothing | Revoke::Token, _) => return Ok((Ok(()), None)),
            };
            let by = Actor::Application(app.id.0);
            noted::note(tx, (account, by, now), (action, app.client.as_str()), serde_json::json!({}))?;
            Ok((Ok(()), Some(known.forget_after())))
        });
        let (done, _forgetting) = change.await?;
        Ok(done?)
    }

    async fn look_at(&self, token: &Opaque) -> Result<Option<Found>, Error> {
        let text = token.clone();
        self.store.read(move |tx| find(tx, &text)).await
    }
}

/// An access or refresh token that may have been made here.
fn marked(text: &Opaque) -> Option<PlainToken> {
    let token = PlainToken::parse(text.reveal())?;
    (matches!(token.kind(), TokenKind::Access | TokenKind::Refresh) && token.is_ours()).then_some(token)
}

fn find(tx: &mut dyn Tx, text: &Opaque) -> Result<Option<Found>, Error> {
    let Some(token) = marked(text) else { return Ok(None) };
    let (account, digest) = (token.account(), token.digest());
    let subject = account.to_string();
    if token.kind() == TokenKind::Access {
        let Some(found) = access::find(tx, account, &digest)? else { return Ok(None) };
        let Some(app) = apps::get(tx, found.to.app)? else { return Ok(None) };
        let scopes = standing::of_token(tx, account, found.to, found.scopes)?;
        let record = TokenRecord {
            client: app.client,
            kind: Kind::Access,
            family: found.to.family,
            scopes: scopes.unwrap_or_default(),
            subject,
            issued_at: found.created_at,
            expires_at: found.expires_at,
            dead: scopes.is_none(),
        };
        return Ok(Some(Found { account, id: found.id, record }));
    }
    let Some(found) = refresh::find(tx, account, &digest)? else { return Ok(None) };
    let (record, member) = (found.record, found.member);
    let app = apps::by_client(tx, &record.client)?.filter(|app| !app.disabled);
    let role = standing::role(tx, member, account)?;
    let allowed = role.zip(app).map(|(role, app)| both(role.scopes(), app.scopes)).unwrap_or_default();
    let scopes = both(record.scopes, allowed);
    let record = TokenRecord {
        client: record.client,
        kind: Kind::Refresh,
        family: Some(record.family),
        scopes,
        subject,
        issued_at: found.created_at,
        expires_at: record.expires_at,
        dead: record.revoked || record.state != RefreshState::Current || is_empty(scopes),
    };
    Ok(Some(Found { account, id: found.id, record }))
}
