//! Deliveries through what a test over TCP can't bring about: hours of 410s, and a store that fails while
//! deliveries are under way. A hub on a store of its own, a clock that jumps, a real receiver.

use crate::access::UpdatesRead;
use crate::{
    Act, Caller, ChatRef, Error, Hub, NewAccount, NewPerson, Parts, Poll, WebhookInfo, WebhookRequest,
};
use contactgram_connector::courier::{Courier, CourierOptions};
use contactgram_model::clock::{Clock, ManualClock};
use contactgram_model::{AccountKind, Actor, PlainToken, UserId};
use contactgram_store::testing::sqlite_store;
use contactgram_store::{Location, Options, Store, StoreError};
use contactgram_testkit::{Receiver, Reply};
use contactgram_wire::message::Content;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const HOUR: Duration = Duration::from_secs(3600);

/// A hub with one account, and a person who writes to it.
struct World {
    hub: Arc<Hub>,
    clock: ManualClock,
    shutdown: CancellationToken,
    caller: Caller,
    account: UserId,
    person: UserId,
}

fn hub_on(store: Store, clock: &ManualClock, shutdown: &CancellationToken) -> Arc<Hub> {
    let courier = Courier::new(CourierOptions { allow_private: true, ..CourierOptions::default() });
    let clock = Arc::new(clock.clone());
    Arc::new(Hub::new(Parts { store, clock, courier, shutdown: shutdown.clone() }))
}

impl World {
    async fn on(store: Store) -> World {
        let (clock, shutdown) = (ManualClock::at_ms(1_800_000_000_000), CancellationToken::new());
        let hub = hub_on(store, &clock, &shutdown);
        let new = NewAccount {
            name: "Shop".to_owned(),
            username: None,
            phone: None,
            kind: AccountKind::Bot,
            region: None,
            strict: false,
        };
        let (account, token) = insist(async || hub.add_account(Actor::Operator, new.clone()).await).await;
        let caller = hub.authenticate(&PlainToken::parse(&token.token).unwrap()).await.unwrap();
        let new = NewPerson {
            first_name: "Ann".to_owned(),
            last_name: None,
            username: None,
            phone_number: None,
            email: None,
            language_code: None,
        };
        let person = insist(async || hub.add_person(new.clone()).await).await.id;
        // Without what goes on beside it, which would make up for the hours that pass at once.
        hub.start_dispatchers().await.unwrap();
        World { hub, clock, shutdown, caller, account: account.id, person }
    }

    async fn write(&self, text: &str) {
        let content = Content { text: Some(text.to_owned()), ..Content::default() };
        let act = Act::Write { content, reply_to: None };
        insist(async || self.hub.act(self.person, ChatRef::Id(self.account.0), act.clone()).await).await;
    }

    async fn set(&self, receiver: &Receiver) {
        let request = WebhookRequest { url: receiver.url("/hook"), ..WebhookRequest::default() };
        insist(async || self.hub.set_webhook(&self.caller.permit().unwrap(), request.clone()).await).await;
    }

    async fn info(&self) -> WebhookInfo {
        self.hub.webhook_info(&self.caller.permit::<UpdatesRead>().unwrap()).await.unwrap()
    }

