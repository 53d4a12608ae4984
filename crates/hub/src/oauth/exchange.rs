//! The token endpoint: codes, refresh tokens and clients' own credentials become tokens. What the rules decide is done
//! in the transaction in which the record was read, under the lock of its account, so that of any number of requests
//! at a time one wins.

use super::{Refusal, client, noted, standing};
use crate::access::LastUses;
use crate::{Error, Hub, random};
use contactgram_model::scope::Scopes;
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{Action, Actor, MemberId, PlainToken, Timestamp, TokenKind, UserId};
use contactgram_oauth::grant::{
    self, Asking, CodeRequest, CodeState, FamilyId, Issue, Lifetimes, OwnRequest, Redeemed, RefreshRequest,
    RefreshState, Refreshed, Successor, TokenRequest,
};
use contactgram_oauth::opaque::Opaque;
use contactgram_oauth::scopes::{both, is_empty, write};
use contactgram_store::Tx;
use contactgram_store::ops::oauth::access::{self, NewAccess};
use contactgram_store::ops::oauth::apps::{self, App};
use contactgram_store::ops::oauth::refresh::{self, NewRefresh};
use contactgram_store::ops::oauth::{codes, families};
use contactgram_store::ops::tokens::GivenTo;
use std::sync::Arc;

/// Tokens that were made: the only time they are shown.
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access: PlainToken,
    /// The refresh token beside it, if any.
    pub refresh: Option<PlainToken>,
    /// What they are.
    pub issue: Issue,
    /// When they were made.
    pub at: Timestamp,
}

/// What a transaction ends in that was kept: tokens, or a refusal with what follows from it.
type Outcome = Result<Issue, contactgram_oauth::Error>;

/// What a transaction about a token request knows from the start.
struct Exchange {
    app: App,
    account: UserId,
    now: Timestamp,
    lifetimes: Lifetimes,
    access: PlainToken,
    refresh: PlainToken,
    last_uses: Arc<LastUses>,
}

impl Hub {
    /// Does what a token request asks for a client that has proven itself.
    pub async fn exchange(&self, app: App, request: TokenRequest) -> Result<Issued, Refusal> {
        let account = match &request {
            TokenRequest::Own(_) => Some(app.account),
            TokenRequest::Code(asked) => account_of(&asked.code, TokenKind::Code),
            TokenRequest::Refresh(asked) => account_of(&asked.token, TokenKind::Refresh),
        };
        let mut secrets = [[0; RANDOM_BYTES]; 2];
        secrets.iter_mut().try_for_each(|secret| random::fill(secret))?;
        // What was never made here is refused by the same rule as what is gone.
        let on = account.unwrap_or(app.account);
        let exchange = Arc::new(Exchange {
            app,
            account: on,
            now: self.clock.now(),
            lifetimes: self.oauth.settings.lifetimes,
            access: PlainToken::create_as(TokenKind::Access, on, &secrets[0]),
            refresh: PlainToken::create_as(TokenKind::Refresh, on, &secrets[1]),
            last_uses: Arc::clone(&self.last_uses),
        });
        let (known, work, is_ours) = (Arc::clone(&self.known), Arc::clone(&exchange), account.is_some());
        let change = self.change(on, move |tx, _| {
            tx.lock(on.0)?;
            let still = apps::get(tx, work.app.id)?;
            if !still.is_some_and(|app| !app.disabled && app.secret == work.app.secret) {
                return Ok((Err(contactgram_oauth::Error::client()), None));
            }
            let (outcome, has_ended) = match &request {
                TokenRequest::Own(asked) => (work.own(tx, asked)?, false),
                TokenRequest::Code(asked) => work.redeem(tx, asked, is_ours)?,
                TokenRequest::Refresh(asked) => work.refresh(tx, asked, is_ours)?,
            };
            Ok((outcome, has_ended.then(|| known.forget_after())))
        });
        let (outcome, _forgetting) = change.await?;
        let issue = outcome?;
        let refresh = issue.refresh.map(|_| exchange.refresh.clone());
        Ok(Issued { access: exchange.access.clone(), refresh, issue, at: exchange.now })
    }
}

/// The account that a code or refresh token names, if it is one and was made here.
fn account_of(text: &Opaque, kind: TokenKind) -> Option<UserId> {
    let token = PlainToken::parse(text.reveal())?;
    (token.kind() == kind && token.is_ours()).then(|| token.account())
}

