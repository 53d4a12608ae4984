//! Who may do what. A credential is read once, at the door, into a [`Caller`]; a verb of the hub wants a
//! [`Permit`] for its scope, and only this file can make one. So a route that forgets to check does not
//! compile. Which tokens are good is remembered for a moment in `known`.

mod known;

pub use known::KNOWN_FOR;
pub(crate) use known::KnownTokens;

use crate::{Error, Hub, Rings};
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::{PlainToken, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::tokens;
use std::marker::PhantomData;
use std::sync::Arc;

/// Whoever a valid credential belongs to.
#[derive(Debug, Clone)]
pub struct Caller {
    account: UserId,
    scopes: Scopes,
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
needs!(ContactsRead, ContactsWrite, MessagesRead, MessagesSend, UpdatesRead, AccountManage);

/// Proof that a caller may do something with its account.
#[derive(Debug)]
pub struct Permit<N> {
    account: UserId,
    need: PhantomData<N>,
}

impl<N> Permit<N> {
    /// The account that the verb acts for.
    pub fn account(&self) -> UserId {
        self.account
    }
}

impl Caller {
    /// The account that the credential belongs to.
    pub fn account(&self) -> UserId {
        self.account
    }

    /// A permit for `N`.
    ///
    /// # Errors
    /// [`Error::Forbidden`], naming the scope that is missing.
    pub fn permit<N: Need>(&self) -> Result<Permit<N>, Error> {
        if !self.scopes.has(N::SCOPE) {
            let text = format!("the credential lacks the scope {}", N::SCOPE.name());
            return Err(Error::Forbidden(text.into()));
        }
        Ok(Permit { account: self.account, need: PhantomData })
    }

    /// A caller for what the server does on an account's behalf, such as a method call in a webhook's reply.
    pub(crate) fn of_account(account: UserId) -> Caller {
        Caller { account, scopes: Scopes::all() }
    }
}

impl Hub {
    /// Whom a token belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for an unknown, expired or revoked token; [`Error::Unavailable`] when the
    /// store can't say, since a passing 401 ends many clients for good.
    pub async fn authenticate(&self, token: &PlainToken) -> Result<Caller, Error> {
        let (account, digest, now) = (token.account(), token.digest(), self.clock.now());
        let asked = self.known.before_asking(token);
        let found =
            self.store.read(move |tx| Ok::<_, Error>(tokens::find(tx, account, &digest, now)?)).await?;
        let token = found.ok_or(Error::Unauthorized)?;
        self.known.put(asked, (account, token.expires_at));
        Ok(Caller::of_account(account))
    }

    /// Whom a token belongs to, if that was asked a moment ago; else [`authenticate`](Hub::authenticate)
    /// says it.
    pub fn known(&self, token: &PlainToken) -> Option<Caller> {
        self.known.get(token, self.clock.now()).map(Caller::of_account)
    }

    /// A change that may make tokens open nothing any more: whatever is remembered of them is forgotten once
    /// it is on disk, before the caller hears of it.
    pub(crate) async fn change_tokens<T: Send + 'static>(
        &self,
        account: UserId,
        f: impl Fn(&mut dyn Tx, &mut Rings) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let known = Arc::clone(&self.known);
        let change = self.change(account, move |tx, rings| Ok((f(tx, rings)?, known.forget_after())));
        let (value, _forgetting) = change.await?;
        Ok(value)
    }
}
