//! Where sends wait for their turn: flood control of one account, with somebody who sleeps and wakes them.
//! Asked by the hub before each call to the upstream and told of each 429. It never calls anything itself, and its task
//! lives only while somebody waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contactgram_resilience::flood::{Call, Flood, Freeze, Full, Limits, Ticket, Turn};
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep_until;

use super::now;

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

/// The gate of one account. Cloning it gives the same gate.
#[derive(Clone)]
pub struct Gate {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Rung when somebody may be due earlier than the driver knows.
    bell: Notify,
}

struct State {
    flood: Flood,
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
    is_driven: bool,
}

/// The turn would come later than the caller would wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// When it would come, about.
    pub retry_after: Duration,
}

impl Gate {
    /// A gate with the waits that a restart found written down.
    pub fn new(limits: Limits, freezes: &[Freeze]) -> Gate {
        let mut flood = Flood::new(limits);
        for freeze in freezes {
            flood.freeze(freeze, now());
        }
        let state = Mutex::new(State { flood, waiting: HashMap::new(), is_driven: false });
        Gate { shared: Arc::new(Shared { state, bell: Notify::new() }) }
    }

    /// Waits for the call's turn, but not if that is `longest` away or more. Dropping the future gives the place up.
    /// The ticket is for [`Gate::turn_again`].
    pub async fn turn(&self, call: Call<'_>, longest: Duration) -> Result<Ticket, TooLong> {
        let asked = self.enqueue(|flood| flood.ask(call, now()));
        let place = asked.map_err(|Full { retry_after }| TooLong { retry_after })?;
        self.wait(place, longest).await
    }

    /// Waits again, after a 429, before all that came later.
    pub async fn turn_again(
        &self,
        ticket: Ticket,
        call: Call<'_>,
        longest: Duration,
    ) -> Result<Ticket, TooLong> {
        let asked = self.enqueue(|flood| Ok((ticket, flood.ask_again(ticket, call, now()))));
        let place = asked.map_err(|Full { retry_after }| TooLong { retry_after })?;
        self.wait(place, longest).await
    }

    /// Whether a call that sends nothing may be made at once. `method` is in lower case.
    pub fn is_open_to(&self, method: &str) -> bool {
        !self.shared.lock().flood.holds(method, now())
    }

    /// Tells of a 429. What it returns is to be written down, for the next start.
    pub fn too_many(&self, call: Call<'_>, retry_after: Duration) -> Freeze {
        self.shared.lock().flood.too_many(call, retry_after, now())
    }

    /// All that is frozen now, with what is left of it.
    pub fn freezes(&self) -> Vec<Freeze> {
        self.shared.lock().flood.freezes(now())
    }

    /// Changes the limits from now on.
    pub fn set_limits(&self, limits: Limits) {
        self.shared.lock().flood.set_limits(limits, now());
        self.shared.bell.notify_one();
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.shared.lock().flood.waiting()
    }

    /// Asks, and leaves a bell to be woken by in the same breath: the driver may be at work.
    fn enqueue(
        &self,
        ask: impl FnOnce(&mut Flood) -> Result<(Ticket, Turn), Full>,
    ) -> Result<Asked<'_>, Full> {
        let mut state = self.shared.lock();
        let (ticket, turn) = ask(&mut state.flood)?;
        let expected = match turn {
            Turn::Go => return Ok(Asked::Go(ticket)),
            Turn::Wait(expected) => expected,
        };
        let (wake, woken) = oneshot::channel();
        state.waiting.insert(ticket, wake);
        Ok(Asked::Wait { place: Place { shared: &self.shared, ticket }, expected, woken })
    }

    async fn wait(&self, asked: Asked<'_>, longest: Duration) -> Result<Ticket, TooLong> {
        let (place, expected, woken) = match asked {
            Asked::Go(ticket) => return Ok(ticket),
            Asked::Wait { place, expected, woken } => (place, expected, woken),
        };
        if expected >= longest {
            return Err(TooLong { retry_after: expected });
        }
        let is_driven = std::mem::replace(&mut self.shared.lock().is_driven, true);
        match is_driven {
            true => self.shared.bell.notify_one(),
            false => drop(tokio::spawn(drive(Arc::clone(&self.shared)))),
        }
        // Nobody drops a bell unrung, except a runtime that ends.
        woken.await.map(|()| place.ticket).map_err(|_| TooLong { retry_after: expected })
    }
}