impl Exchange {
    fn asking(&self) -> Asking<'_> {
        Asking { client: &self.app.client, now: self.now, lifetimes: &self.lifetimes }
    }

    fn own(&self, tx: &mut dyn Tx, asked: &OwnRequest) -> Result<Outcome, Error> {
        let issue = match grant::own(&client(&self.app), asked, &self.asking()) {
            Ok(issue) => issue,
            Err(error) => return Ok(Err(error)),
        };
        self.give(tx, &issue, "client_credentials", None)?;
        Ok(Ok(issue))
    }

    /// Also whether tokens ended by it.
    fn redeem(&self, tx: &mut dyn Tx, asked: &CodeRequest, is_ours: bool) -> Result<(Outcome, bool), Error> {
        let mut found = match is_ours {
            true => codes::find(tx, self.account, &asked.code.digest())?,
            false => None,
        };
        if let Some(code) = &mut found
            && code.record.state == CodeState::Fresh
        {
            code.record.scopes = self.still_allowed(tx, code.member, code.record.scopes)?;
            if is_empty(code.record.scopes) {
                code.record.state = CodeState::Revoked;
            }
        }
        match grant::redeem(found.as_ref().map(|code| &code.record), asked, &self.asking()) {
            Redeemed::Grant(issue) => {
                let member = found.map(|code| code.member);
                if let Some(family) = issue.family {
                    codes::mark_used(tx, self.account, family)?;
                }
                self.give(tx, &issue, "authorization_code", member)?;
                Ok((Ok(issue), false))
            }
            Redeemed::Reused(family, error) => self.reused(tx, (family, "authorization_code"), error),
            Redeemed::Refuse(error) => Ok((Err(error), false)),
        }
    }

    /// Also whether tokens ended by it.
    fn refresh(
        &self,
        tx: &mut dyn Tx,
        asked: &RefreshRequest,
        is_ours: bool,
    ) -> Result<(Outcome, bool), Error> {
        let found = match is_ours {
            true => refresh::find(tx, self.account, &asked.token.digest())?,
            false => None,
        };
        let Some(mut found) = found else {
            let nothing = grant::refresh(None, asked, &self.asking());
            return match nothing {
                Refreshed::Refuse(error) => Ok((Err(error), false)),
                _ => Err(Error::internal("tokens for a refresh token that there is not")),
            };
        };
        found.record.scopes = self.still_allowed(tx, found.member, found.record.scopes)?;
        found.record.revoked |= is_empty(found.record.scopes);
        if let (RefreshState::Spent { successor, .. }, Some(next)) = (&mut found.record.state, found.next)
            && (self.last_uses.has_seen(self.account, next)
                || refresh::has_arrived(tx, (self.account, found.record.family, next))?)
        {
            *successor = Successor::Used;
        }
        let place = (self.account, found.record.family, found.id);
        match grant::refresh(Some(&found.record), asked, &self.asking()) {
            Refreshed::Rotate(issue) => {
                let next = self.give(tx, &issue, "refresh_token", None)?;
                refresh::spend(tx, place, next, self.now)?;
                Ok((Ok(issue), false))
            }
            Refreshed::Again(issue) => {
                let next = self.give(tx, &issue, "refresh_token", None)?;
                if let Some(lost) = found.next {
                    refresh::replace(tx, place, lost, next)?;
                }
                Ok((Ok(issue), true))
            }
            Refreshed::Reused(family, error) => self.reused(tx, (family, "refresh_token"), error),
            Refreshed::Refuse(error) => Ok((Err(error), false)),
        }
    }

    /// Keeps the digests of what is issued; answers the number that both tokens have. `member` is who is to be named
    /// in the log, where it is to be told: rotations are not.
    fn give(&self, tx: &mut dyn Tx, issue: &Issue, by: &str, member: Option<MemberId>) -> Result<i64, Error> {
        let new = NewAccess {
            digest: self.access.digest(),
            to: GivenTo { app: self.app.id, family: issue.family },
            scopes: issue.scopes,
            expires_at: issue.access_until,
        };
        let id = access::insert(tx, self.account, &new, self.now)?;
        if let Some((family, refresh)) = issue.family.zip(issue.refresh) {
            let digest = self.refresh.digest();
            let new = NewRefresh { id, digest, family, scopes: refresh.scopes, expires_at: refresh.until };
            refresh::insert(tx, self.account, &new, self.now)?;
            families::extend(tx, self.account, family, refresh.until.max(issue.access_until))?;
        }
        if issue.family.is_none() || member.is_some() {
            let details = serde_json::json!({
                "grant": by, "scopes": write(issue.scopes), "member": member.map(|member| member.0),
            });
            self.note(tx, Action::TokenIssued, details)?;
        }
        Ok(id)
    }

    fn reused(
        &self,
        tx: &mut dyn Tx,
        (family, what): (FamilyId, &str),
        error: contactgram_oauth::Error,
    ) -> Result<(Outcome, bool), Error> {
        families::revoke(tx, self.account, family)?;
        self.note(tx, Action::TokenReused, serde_json::json!({ "grant": what }))?;
        Ok((Err(error), true))
    }

    /// What a member may still give of what they gave.
    fn still_allowed(&self, tx: &mut dyn Tx, member: MemberId, given: Scopes) -> Result<Scopes, Error> {
        let role = standing::role(tx, member, self.account)?;
        let now = role.map(|role| both(role.scopes(), self.app.scopes)).unwrap_or_default();
        Ok(both(given, now))
    }

    fn note(&self, tx: &mut dyn Tx, action: Action, details: serde_json::Value) -> Result<(), Error> {
        let by = Actor::Application(self.app.id.0);
        noted::note(tx, (self.account, by, self.now), (action, self.app.client.as_str()), details)
    }
}
