//! A walk of every example on one server, each with an account of its own and a proxy in between that fails as the test
//! plans. Used by `faults` and `refusals`, which say what a walk has to look like; here is what they look at.

use std::sync::Arc;
use std::time::Duration;

use contactgram_testkit::{FaultProxy, Options, Passed, Pattern, TestServer, Value};
use tokio::task::JoinSet;

use crate::program::{Ended, Example, examples};
use crate::table;

/// What a walk prints when all is well.
pub const WELL: &str = "\
token: good for a while
contact added: Ann Example
contact fetched: +447700900555
message sent: Hello from an example!
messages read: 2, the newest says: Hello from an example!
contacts paged: 2
update: Hello World!
updates handled: 1
contact removed
";

/// John Doe, who is in every account's example world.
const PEER: &str = "1234567890";

/// What is to go wrong, and what the table says of it.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its row in the table.
    pub row: usize,
    pub fault: &'static str,
    pub plan: fn(&mut FaultProxy),
    pub settings: &'static [(&'static str, &'static str)],
    /// What the table shows: the requests that matter here.
    pub requests: &'static str,
}

/// One example's walk, seen from outside.
pub struct Walked {
    pub language: String,
    pub ended: Ended,
    /// What the proxy saw.
    pub journal: Vec<Passed>,
    /// Messages that the account sent, as the server has them.
    pub sent: usize,
    /// Contacts that the account has: one in the beginning.
    pub contacts: i64,
    /// Updates that nobody confirmed.
    pub pending: usize,
}

impl Scenario {
    /// Has every example walk, checks that all did the same, and writes the table's row.
    pub async fn walked(&self) -> Vec<Walked> {
        let server = Arc::new(TestServer::start(Options::default()).await);
        let walks = examples().into_iter().map(|example| {
            let (scenario, server) = (*self, Arc::clone(&server));
            async move { scenario.walk(&server, example).await }
        });
        let mut walked = walks.collect::<JoinSet<Walked>>().join_all().await;
        walked.sort_by(|one, other| one.language.cmp(&other.language));
        for one in &walked {
            assert_eq!(one.story(), walked[0].story(), "{} and {} differ", one.language, walked[0].language);
        }
        table::write(self, &walked);
        walked
    }

    async fn walk(&self, server: &TestServer, example: Example) -> Walked {
        let account = server.demo_account(&example.language).await;
        let id = account.id.to_string();
        let app = server.cli_json(&["app", "add", "--account", &id, "--name", "Example", "--json"]).await;
        let mut proxy = FaultProxy::start(server.url()).await;
        (self.plan)(&mut proxy);
        let url = proxy.url();
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let (client, secret) = (text(&app["client_id"]), text(&app["client_secret"]));
        let mut settings = vec![
            ("CONTACTGRAM_URL", url.as_str()),
            ("CONTACTGRAM_CLIENT_ID", &client),
            ("CONTACTGRAM_CLIENT_SECRET", &secret),
            ("CONTACTGRAM_PEER", PEER),
        ];
        settings.extend(self.settings);
        let ended = example.walk(&settings).await;
        let sent = account.v1().get("messages?direction=out&limit=1000").await.json();
        Walked {
            journal: proxy.journal(),
            sent: sent.as_array().expect("a bare array").len(),
            contacts: account.v1().get("contacts").await.result()["total_count"].as_i64().expect("a number"),
            pending: account.v1().get("getUpdates").await.result().as_array().expect("a list").len(),
            language: example.language,
            ended,
        }
    }
}

impl Walked {
    /// The requests that fit, in the order of arrival.
    pub fn seen(&self, requests: &str) -> Vec<&Passed> {
        let pattern = Pattern::from(requests);
        self.journal.iter().filter(|one| pattern.fits(&one.verb, one.route())).collect()
    }

    /// That requests were seen so many times, all with the same idempotency key if they are POSTs of the API.
    #[track_caller]
    pub fn saw(&self, times: usize, requests: &str) -> Vec<&Passed> {
        let seen = self.seen(requests);
        assert_eq!(seen.len(), times, "{requests}: {}", self.told());
        for one in &seen {
            let keyed = one.verb == "POST" && one.route().starts_with("/v1/");
            assert_eq!(one.idempotency_key.is_some(), keyed, "{one:?}: {}", self.told());
            assert_eq!(one.idempotency_key, seen[0].idempotency_key, "{requests}: {}", self.told());
        }
        seen
    }

    /// That the walk came to its end, having done everything once.
    #[track_caller]
    pub fn went_well(&self) {
        assert_eq!(self.ended.code, Some(0), "{}", self.told());
        assert_eq!(self.ended.output, WELL, "{}", self.told());
        assert_eq!((self.sent, self.contacts, self.pending), (1, 1, 0), "{}", self.told());
    }

    /// That it ended with a failure, which it named last.
    #[track_caller]
    pub fn stopped(&self, why: &str) {
        assert_eq!(self.ended.code, Some(1), "{}", self.told());
        let last = self.ended.errors.trim_end().lines().next_back().unwrap_or_default();
        assert!(last.starts_with(&format!("stopped: {why}")), "{}", self.told());
    }

    /// That it ended since a request had no answer. The errors of Rust's client don't say which; the proxy saw it.
    #[track_caller]
    pub fn was_unanswered(&self, request: &str) {
        match self.language.as_str() {
            "Rust" => self.stopped("no answer"),
            _ => self.stopped(&format!("no answer to {request}")),
        }
    }

    #[track_caller]
    pub fn said(&self, line: &str) {
        assert!(self.ended.errors.lines().any(|said| said.starts_with(line)), "{line:?}: {}", self.told());
    }

    /// Between one request of a kind and the next.
    pub fn waits(&self, requests: &str) -> Vec<Duration> {
        self.seen(requests).windows(2).map(|pair| pair[1].at - pair[0].at).collect()
    }

    /// What has to be the same in all languages: how it ended, what it printed, and each request with what became of it.
    fn story(&self) -> String {
        let requests = self.journal.iter().map(|one| {
            // Contacts that were added have ids of their own.
            let route =
                one.route().split('/').map(|part| if part.parse::<i64>().is_ok() { "ID" } else { part });
            format!("{} {} → {:?} {:?}\n", one.verb, route.collect::<Vec<_>>().join("/"), one.fault, one.told)
        });
        let requests: String = requests.collect();
        let left = (self.sent, self.contacts, self.pending);
        format!("{:?} {left:?}\n{}\n{requests}", self.ended.code, self.ended.output)
    }

    /// Everything, for a test that fails.
    fn told(&self) -> String {
        let journal: String = self.journal.iter().map(|one| format!("{one:?}\n")).collect();
        let Ended { code, output, errors } = &self.ended;
        format!("{} ended with {code:?}\n{output}--- errors\n{errors}--- requests\n{journal}", self.language)
    }
}
