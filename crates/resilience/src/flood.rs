//! Flood control of one account: a send waits until Telegram's limits let it through, and what the upstream asked to
//! wait for is waited for, to the second and only where it belongs. Asked before each call, told of each 429.
//! It never sleeps: a driver asks [`Flood::next_due`] when to look again and then takes what is [`Flood::due`].

mod scope;
mod window;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

pub use scope::{Call, Chat, Freeze, NoScope, Scope};
pub use window::Pace;

use window::Window;

/// How fast an account may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All sends of the account.
    pub account: Pace,
    /// Sends to one chat.
    pub chat: Pace,
    /// Sends to one group or channel, besides `chat`.
    pub group: Pace,
    /// More than this don't wait at once: the next is refused.
    pub most_waiting: usize,
}

impl Default for Limits {
    /// What Telegram's FAQ for bots names: 30 a second, one a second to a chat (three at once, then), 20 a minute to
    /// a group.
    fn default() -> Limits {
        Limits {
            account: Pace { count: 30, per: Duration::from_secs(1) },
            chat: Pace { count: 3, per: Duration::from_secs(3) },
            group: Pace { count: 20, per: Duration::from_secs(60) },
            most_waiting: 10_000,
        }
    }
}

/// A place in the queue. It stays the call's: one that got a 429 takes it again, before those that came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Go,
    /// When [`Flood::due`] names its ticket; by what is known now, in about this time.
    Wait(Duration),
}

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// In about this time there is room again.
    pub retry_after: Duration,
}

/// No upstream means to be waited for longer than this: a year. It keeps times computable.
pub const LONGEST_FREEZE: Duration = Duration::from_secs(365 * 24 * 3600);

/// 429s for so many people's chats within [`SPREAD`] are not about those chats: the account is too fast.
const SPREAD_CHATS: usize = 3;
const SPREAD: Duration = Duration::from_secs(1);
/// Chats are looked through for forgotten ones when there are this many, and whenever they have doubled since.
const SWEEP_FROM: usize = 1024;

/// Who waits for the same thing, in order: sends to one chat, or calls of one method without a chat.
type Lane = Scope;

/// Flood control of one account.
#[derive(Debug)]
pub struct Flood {
    limits: Limits,
    account: Window,
    account_frozen: Option<Instant>,
    methods_frozen: HashMap<Box<str>, Instant>,
    lanes: HashMap<Lane, Waiting>,
    sweep_at: usize,
    tickets: HashMap<Ticket, Lane>,
    last_ticket: u64,
    /// First ones of lanes that have to wait until then, for their chat or a freeze.
    timed: BTreeSet<(Instant, Ticket)>,
    /// First ones of chats that wait only for the account's pace.
    ready: BTreeSet<Ticket>,
    /// Chats of people that had a 429 lately.
    spread: VecDeque<(Instant, Chat)>,
}

#[derive(Debug, Default)]
struct Waiting {
    went: Window,
    went_as_group: Window,
    frozen: Option<Instant>,
    /// Tickets and their methods.
    queue: BTreeMap<Ticket, Box<str>>,
    /// The ticket of `queue` that is in `timed` (with its time) or in `ready`.
    listed: Option<(Ticket, Option<Instant>)>,
}

impl Flood {
    /// Nothing sent yet, nothing frozen.
    pub fn new(limits: Limits) -> Flood {
        Flood {
            limits,
            account: Window::default(),
            account_frozen: None,
            methods_frozen: HashMap::new(),
            lanes: HashMap::new(),
            sweep_at: SWEEP_FROM,
            tickets: HashMap::new(),
            last_ticket: 0,
            timed: BTreeSet::new(),
            ready: BTreeSet::new(),
            spread: VecDeque::new(),
        }
    }

    /// Changes the limits; what waits is let through by the new ones.
    pub fn set_limits(&mut self, limits: Limits, now: Instant) {
        self.limits = limits;
        let waiting = self.lanes.iter().filter(|(_, of)| !of.queue.is_empty());
        for lane in waiting.map(|(lane, _)| lane.clone()).collect::<Vec<_>>() {
            self.list_first(&lane, now);
        }
    }

    /// Asks for a turn. After `Go` the call counts as made.
    pub fn ask(&mut self, call: Call<'_>, now: Instant) -> Result<(Ticket, Turn), Full> {
        if self.tickets.len() >= self.limits.most_waiting {
            return Err(Full { retry_after: self.limits.account.time_for(self.ready.len()).max(SPREAD) });
        }
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        Ok((ticket, self.ask_with(ticket, call, now)))
    }

    /// Asks again for a call that got a 429, at its old place: before all that came after it.
    pub fn ask_again(&mut self, ticket: Ticket, call: Call<'_>, now: Instant) -> Turn {
        self.ask_with(ticket, call, now)
    }

