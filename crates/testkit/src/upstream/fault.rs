//! How the fake upstream fails, and which call is to fail next.
//! Planned by tests, asked by the server for each connection and call. It carries nothing out itself.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Reads the request, acts, and closes the connection without an answer.
    LostReply,
    /// Reads the head only, does nothing, and closes the connection.
    CloseUnread,
    /// Answers with an error and does nothing.
    Error(BotError),
    /// Answers with a page of something in between and does nothing.
    Page(u16),
    /// Acts and waits before it answers.
    Slow(Duration),
    /// Acts, answers with the head and half of the body, and waits for ever.
    Stall,
    /// Acts and closes the connection in the middle of the answer's body.
    Cut,
    /// Acts and answers 200 with JSON that ends too early.
    Malformed,
    /// Acts and answers 200 with a `result` of so many bytes.
    Huge(u64),
}

/// An error as the Bot API writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotError {
    pub status: u16,
    pub description: String,
    pub retry_after: Option<u64>,
    pub migrate_to_chat_id: Option<i64>,
}

/// What happens to a connection before a request is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFault {
    /// It is reset.
    Reset,
    /// Something else than HTTP answers the first bytes that come.
    NotHttp,
    /// Nobody ever answers.
    Silent,
}

impl Fault {
    /// 429 with a wait in seconds.
    pub fn too_many(retry_after: u64) -> Fault {
        let description = format!("Too Many Requests: retry after {retry_after}");
        let wait = Some(retry_after);
        Fault::Error(BotError { status: 429, description, retry_after: wait, migrate_to_chat_id: None })
    }

    /// Any other error of the Bot API server.
    pub fn error(status: u16, description: &str) -> Fault {
        let description = description.to_owned();
        Fault::Error(BotError { status, description, retry_after: None, migrate_to_chat_id: None })
    }

    /// The group has become a supergroup.
    pub fn migrated(to: i64) -> Fault {
        Fault::Error(BotError {
            status: 400,
            description: "Bad Request: group chat was upgraded to a supergroup chat".to_owned(),
            retry_after: None,
            migrate_to_chat_id: Some(to),
        })
    }
}

/// Which calls are to fail.
#[derive(Default)]
pub(super) struct Plan {
    next: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    connections: VecDeque<ConnectionFault>,
}

const ANY: &str = "*";

impl Plan {
    pub fn next(&mut self, method: &str, fault: Fault) {
        self.next.entry(method.to_ascii_lowercase()).or_default().push_back(fault);
    }

    pub fn always(&mut self, method: &str, fault: Fault) {
        self.always.insert(method.to_ascii_lowercase(), fault);
    }

    pub fn connections(&mut self, count: usize, fault: ConnectionFault) {
        self.connections.extend(std::iter::repeat_n(fault, count));
    }

    /// The fault for a call that has just come.
    pub fn take(&mut self, method: &str) -> Option<Fault> {
        let method = method.to_ascii_lowercase();
        for name in [method.as_str(), ANY] {
            if let Some(fault) = self.next.get_mut(name).and_then(VecDeque::pop_front) {
                return Some(fault);
            }
        }
        self.always.get(&method).or_else(|| self.always.get(ANY)).cloned()
    }

    /// The fault for a connection that has just come.
    pub fn take_connection(&mut self) -> Option<ConnectionFault> {
        self.connections.pop_front()
    }
}
