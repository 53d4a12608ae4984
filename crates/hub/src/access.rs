//! Who may do what. A credential is read once, at the door, into a [`Caller`]; a verb of the hub wants a
//! [`Permit`] for its scope, and only this file can make one. So a route that forgets to check does not
//! compile. What a permit shows is in `view`, which tokens are good is remembered for a moment in `known`, and
//! `used` notes when they were used.

mod known;
mod used;
mod view;

pub use known::KNOWN_FOR;
pub(crate) use known::KnownTokens;
pub(crate) use used::LastUses;
pub use view::View;

use crate::{Error, Hub, Rings, accounts, oauth};
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::{Actor, MemberId, PlainToken, Role, TokenKind, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::views::ViewId;
use contactgram_store::ops::{tokens, upstreams};
use std::marker::PhantomData;
use std::sync::Arc;

/// Whoever a valid credential belongs to, and what it may do. Some words, so that each request can have its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    account: UserId,
    scopes: Scopes,
    narrow: Option<ViewId>,
    /// The credential's number within the account; 0 for what the server does by itself, and for members.
    token: i64,
    actor: Actor,
    /// Whether the store says that the account's bot lives on a Bot API server.
    at_upstream: bool,
}

/// What a permit is for.
pub trait Need {
    /// The scope it takes.
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($name:ident),*) => {$(
        /// Marks permits for the scope of this name.
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Need for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}
needs!(ContactsRead, ContactsPrivate, ContactsWrite, MessagesRead, MessagesSend, UpdatesRead, AccountManage);

/// Proof that a caller may do something with its account.
#[derive(Debug)]
pub struct Permit<N> {
    view: View,
    caller: Caller,
    need: PhantomData<N>,
}

impl<N> Permit<N> {
    /// The account that the verb acts for.
    pub fn account(&self) -> UserId {
        self.view.account()
    }

    /// What the verb may show.
    pub(crate) fn view(&self) -> View {
        self.view
    }

    /// Who acts, for the audit log.
    pub(crate) fn actor(&self) -> Actor {
        self.caller.actor
    }

    /// The credential's number; 0 for members and the server.
    pub(crate) fn token(&self) -> i64 {
        self.caller.token
    }

    /// All that the caller may do, for what acts in its name later.
    pub(crate) fn scopes(&self) -> Scopes {
        self.caller.scopes
    }
}

/// The refusal of a caller without a scope.
fn lacks(scope: Scope) -> Error {
    Error::Lacks(scope)
}

impl Caller {
    /// Whether the account's bot lives on a Bot API server, as the store said when the credential was looked up.
    pub(crate) fn is_at_upstream(&self) -> bool {
        self.at_upstream
    }

    /// The account that the credential belongs to.
    pub fn account(&self) -> UserId {
        self.account
    }

    /// A permit for `N`.
    ///
    /// # Errors
    /// [`Error::Lacks`], naming the scope that is missing.
    pub fn permit<N: Need>(&self) -> Result<Permit<N>, Error> {
        self.needs(&[N::SCOPE])?;
        Ok(Permit { view: View::of(self), caller: *self, need: PhantomData })
    }

    /// Whether it has a scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope)
    }

    /// Refuses a caller that has not all of these scopes.
    ///
    /// # Errors
    /// [`Error::Lacks`], naming the first that is missing.
    pub fn needs(&self, scopes: &[Scope]) -> Result<(), Error> {
        match scopes.iter().find(|scope| !self.may(**scope)) {
            Some(missing) => Err(lacks(*missing)),
            None => Ok(()),
        }
    }

    /// Who acts, for the audit log.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The credential's number within the account; 0 for a method call in a webhook's reply, and for members.
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Who it is among those who may do less than their account, for what is kept for each of them. An application
    /// stays the same when its token is refreshed, as long as it may do the same.
    pub fn distinct(&self) -> String {
        match self.actor {
            Actor::Application(app) => format!("a{app}.{}", self.scopes.bits()),
            Actor::Member(member) => format!("m{member}.{}", self.scopes.bits()),
            _ => self.token.to_string(),
        }
    }

    /// Whether it sees some of the account's contacts alone.
    pub fn is_narrowed(&self) -> bool {
        self.narrow.is_some()
    }

    /// Whether it may do and see all that its account may.
    pub fn is_whole(&self) -> bool {
        self.scopes == Scopes::all() && self.narrow.is_none()
    }

    /// A caller for a method call in a webhook's reply: it may do what whoever set the webhook might.
    pub(crate) fn of_webhook(account: UserId, scopes: Scopes) -> Caller {
        Caller { account, scopes, narrow: None, token: 0, actor: Actor::Server, at_upstream: false }
    }

    /// A caller for what the command line does.
    fn of_operator(account: UserId) -> Caller {
        Caller {
            account,
            scopes: Scopes::all(),
            narrow: None,
            token: 0,
            actor: Actor::Operator,
            at_upstream: false,
        }
    }

    /// A caller for what somebody does who is signed in.
    pub(crate) fn of_member(account: UserId, member: MemberId, role: Role) -> Caller {
        Caller {
            account,
            scopes: role.scopes(),
            narrow: None,
            token: 0,
            actor: Actor::Member(member),
            at_upstream: false,
        }
    }
}

