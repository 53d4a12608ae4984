//! getUpdates against a model: random sequences of everything that bears on it (writes, edits, contacts,
//! polls with every sort of offset, by default and by name, webhooks set and deleted, time that passes, restarts, crashes) on the hub
//! and on a list in memory, which must agree at each step. `PROPTEST_CASES` sets how many sequences.

use crate::kit::{Cast, HOUR_MS, LOOK, World, permit};
use contactgram_hub::access::{ContactsWrite, UpdatesRead};
use contactgram_hub::{Error, Poll, WebhookRequest};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::contact::ContactChange;
use contactgram_model::{PhoneNumber, UpdateKinds};
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;

/// Sequences on one store, each with an account of its own: enough to see that they don't mix, few enough for
/// the store to stay quick.
const SEQUENCES_A_STORE: u32 = 32;

const DAY_MS: i64 = 24 * HOUR_MS;
const KINDS: [&str; 3] = ["message", "edited_message", "contact_added"];

#[derive(Debug, Clone)]
enum Step {
    Write,
    EditLast,
    AddContact,
    Poll { offset: Offset, limit: i64, allowed: Option<Vec<&'static str>> },
    SetWebhook { drop: bool, allowed: Option<Vec<&'static str>> },
    DeleteWebhook { drop: bool },
    PollNamed { offset: Offset, limit: i64, allowed: Option<Vec<&'static str>> },
    RemoveNamed,
    Pass { hours: i64 },
    KeepHouse,
    Restart,
    Crash,
}

#[derive(Debug, Clone, Copy)]
enum Offset {
    /// 0, which is also what an absent one means.
    None,
    One,
    /// Beside the first unconfirmed update.
    Head(i64),
    /// Beside the next update to come.
    Tail(i64),
    /// So many from the end.
    Last(i64),
    FarAhead,
    FarBehind,
}

/// getUpdates as its documentation tells it, on a list.
struct Model {
    /// Unconfirmed: number, kind, when in milliseconds.
    log: Vec<(i64, &'static str, i64)>,
    next: i64,
    allowed: Vec<&'static str>,
    webhook: bool,
    /// Everything that was logged, for whomever.
    all: Vec<(i64, &'static str, i64)>,
    named: Option<Named>,
    now: i64,
    has_met: bool,
    last_message: Option<i64>,
    contacts: u32,
}

/// A consumer beside the default one: a position, and what it is shown.
struct Named {
    position: i64,
    allowed: Vec<&'static str>,
}

impl Model {
    fn happens(&mut self, kind: &'static str) {
        let update = (self.next, kind, self.now);
        let by_default = self.allowed.contains(&kind);
        if by_default {
            self.log.push(update);
        }
        if by_default || self.named.as_ref().is_some_and(|named| named.allowed.contains(&kind)) {
            self.all.push(update);
            self.next += 1;
        }
    }

    /// What waits for the named consumer.
    fn waiting(&self) -> Vec<(i64, String)> {
        let Some(named) = &self.named else { return Vec::new() };
        let waits = |(id, kind, at): &&(i64, &'static str, i64)| {
            *id >= named.position && named.allowed.contains(kind) && self.now - at < 30 * DAY_MS
        };
        self.all.iter().filter(waits).map(|(id, kind, _)| (*id, (*kind).to_owned())).collect()
    }

    fn poll_named(
        &mut self,
        offset: i64,
        limit: i64,
        allowed: &Option<Vec<&'static str>>,
    ) -> Vec<(i64, String)> {
        let next = self.next;
        let named = self.named.get_or_insert(Named { position: next, allowed: KINDS[..2].to_vec() });
        match allowed.as_deref() {
            None => {}
            Some([]) => named.allowed = KINDS[..2].to_vec(),
            Some(kinds) => named.allowed = kinds.to_vec(),
        }
        let position = named.position;
        let waiting = self.waiting();
        let known = offset > 0 && offset <= next + 10 && offset >= next - 200_000;
        let to = match offset {
            _ if known => position.max(offset.min(next)),
            ..0 => {
                let keep = usize::try_from(-offset).unwrap();
                waiting.len().checked_sub(keep).and_then(|at| waiting.get(at)).map_or(position, |(id, _)| *id)
            }
            _ => position,
        };
        if let Some(named) = &mut self.named {
            named.position = to;
        }
        let mut shown = self.waiting();
        shown.truncate(usize::try_from(limit).unwrap());
        shown
    }

    /// Housekeeping leads a consumer past what it is not shown at the moment.
    fn keep_house(&mut self) {
        let (now, next) = (self.now, self.next);
        self.all.retain(|(_, _, at)| now - at < 30 * DAY_MS);
        let Some(named) = &mut self.named else { return };
        let mut rows = self.all.iter().filter(|(id, ..)| *id >= named.position);
        let is_shown = |row: &&(i64, &'static str, i64)| named.allowed.contains(&row.1);
        if rows.clone().next().is_some_and(|row| !is_shown(&row)) {
            named.position = rows.find(is_shown).map_or(next, |(id, ..)| *id);
        }
    }

    fn forget(&mut self) {
        let now = self.now;
        self.log.retain(|(_, _, at)| now - at < DAY_MS);
    }

    fn allow(&mut self, allowed: &Option<Vec<&'static str>>) {
        match allowed.as_deref() {
            None => {}
            Some([]) => self.allowed = KINDS[..2].to_vec(),
            Some(kinds) => self.allowed = kinds.to_vec(),
        }
    }

    fn offset(&self, offset: Offset) -> i64 {
        let head = self.log.first().map_or(self.next, |first| first.0);
        match offset {
            Offset::None => 0,
            Offset::One => 1,
            Offset::Head(by) => head + by,
            Offset::Tail(by) => self.next + by,
            Offset::Last(n) => -n,
            Offset::FarAhead => i64::from(i32::MAX),
            Offset::FarBehind => self.next - 200_001,
        }
    }

    fn poll(&mut self, offset: i64, limit: i64) -> Vec<(i64, String)> {
        let known = offset > 0 && offset <= self.next + 10 && offset >= self.next - 200_000;
        if known {
            self.log.retain(|(id, ..)| *id >= offset);
        } else if offset < 0 {
            let keep = usize::try_from(-offset).unwrap();
            if self.log.len() >= keep {
                self.log.drain(..self.log.len() - keep);
            }
        }
        let shown = self.log.iter().take(usize::try_from(limit).unwrap());
        shown.map(|(id, kind, _)| (*id, (*kind).to_owned())).collect()
    }
}

fn kinds() -> impl Strategy<Value = Option<Vec<&'static str>>> {
    prop_oneof![4 => Just(None), 1 => subsequence(KINDS.to_vec(), 0..=3).prop_map(Some)]
}

fn offset() -> impl Strategy<Value = Offset> {
    prop_oneof![
        3 => Just(Offset::None),
        1 => Just(Offset::One),
        4 => (-3i64..=4).prop_map(Offset::Head),
        3 => (-4i64..=12).prop_map(Offset::Tail),
        3 => (1i64..=8).prop_map(Offset::Last),
        1 => Just(Offset::Last(i64::MAX)),
        1 => Just(Offset::FarAhead),
        1 => Just(Offset::FarBehind),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => Just(Step::Write),
        6 => Just(Step::EditLast),
        6 => Just(Step::AddContact),
        40 => (offset(), 1i64..=6, kinds()).prop_map(|(offset, limit, allowed)| Step::Poll { offset, limit, allowed }),
        3 => (any::<bool>(), kinds()).prop_map(|(drop, allowed)| Step::SetWebhook { drop, allowed }),
        4 => any::<bool>().prop_map(|drop| Step::DeleteWebhook { drop }),
        20 => (offset(), 1i64..=6, kinds()).prop_map(|(offset, limit, allowed)| Step::PollNamed { offset, limit, allowed }),
        1 => Just(Step::RemoveNamed),
        4 => (1i64..=20).prop_map(|hours| Step::Pass { hours }),
        3 => Just(Step::KeepHouse),
        2 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ]
}

fn desk() -> ConsumerName {
    ConsumerName::parse("desk").unwrap()
}

async fn take(world: &mut World, cast: &Cast, model: &mut Model, step: &Step) {
    let updates = || permit::<UpdatesRead>(&cast.caller);
    match step {
        Step::Write => {
            model.last_message = Some(world.write(cast.person, cast.account, "hello").await);
            if !std::mem::replace(&mut model.has_met, true) {
                model.happens("contact_added");
            }
            model.happens("message");
        }
        Step::EditLast => {
            let Some(message) = model.last_message else { return };
            // Every edit must differ from the text before.
            model.contacts += 1;
            world.edit((cast.person, cast.account), message, &format!("hello {}", model.contacts)).await;
            model.happens("edited_message");
        }
        Step::AddContact => {
            model.contacts += 1;
            let phone = PhoneNumber::parse(&format!("+4479460{:05}", model.contacts), None).unwrap();
            let change = ContactChange {
                first_name: Some("Ben".to_owned()),
                phone_number: Some(Some(phone)),
                ..ContactChange::default()
            };
            world.hub.add_contact(&permit::<ContactsWrite>(&cast.caller), change, None).await.unwrap();
            model.happens("contact_added");
        }
        Step::Poll { offset, limit, allowed } => {
            let offset = model.offset(*offset);
            let asked = allowed.as_ref().map(|kinds| UpdateKinds::asked(kinds.iter().copied()));
            let poll = Poll { offset, limit: *limit, allowed: asked, ..LOOK };
            let answer = world.poll(cast, poll).await;
            if model.webhook {
                assert!(matches!(answer, Err(Error::Conflict(_))), "{answer:?}");
                return;
            }
            let expected = model.poll(offset, *limit);
            assert_eq!(answer, Ok(expected), "offset {offset}, next {}", model.next);
            model.allow(allowed);
        }
        Step::SetWebhook { drop, allowed } => {
            let request = WebhookRequest {
                url: "http://127.0.0.1:9/".to_owned(),
                drop_pending: *drop,
                allowed: allowed.as_ref().map(|kinds| UpdateKinds::asked(kinds.iter().copied())),
                ..WebhookRequest::default()
            };
            let answer = world.hub.set_webhook(&updates(), request).await.unwrap();
            let already = std::mem::replace(&mut model.webhook, true);
            let words = if already { "Webhook is already set" } else { "Webhook was set" };
            assert_eq!(answer.description.as_deref(), Some(words));
            model.allow(allowed);
            if *drop {
                model.log.clear();
            }
        }
        Step::DeleteWebhook { drop } => {
            let answer = world.hub.delete_webhook(&updates(), *drop).await.unwrap();
            let was_there = std::mem::replace(&mut model.webhook, false);
            let words = if was_there { "Webhook was deleted" } else { "Webhook is already deleted" };
            assert_eq!(answer.description.as_deref(), Some(words));
            if *drop {
                model.log.clear();
            }
        }
        Step::Pass { hours } => {
            world.clock.advance_ms(hours * HOUR_MS);
            model.now += hours * HOUR_MS;
            model.forget();
        }
        Step::PollNamed { offset, limit, allowed } => {
            let mut offset = model.offset(*offset);
            if model.named.is_none() {
                // How far back there is something, when it is new, is for other tests to say.
                offset = offset.max(0);
            }
            let asked = allowed.as_ref().map(|kinds| UpdateKinds::asked(kinds.iter().copied()));
            let poll = Poll { offset, limit: *limit, allowed: asked, ..LOOK };
            let answer = world.poll_as(cast, desk(), poll).await;
            let expected = model.poll_named(offset, *limit, allowed);
            assert_eq!(answer, Ok(expected), "named, offset {offset}, next {}", model.next);
        }
        Step::RemoveNamed => {
            let removed = world.hub.remove_consumer(&updates(), "desk").await;
            assert_eq!(removed.is_ok(), model.named.take().is_some());
        }
        Step::KeepHouse => {
            world.hub.forget_old().await.unwrap();
            model.keep_house();
        }
        Step::Restart => world.restart(),
        Step::Crash => world.crash().await,
    }
    let info = world.hub.webhook_info(&updates()).await.unwrap();
    assert_eq!(info.pending_update_count, i64::try_from(model.log.len()).unwrap(), "after {step:?}");
    assert_eq!(info.url.is_empty(), !model.webhook, "after {step:?}");
    let listed = world.hub.consumers(&updates()).await.unwrap();
    let waits = listed.first().map(|consumer| consumer.pending_update_count);
    let expected = model.named.as_ref().map(|_| i64::try_from(model.waiting().len()).unwrap());
    assert_eq!(waits, expected, "after {step:?}");
}

async fn follow(world: &mut World, steps: &[Step]) {
    let cast = world.cast().await;
    // The first update's number is the account's own: see it in an update, and drop that.
    world.write(world.person().await, cast.account, "first").await;
    let first = world.poll(&cast, LOOK).await.unwrap()[0].0;
    world.poll(&cast, Poll { offset: first + 1, ..LOOK }).await.unwrap();
    let mut model = Model {
        log: Vec::new(),
        next: first + 1,
        allowed: KINDS[..2].to_vec(),
        webhook: false,
        all: Vec::new(),
        named: None,
        now: 0,
        has_met: false,
        last_message: None,
        contacts: 0,
    };
    for step in steps {
        take(world, &cast, &mut model, step).await;
    }
}

#[test]
fn getupdates_never_differs_from_its_model() {
    // Paused time: a conflict that is told 3 seconds late costs none.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let stage = RefCell::new((runtime.block_on(World::new()), 0));
    let config = Config { failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(step(), 1..40), |steps| {
        let (world, seen) = &mut *stage.borrow_mut();
        if *seen == SEQUENCES_A_STORE {
            runtime.block_on(world.end());
            *world = runtime.block_on(World::new());
            *seen = 0;
        }
        *seen += 1;
        runtime.block_on(follow(world, &steps));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
