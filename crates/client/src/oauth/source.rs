//! Where access tokens come from while a client runs: it holds the current one and renews it in time, once for all calls
//! that need it at the same moment. Asked by `credential` for each try. It gives up for good when the grant has ended.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::tokens::{Answered, Tokens};
use super::{App, Scope, names};
use crate::credential::{Granted, sensitive};
use crate::error::{Error, Result};
use crate::policy::Policy;
use crate::send::Sender;
use crate::send::request::Repeat;

/// A token that ends sooner than this is renewed first, so that it doesn't end on its way.
const LEEWAY_S: i64 = 30;

/// By what the application gets its tokens.
#[derive(Debug, Clone)]
pub(crate) enum Grant {
    /// As itself.
    Own(Vec<Scope>),
    /// For a person, who consented once.
    Person(Tokens),
}

/// Called with tokens that are to be kept.
pub(crate) type OnNew = Arc<dyn Fn(&Tokens) + Send + Sync>;

pub(crate) struct TokenSource {
    app: App,
    /// What an application asks for as itself.
    scopes: Vec<Scope>,
    /// Whether there is a way to further tokens.
    can_renew: bool,
    policy: Policy,
    on_new: Option<OnNew>,
    held: Arc<Mutex<Held>>,
    /// Tokens of an earlier generation were refused.
    least: AtomicU64,
    /// How often tokens were asked for.
    asked: AtomicU64,
}

struct Held {
    tokens: Option<Tokens>,
    /// Counts the tokens that came one after the other.
    generation: u64,
    leeway_s: i64,
    /// Of the last time that tokens were asked for, and whether it is for good.
    failure: Option<(Error, bool)>,
}

impl TokenSource {
    pub fn new(app: App, grant: Grant, (policy, on_new): (Policy, Option<OnNew>)) -> TokenSource {
        let (scopes, tokens) = match grant {
            Grant::Own(scopes) => (scopes, None),
            Grant::Person(tokens) => (Vec::new(), Some(tokens)),
        };
        // Who acts for a person needs what that person's consent brought.
        let can_renew = tokens.as_ref().is_none_or(|tokens| tokens.refresh_token.is_some());
        let held = Held { tokens, generation: 0, leeway_s: LEEWAY_S, failure: None };
        let held = Arc::new(Mutex::new(held));
        let (least, asked) = (AtomicU64::new(0), AtomicU64::new(0));
        TokenSource { app, scopes, can_renew, policy, on_new, held, least, asked }
    }

    /// The current access token, or a new one.
    pub async fn granted(self: &Arc<Self>, sender: &Arc<Sender>) -> Result<Granted> {
        let asked = self.asked.load(Ordering::Acquire);
        let held = Arc::clone(&self.held).lock_owned().await;
        if let Some(granted) = self.current(&held) {
            return granted;
        }
        // Whoever waited while somebody else was told no is told the same.
        let is_later = self.asked.load(Ordering::Acquire) != asked;
        if let Some((why, is_final)) = &held.failure
            && (*is_final || is_later)
        {
            return Err(why.clone());
        }
        // In a task of its own: an answer with a new refresh token must not get lost because its caller lost patience.
        let renewing = tokio::spawn(Arc::clone(self).obtain(Arc::clone(sender), held));
        renewing.await.unwrap_or_else(|why| Err(Error::Setup(format!("no token could be asked for: {why}"))))
    }

    /// Told that the tokens of a generation were refused: whether there is a way to others.
    pub fn renew(&self, refused: u64) -> bool {
        self.least.fetch_max(refused + 1, Ordering::AcqRel);
        self.can_renew
    }

    /// The token that is held, if it is still good, or can't be renewed.
    fn current(&self, held: &Held) -> Option<Result<Granted>> {
        let tokens = held.tokens.as_ref()?;
        let is_good = !self.is_refused(held) && tokens.left() > held.leeway_s;
        (is_good || !self.can_renew).then(|| granted(tokens, held.generation))
    }

    fn is_refused(&self, held: &Held) -> bool {
        held.generation < self.least.load(Ordering::Acquire)
    }

    /// Boxed, since asking for tokens is a call like those that need them.
    fn obtain(
        self: Arc<Self>,
        sender: Arc<Sender>,
        mut held: OwnedMutexGuard<Held>,
    ) -> BoxFuture<'static, Result<Granted>> {
        Box::pin(async move {
            let obtained = self.ask(&sender, held.tokens.as_ref()).await;
            self.asked.fetch_add(1, Ordering::AcqRel);
            match obtained {
                Ok(tokens) => {
                    held.generation += 1;
                    held.leeway_s = LEEWAY_S.min(tokens.left() / 5);
                    held.failure = None;
                    tracing::debug!(generation = held.generation, "new access token");
                    let given = granted(&tokens, held.generation);
                    // Held before anybody else is told, who might panic.
                    let held = &*held.tokens.insert(tokens);
                    if let Some(on_new) = &self.on_new {
                        on_new(held);
                    }
                    given
                }
                Err(why) => {
                    let is_final = matches!(&why, Error::OAuth { code, .. } if code == "invalid_grant");
                    held.failure = Some((why.clone(), is_final));
                    // It was renewed before its time: what is left of that serves.
                    let left =
                        held.tokens.as_ref().filter(|tokens| !self.is_refused(&held) && tokens.left() > 0);
                    left.map_or(Err(why), |tokens| granted(tokens, held.generation))
                }
            }
        })
    }

    async fn ask(&self, sender: &Arc<Sender>, held: Option<&Tokens>) -> Result<Tokens> {
        let refresh = held.and_then(|tokens| tokens.refresh_token.clone());
        let scopes = names(&self.scopes);
        let pairs: &[(&str, &str)] = match &refresh {
            Some(refresh) => &[("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())],
            None if scopes.is_empty() => &[("grant_type", "client_credentials")],
            None => &[("grant_type", "client_credentials"), ("scope", scopes.as_str())],
        };
        // The server takes a refresh token again whose answer was lost; an application's own grant makes one token more.
        let route = ("oauth/token", Repeat::Harmless);
        let answered: Answered = self.app.post((sender, &self.policy), route, pairs).await?.bare()?;
        Ok(Tokens::of(answered, refresh))
    }
}

fn granted(tokens: &Tokens, generation: u64) -> Result<Granted> {
    let header = sensitive(format!("Bearer {}", tokens.access_token))?;
    Ok(Granted { header, generation })
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("app", &self.app)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
