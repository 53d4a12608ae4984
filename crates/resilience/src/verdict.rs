//! Whether what an upstream did may be tried again: the table of reliability as one pure function.
//! Asked by whoever sends requests upstream, with what happened and what kind of call it was.
//! It never waits and never counts: how often and how long is for `backoff` and `budget`.

use std::time::Duration;

use crate::breaker;

/// What kind of call it was, as far as repeating it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It changes nothing, or the same however often it is made (getMe, setWebhook).
    Read,
    /// It acts each time it arrives (sendMessage).
    Send,
    /// getUpdates: a read that only one may make at a time.
    Poll,
}

/// What happened to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened<'a> {
    /// No byte of the request was written: no address, connection refused, TLS failed.
    NotSent,
    /// A byte was written and no whole answer came: reset, end of file, timeout, or what came is no answer.
    Lost,
    /// A whole answer.
    Answered(Reply<'a>),
}

/// An answer, as far as deciding goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The HTTP status.
    pub status: u16,
    /// What the body says, when it is an error as the Bot API writes it. A proxy in between writes others.
    pub error: Option<BotError<'a>>,
    /// The wait that is asked for: `parameters.retry_after`, else the header `Retry-After`.
    pub retry_after: Option<Duration>,
}

/// The error in a Bot API answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BotError<'a> {
    /// Its `description`.
    pub description: &'a str,
    /// Its `parameters.migrate_to_chat_id`.
    pub migrate_to_chat_id: Option<i64>,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: it worked.
    Done,
    /// Try again after a wait of one's own, within the budget: it had no effect, or having it twice is harmless.
    Retry,
    /// Try again after exactly this; it had no effect.
    Wait(Duration),
    /// Another poller is at work: try again, but not before [`CONFLICT_WAIT`], and tell the operator.
    Conflict,
    /// Don't: it may have had its effect or not. Whoever asked is told so.
    Unknown,
    /// Don't: the request is refused, and will be again.
    Refused,
    /// Don't: the recipient has blocked the bot or is gone. Mark them as unreachable.
    Blocked,
    /// Follow once: the group has become this supergroup.
    Migrated(i64),
    /// Stop the connector: the token is no longer good, and its owner has to act.
    Stop,
}

/// A poller that met another one waits at least this long.
pub const CONFLICT_WAIT: Duration = Duration::from_secs(3);

/// Descriptions of a 403 by which the recipient can't be reached until they act.
const UNREACHABLE: [&str; 2] = ["Forbidden: bot was blocked by the user", "Forbidden: user is deactivated"];

/// The table. `kind` is of the call, `happened` what came of it.
pub fn decide(kind: Kind, happened: Happened<'_>) -> Decision {
    match happened {
        Happened::NotSent => Decision::Retry,
        Happened::Lost => unless_it_acts(kind),
        Happened::Answered(reply) => decide_reply(kind, reply),
    }
}

fn decide_reply(kind: Kind, reply: Reply<'_>) -> Decision {
    let again = reply.retry_after.map_or(Decision::Retry, Decision::Wait);
    match reply.status {
        200..=299 => Decision::Done,
        401 => Decision::Stop,
        // A token that the server can't even read is "not found"; getUpdates itself is always there.
        404 if kind == Kind::Poll && reply.error.is_some() => Decision::Stop,
        409 if kind == Kind::Poll => Decision::Conflict,
        429 => again,
        400 => match reply.error.and_then(|error| error.migrate_to_chat_id) {
            Some(chat) => Decision::Migrated(chat),
            None => Decision::Refused,
        },
        403 if reply.error.is_some_and(|error| UNREACHABLE.contains(&error.description)) => Decision::Blocked,
        // The Bot API server says by its error that it did not act; a proxy's own page says nothing.
        500 | 503 if kind != Kind::Send || reply.error.is_some() => again,
        // The server knows no such verb or version of HTTP.
        501 | 505 => Decision::Refused,
        500..=599 => unless_it_acts(kind),
        _ => Decision::Refused,
    }
}

fn unless_it_acts(kind: Kind) -> Decision {
    match kind {
        Kind::Read | Kind::Poll => Decision::Retry,
        Kind::Send => Decision::Unknown,
    }
}

/// What the upstream's circuit breaker is told: only what blames the upstream counts against it.
pub fn health(happened: Happened<'_>) -> breaker::Verdict {
    match happened {
        Happened::NotSent | Happened::Lost => breaker::Verdict::Failed,
        Happened::Answered(reply) => health_of(reply.status),
    }
}

/// The same for an answer of which only the status is known.
pub fn health_of(status: u16) -> breaker::Verdict {
    match status {
        501 | 505 => breaker::Verdict::Answered,
        500..=599 => breaker::Verdict::Failed,
        400..=499 => breaker::Verdict::Answered,
        _ => breaker::Verdict::Healthy,
    }
}

#[cfg(test)]
mod tests;
