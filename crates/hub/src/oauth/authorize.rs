//! What a person is asked for an application: the request is read, they choose an account and scopes, and go back with
//! a code or a refusal. Called by the pages of the portal, which carry the request through their forms as the query it
//! came in and have it read again each time.

use super::apps::AppView;
use super::standing::role;
use super::{client, noted};
use crate::{Error, Hub, random};
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{Action, Actor, MemberId, PlainToken, TokenKind, UserId};
use contactgram_oauth::authorize::{self, Approval, Code, Refused, Request, consent};
use contactgram_oauth::grant::FamilyId;
use contactgram_oauth::scopes::{both, is_empty, within, write};
use contactgram_oauth::{Client, Params};
use contactgram_store::Tx;
use contactgram_store::ops::oauth::families::{self, NewFamily};
use contactgram_store::ops::oauth::grants::{self, Grant};
use contactgram_store::ops::oauth::{apps, codes};
use contactgram_store::ops::{accounts, directory, members};

/// What an authorization request leads to.
#[derive(Debug)]
pub enum Asked {
    /// An error for the person to read, with status 400: there is nobody to send them back to.
    Show(String),
    /// Back to the application with an error.
    Redirect(String),
    /// Something to put before a person.
    Request(Box<AuthorizationRequest>),
}

/// An authorization request that is sound.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub app: AppView,
    /// What for.
    pub scopes: Scopes,
    /// Where the person goes afterwards: a host, with a port where it is unusual, or an app's own scheme.
    pub returns_to: String,
    request: Request,
    client: Client,
}

/// Who sits before the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// Nobody is signed in.
    Stranger,
    /// This member is.
    Member {
        /// Who.
        id: MemberId,
        /// Whether they signed in for this very request.
        just_now: bool,
    },
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Show the sign-in, then ask again.
    SignIn,
    /// Show the question, with the accounts to choose from. With none, the person has nothing to give: all they can do
    /// is refuse.
    Ask(Vec<Choice>),
    /// Send them there.
    Go(String),
}

/// An account that a member could let the application act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which.
    pub account: UserId,
    /// Its shown name.
    pub name: String,
    /// Without the `@`.
    pub username: Option<String>,
    /// What of the request they may give there; never empty.
    pub scopes: Scopes,
    /// What of that they gave earlier.
    pub remembered: Scopes,
}

impl Hub {
    /// Reads an authorization request, as the query it came in.
    pub async fn authorization(&self, query: &str) -> Result<Asked, Error> {
        let params = Params::parse(query.as_bytes());
        let app = match authorize::client_id(&params) {
            Ok(id) => self.store.read(move |tx| Ok::<_, Error>(apps::by_client(tx, &id)?)).await?,
            Err(shown) => return Ok(Asked::Show(shown.to_string())),
        };
        let app = app.filter(|app| !app.disabled);
        let client = app.as_ref().map(client);
        let request = match authorize::read(&params, client.as_ref()) {
            Ok(request) => request,
            Err(Refused::Shown(shown)) => return Ok(Asked::Show(shown.to_string())),
            Err(Refused::Sent(sent)) => return Ok(Asked::Redirect(sent.location(self.issuer()))),
        };
        let Some((app, client)) = app.as_ref().zip(client) else {
            return Err(Error::internal("an authorization request of no client"));
        };
        Ok(Asked::Request(Box::new(AuthorizationRequest {
            app: AppView::from(app),
            scopes: request.scopes,
            returns_to: request.return_to.shown(),
            request,
            client,
        })))
    }

    /// What to do next about a request: sign somebody in, ask them, or send them on, where they have agreed before.
    pub async fn next_step(&self, asked: &AuthorizationRequest, visitor: Visitor) -> Result<Step, Error> {
        let (choices, seen) = match visitor {
            Visitor::Stranger => (Vec::new(), consent::Visitor::Stranger),
            Visitor::Member { id, just_now } => {
                let choices = self.choices(asked, id).await?;
                let remembered = agreed(asked, &choices).map(|choice| choice.remembered).unwrap_or_default();
                (choices, consent::Visitor::Known { just_now, remembered })
            }
        };
        match consent::next(&asked.request, &asked.client, seen) {
            consent::Step::SignIn => Ok(Step::SignIn),
            consent::Step::Refuse(sent) => Ok(Step::Go(sent.location(self.issuer()))),
            consent::Step::Ask => Ok(Step::Ask(choices)),
            consent::Step::Approve => match (visitor, agreed(asked, &choices).map(|choice| choice.account)) {
                (Visitor::Member { id, .. }, Some(account)) => {
                    Ok(Step::Go(self.give(asked, id, account, asked.scopes).await?))
                }
                _ => Ok(Step::Ask(choices)),
            },
        }
    }

