//! What the fake upstream saw and did, an entry a request.
//! Written by the server, read by tests. It keeps a request as it came, up to a mebibyte of its body.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

/// Whether a request had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It did what it was asked, whatever it answered.
    Done,
    /// It did nothing.
    Not,
}

/// A request that came.
#[derive(Clone)]
pub struct Seen {
    /// The token of its path, as it was written.
    pub token: String,
    /// The method of its path as it was written, or the path of the file.
    pub method: String,
    pub verb: Method,
    /// Path and query, as they were written.
    pub path: String,
    pub headers: HeaderMap,
    /// The body's first mebibyte.
    pub body: Bytes,
    /// All of the body: its length, and its [`super::checksum`].
    pub body_len: u64,
    pub body_sum: u64,
    /// Whether the body came to its end.
    pub is_whole: bool,
    pub act: Act,
    /// The status of the answer, if one was given.
    pub status: Option<u16>,
}

impl Seen {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("not JSON ({why}): {self:?}"))
    }

    /// A header's text, if the request has it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} bytes) → {:?}, {:?}", self.verb, self.path, self.body_len, self.act, self.status)
    }
}
