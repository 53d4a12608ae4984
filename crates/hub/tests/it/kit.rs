//! A hub on a store in a temporary folder with a clock that tests move, and who talks in it. Used by every
//! test of this folder; it knows no test.

use contactgram_connector::courier::{Courier, CourierOptions};
use contactgram_hub::access::{Need, UpdatesRead};
use contactgram_hub::{Act, Caller, ChatRef, Hub, NewAccount, NewPerson, Parts, Permit, Poll, SeenMessage};
use contactgram_model::clock::ManualClock;
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{AccountKind, Actor, MessageId, PlainToken, UserId};
use contactgram_store::Store;
use contactgram_store::testing::sqlite_store;
use contactgram_wire::message::Content;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub const HOUR_MS: i64 = 3_600_000;
pub const START_MS: i64 = 1_800_000_000_000;

/// A hub and what it stands on.
pub struct World {
    pub hub: Arc<Hub>,
    pub clock: ManualClock,
    pub shutdown: CancellationToken,
    pub store: Store,
    folder: TempDir,
}

/// An account and a person who writes to it.
pub struct Cast {
    pub account: UserId,
    pub caller: Caller,
    pub person: UserId,
}

impl World {
    pub async fn new() -> World {
        let folder = new_folder();
        let store = sqlite_store(folder.path()).await;
        let (clock, shutdown) = (ManualClock::at_ms(START_MS), CancellationToken::new());
        let hub = hub(store.clone(), clock.clone(), shutdown.clone());
        World { hub, clock, shutdown, store, folder }
    }

    /// Another hub on the same store, as after a restart: what the first kept in memory is gone.
    pub fn restart(&mut self) {
        self.shutdown.cancel();
        self.shutdown = CancellationToken::new();
        self.hub = hub(self.store.clone(), self.clock.clone(), self.shutdown.clone());
    }

    /// The same after a crash: a hub on a store opened anew, from the files as they are now. What the old store
    /// had not written by this moment is lost.
    pub async fn crash(&mut self) {
        let folder = new_folder();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            // The index of the log is memory that processes share; none survives the last of them.
            if !file.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
            }
        }
        self.end().await;
        self.store = sqlite_store(folder.path()).await;
        self.folder = folder;
        self.restart();
    }

    /// Ends the store's threads.
    pub async fn end(&self) {
        self.shutdown.cancel();
        self.store.close().await;
    }

    pub async fn cast(&self) -> Cast {
        self.cast_of(false).await
    }

    /// The same, where `strict` says whether Telegram's rules hold for the account.
    pub async fn cast_of(&self, strict: bool) -> Cast {
        let new = NewAccount {
            name: "Shop".to_owned(),
            username: None,
            phone: None,
            kind: AccountKind::Bot,
            region: None,
            strict,
        };
        let (account, token) = self.hub.add_account(Actor::Operator, new).await.unwrap();
        let caller = self.hub.authenticate(&PlainToken::parse(&token.token).unwrap()).await.unwrap();
        Cast { account: account.id, caller, person: self.person().await }
    }

    pub async fn person(&self) -> UserId {
        let new = NewPerson {
            first_name: "Ann".to_owned(),
            last_name: None,
            username: None,
            phone_number: None,
            email: None,
            language_code: None,
        };
        self.hub.add_person(new).await.unwrap().id
    }

    /// A person writes to an account; answers the message's id as the person sees it.
    pub async fn write(&self, person: UserId, to: UserId, text: &str) -> i64 {
        let act = Act::Write { content: text_of(text), reply_to: None };
        let message = self.hub.act(person, ChatRef::Id(to.0), act).await.unwrap();
        serde_json::from_str::<Value>(&message).unwrap()["message_id"].as_i64().unwrap()
    }

    pub async fn edit(&self, (person, to): (UserId, UserId), message: i64, text: &str) {
        let message = SeenMessage { id: MessageId(message), seen_by: None };
        let act = Act::Edit { message, content: text_of(text) };
        self.hub.act(person, ChatRef::Id(to.0), act).await.unwrap();
    }

    /// What getUpdates answers, as pairs of update_id and kind.
    pub async fn poll(&self, cast: &Cast, poll: Poll) -> Result<Vec<(i64, String)>, contactgram_hub::Error> {
        self.poll_as(cast, ConsumerName::DEFAULT, poll).await
    }

    /// The same for another consumer.
    pub async fn poll_as(
        &self,
        cast: &Cast,
        name: ConsumerName,
        poll: Poll,
    ) -> Result<Vec<(i64, String)>, contactgram_hub::Error> {
        let updates = self.hub.updates_of(&permit::<UpdatesRead>(&cast.caller), name, poll).await?;
        let updates: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&updates).unwrap();
        let pair = |update: serde_json::Map<String, Value>| {
            let kind = update.keys().find(|key| *key != "update_id").unwrap();
            (update["update_id"].as_i64().unwrap(), kind.clone())
        };
        Ok(updates.into_iter().map(pair).collect())
    }
}

pub fn permit<N: Need>(caller: &Caller) -> Permit<N> {
    caller.permit().unwrap()
}

/// A poll for everything that is there.
pub const LOOK: Poll = Poll { offset: 0, limit: 100, timeout: 0, allowed: None };

/// In memory where there is such a folder: thousands of commits, and none has to outlive the test.
fn new_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn text_of(text: &str) -> Content {
    Content { text: Some(text.to_owned()), ..Content::default() }
}

/// A hub on a store.
pub fn hub(store: Store, clock: ManualClock, shutdown: CancellationToken) -> Arc<Hub> {
    let timeout = Duration::from_secs(20);
    let courier = Courier::new(CourierOptions { allow_private: true, timeout, ..CourierOptions::default() });
    Arc::new(Hub::new(Parts { store, clock: Arc::new(clock), courier, shutdown }))
}
