//! What a start prints to standard output: where the server listens, and on the first start the tokens, once,
//! with requests that work when pasted. Called by the server. Later starts know no tokens to print.

use contactgram_hub::{AccountView, NewTokenView};
use serde::Serialize;

use crate::output;

/// What a start has to tell.
#[derive(Serialize)]
pub struct Banner {
    /// The address clients use.
    pub url: String,
    /// Where the API is served.
    pub listening: String,
    /// Where metrics are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
    /// Accounts there are.
    pub accounts: i64,
    /// The account that this start made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<First>,
    /// The admin token that this start made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_token: Option<String>,
    /// Where the first owner sets a password, while nobody can sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_link: Option<String>,
}

/// The account that the first start makes.
#[derive(Serialize)]
pub struct First {
    /// The account.
    #[serde(flatten)]
    pub account: AccountView,
    /// Its token.
    #[serde(flatten)]
    pub token: NewTokenView,
}

impl Banner {
    /// The text for people. The line about listening is part of the interface: scripts wait for it.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!("Contactgram {}", env!("CARGO_PKG_VERSION")),
            format!("listening on http://{}", self.listening),
        ];
        lines.extend(self.metrics.as_ref().map(|address| format!("metrics on http://{address}/metrics")));
        let plural = if self.accounts == 1 { "" } else { "s" };
        lines.push(format!("{} account{plural}", self.accounts));
        if let Some(first) = &self.first {
            lines.extend(self.introduce(first));
        }
        if let Some(token) = &self.admin_token {
            lines.push(String::new());
            lines.push(format!("admin token    {token}"));
        }
        if self.first.is_some() || self.admin_token.is_some() {
            lines.push(String::new());
            lines.push("Tokens are shown this once: keep them now.".to_owned());
        }
        if let Some(link) = &self.owner_link {
            lines.push(String::new());
            lines.push("Set the owner's password, once and within a day, at".to_owned());
            lines.push(format!("  {link}"));
        }
        lines.join("\n")
    }

    fn introduce(&self, First { account, token }: &First) -> [String; 7] {
        let (url, token) = (&self.url, &token.token);
        let username = account.username.as_deref().unwrap_or_default();
        [
            String::new(),
            "A first account was made:".to_owned(),
            format!("account        {} (@{username}, id {})", output::printable(&account.name), account.id),
            format!("account token  {token}"),
            String::new(),
            format!("  curl {url}/bot{token}/getMe"),
            format!("  curl {url}/bot{token}/contacts"),
        ]
    }
}

/// The address under which this machine reaches a listener, which may be bound to all addresses.
pub fn reachable(listening: &str) -> String {
    let any = [("0.0.0.0:", "127.0.0.1:"), ("[::]:", "[::1]:")];
    for (all, local) in any {
        if let Some(port) = listening.strip_prefix(all) {
            return format!("{local}{port}");
        }
    }
    listening.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Banner {
        Banner {
            url: "http://127.0.0.1:8081".to_owned(),
            listening: "127.0.0.1:8081".to_owned(),
            metrics: None,
            accounts: 2,
            first: None,
            admin_token: None,
            owner_link: None,
        }
    }

    #[test]
    fn a_later_start_tells_where_and_how_many_and_nothing_else() {
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!("Contactgram {version}\nlistening on http://127.0.0.1:8081\n2 accounts");
        assert_eq!(later().text(), expected);
    }

    #[test]
    fn an_admin_token_comes_with_the_warning() {
        let text = Banner { admin_token: Some("abc".to_owned()), ..later() }.text();
        assert!(text.contains("admin token    abc") && text.contains("shown this once"), "{text}");
    }

    #[test]
    fn the_owners_link_stands_alone_on_its_line() {
        let link = "http://127.0.0.1:8081/portal/welcome?code=abc".to_owned();
        let text = Banner { owner_link: Some(link.clone()), ..later() }.text();
        assert_eq!(text.lines().last(), Some(format!("  {link}").as_str()));
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_locally() {
        assert_eq!(reachable("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80"), "[::1]:80");
        assert_eq!(reachable("10.0.0.1:80"), "10.0.0.1:80");
    }
}