impl Hub {
    /// A caller for what the operator does with an account: everything, since whoever has the command line has the data.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an account that isn't there.
    pub async fn as_operator(&self, account: UserId) -> Result<Caller, Error> {
        self.store.read(move |tx| accounts::existing(tx, account)).await?;
        Ok(Caller::of_operator(account))
    }

    /// Whom a token belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for an unknown, expired or revoked token; [`Error::Unavailable`] when the
    /// store can't say, since a passing 401 ends many clients for good.
    pub async fn authenticate(&self, token: &PlainToken) -> Result<Caller, Error> {
        match token.kind() {
            TokenKind::Account => {}
            // What was never made here needs no look at the store, and a refresh token opens nothing.
            TokenKind::Key | TokenKind::Access if token.is_ours() => {}
            _ => return Err(Error::Unauthorized),
        }
        let kind = token.kind();
        let (account, digest, now) = (token.account(), token.digest(), self.clock.now());
        let asked = self.known.before_asking(token);
        let found = self.store.read(move |tx| {
            let Some(token) = tokens::find(tx, account, &digest, now)? else { return Ok(None) };
            // An application's token may do no more than who stands behind it.
            let scopes = match token.given_to {
                None => Some(token.scopes),
                Some(given_to) => oauth::of_token(tx, account, given_to, token.scopes)?,
            };
            let Some(scopes) = scopes else { return Ok(None) };
            Ok::<_, Error>(Some((token, scopes, upstreams::get(tx, account)?.is_some())))
        });
        let (token, scopes, at_upstream) = found.await?.ok_or(Error::Unauthorized)?;
        let actor = match (kind, token.given_to) {
            (_, Some(given_to)) => Actor::Application(given_to.app.0),
            (TokenKind::Account, None) => Actor::Token(token.id),
            (_, None) => Actor::Key(token.id),
        };
        let caller = Caller { account, scopes, narrow: token.view, token: token.id, actor, at_upstream };
        self.known.put(asked, (caller, token.expires_at));
        self.note_use(&caller, (token.last_used_at, now));
        Ok(caller)
    }

    /// Whom a token belongs to, if that was asked a moment ago; else [`authenticate`](Hub::authenticate)
    /// says it.
    pub fn known(&self, token: &PlainToken) -> Option<Caller> {
        self.known.get(token, self.clock.now())
    }

    /// A change that may make tokens open nothing any more: whatever is remembered of them is forgotten once
    /// it is on disk, before the caller hears of it.
    pub(crate) async fn change_tokens<T: Send + 'static>(
        &self,
        account: UserId,
        f: impl Fn(&mut dyn Tx, &mut Rings) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let known = Arc::clone(&self.known);
        let change = self.change(account, move |tx, rings| {
            // A webhook ends with the credential that set it: its dispatcher looks.
            rings.push(account);
            Ok((f(tx, rings)?, known.forget_after()))
        });
        let (value, _forgetting) = change.await?;
        Ok(value)
    }
}