    /// Gives a place up. One that had its turn has none, and nothing happens.
    pub fn cancel(&mut self, ticket: Ticket, now: Instant) {
        let Some(lane) = self.tickets.remove(&ticket) else { return };
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.queue.remove(&ticket);
        }
        self.list_first(&lane, now);
    }

    /// The next whose turn has come, which counts as made from then on. To be asked until there is none.
    pub fn due(&mut self, now: Instant) -> Option<Ticket> {
        while let Some((at, ticket)) = self.timed.first().copied()
            && at <= now
        {
            let lane = self.tickets.get(&ticket).cloned()?;
            if lane.is_paced() || self.free_at(&lane).is_some_and(|at| at > now) {
                // Now it waits for the account; or what it waited for was prolonged meanwhile.
                self.list_first(&lane, now);
            } else {
                return Some(self.let_through(ticket, &lane, now));
            }
        }
        while let Some(ticket) = self.ready.first().copied() {
            if self.account_free_at().is_some_and(|at| at > now) {
                return None;
            }
            let lane = self.tickets.get(&ticket).cloned()?;
            self.list_first(&lane, now);
            if self.ready.contains(&ticket) {
                return Some(self.let_through(ticket, &lane, now));
            }
        }
        None
    }

    /// When to ask [`Flood::due`] next, if anybody waits. It may turn out to be too early, never too late.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        let timed = self.timed.first().map(|(at, _)| *at);
        let ready = self.ready.first().map(|_| self.account_free_at().unwrap_or(now));
        match (timed, ready) {
            (Some(timed), Some(ready)) => Some(timed.min(ready)),
            (timed, ready) => timed.or(ready),
        }
    }

    /// Tells of a 429 for a call and returns what is frozen by it, to be kept across restarts: the chat of a send,
    /// the method of anything else. When three people's chats get one within a second it is the account.
    pub fn too_many(&mut self, call: Call<'_>, retry_after: Duration, now: Instant) -> Freeze {
        let scope = match call.chat {
            None => Scope::Method(call.method.to_ascii_lowercase().into()),
            Some(chat) if self.is_spread(chat, now) => Scope::Account,
            Some(chat) => Scope::Chat(chat.clone()),
        };
        let freeze = Freeze { scope, left: retry_after.min(LONGEST_FREEZE) };
        self.freeze(&freeze, now);
        freeze
    }

    /// Freezes a scope, after a 429 or a restart. A longer wait that it has already stays; none is longer than
    /// [`LONGEST_FREEZE`].
    pub fn freeze(&mut self, freeze: &Freeze, now: Instant) {
        let end = now + freeze.left.min(LONGEST_FREEZE);
        let until = Some(end);
        match &freeze.scope {
            Scope::Account => self.account_frozen = self.account_frozen.max(until),
            Scope::Method(name) => {
                self.methods_frozen.retain(|_, until| *until > now);
                let frozen = self.methods_frozen.entry(name.clone()).or_insert(now);
                *frozen = (*frozen).max(end);
            }
            Scope::Chat(_) => {
                let waiting = self.lane(&freeze.scope, now);
                waiting.frozen = waiting.frozen.max(until);
            }
        }
    }

    /// All that is frozen, with what is left of it.
    pub fn freezes(&self, now: Instant) -> Vec<Freeze> {
        let account = self.account_frozen.map(|until| (Scope::Account, until));
        let methods = self.methods_frozen.iter().map(|(name, until)| (Scope::Method(name.clone()), *until));
        let chats = self.lanes.iter().filter_map(|(lane, of)| of.frozen.map(|until| (lane.clone(), until)));
        let all = account.into_iter().chain(methods).chain(chats);
        all.filter(|(_, until)| *until > now)
            .map(|(scope, until)| Freeze { scope, left: until - now })
            .collect()
    }

    /// Whether a call that sends nothing would have to wait: the account or its method is frozen.
    pub fn holds(&self, method: &str, now: Instant) -> bool {
        let account = self.account_frozen.is_some_and(|until| until > now);
        account || self.methods_frozen.get(method).is_some_and(|until| *until > now)
    }

    /// How many wait for their turn.
    pub fn waiting(&self) -> usize {
        self.tickets.len()
    }

    fn ask_with(&mut self, ticket: Ticket, call: Call<'_>, now: Instant) -> Turn {
        let method = call.method.to_ascii_lowercase().into_boxed_str();
        let lane = match call.chat {
            Some(chat) => Lane::Chat(chat.clone()),
            None => Lane::Method(method.clone()),
        };
        let waiting = self.lane(&lane, now);
        waiting.queue.insert(ticket, method);
        self.tickets.insert(ticket, lane.clone());
        self.list_first(&lane, now);
        let goes = match lane.is_paced() {
            true => {
                let account_is_free = self.account_free_at().is_none_or(|at| at <= now);
                account_is_free && self.ready.first() == Some(&ticket)
            }
            false => self.timed.contains(&(now, ticket)),
        };
        if goes {
            self.let_through(ticket, &lane, now);
            return Turn::Go;
        }
        Turn::Wait(self.expected(ticket, &lane, now))
    }

    /// Takes a ticket out of its queue as gone, and lists the next of its lane.
    fn let_through(&mut self, ticket: Ticket, lane: &Lane, now: Instant) -> Ticket {
        let limits = self.limits;
        self.tickets.remove(&ticket);
        if let Some(waiting) = self.lanes.get_mut(lane) {
            waiting.queue.remove(&ticket);
            if let Lane::Chat(chat) = lane {
                waiting.went.go(limits.chat, now);
                if chat.is_group() {
                    waiting.went_as_group.go(limits.group, now);
                }
                self.account.go(limits.account, now);
            }
        }
        self.list_first(lane, now);
        ticket
    }

    /// Puts the first of a lane where it belongs, into `timed` or `ready`, and whatever was there before out.
    fn list_first(&mut self, lane: &Lane, now: Instant) {
        let free_at = self.free_at(lane);
        let Some(waiting) = self.lanes.get_mut(lane) else { return };
        if let Some((ticket, at)) = waiting.listed.take() {
            match at {
                Some(at) => self.timed.remove(&(at, ticket)),
                None => self.ready.remove(&ticket),
            };
        }
        let Some((&first, _)) = waiting.queue.first_key_value() else { return };
        let later = free_at.filter(|at| *at > now);
        // What has no pace to wait for is never merely ready.
        let at = if lane.is_paced() { later } else { later.or(Some(now)) };
        waiting.listed = Some((first, at));
        match at {
            Some(at) => self.timed.insert((at, first)),
            None => self.ready.insert(first),
        };
    }

    /// When the first of a lane may go, as far as its chat and freezes are concerned.
    fn free_at(&self, lane: &Lane) -> Option<Instant> {
        let waiting = self.lanes.get(lane)?;
        let (_, method) = waiting.queue.first_key_value()?;
        let method_frozen = match self.methods_frozen.is_empty() {
            true => None,
            false => self.methods_frozen.get(method).copied(),
        };
        let paces = match lane {
            Lane::Chat(chat) if chat.is_group() => {
                waiting.went.free_at(self.limits.chat).max(waiting.went_as_group.free_at(self.limits.group))
            }
            Lane::Chat(_) => waiting.went.free_at(self.limits.chat),
            Lane::Method(_) | Lane::Account => None,
        };
        waiting.frozen.max(method_frozen).max(self.account_frozen).max(paces)
    }

    fn account_free_at(&self) -> Option<Instant> {
        self.account.free_at(self.limits.account).max(self.account_frozen)
    }

    fn expected(&self, ticket: Ticket, lane: &Lane, now: Instant) -> Duration {
        let until = |at: Option<Instant>| at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let own = until(self.free_at(lane));
        let Lane::Chat(chat) = lane else { return own };
        let before = self.lanes.get(lane).map_or(0, |of| match of.queue.last_key_value() {
            Some((last, _)) if *last == ticket => of.queue.len() - 1,
            _ => of.queue.range(..ticket).count(),
        });
        let mut queued = self.limits.chat.time_for(before);
        if chat.is_group() {
            queued = queued.max(self.limits.group.time_for(before));
        }
        let account = until(self.account_free_at()) + self.limits.account.time_for(self.ready.len());
        (own + queued).max(account)
    }

    /// Whether 429s come for so many people's chats that it is not about them.
    fn is_spread(&mut self, chat: &Chat, now: Instant) -> bool {
        if chat.is_group() {
            return false;
        }
        self.spread.retain(|(at, other)| now.saturating_duration_since(*at) < SPREAD && other != chat);
        self.spread.push_back((now, chat.clone()));
        self.spread.len() >= SPREAD_CHATS
    }

    /// The queue of a lane; old ones are forgotten when many are kept.
    fn lane(&mut self, lane: &Lane, now: Instant) -> &mut Waiting {
        if !self.lanes.contains_key(lane) && self.lanes.len() >= self.sweep_at {
            let limits = self.limits;
            self.lanes.retain(|_, waiting| {
                !waiting.queue.is_empty()
                    || waiting.frozen.is_some_and(|until| until > now)
                    || !waiting.went.is_over(limits.chat, now)
                    || !waiting.went_as_group.is_over(limits.group, now)
            });
            self.sweep_at = (self.lanes.len() * 2).max(SWEEP_FROM);
        }
        self.lanes.entry(lane.clone()).or_default()
    }
}
