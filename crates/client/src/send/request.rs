//! What is to be sent, before it is sent: verb, path, parameters, and whether it may be repeated. Made by the nouns
//! (contacts, messages …), sent by the loop beside it. It knows neither the server's address nor a credential.

use std::time::Duration;

use bytes::Bytes;
use contactgram_resilience::verdict::Kind;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::error::{Error, Result};

/// A request below `/v1/`, or (with a whole address as its path) elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub verb: Method,
    /// Encoded, without a slash before it.
    pub path: String,
    /// The path as logs show it: without anybody's ids.
    pub route: &'static str,
    pub query: Vec<(&'static str, String)>,
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
    pub repeat: Repeat,
    /// On top of a try's time and of the deadline: what a long poll waits.
    pub patience: Duration,
}

/// What a repetition would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Nothing more than the first.
    Harmless,
    /// The same, except that what is gone already is not found again.
    Removes,
    /// Nothing more, since the server knows the key. Whoever calls again without it acts twice.
    Keyed(String),
    /// Fail, when the first was done: it was for one version, or one standing, alone.
    Conditional,
    /// A read that only one may make at a time.
    Poll,
    /// Harm.
    Harmful,
}

impl Repeat {
    pub fn kind(&self) -> Kind {
        match self {
            Repeat::Harmless | Repeat::Removes | Repeat::Keyed(_) | Repeat::Conditional => Kind::Read,
            Repeat::Poll => Kind::Poll,
            Repeat::Harmful => Kind::Send,
        }
    }

    /// Whether a lost answer leaves the caller with the question whether it was done.
    pub fn acts(&self) -> bool {
        matches!(self, Repeat::Keyed(_) | Repeat::Conditional | Repeat::Harmful)
    }

    pub fn key(&self) -> Option<&str> {
        match self {
            Repeat::Keyed(key) => Some(key),
            _ => None,
        }
    }
}

impl Request {
    pub fn new(verb: Method, route: &'static str, path: impl Into<String>) -> Request {
        Request {
            verb,
            path: path.into(),
            route,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            repeat: Repeat::Harmless,
            patience: Duration::ZERO,
        }
    }

    pub fn get(route: &'static str, path: impl Into<String>) -> Request {
        Request::new(Method::GET, route, path)
    }

    /// A POST that acts once for its key.
    pub fn post(route: &'static str, path: impl Into<String>, key: Option<String>) -> Request {
        let request = Request::new(Method::POST, route, path);
        request.repeats(Repeat::Keyed(key.unwrap_or_else(new_key)))
    }

    pub fn repeats(mut self, repeat: Repeat) -> Request {
        self.repeat = repeat;
        self
    }

    pub fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Request {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Request {
        self.headers.insert(name, value);
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Result<Request> {
        let body = serde_json::to_vec(body)
            .map_err(|why| Error::Setup(format!("the parameters are no JSON: {why}")))?;
        self.body = Some(body.into());
        Ok(self.header(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json")))
    }

    pub fn form(mut self, pairs: &[(&str, &str)]) -> Request {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body = Some(body.into());
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.header(reqwest::header::CONTENT_TYPE, kind)
    }
}

/// A key that nobody has used: 128 random bits.
pub(crate) fn new_key() -> String {
    format!("{:016x}{:016x}", contactgram_resilience::entropy(), contactgram_resilience::entropy())
}

/// A part of a path as it has to be written there.
pub(crate) fn part(text: &str) -> String {
    // A form's encoding differs from a path's in the blank alone.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_path_can_hold_anything() {
        assert_eq!(part("a b/c?d=é+"), "a%20b%2Fc%3Fd%3D%C3%A9%2B");
        assert_eq!(part("-100"), "-100");
    }

    #[test]
    fn no_two_keys_are_alike() {
        let keys: std::collections::HashSet<String> = (0..100).map(|_| new_key()).collect();
        assert_eq!(keys.len(), 100);
        assert!(keys.iter().all(|key| key.len() == 32));
    }
}
