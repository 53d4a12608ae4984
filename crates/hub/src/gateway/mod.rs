//! Accounts whose bot lives on a Bot API server: which of them run in this process, and the doors to their upstreams.
//! `connect` makes one, `turn` keeps its pace, `poll` takes its updates, `health` says how that goes, `keep` records them,
//! `sent` records what goes out through us, `copies` that of which the upstream tells a number alone, `send` writes in the
//! bot's name. HTTP passes requests through [`Gateway::upstream`].

mod connect;
mod copies;
mod health;
mod keep;
mod kinds;
mod poll;
mod receive;
mod send;
mod sent;
mod take;
mod turn;

pub use connect::NewBot;
pub use health::{BotView, Polling};
pub(crate) use keep::{Kept, is_kept, message as keep_message};
pub(crate) use send::OwnCall;
pub use sent::{About, Note};
pub use turn::{Pacing, Passing, sends};

use crate::seal::Seal;
use crate::{Caller, Error, Hub, random};
use contactgram_connector::bot::{BaseUrl, Gate, Uplinks, Upstream, UpstreamToken};
use contactgram_model::{Timestamp, UserId};
use contactgram_store::ops::freezes;
use contactgram_store::ops::upstreams::{self, UpstreamRow};
use health::Health;
use receive::Hook;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// One account's gateway.
#[derive(Debug)]
pub struct Gateway {
    account: UserId,
    upstream: Upstream,
    /// Where its sends wait for their turn.
    gate: Gate,
    longest: Duration,
    health: Health,
    row: UpstreamRow,
    /// How it posts updates; none while it is polled.
    hook: Option<Hook>,
    /// What it is asked for that nobody here knows.
    further: Mutex<String>,
    /// Rung when it has to be asked for other updates than before.
    anew: Notify,
    /// Cancelled when the account is removed, connected anew, or the server stops.
    ended: CancellationToken,
}

/// The gateways of this process.
#[derive(Default)]
pub(crate) struct Gateways {
    means: Option<Means>,
    /// By account; none where what the store says of it can't be used here.
    running: RwLock<HashMap<UserId, Option<Arc<Gateway>>>>,
    /// Who polls; not set in a process that only looks.
    hub: OnceLock<Weak<Hub>>,
    /// What this process is known by among those that poll.
    process: OnceLock<i64>,
}

struct Means {
    seal: Arc<Seal>,
    uplinks: Uplinks,
    settings: GatewaySettings,
}

/// What holds for all gateways of a process.
#[derive(Debug, Clone, Default)]
pub struct GatewaySettings {
    /// How fast their bots send.
    pub pacing: Pacing,
    /// Where upstreams reach this server, if they do.
    pub public_url: Option<String>,
}

impl Gateway {
    /// The door to the bot's server.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// How long somebody waits for a turn at most.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// Whose it is.
    pub fn account(&self) -> UserId {
        self.account
    }

    /// The token is good no more: the upstream is left alone until its owner brings another.
    async fn stop(&self, hub: &Hub) {
        let (account, now) = (self.account, hub.clock.now());
        self.health.refused();
        tracing::error!(account.id = account.0, "the upstream refuses the bot's token: connect the bot anew");
        let noting = hub.change(account, move |tx, _| {
            Ok(upstreams::stop(tx, account, (now, "the upstream refuses the bot's token"))?)
        });
        if let Err(error) = noting.await {
            tracing::warn!(account.id = account.0, ?error, "that the token is refused could not be noted");
        }
    }
}

impl Gateways {
    fn get(&self, account: UserId) -> Option<Option<Arc<Gateway>>> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).get(&account).cloned()
    }

    /// The key to the store's secrets, in a process that was given it.
    pub(crate) fn seal(&self) -> Option<&Seal> {
        self.means.as_ref().map(|means| &*means.seal)
    }

    fn process(&self) -> Result<i64, Error> {
        // Never 0, which stands for nobody.
        let drawn = (random::seed()? >> 1).max(1) as i64;
        Ok(*self.process.get_or_init(|| drawn))
    }

    fn means(&self) -> Result<&Means, Error> {
        self.means.as_ref().ok_or_else(|| Error::internal("no key and no uplinks were given"))
    }
}

/// For callers; the log says why.
const NOT_OPEN: &str = "the bot's upstream is not connected";

/// What a bot's token is sealed for.
fn owner(account: UserId) -> String {
    format!("upstream {account}")
}

impl Hub {
    /// The same hub with what accounts on Bot API servers need.
    #[must_use]
    pub fn with_gateways(mut self, seal: Seal, uplinks: Uplinks, settings: GatewaySettings) -> Hub {
        self.gateways.means = Some(Means { seal: Arc::new(seal), uplinks, settings });
        self
    }

    /// An account's gateway, if its bot lives on a Bot API server.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it does and can't be reached from here.
    pub fn gateway(&self, account: UserId) -> Result<Option<Arc<Gateway>>, Error> {
        match self.gateways.get(account) {
            Some(None) => Err(Error::unavailable(NOT_OPEN, Duration::from_secs(60))),
            found => Ok(found.flatten()),
        }
    }

