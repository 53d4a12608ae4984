//! Tests of flood control: each rule by an example; `traffic` has all of them at once, under random traffic.
//! Compiled as `flood::tests`. Time is what the test says it is.

mod traffic;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Flood control with a clock that only the test moves, and the journal of what it let through.
struct Bench {
    flood: Flood,
    start: Instant,
    now: Instant,
}

impl Bench {
    fn new(limits: Limits) -> Bench {
        let start = Instant::now();
        Bench { flood: Flood::new(limits), start, now: start }
    }

    fn send(&mut self, chat: i64) -> (Ticket, Turn) {
        self.call("sendMessage", Some(&Chat::Id(chat)))
    }

    fn call(&mut self, method: &str, chat: Option<&Chat>) -> (Ticket, Turn) {
        self.flood.ask(Call { method, chat }, self.now).expect("there is room")
    }

    fn too_many(&mut self, chat: i64, seconds: u64) -> Scope {
        let chat = Chat::Id(chat);
        let call = Call { method: "sendMessage", chat: Some(&chat) };
        self.flood.too_many(call, SECOND * seconds as u32, self.now).scope
    }

    /// Lets the clock run to the next turn and returns whose it is, with the seconds since the start.
    fn next(&mut self) -> Option<(Ticket, f64)> {
        loop {
            if let Some(ticket) = self.flood.due(self.now) {
                return Some((ticket, (self.now - self.start).as_secs_f64()));
            }
            let next = self.flood.next_due(self.now)?;
            assert!(next > self.now, "what is due has been taken");
            self.now = next;
        }
    }

