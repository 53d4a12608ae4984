//! Flood control of accounts at an upstream: each call that sends waits for its turn, and what the upstream asks to wait
//! for is kept, where it belongs, also across a restart. Asked before each call that goes up and told of each 429.
//! Nothing is written while no 429 comes.

use super::Gateway;
use crate::{Error, Hub};
use contactgram_connector::bot::{Chat, Freeze, Limits, Pace, Ticket, TooLong};
use contactgram_model::{Timestamp, UserId};
use contactgram_resilience::flood::{Call, Scope};
use contactgram_store::ops::freezes;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How fast accounts at an upstream may send, and how long somebody waits for that.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// An account's pace in all, to a chat, and to a group.
    pub limits: Limits,
    /// A turn that is further away than this is a 429.
    pub longest: Duration,
}

impl Default for Pacing {
    fn default() -> Pacing {
        Pacing { limits: Limits::default(), longest: Duration::from_secs(30) }
    }
}

impl Pacing {
    /// So many a second in all, so many a second to a chat (three times that at once), so many a minute to a group.
    pub fn of(account: u32, chat: u32, group: u32, longest: Duration) -> Pacing {
        let seconds = Duration::from_secs;
        let limits = Limits {
            account: Pace { count: account, per: seconds(1) },
            chat: Pace { count: chat.saturating_mul(3), per: seconds(3) },
            group: Pace { count: group, per: seconds(60) },
            ..Limits::default()
        };
        Pacing { limits, longest }
    }
}

/// A call that is about to be made, as far as flood control goes.
#[derive(Debug, Clone)]
pub struct Passing {
    /// What a wait for it belongs to where that is no chat: the method in lower case, and its chat where it names one.
    class: String,
    /// Where it sends to; none when it sends nothing.
    to: Option<Chat>,
    /// Whether `to` is a chat that somebody named.
    is_known: bool,
}

/// Whether a method sends what Telegram counts. Its name is in lower case.
pub fn sends(method: &str) -> bool {
    ["send", "forward", "copy"].iter().any(|begin| method.starts_with(begin))
        && !matches!(method, "sendchataction" | "sendmessagedraft")
}

impl Passing {
    /// A call of a method (its name in lower case), with the `chat_id` that it has, as far as that could be read.
    pub fn new(method: &str, chat: Option<&str>) -> Passing {
        let chat = chat.map(str::trim).filter(|chat| !chat.is_empty());
        if sends(method) {
            let to = chat.map_or_else(nobody, Chat::read);
            return Passing { class: method.to_owned(), to: Some(to), is_known: chat.is_some() };
        }
        let class = match chat {
            Some(chat) => format!("{method}@{chat}"),
            None => method.to_owned(),
        };
        Passing { class, to: None, is_known: false }
    }

    fn call(&self) -> Call<'_> {
        Call { method: &self.class, chat: self.to.as_ref() }
    }

    /// The same for a 429: one to a chat that nobody could read concerns the method.
    fn blamed(&self) -> Call<'_> {
        Call { method: &self.class, chat: self.to.as_ref().filter(|_| self.is_known) }
    }
}

/// Stands for a chat that could not be read: such a send keeps the account's pace and no chat's.
fn nobody() -> Chat {
    static NEXT: AtomicI64 = AtomicI64::new(i64::MAX);
    Chat::Id(NEXT.fetch_sub(1, Ordering::Relaxed))
}

impl Gateway {
    /// Waits until a call may be made, but no longer than is usual or than `longest`. A caller who hangs up gives the
    /// place back.
    ///
    /// # Errors
    /// [`Error::TooMany`] when its turn is further away.
    pub async fn turn(&self, passing: &Passing, longest: Option<Duration>) -> Result<Option<Ticket>, Error> {
        if passing.to.is_none() && self.gate.is_open_to(&passing.class) {
            return Ok(None);
        }
        let longest = longest.unwrap_or(self.longest);
        self.gate.turn(passing.call(), longest).await.map(Some).map_err(too_long)
    }

    /// Waits again after a 429, before all that came later.
    ///
    /// # Errors
    /// As [`Gateway::turn`].
    pub async fn turn_again(
        &self,
        ticket: Option<Ticket>,
        passing: &Passing,
        longest: Duration,
    ) -> Result<Option<Ticket>, Error> {
        let Some(ticket) = ticket else { return self.turn(passing, Some(longest)).await };
        self.gate.turn_again(ticket, passing.call(), longest).await.map(Some).map_err(too_long)
    }
}

impl Hub {
    /// Keeps a wait that the upstream asked for: nobody calls before it is over, also after a restart.
    pub async fn keep_wait(&self, gateway: &Gateway, passing: &Passing, retry_after: Duration) {
        let freeze = gateway.gate.too_many(passing.blamed(), retry_after);
        let (account, now) = (gateway.account, self.clock.now());
        // The clock's second is under way: with one more, nobody is early after a restart.
        let until = now.saturating_add(seconds(freeze.left)).saturating_add(1);
        let scope = freeze.scope.to_string();
        let keeping = self
            .change(account, move |tx, _| Ok::<_, Error>(freezes::put(tx, account, (&scope, until), now)?));
        if let Err(error) = keeping.await {
            tracing::warn!(account.id = account.0, ?error, "a wait would not outlive a restart");
        }
    }
}

/// What of the waits that were written down is an account's, for a gate that begins now.
pub(super) fn freezes_of(
    account: UserId,
    kept: &[(UserId, String, Timestamp)],
    now: Timestamp,
) -> Vec<Freeze> {
    let own = kept.iter().filter(|(whose, ..)| *whose == account);
    own.filter_map(|(_, scope, until)| {
        let left = u64::try_from(until - now).ok().map(Duration::from_secs)?;
        Some(Freeze { scope: scope.parse::<Scope>().ok()?, left })
    })
    .collect()
}

fn too_long(TooLong { retry_after }: TooLong) -> Error {
    Error::too_many(retry_after)
}

/// Whole seconds, rounded up.
fn seconds(wait: Duration) -> i64 {
    let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    i64::try_from(whole).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sends_keeps_a_pace_and_a_wait_belongs_to_its_chat_or_its_method() {
        let scopes = |method: &str, chat| {
            let passing = Passing::new(method, chat);
            let (paced, blamed) = (passing.call().chat.is_some(), passing.blamed());
            (paced, blamed.chat.cloned(), blamed.method.to_owned())
        };
        let text = |text: &str| text.to_owned();
        assert_eq!(scopes("sendphoto", Some("5")), (true, Some(Chat::Id(5)), text("sendphoto")));
        assert_eq!(scopes("sendphoto", None), (true, None, text("sendphoto")));
        assert_eq!(scopes("editmessagetext", Some("5")), (false, None, text("editmessagetext@5")));
        assert_eq!(scopes("sendchataction", Some("5")), (false, None, text("sendchataction@5")));
        assert_eq!(scopes("getme", None), (false, None, text("getme")));
    }

    #[test]
    fn waits_that_were_written_down_go_on_for_what_is_left() {
        let kept = [(UserId(1), "chat:5".to_owned(), 110), (UserId(2), "account".to_owned(), 110)];
        let left = freezes_of(UserId(1), &kept, 100);
        assert_eq!(left, [Freeze { scope: Scope::Chat(Chat::Id(5)), left: Duration::from_secs(10) }]);
        assert_eq!(freezes_of(UserId(1), &kept, 111), []);
        assert_eq!((seconds(Duration::from_millis(1001)), seconds(Duration::ZERO)), (2, 0));
    }
}
