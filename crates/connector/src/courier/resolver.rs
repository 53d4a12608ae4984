//! The DNS resolver of webhook connections, and with it the guard: what it does not return is not connected to.
//! Checking here, and not before, is what defeats a name whose answer changes between check and use.
//! It never sees literal addresses; `target` refuses those.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::target::{Rules, reserved};

/// How a name is looked up; the system's resolver, or a test's.
pub(super) type Lookup =
    Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

/// The system's resolver (`getaddrinfo` on a blocking thread).
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Resolves names to the addresses that the rules allow, or to the one address that setWebhook was given.
#[derive(Clone)]
pub(super) struct Guard {
    pub lookup: Lookup,
    pub rules: Rules,
    pub pinned: Option<IpAddr>,
}

impl Guard {
    /// The addresses to try, in the resolver's order; at least one.
    pub async fn addresses(&self, name: String) -> Result<Vec<IpAddr>, NoAddress> {
        let found = match self.pinned {
            Some(ip) => vec![ip],
            None => (self.lookup)(name).await.map_err(|error| NoAddress::Unknown(lookup_words(&error)))?,
        };
        let first =
            *found.first().ok_or_else(|| NoAddress::Unknown("No address associated with hostname".into()))?;
        let allowed: Vec<IpAddr> = found.into_iter().filter(|&ip| self.rules.check_ip(ip).is_ok()).collect();
        if allowed.is_empty() {
            return Err(NoAddress::Reserved(first));
        }
        Ok(allowed)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let ips = guard.addresses(name.as_str().to_owned()).await?;
            let addresses: Addrs = Box::new(ips.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// Why a name has no address to connect to.
#[derive(Debug)]
pub(super) enum NoAddress {
    /// The lookup failed, in the system's words.
    Unknown(String),
    /// It resolves to the inside only; the first such address.
    Reserved(IpAddr),
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAddress::Unknown(why) => write!(f, "Failed to resolve host: {why}"),
            NoAddress::Reserved(ip) => f.write_str(&reserved(*ip)),
        }
    }
}

impl Error for NoAddress {}

/// The resolver's own words, such as "Name or service not known", without what the library says first.
fn lookup_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.rsplit_once("address information: ").map_or(text.as_str(), |(_, words)| words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(found: &'static [&'static str]) -> Guard {
        let lookup: Lookup = Arc::new(move |_| {
            Box::pin(async move { Ok(found.iter().map(|ip| ip.parse().unwrap()).collect()) })
        });
        Guard { lookup, rules: Rules::PUBLIC, pinned: None }
    }

    async fn outcome(guard: Guard) -> String {
        match guard.addresses("name.example".into()).await {
            Ok(ips) => ips.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn only_public_addresses_of_a_name_are_used() {
        let mixed = guard(&["10.0.0.1", "1.1.1.1", "fd00::1", "2606:4700::1"]);
        assert_eq!(outcome(mixed).await, "1.1.1.1 2606:4700::1");
    }

    #[tokio::test]
    async fn a_name_of_the_inside_has_no_address() {
        assert_eq!(
            outcome(guard(&["169.254.169.254", "::1"])).await,
            "IP address 169.254.169.254 is reserved"
        );
    }

    #[tokio::test]
    async fn a_name_without_addresses_is_not_resolved() {
        assert_eq!(outcome(guard(&[])).await, "Failed to resolve host: No address associated with hostname");
    }

    #[tokio::test]
    async fn a_pinned_address_replaces_the_lookup_but_not_the_rules() {
        let pinned = |ip: &str| Guard { pinned: Some(ip.parse().unwrap()), ..guard(&["9.9.9.9"]) };
        assert_eq!(outcome(pinned("1.1.1.1")).await, "1.1.1.1");
        assert_eq!(outcome(pinned("127.0.0.1")).await, "IP address 127.0.0.1 is reserved");
    }

    #[test]
    fn lookup_errors_keep_the_systems_words_only() {
        let error = io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(lookup_words(&error), "Name or service not known");
        assert_eq!(lookup_words(&io::Error::other("odd")), "odd");
    }
}
