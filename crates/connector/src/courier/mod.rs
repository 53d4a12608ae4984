//! Posts one update to a webhook and tells what happened.
//! Called by the hub's dispatchers, which decide what is posted when, how often and how many at once; called
//! by setWebhook to look at what it was given. It never retries, never follows a redirect, never uses a proxy,
//! and never connects to an address that [`address::is_public`] does not know as public, unless told to.

pub mod address;
mod clients;
mod lookups;
mod outcome;
mod reply;
mod resolver;
mod signature;
mod target;
mod tls;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::ext::ReasonPhrase;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};

pub use outcome::{Outcome, last_error};
pub use reply::ReplyCall;
pub use signature::{SECRET_BYTES, Signed, SigningSecret};
pub use target::{CheckedUrl, Target, check_secret_token};

use clients::Clients;
use outcome::failure_words;
use resolver::{Lookup, system_lookup};
use target::Rules;

/// An answer's body is read up to here, in bytes; a longer one holds no call worth running.
const MAX_REPLY: usize = 1 << 20;
/// The longest reason phrase that is kept, in characters.
const MAX_REASON: usize = 128;

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const SECRET_TOKEN: HeaderName = HeaderName::from_static("x-telegram-bot-api-secret-token");

/// How a courier behaves.
#[derive(Debug, Clone)]
pub struct CourierOptions {
    /// For development: plain http, any port, private and loopback addresses.
    pub allow_private: bool,
    /// From the start of a delivery to the last byte of its answer. The Bot API server waits 60 s.
    pub timeout: Duration,
    /// For DNS, TCP and TLS together, within `timeout`.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
}

impl Default for CourierOptions {
    fn default() -> CourierOptions {
        CourierOptions {
            allow_private: false,
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(50),
        }
    }
}

/// Delivers updates over pooled connections. One is enough for all accounts.
pub struct Courier {
    clients: Clients,
}

impl Courier {
    /// A courier without connections. Reads the machine's list of certificate authorities.
    pub fn new(options: CourierOptions) -> Courier {
        let rules = if options.allow_private { Rules::ANYTHING } else { Rules::PUBLIC };
        Courier::with_rules(options, rules, lookups::shared(system_lookup()))
    }

    fn with_rules(options: CourierOptions, rules: Rules, lookup: Lookup) -> Courier {
        Courier { clients: Clients::new(options, rules, lookup) }
    }

    /// Reads the `url` of setWebhook. The error is the text after "Bad Request: ".
    ///
    /// A host name is not looked up here: see [`Courier::resolve`].
    pub fn check_url(&self, url: &str) -> Result<CheckedUrl, String> {
        self.clients.rules.check_url(url)
    }

    /// Reads the `ip_address` of setWebhook. The error is the text after "Bad Request: ".
    pub fn check_ip_address(&self, text: &str) -> Result<IpAddr, String> {
        let ip = text.parse().map_err(|_| "bad webhook: Invalid IP address specified")?;
        self.clients.rules.check_ip(ip).map_err(bad_webhook)?;
        Ok(ip)
    }

    /// Reads the `certificate` of setWebhook, PEM text. The error is the text after "Bad Request: ".
    pub fn check_certificate(&self, pem: &str) -> Result<(), String> {
        self.clients.check_certificate(pem).map_err(bad_webhook)
    }

    /// The address that deliveries would connect to now, for setWebhook to refuse a name that has none, and for
    /// `ip_address` of getWebhookInfo. The error is the text after "Bad Request: ".
    pub async fn resolve(&self, url: &CheckedUrl) -> Result<IpAddr, String> {
        if let Some(ip) = url.literal {
            return Ok(ip);
        }
        let guard = self.clients.guard(None);
        let looked_up = tokio::time::timeout(
            self.clients.options.connect_timeout,
            guard.addresses(url.host().to_owned()),
        );
        let found = match looked_up.await {
            Ok(found) => found.map_err(|error| bad_webhook(error.to_string()))?,
            Err(_) => return Err(bad_webhook("Failed to resolve host: Connection timed out".into())),
        };
        // Telegram shows and prefers IPv4.
        let chosen = found.iter().find(|ip| ip.is_ipv4()).or(found.first());
        chosen
            .copied()
            .ok_or_else(|| bad_webhook("Failed to resolve host: No address associated with hostname".into()))
    }

    /// Posts `body`, an Update as JSON, once; signed, if the webhook has a secret.
    pub async fn deliver(&self, target: &Target, body: Bytes, signed: Option<&Signed>) -> Outcome {
        let url = match self.clients.rules.check_url(&target.url) {
            Ok(checked) => checked.url,
            Err(text) => return Outcome::unreachable(text.strip_prefix("bad webhook: ").unwrap_or(&text)),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = target.secret_token.as_deref().filter(|token| !token.is_empty()) {
            let Ok(mut value) = HeaderValue::from_str(token) else {
                return Outcome::unreachable("secret token contains unallowed characters");
            };
            value.set_sensitive(true);
            headers.insert(SECRET_TOKEN, value);
        }
        if let Some(signed) = signed {
            let texts = [
                (WEBHOOK_ID, signed.id.clone()),
                (WEBHOOK_TIMESTAMP, signed.at.to_string()),
                (WEBHOOK_SIGNATURE, signed.signatures.clone()),
            ];
            for (name, text) in texts {
                let Ok(value) = HeaderValue::from_str(&text) else {
                    return Outcome::unreachable("the signature can't be sent");
                };
                headers.insert(name, value);
            }
        }
        let client = match self.clients.client(target) {
            Ok(client) => client,
            Err(reason) => return Outcome::Unreachable { reason },
        };
        match client.post(url).headers(headers).body(body).send().await {
            Ok(answer) => read_answer(answer).await,
            Err(error) => Outcome::Unreachable { reason: failure_words(&error) },
        }
    }
}

fn bad_webhook(reason: String) -> String {
    format!("bad webhook: {reason}")
}

async fn read_answer(answer: Response) -> Outcome {
    let status = answer.status();
    if !status.is_success() {
        return Outcome::Refused {
            status: status.as_u16(),
            reason: reason_phrase(&answer),
            retry_after: retry_after(answer.headers()),
            gone: status == StatusCode::GONE,
        };
    }
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    match read_body(answer).await {
        Ok(Some(body)) => Outcome::Accepted { reply: reply::read_call(&content_type, body).await },
        Ok(None) => Outcome::Accepted { reply: None },
        Err(error) => Outcome::Unreachable { reason: failure_words(&error) },
    }
}

/// The whole body, or none when it is longer than [`MAX_REPLY`]; the rest of such a body is not waited for.
async fn read_body(mut answer: Response) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MAX_REPLY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

fn reason_phrase(answer: &Response) -> String {
    let sent =
        answer.extensions().get::<ReasonPhrase>().map(|phrase| String::from_utf8_lossy(phrase.as_bytes()));
    let reason = match &sent {
        Some(phrase) => phrase,
        None => answer.status().canonical_reason().unwrap_or_default(),
    };
    reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect()
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds > 0).then_some(seconds)
}
