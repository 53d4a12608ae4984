//! What setWebhook is given: a URL, an address, a secret. The input is each of them on a line.

use contactgram_connector::courier::{Courier, CourierOptions, check_secret_token};
use std::net::IpAddr;
use std::sync::OnceLock;

/// The strict one, and the one for development.
static COURIERS: OnceLock<(Courier, Courier)> = OnceLock::new();

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.split('\n');
    let (url, ip, secret) = (lines.next(), lines.next(), lines.next());
    let (strict, lax) = COURIERS.get_or_init(|| {
        let lax = CourierOptions { allow_private: true, ..CourierOptions::default() };
        (Courier::new(CourierOptions::default()), Courier::new(lax))
    });
    let url = url.unwrap_or_default();
    if let Ok(checked) = strict.check_url(url) {
        assert!(checked.as_str().starts_with("https://") && url.len() <= 4096, "{}", checked.as_str());
        assert!(!checked.host().is_empty());
        if let Some(ip) = literal(checked.host()) {
            is_outside(ip);
        }
        let again = strict.check_url(checked.as_str()).expect("its own spelling is taken");
        assert_eq!(again.as_str(), checked.as_str());
        assert_eq!(lax.check_url(url).expect("who refuses less takes it too").as_str(), checked.as_str());
    }
    if let Ok(ip) = strict.check_ip_address(ip.unwrap_or_default()) {
        is_outside(ip);
    }
    let secret = secret.unwrap_or_default();
    if check_secret_token(secret).is_ok() {
        assert!(secret.len() <= 256 && http::HeaderValue::from_str(secret).is_ok());
    }
}

/// The host as an address, told without the code under test.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

fn is_outside(ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => {
            let inside = ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_documentation()
                || ip.is_multicast();
            assert!(!inside, "{ip}");
        }
        IpAddr::V6(ip) => {
            assert_eq!(ip.segments()[0] >> 13, 1, "{ip} is no global unicast address");
            assert!(ip.to_ipv4_mapped().is_none() && ip.segments()[0] != 0x2002, "{ip}");
        }
    }
}
