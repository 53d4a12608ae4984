//! The way of a person's consent: an address to send them to, and what to do with what they come back with
//! (RFC 6749, 4.1, with PKCE by RFC 7636 and the issuer's name by RFC 9207). Used by applications with pages of their own.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::source::Grant;
use super::tokens::{Answered, Tokens};
use super::{App, Scope, names};
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::credential::Authority;
use crate::error::{Error, Result};
use crate::policy::Policy;
use crate::send::Sender;
use crate::send::request::{Repeat, Request};

/// An application in front of one server.
///
/// ```no_run
/// use contactgram_client::Client;
/// use contactgram_client::oauth::{App, OAuth, Scope};
///
/// # async fn example(query_that_came_back: &str) -> contactgram_client::Result<()> {
/// let app = App::confidential("cgc_…", "cgs_…");
/// let oauth = OAuth::new(Client::builder("https://contacts.example.org"), app)?;
///
/// // Send the person to `login.url()`, and keep `login` in their session until they are back.
/// let login = oauth.login("https://desk.example/callback", &[Scope::ContactsRead]).await?;
///
/// // They came to https://desk.example/callback?code=…&state=…&iss=…
/// let tokens = oauth.exchange(&login, query_that_came_back).await?;
/// let client = oauth.client(tokens);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct OAuth {
    app: App,
    sender: Arc<Sender>,
    policy: Policy,
    builder: ClientBuilder,
}

/// A person who is on their way: keep it in their session, and nowhere else. It holds the secret that their code is good
/// with, which `{:?}` does not show.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    url: String,
    state: String,
    verifier: String,
    redirect_uri: String,
    issuer: String,
}

/// What the server says of itself (RFC 8414), as far as it is needed here.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
}

impl OAuth {
    /// `builder` says where the server is, and how patient to be; a credential in it is not used.
    ///
    /// # Errors
    /// [`Error::Setup`] when no client can be made of it.
    pub fn new(builder: ClientBuilder, app: App) -> Result<OAuth> {
        Ok(OAuth { app, sender: builder.sender()?, policy: builder.policy, builder })
    }

    /// Begins: where to send a person who is to allow these scopes. `redirect_uri` is one that the application was
    /// registered with.
    ///
    /// # Errors
    /// Those of any call: the server is asked where its page is.
    pub async fn login(&self, redirect_uri: &str, scopes: &[Scope]) -> Result<Login> {
        let path = self.sender.transport.beside(".well-known/oauth-authorization-server");
        let request = Request::get(".well-known/oauth-authorization-server", path);
        let metadata: Metadata =
            self.sender.send(&self.policy, &Authority::Nobody, &request).await?.bare()?;
        let (state, verifier) = (random()?, random()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut url = Url::parse(&metadata.authorization_endpoint).map_err(Error::decode)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.app.id())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &names(scopes))
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let (url, redirect_uri, issuer) = (url.into(), redirect_uri.to_owned(), metadata.issuer);
        Ok(Login { url, state, verifier, redirect_uri, issuer })
    }

    /// Ends: the code that the person came back with becomes tokens. `callback` is the address they came to, or its query.
    ///
    /// A code is good once, so a lost answer is not asked for again: the person begins anew.
    ///
    /// # Errors
    /// [`Error::OAuth`] when the person or the server refused (`access_denied`, `invalid_grant` …), or when what came is
    /// not the answer to this login.
    pub async fn exchange(&self, login: &Login, callback: &str) -> Result<Tokens> {
        let code = login.code(callback)?;
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", login.redirect_uri.as_str()),
            ("code_verifier", login.verifier.as_str()),
        ];
        let route = ("oauth/token", Repeat::Harmful);
        let answered: Answered = self.app.post((&self.sender, &self.policy), route, &pairs).await?.bare()?;
        Ok(Tokens::of(answered, None))
    }

    /// A client that acts for the person, with tokens of now or of an earlier run. It shares this one's connections.
    pub fn client(&self, tokens: Tokens) -> Client {
        self.builder.grant(&self.sender, (self.app.clone(), Grant::Person(tokens)))
    }

    /// A client that acts as the application itself (client credentials). It shares this one's connections.
    pub fn own_client(&self, scopes: &[Scope]) -> Client {
        self.builder.grant(&self.sender, (self.app.clone(), Grant::Own(scopes.to_vec())))
    }

    /// Ends a grant: these tokens and all that came of the same consent open nothing any more (RFC 7009).
    ///
    /// # Errors
    /// Those of any call.
    pub async fn revoke(&self, tokens: &Tokens) -> Result<()> {
        let token = tokens.refresh_token.as_ref().unwrap_or(&tokens.access_token);
        let route = ("oauth/revoke", Repeat::Harmless);
        self.app.post((&self.sender, &self.policy), route, &[("token", token)]).await.map(drop)
    }
}

impl Login {
    /// Where to send the person.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What comes back as `state`: by it an application finds the session when several are under way.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The code of an answer, if it is the answer to this login.
    fn code(&self, callback: &str) -> Result<String> {
        let query = callback.split_once('?').map_or(callback, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let (mut code, mut state, mut issuer, mut refused, mut why) = (None, None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "code" => &mut code,
                "state" => &mut state,
                "iss" => &mut issuer,
                "error" => &mut refused,
                "error_description" => &mut why,
                _ => continue,
            };
            *slot = Some(value.into_owned());
        }
        let refuse = |code: &str, description: &str| {
            Err(Error::OAuth { code: code.to_owned(), description: description.to_owned(), status: None })
        };
        if state.as_deref() != Some(self.state.as_str()) {
            return refuse("invalid_state", "the answer is not to this login: begin anew");
        }
        if issuer.as_deref() != Some(self.issuer.as_str()) {
            return refuse("invalid_issuer", "the answer comes from another server");
        }
        if let Some(code) = refused {
            return refuse(&code, &why.unwrap_or_default());
        }
        code.map_or_else(|| refuse("invalid_request", "the answer holds no code"), Ok)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// 256 random bits as 43 characters that need no encoding.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|why| Error::Setup(format!("the system has no randomness: {why}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            url: String::new(),
            state: "s1".to_owned(),
            verifier: "hidden".to_owned(),
            redirect_uri: "https://desk.example/cb".to_owned(),
            issuer: "https://x.example".to_owned(),
        }
    }

    fn refusal(callback: &str) -> String {
        match login().code(callback) {
            Err(Error::OAuth { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_is_taken_from_the_answer_to_this_login_alone() {
        let good = "https://desk.example/cb?code=c%2B1&state=s1&iss=https%3A%2F%2Fx.example";
        assert_eq!(login().code(good).unwrap(), "c+1");
        assert_eq!(login().code("code=c&state=s1&iss=https://x.example").unwrap(), "c");
        assert_eq!(refusal("code=c&iss=https://x.example"), "invalid_state");
        assert_eq!(refusal("code=c&state=s2&iss=https://x.example"), "invalid_state");
        assert_eq!(refusal("code=c&state=s1&iss=https://evil.example"), "invalid_issuer");
        assert_eq!(refusal("code=c&state=s1"), "invalid_issuer");
        assert_eq!(refusal("error=access_denied&state=s1&iss=https://x.example"), "access_denied");
        assert_eq!(refusal("state=s1&iss=https://x.example"), "invalid_request");
    }

    #[test]
    fn a_verifier_is_long_enough_random_and_never_shown() {
        assert_eq!(random().unwrap().len(), 43);
        assert_ne!(random().unwrap(), random().unwrap());
        assert!(!format!("{:?}", login()).contains("hidden"));
    }
}
