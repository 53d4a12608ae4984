//! An answer as it came, read as the API writes it: the envelope of a success, the error of a refusal, how long to wait.
//! Used by the sending loop and by the nouns. It decides nothing.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{ETAG, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What a refusal says; OAuth's endpoints have words of their own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    description: Option<String>,
    parameters: Parameters,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    retry_after: Option<f64>,
    migrate_to_chat_id: Option<i64>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    result: T,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status) || self.status == 304
    }

    /// `result` of the envelope.
    pub fn result<T: DeserializeOwned>(&self) -> Result<T> {
        self.bare::<Envelope<T>>().map(|envelope| envelope.result)
    }

    /// The whole body.
    pub fn bare<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(Error::decode)
    }

    pub fn etag(&self) -> Option<String> {
        Some(self.headers.get(ETAG)?.to_str().ok()?.to_owned())
    }

    /// Whether the body is an error in the API's own words, and not a page of something in between.
    pub fn is_ours(&self) -> bool {
        let refusal = self.refusal();
        refusal.description.is_some() || refusal.error.is_some()
    }

    /// The wait that is asked for: `parameters.retry_after`, else the header, in seconds or as a date.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.refusal().parameters.retry_after.filter(|seconds| *seconds >= 0.0);
        if let Some(wait) = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            return Some(wait);
        }
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            // A date that has passed asks for no wait.
            Err(_) => Some(
                httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
            ),
        }
    }

    /// The refusal as an error.
    pub fn error(&self) -> Error {
        let refusal = self.refusal();
        if let Some(code) = refusal.error.filter(|_| matches!(self.status, 400 | 401 | 403)) {
            let description = refusal.error_description.unwrap_or_default();
            return Error::OAuth { code, description, status: Some(self.status) };
        }
        let description =
            refusal.description.or(refusal.error_description).unwrap_or_else(|| name(self.status));
        match self.status {
            400 => Error::BadRequest {
                field: field(&description),
                migrate_to_chat_id: refusal.parameters.migrate_to_chat_id,
                description,
            },
            401 => Error::Unauthorized { description },
            403 => Error::Forbidden { scope: scope(&description), description },
            404 => Error::NotFound { description },
            409 => Error::Conflict { description },
            410 => Error::Gone { description },
            412 => Error::PreconditionFailed { description },
            429 => Error::TooMany { description, retry_after: self.retry_after() },
            status @ 500..=599 => Error::Unavailable { status, description, retry_after: self.retry_after() },
            status => Error::Refused { status, description },
        }
    }

    fn refusal(&self) -> Refusal {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn name(status: u16) -> String {
    let known = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    known.unwrap_or("unknown status").to_owned()
}

/// Parameters that the server's texts begin with.
const FIELDS: &[&str] = &[
    "allowed_updates",
    "attributes",
    "before",
    "after",
    "chat_id",
    "contact_id",
    "consumer",
    "cursor",
    "direction",
    "email",
    "entities",
    "fields",
    "first_name",
    "from_chat_id",
    "label",
    "labels",
    "language_code",
    "last_name",
    "limit",
    "message_id",
    "message_ids",
    "note",
    "offset",
    "order",
    "parse_mode",
    "phone_number",
    "reply_markup",
    "reply_parameters",
    "send_at",
    "since",
    "sort",
    "status",
    "sync_token",
    "text",
    "timeout",
    "until",
    "url",
    "user_id",
    "username",
];

/// The parameter that a 400 is about: `parameter "text" is required`, `email must look like …`.
fn field(description: &str) -> Option<String> {
    let text = description.strip_prefix("Bad Request: ")?;
    if let Some(quoted) = text.strip_prefix("parameter \"") {
        return Some(quoted.split('"').next()?.to_owned());
    }
    let first = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).next()?;
    FIELDS.contains(&first).then(|| first.to_owned())
}

fn scope(description: &str) -> Option<String> {
    let (_, scope) = description.split_once("lacks the scope ")?;
    Some(scope.to_owned())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    #[test]
    fn a_wait_is_read_from_the_body_or_the_header() {
        let mut both = answer(429, r#"{"ok":false,"parameters":{"retry_after":7}}"#);
        both.headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
        assert_eq!(both.retry_after(), Some(Duration::from_secs(7)));
        let mut header = answer(503, "<html>");
        assert_eq!(header.retry_after(), None);
        header.headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
        assert_eq!(header.retry_after(), Some(Duration::from_secs(3)));
        header.headers.insert(RETRY_AFTER, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(header.retry_after(), Some(Duration::ZERO));
        assert_eq!(answer(429, r#"{"parameters":{"retry_after":-1}}"#).retry_after(), None);
    }

    #[test]
    fn a_bad_request_names_its_field() {
        for (text, named) in [
            ("parameter \"text\" is required", Some("text")),
            ("email must look like name@example.com", Some("email")),
            ("fields names \"x\", which a contact does not have", Some("fields")),
            ("chat not found", None),
            ("message is too long", None),
        ] {
            assert_eq!(field(&format!("Bad Request: {text}")).as_deref(), named, "{text}");
        }
    }

    #[test]
    fn what_is_not_ours_is_told_by_its_status() {
        let page = answer(502, "<html>");
        assert!(!page.is_ours());
        assert_eq!(page.error().to_string(), "Bad Gateway (502)");
        let refused = answer(400, r#"{"error":"invalid_grant","error_description":"Used before."}"#);
        assert!(matches!(refused.error(), Error::OAuth { code, .. } if code == "invalid_grant"));
        assert_eq!(refused.error().status(), Some(400));
        let lacks = r#"{"description":"Forbidden: the credential lacks the scope contacts:write"}"#;
        let Error::Forbidden { scope, .. } = answer(403, lacks).error() else { panic!("a 403") };
        assert_eq!(scope.as_deref(), Some("contacts:write"));
    }
}
