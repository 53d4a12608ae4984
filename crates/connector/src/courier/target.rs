//! Where a webhook points, and what may be said of it before anything is sent: URL, port, address, secret.
//! Called when a webhook is set and again before each delivery. The refusals are the Bot API server's own
//! texts, without the "Bad Request: " in front. It never opens a connection.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::address::is_public;

/// The ports that setWebhook takes (Bot API, "setWebhook": 443, 80, 88, 8443).
const PORTS: [u16; 4] = [443, 80, 88, 8443];
/// The longest URL, in bytes, as given.
const MAX_URL: usize = 4096;
/// The longest secret token (Bot API, setWebhook: 1–256 characters).
const MAX_SECRET: usize = 256;

/// Where one delivery goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// As given to setWebhook; user and password in it are sent as Basic authentication.
    pub url: String,
    /// Sent as `X-Telegram-Bot-Api-Secret-Token`.
    pub secret_token: Option<String>,
    /// Connect here instead of asking DNS for the URL's host name. A URL whose host is an address is taken
    /// at its word, and this is not used.
    pub ip_address: Option<IpAddr>,
    /// PEM certificates to trust beside the public authorities, such as a self-signed one.
    pub certificate: Option<String>,
}

impl fmt::Debug for Target {
    /// Says nothing: the path, the user part and the token of a webhook are all used as passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("ip_address", &self.ip_address).finish_non_exhaustive()
    }
}

/// A webhook URL that may be kept: readable, and with the scheme, port and literal address allowed here.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckedUrl {
    pub(super) url: Url,
    /// The address, when the host is one in whatever spelling.
    pub(super) literal: Option<IpAddr>,
}

impl CheckedUrl {
    /// The URL in its normal spelling.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The host name, or the address in its normal spelling.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

impl fmt::Debug for CheckedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedUrl").field("host", &self.host()).finish_non_exhaustive()
    }
}

/// What a courier refuses. Production refuses all three; development none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub https_only: bool,
    pub known_ports_only: bool,
    pub public_only: bool,
}

impl Rules {
    pub const PUBLIC: Rules = Rules { https_only: true, known_ports_only: true, public_only: true };
    pub const ANYTHING: Rules = Rules { https_only: false, known_ports_only: false, public_only: false };

    pub fn check_url(self, text: &str) -> Result<CheckedUrl, String> {
        if text.len() > MAX_URL {
            return Err("bad webhook: URL is too long".into());
        }
        let url = read_url(text).ok_or("invalid webhook URL specified")?;
        let port = url.port_or_known_default().unwrap_or_default();
        if port == 0 {
            return Err("invalid webhook URL specified".into());
        }
        if self.https_only && url.scheme() != "https" {
            return Err("bad webhook: An HTTPS URL must be provided for webhook".into());
        }
        if self.known_ports_only && !PORTS.contains(&port) {
            return Err("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443".into());
        }
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        if let Some(ip) = literal {
            self.check_ip(ip).map_err(|reason| format!("bad webhook: {reason}"))?;
        }
        Ok(CheckedUrl { url, literal })
    }

    pub fn check_ip(self, ip: IpAddr) -> Result<(), String> {
        if self.public_only && !is_public(ip) {
            return Err(reserved(ip));
        }
        Ok(())
    }
}

/// The Bot API server's words for an address that it does not deliver to.
pub(super) fn reserved(ip: IpAddr) -> String {
    format!("IP address {ip} is reserved")
}

/// Checks the `secret_token` of setWebhook: at most 256 of `A-Z a-z 0-9 _ -`; an empty one is none.
pub fn check_secret_token(token: &str) -> Result<(), &'static str> {
    if token.len() > MAX_SECRET {
        return Err("secret token is too long");
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        return Err("secret token contains unallowed characters");
    }
    Ok(())
}

