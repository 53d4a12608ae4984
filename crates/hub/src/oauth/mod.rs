//! OAuth 2.0: applications, what members allow them, and the tokens that come of it. The rules are in the crate
//! `oauth`; here they meet the store, each decision in the transaction in which its records were read. The token
//! endpoint and its neighbours are called by `http`, the rest by the portal and the command line.

mod apps;
mod authorize;
mod exchange;
mod failures;
mod grants;
mod inspect;
mod noted;
mod standing;

pub use apps::{AppChange, AppView, NewApp, NewAppView};
pub use authorize::{Asked, AuthorizationRequest, Choice, Step, Visitor};
pub use exchange::Issued;
pub use grants::GrantView;
pub(crate) use standing::of_token;

use crate::{Error, Hub};
use contactgram_oauth::credentials::Credentials;
use contactgram_oauth::grant::Lifetimes;
use contactgram_oauth::{Client, ClientKind, Issuer};
pub use contactgram_store::ops::oauth::apps::App as RegisteredApp;
use contactgram_store::ops::oauth::apps::{self as rows, App};
use failures::Failures;

/// What the authorization server is told at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name: the address under which clients reach it.
    pub issuer: Issuer,
    /// How long what it gives lives.
    pub lifetimes: Lifetimes,
}

impl Default for Settings {
    fn default() -> Settings {
        let issuer = Issuer::parse("http://127.0.0.1:8081").expect("an address without query and fragment");
        Settings { issuer, lifetimes: Lifetimes::default() }
    }
}

/// The authorization server's part of the hub.
#[derive(Debug, Default)]
pub(crate) struct OAuth {
    settings: Settings,
    failures: Failures,
}

/// Why the token endpoint or one of its neighbours did not do what was asked.
#[derive(Debug)]
pub enum Refusal {
    /// By the rules of OAuth.
    Rules(contactgram_oauth::Error),
    /// The client failed to prove itself too often; wait so many seconds.
    TooMany(i64),
    /// Not by any fault of the client's.
    Failed(Error),
}

impl From<contactgram_oauth::Error> for Refusal {
    fn from(error: contactgram_oauth::Error) -> Refusal {
        Refusal::Rules(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Failed(error)
    }
}

impl Hub {
    /// The same hub under this name.
    #[must_use]
    pub fn with_oauth(mut self, settings: Settings) -> Hub {
        self.oauth.settings = settings;
        self
    }

    /// What the server is called in metadata and answers.
    pub fn issuer(&self) -> &Issuer {
        &self.oauth.settings.issuer
    }

    /// The application that a request is from, which has proven itself.
    ///
    /// # Errors
    /// `invalid_client`, whatever the reason; too many of these are told to wait. Whoever has the right secret is
    /// let in all the same: nobody shuts a client out by naming it.
    pub async fn client(&self, credentials: &Credentials) -> Result<App, Refusal> {
        let Some(id) = credentials.client_id().cloned() else {
            return Err(contactgram_oauth::Error::client().into());
        };
        let wanted = id.clone();
        let app = self.store.read(move |tx| Ok::<_, Error>(rows::by_client(tx, &wanted)?)).await?;
        let app = app.filter(|app| !app.disabled);
        let client = app.as_ref().map(client);
        let proven = credentials.prove(client.as_ref()).map(drop);
        match (proven, app) {
            (Ok(()), Some(app)) => Ok(app),
            (Ok(()), None) => Err(contactgram_oauth::Error::client().into()),
            (Err(error), _) => match self.oauth.failures.one_more(&id) {
                None => Err(error.into()),
                Some(wait_s) => Err(Refusal::TooMany(wait_s)),
            },
        }
    }
}

/// An application as the rules see it.
pub fn client(app: &App) -> Client {
    let (kind, own_scopes) = match app.secret {
        Some(secret) => (ClientKind::Confidential { secret }, app.scopes),
        None => (ClientKind::Public, contactgram_model::scope::Scopes::default()),
    };
    Client {
        id: app.client.clone(),
        kind,
        redirects: app.redirects.clone(),
        scopes: app.scopes,
        default_scopes: app.scopes,
        own_scopes,
    }
}
