//! Where an upstream is and how one gets in: its base URL and the account's token there.
//! Read from what an operator typed, by the hub and the command line. The token never shows itself: neither in `Debug`
//! nor in any error.

use std::fmt;

use url::Url;

/// The base URL of a Bot API server: `https://api.telegram.org`, or one that the operator runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// Before `/bot…`; without a `/` at its end.
    pub(super) path: String,
}

impl BaseUrl {
    /// Telegram's own server.
    pub fn telegram() -> BaseUrl {
        BaseUrl { tls: true, host: "api.telegram.org".into(), port: 443, path: String::new() }
    }

    /// Reads `http[s]://host[:port][/path]`. The error is half a sentence for the operator.
    pub fn read(text: &str) -> Result<BaseUrl, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "is no URL, such as https://api.telegram.org")?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err("has to begin with https:// or http://"),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("may not hold a user or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("may not hold a ? or a #");
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err("names no host");
        };
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(BaseUrl { tls, host: host.to_owned(), port, path })
    }

    /// `host` or `host:port`, as the header Host has it.
    pub(super) fn authority(&self) -> String {
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// The token of a bot at its upstream. It is a password.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamToken(String);

/// The longest token that a Bot API server takes.
const LONGEST_TOKEN: usize = 80;

impl UpstreamToken {
    /// Reads `<digits>:<secret>`, as the Bot API server checks it. The error is half a sentence for the operator.
    pub fn read(text: &str) -> Result<UpstreamToken, &'static str> {
        let text = text.trim();
        let (id, secret) = text.split_once(':').ok_or("is no bot token, such as 123456:AAE…")?;
        let is_id = matches!(id.parse::<u64>(), Ok(1..0x40_0000_0000_0000)) && !id.starts_with(['0', '+']);
        let is_secret = secret.len() >= 24
            && secret.bytes().all(|mark| mark.is_ascii_alphanumeric() || matches!(mark, b'_' | b'-'));
        match is_id && is_secret && text.len() <= LONGEST_TOKEN {
            true => Ok(UpstreamToken(text.to_owned())),
            false => Err("is no bot token, such as 123456:AAE…"),
        }
    }

    /// The bot's id: the digits before the colon.
    pub fn bot_id(&self) -> i64 {
        let digits = self.0.split(':').next().unwrap_or_default();
        digits.parse().unwrap_or_default()
    }

    /// The token itself: to be encrypted and stored, or sent to the upstream.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UpstreamToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpstreamToken({}:…)", self.bot_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456:AAEcanary_canary-canary0123456789AB";

    #[test]
    fn a_base_url_is_shown_as_it_was_typed() {
        for url in ["https://api.telegram.org", "http://127.0.0.1:8081", "https://bots.example:444/api/v2"] {
            assert_eq!(BaseUrl::read(url).map(|read| read.to_string()), Ok(url.to_owned()));
        }
        assert_eq!(BaseUrl::read(" https://API.telegram.org:443/ "), Ok(BaseUrl::telegram()));
        assert_eq!(BaseUrl::read("http://[::1]:8081/").unwrap().authority(), "[::1]:8081");
    }

    #[test]
    fn a_base_url_holds_nothing_that_would_be_lost_or_logged() {
        for url in
            ["", "api.telegram.org", "ftp://x", "https://user@x", "https://x?a", "https://x/#a", "https://"]
        {
            assert!(BaseUrl::read(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_token_is_what_the_server_would_take() {
        let token = UpstreamToken::read(&format!(" {TOKEN}\n")).unwrap();
        assert_eq!((token.bot_id(), token.expose()), (123_456, TOKEN));
        let long = format!("1:{}", "a".repeat(79));
        let refused = ["", "123", "123:short", "0123:AAEcanary_canary-canary0123456789AB", &long];
        for text in refused {
            assert!(UpstreamToken::read(text).is_err(), "{text}");
        }
        for secret in ["AAEcanary/canary-canary0123456789AB", "AAEcanary canary-canary0123456789AB"] {
            assert!(UpstreamToken::read(&format!("123456:{secret}")).is_err(), "{secret}");
        }
    }

    #[test]
    fn a_token_does_not_show_itself() {
        let shown = format!("{:?}", UpstreamToken::read(TOKEN).unwrap());
        assert_eq!(shown, "UpstreamToken(123456:…)");
    }
}
