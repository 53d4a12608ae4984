//! What a Bot API server says: a result, or why not.
//! Read from the bodies of small answers, by `call` and by whoever looks into an answer that passed through. Reading
//! never fails: what is no Bot API answer is none.

use std::time::Duration;

use contactgram_resilience::flood::LONGEST_FREEZE;
use contactgram_resilience::verdict::{BotError, Decision, Happened, Kind, Reply, decide};
use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The answer to a call that worked.
#[derive(Debug)]
pub struct Answer {
    /// The `result`, as it was written.
    pub result: Box<RawValue>,
    /// The `description` that some methods add.
    pub description: Option<String>,
}

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The `description`, if the body is an error as the Bot API writes it.
    pub description: Option<String>,
    /// The wait that is asked for: `parameters.retry_after`, else the header `Retry-After`.
    pub retry_after: Option<Duration>,
    /// `parameters.migrate_to_chat_id`.
    pub migrate_to_chat_id: Option<i64>,
}

#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    result: Option<Box<RawValue>>,
    description: Option<String>,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Deserialize, Default)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

/// Whether an answer of this status asks for a wait.
pub fn is_too_many(status: u16) -> bool {
    status == 429
}

impl Answer {
    /// Reads the body of a 2xx answer.
    pub fn read(body: &[u8]) -> Option<Answer> {
        let envelope: Envelope = serde_json::from_slice(body).ok()?;
        let result = envelope.result.filter(|_| envelope.ok)?;
        Some(Answer { result, description: envelope.description })
    }
}

impl Refusal {
    /// Reads an answer that is no 2xx.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Refusal {
        let envelope: Option<Envelope> = serde_json::from_slice(body).ok();
        let (description, parameters) = match envelope {
            Some(Envelope { ok: false, description: Some(text), parameters, .. }) => (Some(text), parameters),
            _ => (None, Parameters::default()),
        };
        let header = || headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok();
        Refusal {
            status,
            description,
            retry_after: parameters
                .retry_after
                .or_else(header)
                .map(|seconds| Duration::from_secs(seconds).min(LONGEST_FREEZE)),
            migrate_to_chat_id: parameters.migrate_to_chat_id,
        }
    }

    /// What to do about it, for this kind of call.
    pub fn decide(&self, kind: Kind) -> Decision {
        decide(kind, self.happened())
    }

    /// The same as an argument of `verdict`'s functions.
    pub fn happened(&self) -> Happened<'_> {
        let error = self.description.as_deref();
        let error =
            error.map(|description| BotError { description, migrate_to_chat_id: self.migrate_to_chat_id });
        Happened::Answered(Reply { status: self.status, error, retry_after: self.retry_after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_kept_as_it_was_written() {
        let answer =
            Answer::read(br#" {"ok":true,"result":{"b": 1,"a":[ ]},"description":"Webhook was set"}"#)
                .unwrap();
        assert_eq!(answer.result.get(), r#"{"b": 1,"a":[ ]}"#);
        assert_eq!(answer.description.as_deref(), Some("Webhook was set"));
        for body in
            ["", "{}", r#"{"ok":true}"#, r#"{"ok":false,"result":1}"#, r#"{"ok":true,"result":"#, "<html>"]
        {
            assert!(Answer::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn a_wait_is_read_from_the_body_before_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "5".parse().unwrap());
        let body = br#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}"#;
        let refusal = Refusal::read(429, &headers, body);
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(Refusal::read(429, &headers, b"").retry_after, Some(Duration::from_secs(5)));
        assert_eq!(refusal.decide(Kind::Send), Decision::Wait(Duration::from_secs(7)));
        let endless = br#"{"ok":false,"description":"x","parameters":{"retry_after":18446744073709551615}}"#;
        assert_eq!(Refusal::read(429, &headers, endless).retry_after, Some(LONGEST_FREEZE));
    }

    #[test]
    fn a_page_of_something_in_between_is_no_bot_api_error() {
        for body in ["<html>", "{}", r#"{"ok":true,"description":"x"}"#, r#"{"error":"x"}"#] {
            let refusal = Refusal::read(503, &HeaderMap::new(), body.as_bytes());
            assert_eq!(refusal.decide(Kind::Send), Decision::Unknown, "{body}");
        }
    }

    #[test]
    fn a_group_that_moved_says_where_to() {
        let body = br#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-100123}}"#;
        let refusal = Refusal::read(400, &HeaderMap::new(), body);
        assert_eq!(refusal.decide(Kind::Send), Decision::Migrated(-100_123));
    }
}