    fn rest(&mut self) -> Vec<(Ticket, f64)> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

fn seconds(turns: &[(Ticket, f64)]) -> Vec<f64> {
    turns.iter().map(|(_, at)| *at).collect()
}

#[test]
fn a_lone_send_goes_at_once() {
    let mut bench = Bench::new(Limits::default());
    assert_eq!(bench.send(5).1, Turn::Go);
    assert_eq!(bench.flood.next_due(bench.now), None);
}

#[test]
fn a_chat_gets_three_at_once_and_then_waits_in_order() {
    let mut bench = Bench::new(Limits::default());
    let asked: Vec<_> = (0..7).map(|_| bench.send(5)).collect();
    assert!(asked[..3].iter().all(|(_, turn)| *turn == Turn::Go));
    assert_eq!(asked[3].1, Turn::Wait(SECOND * 3));
    let turns = bench.rest();
    assert_eq!(seconds(&turns), [3.0, 3.0, 3.0, 6.0]);
    let order: Vec<_> = turns.iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(order, asked[3..].iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>());
}

#[test]
fn a_waiting_chat_delays_no_other() {
    let mut bench = Bench::new(Limits::default());
    for _ in 0..20 {
        let _ = bench.send(5);
    }
    assert_eq!(bench.send(6).1, Turn::Go);
}

#[test]
fn an_account_sends_thirty_a_second_in_the_order_they_came() {
    let mut bench = Bench::new(Limits::default());
    let asked: Vec<_> = (1..=75).map(|chat| bench.send(chat)).collect();
    assert_eq!(asked.iter().filter(|(_, turn)| *turn == Turn::Go).count(), 30);
    let turns = bench.rest();
    assert_eq!(turns.iter().filter(|(_, at)| *at == 1.0).count(), 30);
    assert_eq!(turns.iter().filter(|(_, at)| *at == 2.0).count(), 15);
    assert!(turns.is_sorted_by_key(|(ticket, _)| *ticket));
}

#[test]
fn a_group_gets_twenty_a_minute() {
    let mut bench = Bench::new(Limits::default());
    let went = (0..50).filter(|_| bench.send(-100).1 == Turn::Go).count();
    let turns = seconds(&bench.rest());
    assert_eq!(went + turns.iter().filter(|at| **at < 60.0).count(), 20);
    assert_eq!(turns.iter().filter(|at| (60.0..120.0).contains(*at)).count(), 20);
    assert_eq!(turns.last(), Some(&129.0));
}

#[test]
fn a_named_chat_counts_as_a_group() {
    let mut bench = Bench::new(Limits::default());
    let chat = Chat::read("@News");
    let went = (0..25).filter(|_| bench.call("sendPhoto", Some(&chat)).1 == Turn::Go).count();
    assert_eq!(went, 3);
    assert_eq!(seconds(&bench.rest()).last(), Some(&63.0));
}

#[test]
fn what_sends_no_message_has_no_pace() {
    let mut bench = Bench::new(Limits::default());
    assert!((0..1000).all(|_| bench.call("getChat", None).1 == Turn::Go));
    assert_eq!(bench.send(5).1, Turn::Go);
}

#[test]
fn a_429_freezes_its_chat_to_the_second_and_nothing_else() {
    let mut bench = Bench::new(Limits::default());
    assert_eq!(bench.too_many(5, 17), Scope::Chat(Chat::Id(5)));
    assert_eq!(bench.send(5).1, Turn::Wait(SECOND * 17));
    assert_eq!(bench.send(6).1, Turn::Go);
    assert_eq!(bench.call("getMe", None).1, Turn::Go);
    assert_eq!(seconds(&bench.rest()), [17.0]);
}

#[test]
fn a_429_without_a_chat_freezes_its_method() {
    let mut bench = Bench::new(Limits::default());
    let call = Call { method: "setWebhook", chat: None };
    let freeze = bench.flood.too_many(call, SECOND, bench.now);
    assert_eq!(freeze.scope, Scope::Method("setwebhook".into()));
    assert_eq!(bench.call("SETWEBHOOK", None).1, Turn::Wait(SECOND));
    assert_eq!(bench.call("setWebhook", None).1, Turn::Wait(SECOND));
    assert_eq!(bench.call("deleteWebhook", None).1, Turn::Go);
    assert_eq!(bench.send(5).1, Turn::Go);
    assert_eq!(seconds(&bench.rest()), [1.0, 1.0]);
}

#[test]
fn a_frozen_account_calls_nothing() {
    let mut bench = Bench::new(Limits::default());
    bench.flood.freeze(&Freeze { scope: Scope::Account, left: SECOND * 40 }, bench.now);
    assert_eq!(bench.send(5).1, Turn::Wait(SECOND * 40));
    assert_eq!(bench.call("getMe", None).1, Turn::Wait(SECOND * 40));
    assert_eq!(seconds(&bench.rest()), [40.0, 40.0]);
}

#[test]
fn three_people_told_to_wait_within_a_second_are_the_whole_account() {
    let mut bench = Bench::new(Limits::default());
    assert_eq!(bench.too_many(5, 3), Scope::Chat(Chat::Id(5)));
    assert_eq!(bench.too_many(5, 3), Scope::Chat(Chat::Id(5)));
    assert_eq!(bench.too_many(6, 3), Scope::Chat(Chat::Id(6)));
    assert_eq!(bench.too_many(7, 3), Scope::Account);
    let mut slowly = Bench::new(Limits::default());
    for chat in 5..50 {
        assert_eq!(slowly.too_many(chat, 3), Scope::Chat(Chat::Id(chat)));
        slowly.now += SECOND / 2;
    }
    for group in 5..50 {
        assert_eq!(slowly.too_many(-group, 3), Scope::Chat(Chat::Id(-group)));
    }
}

#[test]
fn a_429_while_others_wait_holds_them_too_and_the_refused_one_goes_first() {
    let mut bench = Bench::new(Limits::default());
    let asked: Vec<_> = (0..5).map(|_| bench.send(5).0).collect();
    bench.now += SECOND;
    bench.too_many(5, 10);
    let chat = Chat::Id(5);
    let call = Call { method: "sendMessage", chat: Some(&chat) };
    assert_eq!(bench.flood.ask_again(asked[1], call, bench.now), Turn::Wait(SECOND * 10));
    let turns = bench.rest();
    assert_eq!(seconds(&turns), [11.0, 11.0, 11.0]);
    let order: Vec<_> = turns.iter().map(|(ticket, _)| *ticket).collect();
    assert_eq!(order, [asked[1], asked[3], asked[4]]);
}

#[test]
fn a_longer_wait_stays_when_a_shorter_one_is_told() {
    let mut bench = Bench::new(Limits::default());
    bench.too_many(5, 30);
    bench.too_many(5, 2);
    let _ = bench.send(5);
    assert_eq!(seconds(&bench.rest()), [30.0]);
}

#[test]
fn waits_survive_being_written_down() {
    let mut before = Bench::new(Limits::default());
    before.too_many(5, 30);
    before.flood.too_many(Call { method: "setWebhook", chat: None }, SECOND * 9, before.now);
    before.too_many(-8, 1);
    before.now += SECOND * 4;
    let kept: Vec<(String, Duration)> =
        before.flood.freezes(before.now).iter().map(|kept| (kept.scope.to_string(), kept.left)).collect();

    let mut after = Bench::new(Limits::default());
    for (scope, left) in kept {
        after.flood.freeze(&Freeze { scope: scope.parse().unwrap(), left }, after.now);
    }
    assert_eq!(after.send(5).1, Turn::Wait(SECOND * 26));
    assert_eq!(after.call("setWebhook", None).1, Turn::Wait(SECOND * 5));
    assert_eq!(after.send(-8).1, Turn::Go);
}

#[test]
fn one_that_gives_up_leaves_its_turn_to_the_next() {
    let mut bench = Bench::new(Limits::default());
    let asked: Vec<_> = (0..5).map(|_| bench.send(5).0).collect();
    bench.flood.cancel(asked[3], bench.now);
    bench.flood.cancel(asked[0], bench.now);
    assert_eq!(bench.rest(), [(asked[4], 3.0)]);
    assert_eq!(bench.flood.waiting(), 0);
}

#[test]
fn more_than_may_wait_are_refused() {
    let mut bench = Bench::new(Limits { most_waiting: 2, ..Limits::default() });
    for _ in 0..5 {
        let _ = bench.send(5);
    }
    let chat = Chat::Id(5);
    let call = Call { method: "sendMessage", chat: Some(&chat) };
    let full = bench.flood.ask(call, bench.now).expect_err("two wait");
    assert!(full.retry_after >= SECOND);
    assert_eq!(bench.rest().len(), 2);
}

#[test]
fn a_pace_of_nothing_is_a_pace_of_one() {
    let slow = Pace { count: 0, per: SECOND };
    let mut bench = Bench::new(Limits { account: slow, ..Limits::default() });
    assert_eq!(bench.send(5).1, Turn::Go);
    let _ = bench.send(6);
    assert_eq!(seconds(&bench.rest()), [1.0]);
}

#[test]
fn old_chats_are_forgotten() {
    let mut bench = Bench::new(Limits::default());
    let mut most = 0;
    for chat in 0..100_000 {
        let _ = bench.send(-chat);
        bench.now += SECOND / 20;
        most = most.max(bench.flood.lanes.len());
    }
    // 20 a second are remembered for a minute, and as many again until they are looked through.
    assert!(most <= 2 * 1201, "{most}");
}

#[test]
fn a_wait_beyond_all_reason_is_a_year() {
    let mut bench = Bench::new(Limits::default());
    let chat = Chat::Id(5);
    let call = Call { method: "sendMessage", chat: Some(&chat) };
    assert_eq!(bench.flood.too_many(call, Duration::MAX, bench.now).left, LONGEST_FREEZE);
    bench.flood.freeze(&Freeze { scope: Scope::Account, left: Duration::MAX }, bench.now);
    assert_eq!(bench.send(5).1, Turn::Wait(LONGEST_FREEZE));
}

#[test]
fn new_limits_hold_for_those_who_wait_already() {
    let mut bench = Bench::new(Limits::default());
    for _ in 0..10 {
        let _ = bench.send(5);
    }
    let fast = Pace { count: 100, per: SECOND };
    bench.flood.set_limits(Limits { chat: fast, account: fast, ..Limits::default() }, bench.now);
    assert_eq!(seconds(&bench.rest()), [0.0; 7]);
}
