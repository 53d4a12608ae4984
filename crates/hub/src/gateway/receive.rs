//! Updates that an upstream posts: it is told to, with a secret that it has to send along, and looked after that nobody
//! told it otherwise. An update is kept before it is answered; what is refused, the upstream posts again.

use super::poll::BETWEEN;
use super::take::{self, Batch, Way};
use super::{Gateway, kinds};
use crate::seal::Seal;
use crate::{Error, Hub, random};
use contactgram_connector::bot::{CallError, SetWebhook, Upstream};
use contactgram_model::{UserId, hex};
use contactgram_resilience::entropy;
use contactgram_store::ops::upstreams;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether the upstream still posts here.
const LOOK: Duration = Duration::from_secs(600);
/// So many at once. They are written down together.
const CONNECTIONS: u32 = 40;
const SECRET_BYTES: usize = 32;

/// Where an upstream posts an account's updates, and how it is known.
pub(super) struct Hook {
    url: String,
    secret: String,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({})", self.url)
    }
}

/// What a secret is sealed for.
fn owner(account: UserId) -> String {
    format!("upstream webhook {account}")
}

impl Hook {
    /// With a new secret.
    pub fn make(public_url: &str, account: UserId) -> Result<Hook, Error> {
        let mut secret = [0; SECRET_BYTES];
        random::fill(&mut secret)?;
        Ok(Hook { url: url(public_url, account), secret: hex::encode(&secret) })
    }

    /// Its secret for the store.
    pub fn sealed(&self, seal: &Seal, account: UserId) -> Result<Vec<u8>, Error> {
        seal.close(&owner(account), self.secret.as_bytes())
    }

    /// With the secret that the store has; `None` where that was sealed with another key.
    pub fn open(seal: &Seal, (public_url, account): (&str, UserId), sealed: &[u8]) -> Option<Hook> {
        let secret = String::from_utf8(seal.open(&owner(account), sealed)?).ok()?;
        Some(Hook { url: url(public_url, account), secret })
    }

    /// Tells the upstream to post.
    pub async fn set(&self, upstream: &Upstream, further: &str) -> Result<(), CallError> {
        let asked = SetWebhook {
            url: self.url.clone(),
            secret_token: Some(self.secret.clone()),
            max_connections: Some(CONNECTIONS),
            allowed_updates: Some(kinds::names(further)),
        };
        upstream.set_webhook(&asked).await.map(drop)
    }

    /// Whether the upstream posts there.
    async fn is_set(&self, upstream: &Upstream) -> Result<bool, CallError> {
        #[derive(Deserialize)]
        struct Info {
            url: String,
        }
        let info = upstream.get_webhook_info().await?;
        Ok(serde_json::from_str(info.get()).is_ok_and(|Info { url }| url == self.url))
    }

    /// In a time that tells nothing of the secret.
    fn is_known_by(&self, secret: &str) -> bool {
        Sha256::digest(&self.secret) == Sha256::digest(secret)
    }
}

fn url(public_url: &str, account: UserId) -> String {
    format!("{}/upstream/{account}", public_url.trim_end_matches('/'))
}

/// Has the upstream post until the gateway ends, or its token is good no more.
pub(super) async fn run(hub: Arc<Hub>, gateway: Arc<Gateway>) {
    let ended = gateway.ended.clone();
    tokio::select! {
        () = ended.cancelled() => {}
        () = look_after(&hub, &gateway) => {}
    }
}

async fn look_after(hub: &Hub, gateway: &Gateway) {
    let Some(hook) = &gateway.hook else { return };
    let account = gateway.account;
    let (mut failures, mut is_asked) = (0, true);
    loop {
        let tried = match hub.store.read(move |tx| Ok::<_, Error>(upstreams::get(tx, account)?)).await {
            Ok(Some(row)) => tell(gateway, hook, (&row.further_kinds, is_asked)).await,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(
                    account.id = account.0,
                    ?error,
                    "the upstream's webhook is looked after later"
                );
                tokio::time::sleep(take::STORE_PAUSE).await;
                continue;
            }
        };
        let pause = match tried {
            Ok(()) => {
                failures = 0;
                gateway.health.well(hub.clock.now());
                LOOK
            }
            Err(CallError::Stop(_)) => return gateway.stop(hub).await,
            Err(error) => {
                failures += 1;
                gateway.health.failed(hub.clock.now(), &error);
                let pause = match error {
                    CallError::Open { retry_after } | CallError::Wait { retry_after } => retry_after,
                    _ => BETWEEN.delay(failures, None, entropy()),
                };
                tracing::warn!(
                    account.id = account.0,
                    error = error.in_short(),
                    wait_ms = pause.as_millis() as u64,
                    "the upstream can't be told to post updates"
                );
                pause
            }
        };
        is_asked = failures > 0 && is_asked;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Somebody asks for more kinds.
            () = gateway.anew.notified() => is_asked = true,
        }
    }
}

/// Tells the upstream to post, where it is asked to or somebody told it otherwise.
async fn tell(gateway: &Gateway, hook: &Hook, (further, is_asked): (&str, bool)) -> Result<(), CallError> {
    if !is_asked && hook.is_set(&gateway.upstream).await? {
        return Ok(());
    }
    hook.set(&gateway.upstream, further).await
}

impl Hub {
    /// The gateway whose upstream sends this secret.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where there is none.
    pub fn posted_by(&self, account: UserId, secret: &str) -> Result<Arc<Gateway>, Error> {
        let gateway = self.gateways.get(account).flatten();
        let known =
            |gateway: &Arc<Gateway>| gateway.hook.as_ref().is_some_and(|hook| hook.is_known_by(secret));
        gateway.filter(known).ok_or(Error::Unauthorized)
    }

    /// Keeps an update that a gateway's upstream posted.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it can't be kept now.
    pub async fn receive(&self, gateway: &Gateway, update: String) -> Result<(), Error> {
        let Ok(update) = RawValue::from_string(update) else {
            tracing::warn!(account.id = gateway.account.0, "a posted update that is no JSON is passed over");
            return Ok(());
        };
        let batch: Batch = Arc::new([update]);
        self.counts.posted.one();
        take::at_once(self, gateway, (&batch, Way::Posted)).await
    }
}