    /// Waits until this holds for the webhook.
    async fn until(&self, holds: impl Fn(&WebhookInfo) -> bool) {
        let wait = async {
            while !holds(&self.info().await) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it comes to hold");
    }
}

/// Does it until the store takes it: where its queue is short, a machine under load turns some away.
async fn insist<T>(mut work: impl AsyncFnMut() -> Result<T, Error>) -> T {
    loop {
        match work().await {
            Ok(done) => return done,
            Err(error) => assert!(matches!(error, Error::Unavailable { .. }), "{error:?}"),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

async fn text(receiver: &mut Receiver) -> String {
    receiver.next().await.json()["message"]["text"].as_str().unwrap().to_owned()
}

/// Time passes at once. Whatever was due in it is due now.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// The receiver's first two answers, which nothing delays, are 410s; both are in the store afterwards.
async fn gone_at_once(world: &World, receiver: &mut Receiver) {
    let gate = Arc::new(Semaphore::new(0));
    receiver.answer(Reply::status(410));
    receiver.answer_next([Reply::status(410), Reply::status(410).held_by(&gate)]);
    world.set(receiver).await;
    world.write("hello").await;
    receiver.next().await;
    receiver.next().await;
    world.clock.advance_ms(1000);
    gate.add_permits(1);
    world.until(|info| info.last_error_date == Some(world.clock.now())).await;
}

/// A try that is due after this time at the latest; its failure is in the store afterwards.
async fn failed_try_after(time: Duration, world: &World, receiver: &mut Receiver) {
    world.clock.advance_ms(1000);
    pass(time).await;
    receiver.next().await;
    world.until(|info| info.last_error_date == Some(world.clock.now())).await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_23_hours_loses_its_webhook_and_the_account_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on(sqlite_store(folder.path()).await).await;
    let mut receiver = Receiver::start().await;
    gone_at_once(&world, &mut receiver).await;
    failed_try_after(22 * HOUR, &world, &mut receiver).await;
    let info = world.info().await;
    assert_eq!(info.url, receiver.url("/hook"));
    assert_eq!(info.last_error_message.as_deref(), Some("Wrong response from the webhook: 410 Gone"));
    pass(HOUR).await;
    world.until(|info| info.url.is_empty()).await;
    assert_eq!(world.info().await.pending_update_count, 1);
    let poll = Poll { offset: 0, limit: 100, timeout: 0, allowed: None };
    let updates = world.hub.updates(&world.caller.permit().unwrap(), poll).await.unwrap();
    assert!(updates.contains("hello"), "{updates}");
}

#[tokio::test]
async fn any_other_answer_begins_the_23_hours_anew() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on(sqlite_store(folder.path()).await).await;
    let mut receiver = Receiver::start().await;
    gone_at_once(&world, &mut receiver).await;
    receiver.answer_next([Reply::status(500)]);
    failed_try_after(22 * HOUR, &world, &mut receiver).await;
    failed_try_after(HOUR, &world, &mut receiver).await;
    failed_try_after(22 * HOUR, &world, &mut receiver).await;
    let info = world.info().await;
    assert_eq!(info.url, receiver.url("/hook"), "45 hours, but never 23 in a row");
    receiver.answer(Reply::status(200));
    pass(HOUR).await;
    world.until(|info| info.pending_update_count == 0).await;
    assert_eq!(world.info().await.url, receiver.url("/hook"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_too_busy_to_note_a_delivery_notes_it_later_and_nothing_is_posted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite { path: folder.path().join("test.db") };
    let options = Options { queue: 1, ..Options::default() };
    let store = Store::open(&location, &options).await.unwrap();
    let world = World::on(store.clone()).await;
    let mut receiver = Receiver::start().await;
    let gate = Arc::new(Semaphore::new(0));
    receiver.answer_next([Reply::status(200).held_by(&gate)]);
    for text in ["one", "two", "three"] {
        world.write(text).await;
    }
    world.set(&receiver).await;
    assert_eq!(text(&mut receiver).await, "one");

    let busy = Arc::new(AtomicBool::new(true));
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let occupied = Arc::clone(&busy);
    let occupy = move |_: &mut dyn contactgram_store::Tx| {
        let _ = began.send(());
        while occupied.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok::<_, StoreError>(())
    };
    let write = || {
        let (store, occupy) = (store.clone(), occupy.clone());
        tokio::spawn(async move { store.write(0, occupy).await })
    };
    // One runs, one waits in the queue; who comes then is turned away.
    let mut writes = vec![write()];
    begun.recv().await.unwrap();
    writes.extend((1..20).map(|_| write()));
    let mut refused = 0;
    while refused < 18 {
        let (write, others) = first_of(writes).await;
        assert_eq!(write, Err(StoreError::Overloaded));
        (writes, refused) = (others, refused + 1);
    }
    gate.add_permits(1);
    // Long enough for the note of the delivery to be turned away as well, more than once.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(receiver.try_next().is_none(), "what is not noted is not passed by");
    assert_eq!(world.info().await.pending_update_count, 3);
    busy.store(false, Ordering::SeqCst);
    world.until(|info| info.pending_update_count == 0).await;
    assert_eq!((text(&mut receiver).await, text(&mut receiver).await), ("two".into(), "three".into()));
    assert!(receiver.try_next().is_none());
}

type Writes = Vec<tokio::task::JoinHandle<Result<(), StoreError>>>;

/// The first write that ends, and the others.
async fn first_of(mut writes: Writes) -> (Result<(), StoreError>, Writes) {
    loop {
        if let Some(ended) = writes.iter().position(tokio::task::JoinHandle::is_finished) {
            return (writes.swap_remove(ended).await.unwrap(), writes);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_closed_store_could_not_note_is_delivered_again_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite_store(folder.path()).await;
    let world = World::on(store.clone()).await;
    let mut receiver = Receiver::start().await;
    let gate = Arc::new(Semaphore::new(0));
    receiver.answer_next([Reply::status(200).held_by(&gate)]);
    for text in ["one", "two", "three"] {
        world.write(text).await;
    }
    world.set(&receiver).await;
    assert_eq!(text(&mut receiver).await, "one");
    store.close().await;
    gate.add_permits(1);
    // Longer than a dispatcher waits before it turns to the store again.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(receiver.try_next().is_none(), "nothing is posted that can't be noted");
    world.shutdown.cancel();
    world.hub.stopped().await;

    let shutdown = CancellationToken::new();
    let hub = hub_on(sqlite_store(folder.path()).await, &world.clock, &shutdown);
    hub.start_dispatchers().await.unwrap();
    for expected in ["one", "two", "three"] {
        assert_eq!(text(&mut receiver).await, expected);
    }
    let again = World {
        hub,
        shutdown,
        clock: world.clock.clone(),
        caller: world.caller,
        account: world.account,
        person: world.person,
    };
    again.until(|info| info.pending_update_count == 0).await;
    assert!(receiver.try_next().is_none());
}