    /// The accounts on which a member may give something of what is asked.
    pub async fn choices(
        &self,
        asked: &AuthorizationRequest,
        member: MemberId,
    ) -> Result<Vec<Choice>, Error> {
        let (wanted, client) = (asked.scopes, asked.client.id.clone());
        let listing = self.store.scan(move |tx| {
            let Some(app) = apps::by_client(tx, &client)? else { return Ok(Vec::new()) };
            let mut choices = Vec::new();
            for account in accounts_of(tx, member)? {
                let Some(role) = role(tx, member, account)? else { continue };
                let scopes = both(both(wanted, role.scopes()), app.scopes);
                let Some(user) = directory::get(tx, account)?.filter(|_| !is_empty(scopes)) else { continue };
                let given = grants::get(tx, account, app.id, member)?.map(|grant| grant.scopes);
                let remembered = both(given.unwrap_or_default(), scopes);
                choices.push(Choice {
                    account,
                    name: user.first_name,
                    username: user.username,
                    scopes,
                    remembered,
                });
            }
            Ok::<_, Error>(choices)
        });
        listing.await
    }

    /// Gives an application what a member agreed to on an account; answers where the person goes. Scopes that were not
    /// asked for, or that are not theirs to give, are left out; with none left it is a refusal.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an account that they have no role on, and for an application that is gone.
    pub async fn give(
        &self,
        asked: &AuthorizationRequest,
        member: MemberId,
        account: UserId,
        scopes: Scopes,
    ) -> Result<String, Error> {
        let mut secret = [0; RANDOM_BYTES];
        random::fill(&mut secret)?;
        let family = FamilyId((random::seed()? >> 1) as i64);
        let code = PlainToken::create_as(TokenKind::Code, account, &secret);
        let (now, lifetimes) = (self.clock.now(), self.oauth.settings.lifetimes);
        let (request, digest) = (asked.request.clone(), code.digest());
        let given = self.change(account, move |tx, _| {
            tx.lock(account.0)?;
            let role = role(tx, member, account)?.ok_or(Error::missing("no such account"))?;
            let returns = |uri: &contactgram_oauth::RedirectUri| uri.matches(&request.return_to.uri);
            let app = apps::by_client(tx, &request.client)?
                .filter(|app| !app.disabled && app.redirects.iter().any(returns))
                .ok_or(Error::missing("no such application"))?;
            let scopes = both(both(scopes, role.scopes()), app.scopes);
            let Some(record) = request.approve(Approval { scopes, family }, &lifetimes, now) else {
                return Ok(false);
            };
            let begun = NewFamily { id: family, app: app.id, member, expires_at: record.expires_at };
            families::insert(tx, account, &begun, now)?;
            codes::insert(tx, account, &digest, &record)?;
            let before = grants::get(tx, account, app.id, member)?;
            let grant = Grant {
                account,
                app: app.id,
                member,
                scopes: remembered(before.map(|grant| grant.scopes), request.scopes, record.scopes),
                created_at: now,
                given_at: now,
            };
            grants::put(tx, &grant)?;
            let details = serde_json::json!({ "scopes": write(record.scopes) });
            let entry = (account, Actor::Member(member), now);
            noted::note(tx, entry, (Action::GrantGiven, app.client.as_str()), details)?;
            Ok(true)
        });
        match given.await? {
            true => Ok(asked.request.location(code.reveal(), self.issuer())),
            false => Ok(self.refuse(asked)),
        }
    }

    /// Where the person goes who says no.
    pub fn refuse(&self, asked: &AuthorizationRequest) -> String {
        asked.request.refuse(Code::AccessDenied).location(self.issuer())
    }
}

/// What is remembered after a consent: what was left out of it is forgotten, what it did not speak of stays.
fn remembered(before: Option<Scopes>, asked: Scopes, given: Scopes) -> Scopes {
    let before = before.unwrap_or_default();
    Scope::ALL
        .into_iter()
        .filter(|scope| given.has(*scope) || (before.has(*scope) && !asked.has(*scope)))
        .collect()
}

/// The one account for which a member agreed to all of this before; with two of them, nobody knows which is meant.
fn agreed<'c>(asked: &AuthorizationRequest, choices: &'c [Choice]) -> Option<&'c Choice> {
    let mut all = choices.iter().filter(|choice| within(asked.scopes, choice.remembered));
    all.next().filter(|_| all.next().is_none())
}

fn accounts_of(tx: &mut dyn Tx, member: MemberId) -> Result<Vec<UserId>, Error> {
    let roles = members::roles(tx, member)?;
    if roles.iter().any(|(account, _)| *account == UserId::EVERY_ACCOUNT) {
        return Ok(accounts::list(tx)?.into_iter().map(|account| account.id).collect());
    }
    Ok(roles.into_iter().map(|(account, _)| account).collect())
}
