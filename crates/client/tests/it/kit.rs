//! What the tests share: a server with an account, a proxy in front of it that fails as told, and a client that goes
//! through the proxy and doesn't wait long by itself.

use std::time::Duration;

use contactgram_client::{BreakerOptions, Client, ClientBuilder, NewContact, Policy};
use contactgram_testkit::{Account, FaultProxy, Options, TestServer};

/// A server, the proxy before it, and a client of one account. Fields end in this order.
pub struct Stage {
    pub client: Client,
    pub proxy: FaultProxy,
    pub account: Account,
    pub server: TestServer,
}

/// A patience whose own waits are short; what the server asks for is kept all the same.
pub fn quick() -> Policy {
    let waits = (Duration::from_millis(5), Duration::from_millis(20));
    Policy::default().backoff(waits.0, waits.1).deadline(Duration::from_secs(30))
}

impl Stage {
    pub async fn new() -> Stage {
        Stage::with(|builder| builder).await
    }

    /// The same with a client that is set up otherwise.
    pub async fn with(set: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Stage {
        let server = TestServer::start(Options::default()).await;
        let account = server.account("Shop").await;
        let proxy = FaultProxy::start(server.url()).await;
        // Faults follow one another more closely here than in the wild: only the tests of the breaker let it open.
        let breaker =
            BreakerOptions { failures_in_a_row: 100, window_calls: 1000, ..BreakerOptions::default() };
        let builder = Client::builder(proxy.url()).token(&account.token).policy(quick()).breaker(breaker);
        let client = set(builder).build().unwrap();
        Stage { client, proxy, account, server }
    }

    /// How many messages the account has.
    pub async fn messages(&self) -> u64 {
        let direct = Client::builder(self.server.url()).token(&self.account.token).build().unwrap();
        direct.messages().list(&Default::default()).await.unwrap().total_count.unwrap()
    }
}

/// A contact with a number that depends on `at` alone.
pub fn contact(at: usize) -> NewContact {
    NewContact::new(format!("C{at:03}")).phone_number(format!("+4479009{at:05}"))
}