enum Asked<'a> {
    Go(Ticket),
    Wait { place: Place<'a>, expected: Duration, woken: oneshot::Receiver<()> },
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue of somebody who waits. One that had its turn is in no queue any more.
struct Place<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.waiting.remove(&self.ticket);
        state.flood.cancel(self.ticket, now());
    }
}

/// Wakes who is due, until nobody waits.
async fn drive(shared: Arc<Shared>) {
    loop {
        let next = {
            let mut state = shared.lock();
            let now = now();
            while let Some(ticket) = state.flood.due(now) {
                if let Some(wake) = state.waiting.remove(&ticket) {
                    let _ = wake.send(());
                }
            }
            match state.flood.next_due(now) {
                Some(next) => next,
                None => {
                    state.is_driven = false;
                    return;
                }
            }
        };
        tokio::select! {
            () = sleep_until(next.into()) => {}
            () = shared.bell.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use contactgram_resilience::flood::{Chat, Scope};
    use tokio::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);
    const SECOND: Duration = Duration::from_secs(1);

    fn gate() -> Gate {
        Gate::new(Limits::default(), &[])
    }

    /// Sends to chats at once; says who had a turn after how many seconds.
    async fn send_all(gate: &Gate, chats: &[i64]) -> Vec<(usize, u64)> {
        let start = Instant::now();
        let turns = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (place, chat) in chats.iter().copied().enumerate() {
            let (gate, turns) = (gate.clone(), Arc::clone(&turns));
            tasks.push(tokio::spawn(async move {
                let chat = Chat::Id(chat);
                gate.turn(Call { method: "sendMessage", chat: Some(&chat) }, LONG).await.unwrap();
                turns.lock().unwrap().push((place, start.elapsed().as_secs()));
            }));
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        turns.lock().unwrap().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_woken_in_order_and_on_time() {
        let gate = gate();
        let turns = send_all(&gate, &[5, 5, 5, 5, 6, 5]).await;
        assert_eq!(turns, [(0, 0), (1, 0), (2, 0), (4, 0), (3, 3), (5, 3)]);
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_restart_keeps_waits_and_nobody_waits_longer_than_they_would() {
        let freeze = Freeze { scope: Scope::Chat(Chat::Id(5)), left: SECOND * 20 };
        let gate = Gate::new(Limits::default(), &[freeze]);
        let chat = Chat::Id(5);
        let call = Call { method: "sendMessage", chat: Some(&chat) };
        assert_eq!(gate.turn(call, SECOND * 20).await, Err(TooLong { retry_after: SECOND * 20 }));
        assert_eq!(gate.waiting(), 0);
        let start = Instant::now();
        gate.turn(call, SECOND * 21).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_gives_up_leaves_its_place() {
        let gate = gate();
        let chat = Chat::Id(5);
        let call = Call { method: "sendMessage", chat: Some(&chat) };
        for _ in 0..3 {
            gate.turn(call, LONG).await.unwrap();
        }
        assert!(tokio::time::timeout(SECOND, gate.turn(call, LONG)).await.is_err());
        assert_eq!(gate.waiting(), 0);
        let start = Instant::now();
        gate.turn(call, LONG).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_holds_those_who_wait_and_lets_its_own_call_go_first() {
        let gate = gate();
        let chat = Chat::Id(5);
        let call = Call { method: "sendMessage", chat: Some(&chat) };
        let mut last = gate.turn(call, LONG).await.unwrap();
        for _ in 0..2 {
            last = gate.turn(call, LONG).await.unwrap();
        }
        let others = {
            let gate = gate.clone();
            tokio::spawn(async move { send_all(&gate, &[5, 5]).await })
        };
        tokio::task::yield_now().await;
        let freeze = gate.too_many(call, SECOND * 10);
        assert_eq!((freeze.scope.to_string(), gate.freezes()), ("chat:5".to_owned(), vec![freeze]));
        let start = Instant::now();
        gate.turn_again(last, call, LONG).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 10);
        assert_eq!(others.await.unwrap(), [(0, 10), (1, 10)]);
    }

    #[tokio::test(start_paused = true)]
    async fn new_limits_let_those_who_wait_go() {
        let gate = gate();
        let sending = {
            let gate = gate.clone();
            tokio::spawn(async move { send_all(&gate, &[5; 30]).await })
        };
        tokio::time::sleep(SECOND / 2).await;
        assert_eq!(gate.waiting(), 27);
        let fast = contactgram_resilience::flood::Pace { count: 1000, per: SECOND };
        gate.set_limits(Limits { chat: fast, account: fast, ..Limits::default() });
        let turns = sending.await.unwrap();
        assert!(turns.iter().all(|(_, at)| *at == 0), "{turns:?}");
    }
}
