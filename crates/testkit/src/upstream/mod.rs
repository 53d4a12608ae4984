//! A Bot API server that fails as it is told: what stands upstream of a bot in tests. It answers the usual methods
//! plausibly, any other with an echo, and keeps a journal of what it saw and did. Used by tests of the bot connector and
//! of the whole program. It checks no parameters: it is no specification of the Bot API.

mod bots;
mod fault;
mod journal;
mod methods;
mod params;
mod reply;
mod serve;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

pub use fault::{BotError, ConnectionFault, Fault};
pub use journal::{Act, Seen};
pub(crate) use reply::ReplyBody;
pub use reply::{checksum, file_bytes};

use bots::Bot;
use fault::Plan;

const PATIENCE: Duration = Duration::from_secs(60);

/// Listens on a free port until dropped.
pub struct FakeUpstream {
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    world: Arc<World>,
    task: Option<AbortHandle>,
}

/// What all its connections share.
struct World {
    state: Mutex<State>,
    /// Rung by every change: a new update, a new entry of the journal.
    bell: Notify,
}

#[derive(Default)]
struct State {
    bots: HashMap<String, Bot>,
    plan: Plan,
    journal: Vec<Seen>,
    connections: usize,
}

impl World {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.bell.notify_waiters();
        changed
    }
}

impl FakeUpstream {
    /// Plain HTTP.
    pub async fn start() -> FakeUpstream {
        Self::start_as(None).await
    }

    /// HTTPS with a certificate that no public authority signed, for the name `localhost`.
    pub async fn start_tls() -> FakeUpstream {
        Self::start_as(Some(serve::acceptor())).await
    }

    async fn start_as(tls: Option<TlsAcceptor>) -> FakeUpstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let world = Arc::new(World { state: Mutex::default(), bell: Notify::new() });
        let mut upstream = FakeUpstream { address, tls, world, task: None };
        upstream.serve(listener);
        upstream
    }

    fn serve(&mut self, listener: TcpListener) {
        let serving = serve::accept(listener, self.tls.clone(), Arc::clone(&self.world));
        self.task = Some(tokio::spawn(serving).abort_handle());
    }

    /// The authority that signed the certificate of [`FakeUpstream::start_tls`], PEM text.
    pub fn authority() -> &'static str {
        serve::AUTHORITY
    }

    /// Its base URL: `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        match self.tls {
            None => format!("http://{}", self.address),
            Some(_) => format!("https://localhost:{}", self.address.port()),
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Goes down: connections are closed, and nobody listens any more.
    pub fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Comes up again on the same port, knowing what it knew.
    pub async fn start_again(&mut self) {
        self.stop();
        // The listener of before ends when its task is dropped, which takes a moment.
        for _ in 0..1000 {
            if let Ok(listener) = TcpListener::bind(self.address).await {
                self.serve(listener);
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("port {} is taken", self.address.port());
    }

    /// A bot with this id; returns its token.
    pub fn bot(&self, id: i64) -> String {
        let token = format!("{id}:AAE{:032}", id.unsigned_abs());
        self.world.change(|state| state.bots.insert(token.clone(), Bot::new(id)));
        token
    }

    /// Gives a bot another token, as BotFather does: the one before opens nothing any more.
    ///
    /// # Panics
    /// When there is no such bot.
    pub fn renew(&self, token: &str) -> String {
        let (id, secret) = token.split_once(':').expect("a bot's token");
        let renewed = format!("{id}:{}B", &secret[..secret.len() - 1]);
        self.world.change(|state| {
            let bot = state.bots.remove(token).expect("the bot was made here");
            state.bots.insert(renewed.clone(), bot);
        });
        renewed
    }

    /// Forgets a bot: its token is unauthorised from now on.
    pub fn revoke(&self, token: &str) {
        self.world.change(|state| state.bots.remove(token));
    }

    /// Has something happen to a bot: `update` is an Update without its `update_id`, which is returned.
    pub fn push(&self, token: &str, update: Value) -> i64 {
        self.world.change(|state| bot_of(state, token).push(update))
    }

    /// Gives a bot's next update this number, as a server does that begins to count anew.
    pub fn count_from(&self, token: &str, number: i64) {
        self.world.change(|state| bot_of(state, token).count_from(number));
    }

    /// How many updates wait for a bot, not confirmed.
    pub fn pending(&self, token: &str) -> usize {
        bot_of(&mut self.world.lock(), token).updates.len()
    }

    /// Offers a file of `size` bytes (see [`file_bytes`]) at a path.
    pub fn put_file(&self, token: &str, path: &str, size: u64) {
        self.world.change(|state| bot_of(state, token).files.insert(path.to_owned(), size));
    }

    /// The url, secret token and other parameters of a bot's setWebhook, if one is set.
    pub fn webhook(&self, token: &str) -> Option<Value> {
        bot_of(&mut self.world.lock(), token).webhook.clone()
    }

    /// Fails the next call of a method (`"*"`: of any) this way; planned faults are used up in order.
    pub fn fail_next(&self, method: &str, fault: Fault) {
        self.world.change(|state| state.plan.next(method, fault));
    }

    /// Fails every call of a method (`"*"`: of any) this way, until [`FakeUpstream::heal`].
    pub fn fail_always(&self, method: &str, fault: Fault) {
        self.world.change(|state| state.plan.always(method, fault));
    }

    /// Does to the next `count` connections what `fault` says, before reading any request.
    pub fn fail_connections(&self, count: usize, fault: ConnectionFault) {
        self.world.change(|state| state.plan.connections(count, fault));
    }

    /// Forgets all planned faults.
    pub fn heal(&self) {
        self.world.change(|state| state.plan = Plan::default());
    }

    /// All it saw so far, in the order of arrival.
    pub fn journal(&self) -> Vec<Seen> {
        self.world.lock().journal.clone()
    }

    /// What it saw of one method, whatever its case.
    pub fn seen(&self, method: &str) -> Vec<Seen> {
        self.journal().into_iter().filter(|seen| seen.method.eq_ignore_ascii_case(method)).collect()
    }

    /// How often a method had its effect, whether or not anybody was told.
    pub fn acted(&self, method: &str) -> usize {
        self.seen(method).iter().filter(|seen| seen.act == Act::Done).count()
    }

    /// How many connections were opened to it so far.
    pub fn connections(&self) -> usize {
        self.world.lock().connections
    }

    /// Waits until it saw a method `count` times.
    ///
    /// # Panics
    /// When that takes longer than a minute.
    pub async fn until_seen(&self, method: &str, count: usize) -> Vec<Seen> {
        self.until(|| self.seen(method).len() >= count).await;
        self.seen(method)
    }

    /// Waits until `count` polls for a bot's updates have begun to wait, since its beginning.
    ///
    /// # Panics
    /// When that takes longer than a minute.
    pub async fn until_polled(&self, token: &str, count: u64) {
        self.until(|| bot_of(&mut self.world.lock(), token).polls >= count).await;
    }

    async fn until(&self, is_so: impl Fn() -> bool) {
        let waiting = async {
            loop {
                let changed = self.world.bell.notified();
                if is_so() {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("what is waited for comes");
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.stop();
    }
}

#[track_caller]
fn bot_of<'a>(state: &'a mut State, token: &str) -> &'a mut Bot {
    state.bots.get_mut(token).expect("the bot was made here")
}
