//! OAuth2 as a client sees it: an application, the way of a person's consent (authorization code with PKCE), and tokens
//! that renew themselves. The endpoints and what they promise are described in the server's `docs/access.md`.
//! It shows nobody a page: sending a person there and receiving them back is the application's.

mod login;
mod source;
mod tokens;

use reqwest::Method;

pub(crate) use source::{Grant, OnNew, TokenSource};

pub use login::{Login, OAuth};
pub use tokens::Tokens;

use crate::credential::{Authority, Secret};
use crate::error::Result;
use crate::policy::Policy;
use crate::send::Sender;
use crate::send::request::{Repeat, Request};
use std::sync::Arc;

pub use contactgram_model::scope::Scope;

/// An application, as `contactgram app add` registered it.
///
/// ```
/// use contactgram_client::oauth::App;
///
/// let desk = App::confidential("cgc_1", "cgs_secret");
/// assert!(!format!("{desk:?}").contains("cgs_secret"));
/// ```
#[derive(Debug, Clone)]
pub struct App {
    id: String,
    secret: Option<Secret>,
}

impl App {
    /// One that can keep a secret: a server's.
    pub fn confidential(client_id: impl Into<String>, client_secret: impl Into<String>) -> App {
        App { id: client_id.into(), secret: Some(Secret::new(client_secret)) }
    }

    /// One that can't: in a browser, on a phone or a desk. It acts for people alone.
    pub fn public(client_id: impl Into<String>) -> App {
        App { id: client_id.into(), secret: None }
    }

    /// Its `client_id`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Posts to the token endpoint, or one beside it.
    async fn post(
        &self,
        (sender, policy): (&Arc<Sender>, &Policy),
        (route, repeat): (&'static str, Repeat),
        pairs: &[(&str, &str)],
    ) -> Result<crate::send::answer::Answer> {
        let mut all = vec![("client_id", self.id.as_str())];
        all.extend(self.secret.as_ref().map(|secret| ("client_secret", secret.expose())));
        all.extend(pairs);
        let request = Request::new(Method::POST, route, sender.transport.beside(route)).form(&all);
        sender.send(policy, &Authority::Nobody, &request.repeats(repeat)).await
    }
}

/// Scopes as a request names them.
fn names(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
}
