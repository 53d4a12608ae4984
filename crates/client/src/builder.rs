//! Setting a client up: where the server is, who is calling, and how patient to be. `Client::builder` begins it.
//! It reads no environment and no files, and sends nothing.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contactgram_resilience::breaker::BreakerOptions;
use contactgram_resilience::budget::{Budget, BudgetOptions};

use crate::circuit::Circuit;
use crate::client::Client;
use crate::credential::{Authority, Secret};
use crate::error::{Error, Result};
use crate::oauth::{App, Grant, OnNew, Scope, TokenSource, Tokens};
use crate::policy::Policy;
use crate::send::{Sender, Transport, transport};

/// Sets a [`Client`] up.
///
/// ```
/// use std::time::Duration;
/// use contactgram_client::{Client, Policy};
///
/// let client = Client::builder("https://contacts.example.org")
///     .token("123456:AAE…")
///     .policy(Policy::default().tries(3).deadline(Duration::from_secs(20)))
///     .build()
///     .expect("an address and a token");
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    url: String,
    who: Option<Who>,
    pub(crate) policy: Policy,
    breaker: BreakerOptions,
    budget: BudgetOptions,
    connect_timeout: Duration,
    http: Option<reqwest::Client>,
    on_new_tokens: Option<OnNew>,
}

#[derive(Clone)]
enum Who {
    Bearer(Secret),
    Basic(String, Secret),
    App(App, Grant),
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> ClientBuilder {
        ClientBuilder {
            url,
            who: None,
            policy: Policy::default(),
            breaker: BreakerOptions::default(),
            budget: BudgetOptions::default(),
            connect_timeout: Duration::from_secs(5),
            http: None,
            on_new_tokens: None,
        }
    }

    /// With an account's token (`123456:AAE…`), as a bot has it. It travels in a header, not in the path, since paths end
    /// up in logs.
    pub fn token(self, token: impl Into<String>) -> ClientBuilder {
        self.bearer(token)
    }

    /// With an API key (`cgk_…`) or an access token (`cga_…`) that somebody else renews.
    pub fn bearer(mut self, credential: impl Into<String>) -> ClientBuilder {
        self.who = Some(Who::Bearer(Secret::new(credential)));
        self
    }

    /// With Basic, for development: the two halves of an account's token, which is `user:password`. The operator may have
    /// switched it off.
    pub fn basic(mut self, user: impl Into<String>, password: impl Into<String>) -> ClientBuilder {
        self.who = Some(Who::Basic(user.into(), Secret::new(password)));
        self
    }

    /// As an application for itself (OAuth2 client credentials). Access tokens are got and renewed as they are needed, once
    /// for all calls that wait. No scopes ask for all that the application may have.
    pub fn client_credentials(mut self, app: App, scopes: &[Scope]) -> ClientBuilder {
        self.who = Some(Who::App(app, Grant::Own(scopes.to_vec())));
        self
    }

    /// As an application for a person, with tokens of [`OAuth::exchange`](crate::oauth::OAuth::exchange). They are renewed
    /// as needed: see [`ClientBuilder::on_new_tokens`].
    pub fn tokens(mut self, app: App, tokens: Tokens) -> ClientBuilder {
        self.who = Some(Who::App(app, Grant::Person(tokens)));
        self
    }

    /// Is called with all tokens that OAuth2 gives anew, to keep them: a refresh token is good once. It must not block.
    pub fn on_new_tokens(mut self, keep: impl Fn(&Tokens) + Send + Sync + 'static) -> ClientBuilder {
        self.on_new_tokens = Some(Arc::new(keep));
        self
    }

    /// How calls are tried, and tried again.
    pub fn policy(mut self, policy: Policy) -> ClientBuilder {
        self.policy = policy;
        self
    }

    /// When the circuit breaker opens, and for how long. By default after 5 failures in a row, or half of at least 20 tries
    /// within 10 s; for 5 s at first, 120 s at most.
    pub fn breaker(mut self, options: BreakerOptions) -> ClientBuilder {
        self.breaker = options;
        self
    }

    /// How many tries beyond the first the server may see of all calls together. By default 20 for each 100 calls and 10 a
    /// second besides. When there are none left, a failure is returned as it is.
    pub fn retry_budget(mut self, options: BudgetOptions) -> ClientBuilder {
        self.budget = options;
        self
    }

    /// How long a connection may take to be made. 5 s by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> ClientBuilder {
        self.connect_timeout = timeout;
        self
    }

    /// With connections of your own making: a proxy, further certificate authorities, HTTP/2. It should follow no redirects.
    pub fn http_client(mut self, http: reqwest::Client) -> ClientBuilder {
        self.http = Some(http);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Error::Setup`] when the address is none, there is no credential, or it holds what no header can.
    pub fn build(self) -> Result<Client> {
        let sender = self.sender()?;
        let authority = match &self.who {
            None => return Err(Error::Setup("there is no credential".to_owned())),
            Some(Who::Bearer(token)) => Authority::bearer(token.expose())?,
            Some(Who::Basic(user, password)) => Authority::basic(user, password.expose())?,
            Some(Who::App(app, grant)) => return Ok(self.grant(&sender, (app.clone(), grant.clone()))),
        };
        Ok(Client::of(sender, authority, self.policy))
    }

    pub(crate) fn sender(&self) -> Result<Arc<Sender>> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => transport::http(self.connect_timeout)?,
        };
        let now = tokio::time::Instant::now().into_std();
        Ok(Arc::new(Sender {
            transport: Transport::new(http, &self.url)?,
            circuit: Arc::new(Circuit::new(self.breaker)),
            budget: Mutex::new(Budget::with(self.budget, now)),
        }))
    }

    pub(crate) fn grant(&self, sender: &Arc<Sender>, (app, grant): (App, Grant)) -> Client {
        let source = TokenSource::new(app, grant, (self.policy, self.on_new_tokens.clone()));
        Client::of(Arc::clone(sender), Authority::OAuth(Arc::new(source)), self.policy)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("url", &self.url)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
