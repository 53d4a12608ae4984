//! What came of a delivery, and the words that getWebhookInfo has for it.
//! Made by the courier, recorded by the hub. A failure is told by its cause alone: never with the URL, which
//! may hold a password.

use std::error::Error;
use std::io;

use super::reply::ReplyCall;
use super::resolver::NoAddress;

/// What came of posting one update.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered 2xx: the update is delivered.
    Accepted {
        /// The method that the answer's body asks to run, if it may be run.
        reply: Option<ReplyCall>,
    },
    /// The receiver answered anything else, a redirect included.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The reason phrase as the receiver sent it, or the status' usual one; at most 128 characters.
        reason: String,
        /// The `Retry-After` header, if it gave a positive number of seconds.
        retry_after: Option<u64>,
        /// Status 410: a webhook that answers so for 23 hours is removed.
        gone: bool,
    },
    /// No complete answer came, or none was asked for because the address is not allowed.
    Unreachable {
        /// Why, as getWebhookInfo words it.
        reason: String,
    },
}

impl Outcome {
    pub(super) fn unreachable(reason: impl Into<String>) -> Outcome {
        Outcome::Unreachable { reason: reason.into() }
    }
}

/// `last_error_message` of getWebhookInfo for a failed delivery; none for an accepted one.
///
/// The texts are the Bot API server's where it has one. It says nothing of a connection that closes without
/// an answer; here that reads "Webhook connection closed".
pub fn last_error(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Accepted { .. } => None,
        Outcome::Refused { status, reason, .. } => {
            let text = format!("Wrong response from the webhook: {status} {reason}");
            Some(text.trim_end().to_owned())
        }
        Outcome::Unreachable { reason } => Some(reason.clone()),
    }
}

/// Why a request brought no answer, in the Bot API server's words.
pub(super) fn failure_words(error: &reqwest::Error) -> String {
    let mut cause = Some(error as &(dyn Error + 'static));
    while let Some(current) = cause {
        if let Some(words) = words_of(current) {
            return words;
        }
        cause = current.source();
    }
    let words = match (error.is_timeout(), error.is_connect()) {
        (true, true) => "Connection timed out",
        (true, false) => "Read timeout expired",
        (false, true) => "Can't connect to the webhook",
        (false, false) => CLOSED,
    };
    words.into()
}

const CLOSED: &str = "Webhook connection closed";

fn words_of(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(no_address) = cause.downcast_ref::<NoAddress>() {
        return Some(no_address.to_string());
    }
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(tls_words(tls));
    }
    if let Some(http) = cause.downcast_ref::<hyper::Error>()
        && http.is_parse()
    {
        return Some("Wrong response from the webhook: not an HTTP response".into());
    }
    let io = cause.downcast_ref::<io::Error>()?;
    // An I/O error made from another error hides it from `source`.
    if let Some(inner) = io.get_ref()
        && let Some(words) = words_of(inner)
    {
        return Some(words);
    }
    let words = match io.kind() {
        io::ErrorKind::ConnectionRefused => "Connection refused",
        io::ErrorKind::ConnectionReset => "Connection reset by peer",
        io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof => CLOSED,
        io::ErrorKind::BrokenPipe => "Broken pipe",
        io::ErrorKind::HostUnreachable => "No route to host",
        io::ErrorKind::NetworkUnreachable => "Network is unreachable",
        _ => return None,
    };
    Some(words.into())
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => format!("SSL error {{certificate verify failed: {why:?}}}"),
        other => format!("SSL error {{{other}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_leave_an_error() {
        assert_eq!(last_error(&Outcome::Accepted { reply: None }), None);
        let refused = |status, reason: &str| {
            last_error(&Outcome::Refused { status, reason: reason.into(), retry_after: None, gone: false })
        };
        let text = "Wrong response from the webhook: 500 Internal Server Error";
        assert_eq!(refused(500, "Internal Server Error").as_deref(), Some(text));
        assert_eq!(refused(599, "").as_deref(), Some("Wrong response from the webhook: 599"));
        assert_eq!(
            last_error(&Outcome::unreachable("Connection refused")).as_deref(),
            Some("Connection refused")
        );
    }

    #[test]
    fn a_hidden_tls_error_is_found() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, tls);
        assert_eq!(
            words_of(&wrapped).as_deref(),
            Some("SSL error {certificate verify failed: UnknownIssuer}")
        );
    }
}
