//! How the fault proxy fails a request, and which requests are to fail next.
//! Planned by tests, asked by the proxy for each request. It carries nothing out itself.

use std::collections::VecDeque;
use std::time::Duration;

use http::Method;
use serde_json::json;

/// How a request fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// Answers in the server's place; the server sees nothing.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// Reads the request and closes the connection; the server sees nothing.
    CutBefore,
    /// Has the server answer and closes the connection instead of handing that on: a lost reply.
    CutAfter,
    /// Has the server answer and closes the connection in the middle of the answer's body.
    CutWithin,
    /// Waits, then hands the request on.
    Delay(Duration),
    /// Has the server answer, and waits before it hands that on.
    DelayReply(Duration),
    /// Reads the request and never answers; the server sees nothing.
    Hang,
}

impl ProxyFault {
    /// A refusal in the server's envelope.
    pub fn refusal(status: u16, description: &str) -> ProxyFault {
        let body = json!({"ok": false, "error_code": status, "description": description});
        ProxyFault::json(status, &body.to_string())
    }

    /// 429 with a wait in seconds, in the header and the body.
    pub fn too_many(retry_after: u64) -> ProxyFault {
        ProxyFault::later(429, &format!("Too Many Requests: retry after {retry_after}"), retry_after)
    }

    /// 503 with a wait in seconds, in the header and the body.
    pub fn unavailable(retry_after: u64) -> ProxyFault {
        ProxyFault::later(503, "Service Unavailable: try again later", retry_after)
    }

    /// A page of something in between that is not our server, such as 502.
    pub fn page(status: u16) -> ProxyFault {
        let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
        ProxyFault::Answer {
            status,
            headers,
            body: "<html><body>somewhere in between</body></html>".to_owned(),
        }
    }

    /// The same with another header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> ProxyFault {
        if let ProxyFault::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    fn later(status: u16, description: &str, retry_after: u64) -> ProxyFault {
        let parameters = json!({"retry_after": retry_after});
        let body = json!({
            "ok": false, "error_code": status, "description": description, "parameters": parameters,
        });
        ProxyFault::json(status, &body.to_string()).header("retry-after", &retry_after.to_string())
    }

    fn json(status: u16, body: &str) -> ProxyFault {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        ProxyFault::Answer { status, headers, body: body.to_owned() }
    }
}

/// Which requests are meant: `"*"`, `"POST *"`, `"sendMessage"`, `"POST contacts"`, `"PATCH contacts/*"`.
///
/// The path is compared by its last segments, so that `/bot<token>/…` and `/v1/…` are alike, and without regard to case;
/// `*` is any one segment, and alone any path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    verb: Option<Method>,
    segments: Vec<String>,
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Pattern {
        let (verb, path) = match text.split_once(' ') {
            Some((verb, path)) => {
                (Some(Method::from_bytes(verb.as_bytes()).expect("a test names a verb")), path)
            }
            None => (None, text),
        };
        let segments = match path {
            "*" => Vec::new(),
            path => path.trim_matches('/').split('/').map(str::to_ascii_lowercase).collect(),
        };
        Pattern { verb, segments }
    }
}

impl Pattern {
    /// Whether a request with this verb and path (without its query) is meant.
    pub fn fits(&self, verb: &Method, path: &str) -> bool {
        if self.verb.as_ref().is_some_and(|wanted| wanted != verb) {
            return false;
        }
        let mut had = path.trim_matches('/').rsplit('/');
        let mut wanted = self.segments.iter().rev();
        wanted.all(|wanted| had.next().is_some_and(|had| wanted == "*" || had.eq_ignore_ascii_case(wanted)))
    }
}

/// Which requests are to fail.
#[derive(Default)]
pub(super) struct Plan {
    next: VecDeque<(Pattern, ProxyFault)>,
    always: Vec<(Pattern, ProxyFault)>,
}

impl Plan {
    pub fn next(&mut self, count: usize, pattern: Pattern, fault: ProxyFault) {
        self.next.extend(std::iter::repeat_n((pattern, fault), count));
    }

    pub fn always(&mut self, pattern: Pattern, fault: ProxyFault) {
        self.always.insert(0, (pattern, fault));
    }

    /// The fault for a request that has just come: the first that was planned for it once, else the last that was planned
    /// for good.
    pub fn take(&mut self, verb: &Method, path: &str) -> Option<ProxyFault> {
        if let Some(place) = self.next.iter().position(|(pattern, _)| pattern.fits(verb, path)) {
            return self.next.remove(place).map(|(_, fault)| fault);
        }
        self.always.iter().find(|(pattern, _)| pattern.fits(verb, path)).map(|(_, fault)| fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_end_of_a_path() {
        let fits = |pattern: &str, path: &str| Pattern::from(pattern).fits(&Method::POST, path);
        for pattern in
            ["*", "POST *", "sendmessage", "POST /sendMessage", "bot1:a/sendMessage", "*/sendMessage"]
        {
            assert!(fits(pattern, "/bot1:a/sendMessage"), "{pattern}");
        }
        for pattern in ["GET *", "contacts", "GET sendMessage", "*/*/sendMessage"] {
            assert!(!fits(pattern, "/v1/sendMessage"), "{pattern}");
        }
        assert!(fits("contacts/*", "/v1/contacts/5") && !fits("contacts", "/v1/contacts/5"));
    }

    #[test]
    fn what_is_planned_once_comes_before_what_is_planned_for_good() {
        let mut plan = Plan::default();
        plan.always("*".into(), ProxyFault::Hang);
        plan.next(2, "POST *".into(), ProxyFault::CutBefore);
        plan.next(1, "POST a".into(), ProxyFault::CutAfter);
        let mut take = |verb: &Method| plan.take(verb, "/a");
        assert_eq!(take(&Method::GET), Some(ProxyFault::Hang));
        let taken = [take(&Method::POST), take(&Method::POST), take(&Method::POST), take(&Method::POST)];
        assert_eq!(
            taken.map(Option::unwrap),
            [ProxyFault::CutBefore, ProxyFault::CutBefore, ProxyFault::CutAfter, ProxyFault::Hang]
        );
    }
}
