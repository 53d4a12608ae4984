//! A server's insides on a store in memory: an account that somebody wrote to, with contacts and a group.
//! Made by the target `request`; it listens nowhere and starts nothing in the background.

use axum::Router;
use contactgram_connector::courier::{Courier, CourierOptions};
use contactgram_http::Options;
use contactgram_hub::{Act, ChatRef, Hub, NewAccount, NewPerson, Parts};
use contactgram_model::clock::ManualClock;
use contactgram_model::{AccountKind, TokenDigest};
use contactgram_store::testing::sqlite_store;
use contactgram_wire::message::Content;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The operator's token, as inputs write it.
const ADMIN: &str = "operator-token";

pub struct World {
    pub app: Router,
    /// The account's token without its number.
    pub secret: String,
    /// What stands for what in an input.
    names: [(&'static str, String); 4],
    hub: Arc<Hub>,
    shutdown: CancellationToken,
    _folder: TempDir,
}

impl World {
    pub async fn new() -> World {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
        let shutdown = CancellationToken::new();
        let hub = Arc::new(Hub::new(Parts {
            store: sqlite_store(folder.path()).await,
            clock: Arc::new(ManualClock::at_ms(1_800_000_000_000)),
            courier: Courier::new(CourierOptions::default()),
            shutdown: shutdown.clone(),
        }));
        let account = NewAccount {
            name: "Shop".to_owned(),
            username: None,
            phone: None,
            kind: AccountKind::Bot,
            region: Some("GB".to_owned()),
            strict: false,
        };
        let (account, token) = hub.add_account(account).await.expect("an account");
        hub.demo(account.id).await.expect("its world");
        let ann = NewPerson {
            first_name: "Ann".to_owned(),
            phone_number: Some("+447900000001".to_owned()),
            ..NewPerson::default()
        };
        let ann = hub.add_person(ann).await.expect("a person");
        for text in ["hello", "/start", "see https://example.com"] {
            let content = Content { text: Some(text.to_owned()), ..Content::default() };
            let act = Act::Write { content, reply_to: None };
            hub.act(ann.id, ChatRef::Id(account.id.0), act).await.expect("a message");
        }
        let options = Options { admin_digest: Some(TokenDigest::of(ADMIN)), ..Options::default() };
        let (_, secret) = token.token.split_once(':').expect("a token has a colon");
        World {
            app: contactgram_http::app(Arc::clone(&hub), options),
            secret: secret.to_owned(),
            names: [
                ("{token}", token.token.clone()),
                ("{account}", account.id.to_string()),
                ("{person}", ann.id.to_string()),
                // The group of the documentation has a number of its own; this is John.
                ("{contact}", "1234567890".to_owned()),
            ],
            hub,
            shutdown,
            _folder: folder,
        }
    }

    /// The text with the world's own numbers in it.
    pub fn put_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.names {
            if text.contains(name) {
                text = text.replace(name, value);
            }
        }
        text
    }

    /// Closes the store, so that its threads end.
    pub async fn end(self) {
        self.shutdown.cancel();
        self.hub.store().close().await;
    }
}