/// Reads a URL as the Bot API server does: one without a scheme is https.
fn read_url(text: &str) -> Option<Url> {
    let scheme_end = text.find([':', '/', '?', '#', '@', '[', ']']).unwrap_or(text.len());
    let url = if text[scheme_end..].starts_with("://") {
        Url::parse(text).ok()?
    } else {
        Url::parse(&format!("https://{text}")).ok()?
    };
    let host = url.host_str()?;
    let readable = matches!(url.scheme(), "http" | "https") && !host.is_empty() && host != ".";
    readable.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Rules::PUBLIC.check_url(url).expect_err(url)
    }

    #[test]
    fn an_https_url_on_a_known_port_is_taken() {
        for url in [
            "https://example.com",
            "https://example.com/hook?x=1#part",
            "https://example.com:443/",
            "https://example.com:80/",
            "https://example.com:88/",
            "https://example.com:8443/",
            "https://user:password@example.com/",
            "https://пример.рф/hook",
            "https://1.1.1.1/hook",
            "https://[2606:4700:4700::1111]/hook",
            "HTTPS://EXAMPLE.COM/",
        ] {
            assert!(Rules::PUBLIC.check_url(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_url_without_a_scheme_is_https() {
        assert_eq!(
            Rules::PUBLIC.check_url("example.com:8443/hook").unwrap().as_str(),
            "https://example.com:8443/hook"
        );
        assert_eq!(Rules::PUBLIC.check_url("example.com/a:b").unwrap().host(), "example.com");
    }

    #[test]
    fn what_is_no_url_is_called_invalid() {
        for url in [
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "https://",
            "https:///",
            "https://.",
            "https://example.com:0/",
            "https://example.com:65536/",
            "https://example.com:port/",
            "https://exa mple.com/",
            "https://[::1/",
            "https://[fe80::1%25eth0]/",
            "https://256.256.256.256/",
            "://example.com",
        ] {
            assert_eq!(refusal(url), "invalid webhook URL specified", "{url}");
        }
        assert_eq!(
            refusal(&format!("https://example.com/{}", "a".repeat(5000))),
            "bad webhook: URL is too long"
        );
    }

    #[test]
    fn plain_http_and_other_ports_are_refused_in_telegrams_words() {
        assert_eq!(refusal("http://example.com/"), "bad webhook: An HTTPS URL must be provided for webhook");
        for url in ["https://example.com:8080/", "https://example.com:22/", "https://example.com:65535/"] {
            assert_eq!(refusal(url), "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
        }
    }

    #[test]
    fn an_address_of_the_inside_is_refused_by_its_normal_spelling() {
        assert_eq!(refusal("https://0x7f.1/"), "bad webhook: IP address 127.0.0.1 is reserved");
        assert_eq!(
            refusal("https://[::FFFF:10.0.0.1]/"),
            "bad webhook: IP address ::ffff:10.0.0.1 is reserved"
        );
    }

    #[test]
    fn development_takes_anything_readable() {
        for url in ["http://127.0.0.1:3000/", "http://localhost:1/", "https://[::1]:9/", "http://10.0.0.1/"] {
            assert!(Rules::ANYTHING.check_url(url).is_ok(), "{url}");
        }
        assert!(Rules::ANYTHING.check_url("ftp://127.0.0.1/").is_err());
    }

    #[test]
    fn a_secret_token_has_up_to_256_plain_characters() {
        assert_eq!(check_secret_token(""), Ok(()));
        assert_eq!(check_secret_token("AZaz09_-"), Ok(()));
        assert_eq!(check_secret_token(&"x".repeat(256)), Ok(()));
        assert_eq!(check_secret_token(&"x".repeat(257)), Err("secret token is too long"));
        for token in ["a b", "a.b", "a+b", "a/b=", "ключ", "a\nb"] {
            assert_eq!(check_secret_token(token), Err("secret token contains unallowed characters"));
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let target = Target {
            url: "https://user:hunter2@example.com/canary".into(),
            secret_token: Some("canary".into()),
            ip_address: None,
            certificate: None,
        };
        let checked = Rules::PUBLIC.check_url(&target.url).unwrap();
        let shown = format!("{target:?} {checked:?}");
        assert!(!shown.contains("canary") && !shown.contains("hunter2"), "{shown}");
    }
}
