//! Flood control under random traffic, against a plain record of what went when: nothing early, nothing out of order,
//! nothing held by what is not its own. Part of `flood::tests`.

use super::*;
use proptest::prelude::*;

/// What random traffic is made of.
#[derive(Debug, Clone)]
enum Step {
    Send { chat: u8, method: bool },
    Call,
    Pass { ms: u16 },
    Freeze { scope: u8, ms: u16 },
    GiveUp { which: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0u8..8, any::<bool>()).prop_map(|(chat, method)| Step::Send { chat, method }),
        2 => Just(Step::Call),
        4 => (0u16..1500).prop_map(|ms| Step::Pass { ms }),
        1 => (0u8..6, 1u16..5000).prop_map(|(scope, ms)| Step::Freeze { scope, ms }),
        1 => any::<u8>().prop_map(|which| Step::GiveUp { which }),
    ]
}

/// Half of them groups.
fn chat_of(number: u8) -> Chat {
    Chat::Id(if number.is_multiple_of(2) { i64::from(number) + 1 } else { -i64::from(number) })
}

/// The same rules once more, by looking at everything that happened in the last minute.
#[derive(Default)]
struct Record {
    went: Vec<(Instant, Option<Chat>)>,
    frozen: Vec<(Scope, Instant)>,
    waiting: Vec<(Ticket, &'static str, Option<Chat>)>,
}

impl Record {
    /// Whether a call is allowed now by pace and freezes, whoever else waits.
    fn allowed(&self, limits: Limits, method: &str, chat: Option<&Chat>, now: Instant) -> bool {
        let frozen = self.frozen.iter().any(|(scope, until)| {
            *until > now
                && match scope {
                    Scope::Account => true,
                    Scope::Chat(frozen) => chat == Some(frozen),
                    Scope::Method(frozen) => method.eq_ignore_ascii_case(frozen),
                }
        });
        let Some(chat) = chat else { return !frozen };
        let within = |pace: Pace, of: &dyn Fn(&Chat) -> bool| {
            let recent =
                self.went.iter().filter(|(at, to)| now < *at + pace.per && to.as_ref().is_some_and(of));
            recent.count() < pace.count as usize
        };
        !frozen
            && within(limits.account, &|_| true)
            && within(limits.chat, &|to| to == chat)
            && (!chat.is_group() || within(limits.group, &|to| to == chat))
    }

    /// Takes a waiting call out as gone; it must be the first of its chat and allowed.
    fn go(&mut self, limits: Limits, ticket: Ticket, now: Instant) {
        let place = self.waiting.iter().position(|(waiting, ..)| *waiting == ticket);
        let (_, method, chat) = self.waiting.remove(place.expect("only who waits gets a turn"));
        assert!(self.allowed(limits, method, chat.as_ref(), now), "{method} to {chat:?} went early");
        if chat.is_some() {
            let earlier = self.waiting.iter().any(|(other, _, to)| *other < ticket && *to == chat);
            assert!(!earlier, "{chat:?} is served in order");
        }
        self.went.push((now, chat));
    }

    fn forget(&mut self, now: Instant) {
        self.went.retain(|(at, _)| now < *at + SECOND * 60);
        self.frozen.retain(|(_, until)| *until > now);
    }

    /// Nobody may wait who is the first of a chat and allowed.
    fn nobody_waits_without_reason(&self, limits: Limits, now: Instant) {
        for (place, (_, method, chat)) in self.waiting.iter().enumerate() {
            let first = || chat.is_none() || !self.waiting[..place].iter().any(|(_, _, to)| to == chat);
            let waits_for_nothing = self.allowed(limits, method, chat.as_ref(), now) && first();
            assert!(!waits_for_nothing, "{method} to {chat:?} waits without a reason");
        }
    }
}

fn run(limits: Limits, steps: &[Step]) -> usize {
    let mut bench = Bench::new(limits);
    let mut record = Record::default();
    let mut waits = 0;
    for step in steps {
        let target = match step {
            Step::Pass { ms } => bench.now + Duration::from_millis(u64::from(*ms)),
            _ => bench.now,
        };
        let asked = match step {
            Step::Send { chat, method } => {
                let method = if *method { "sendMessage" } else { "sendPhoto" };
                let chat = chat_of(*chat);
                Some((bench.call(method, Some(&chat)), method, Some(chat)))
            }
            Step::Call => Some((bench.call("getMe", None), "getMe", None)),
            _ => None,
        };
        if let Some(((ticket, turn), method, chat)) = asked {
            record.waiting.push((ticket, method, chat));
            match turn {
                Turn::Go => record.go(limits, ticket, bench.now),
                Turn::Wait(_) => waits += 1,
            }
        }
        if let Step::Freeze { scope, ms } = step {
            let scope = match scope {
                0 => Scope::Account,
                1 => Scope::Method("sendphoto".into()),
                2 => Scope::Method("getme".into()),
                chat => Scope::Chat(chat_of(*chat)),
            };
            let left = Duration::from_millis(u64::from(*ms));
            record.frozen.push((scope.clone(), bench.now + left));
            bench.flood.freeze(&Freeze { scope, left }, bench.now);
        }
        if let Step::GiveUp { which } = step
            && !record.waiting.is_empty()
        {
            let (ticket, ..) = record.waiting.remove(usize::from(*which) % record.waiting.len());
            bench.flood.cancel(ticket, bench.now);
        }
        loop {
            while let Some(ticket) = bench.flood.due(bench.now) {
                record.go(limits, ticket, bench.now);
            }
            record.nobody_waits_without_reason(limits, bench.now);
            record.forget(bench.now);
            match bench.flood.next_due(bench.now) {
                Some(next) if next <= target => bench.now = next,
                _ => break,
            }
        }
        bench.now = target;
    }
    for (ticket, _) in bench.rest() {
        // `rest` moves the clock to each turn, so the record can still be asked.
        let place = record.waiting.iter().position(|(waiting, ..)| *waiting == ticket);
        record.waiting.remove(place.expect("only who waits gets a turn"));
    }
    assert!(record.waiting.is_empty() && bench.flood.waiting() == 0);
    waits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_call_goes_early_out_of_order_or_waits_for_what_is_not_its_own(
        steps in proptest::collection::vec(step(), 1..600),
        account in 2u32..12,
    ) {
        let limits = Limits { account: Pace { count: account, per: SECOND }, ..Limits::default() };
        run(limits, &steps);
    }
}

#[test]
fn ten_thousand_waits_are_kept() {
    let mut random = 1u64;
    let mut draw = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    };
    let steps: Vec<Step> = (0..30_000)
        .map(|_| match draw(20) {
            0..10 => Step::Send { chat: draw(8) as u8, method: draw(2) == 0 },
            10 => Step::Call,
            11 => Step::Freeze { scope: draw(6) as u8, ms: draw(5000) as u16 },
            _ => Step::Pass { ms: draw(1000) as u16 },
        })
        .collect();
    let limits = Limits {
        account: Pace { count: 4, per: SECOND },
        group: Pace { count: 20, per: SECOND * 20 },
        most_waiting: usize::MAX,
        ..Limits::default()
    };
    let waits = run(limits, &steps);
    assert!(waits >= 10_000, "{waits}");
}