    /// The same for whoever calls: they may know of a connected bot before this process does.
    ///
    /// # Errors
    /// As [`gateway`](Hub::gateway).
    pub fn gateway_of(&self, caller: &Caller) -> Result<Option<Arc<Gateway>>, Error> {
        let gateway = self.gateway(caller.account())?;
        if gateway.is_none() && caller.is_at_upstream() {
            return Err(Error::unavailable(NOT_OPEN, Duration::from_secs(1)));
        }
        Ok(gateway)
    }

    /// Whether an account's bot lives on a Bot API server.
    pub(crate) fn is_at_upstream(&self, account: UserId) -> bool {
        self.gateways.get(account).is_some()
    }

    /// Brings the running gateways to what the store says: at the start, and when somebody changed it.
    pub(crate) async fn start_gateways(self: &Arc<Self>) -> Result<(), Error> {
        let _once = self.gateways.hub.set(Arc::downgrade(self));
        self.renew_gateways().await
    }

    async fn renew_gateways(&self) -> Result<(), Error> {
        let Some(hub) = self.gateways.hub.get().and_then(Weak::upgrade) else { return Ok(()) };
        let now = self.clock.now();
        let reading =
            self.store.read(move |tx| Ok::<_, Error>((upstreams::all(tx)?, freezes::all(tx, now)?)));
        let (rows, waits) = reading.await?;
        let mut running = self.gateways.running.write().unwrap_or_else(PoisonError::into_inner);
        running.retain(|account, gateway| {
            // What could not be opened is tried again.
            let Some(gateway) = gateway else { return false };
            let stays = rows.iter().any(|row| row.account == *account && row.is_like(&gateway.row));
            if !stays {
                gateway.ended.cancel();
            }
            stays
        });
        for row in rows {
            if running.contains_key(&row.account) {
                continue;
            }
            match self.open(row, (&waits, now)) {
                Ok(gateway) => {
                    let gateway = Arc::new(gateway);
                    running.insert(gateway.account, Some(Arc::clone(&gateway)));
                    if gateway.row.stopped.is_none() {
                        match gateway.hook {
                            Some(_) => self.tasks.spawn(receive::run(Arc::clone(&hub), gateway)),
                            None => self.tasks.spawn(poll::run(Arc::clone(&hub), gateway)),
                        };
                    }
                }
                Err((account, why)) => {
                    tracing::error!(account.id = account.0, why, "a bot's upstream can't be used");
                    running.insert(account, None);
                }
            }
        }
        Ok(())
    }

    /// Another process needn't wait until nothing is heard of this one.
    pub(crate) async fn leave_polling(&self) {
        let Some(&process) = self.gateways.process.get() else { return };
        if let Err(error) = self.change(UserId(0), move |tx, _| Ok(upstreams::release(tx, process)?)).await {
            tracing::debug!(?error, "others have to wait before they poll");
        }
    }

    fn open(
        &self,
        row: UpstreamRow,
        (waits, now): (&[(UserId, String, Timestamp)], Timestamp),
    ) -> Result<Gateway, (UserId, &'static str)> {
        let account = row.account;
        let means = self.gateways.means().map_err(|_| (account, "there is no key"))?;
        let token = means.seal.open(&owner(account), &row.token);
        let token = token.and_then(|token| String::from_utf8(token).ok());
        let token = token.ok_or((account, "its token was encrypted with another key"))?;
        let token = UpstreamToken::read(&token).map_err(|why| (account, why))?;
        let base = BaseUrl::read(&row.base_url).map_err(|why| (account, why))?;
        let upstream = means.uplinks.upstream(&base, &token);
        let hook = match (&row.webhook, &means.settings.public_url) {
            (None, _) => None,
            (Some(sealed), Some(url)) => {
                let hook = Hook::open(&means.seal, (url, account), sealed);
                Some(hook.ok_or((account, "its webhook's secret was encrypted with another key"))?)
            }
            (Some(_), None) => {
                tracing::warn!(account.id = account.0, "polled: there is no public_url to post updates to");
                None
            }
        };
        let Pacing { limits, longest } = means.settings.pacing;
        let gate = Gate::new(limits, &turn::freezes_of(account, waits, now));
        let (further, anew) = (Mutex::new(row.further_kinds.clone()), Notify::new());
        let (health, ended) = (Health::new(now), self.shutdown.child_token());
        Ok(Gateway { account, upstream, gate, longest, health, row, hook, further, anew, ended })
    }
}

/// Whether a gateway made of one row serves for the other.
trait Like {
    fn is_like(&self, other: &Self) -> bool;
}

impl Like for UpstreamRow {
    fn is_like(&self, other: &UpstreamRow) -> bool {
        self.base_url == other.base_url
            && self.token == other.token
            && self.webhook == other.webhook
            && self.stopped.is_none() == other.stopped.is_none()
    }
}
