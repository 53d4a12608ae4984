//! Attempts to make the courier connect to the inside: spellings, embeddings, names, rebinding, pinning.
//! A receiver listens on every address of this machine, and must never be called.
//! The last test shows that it would have noticed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::*;

/// Hosts as a URL can hold them. Names all resolve to the inside here, see [`inside_lookup`].
const HOSTILE_HOSTS: &[&str] = &[
    // plain, short and long forms of IPv4
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "0.0",
    "1.0.0.127.in-addr.arpa",
    // decimal, octal, hexadecimal, mixed and zero-padded
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.0x0.0.1",
    "00000177.0.0.1",
    "0x0000007f.0.0.1",
    "127.0x1",
    "0X7F.0.0.1",
    // percent-encoded, full-width and circled digits, ideographic full stop
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    // other ranges of the inside
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    // IPv6: loopback, unspecified, compatible, mapped in each spelling
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::FFFF:0A00:0001]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0.0.0.0]",
    "[::ffff:0:127.0.0.1]",
    // NAT64, 6to4, Teredo
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    // unique local, link-local, site-local, multicast, documentation, discard
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
    "[fe80::1%25lo]",
    // names
    "localhost",
    "LOCALHOST",
    "localhost.",
    "foo.localhost",
    "localhost.localdomain",
    "ip6-localhost",
    "metadata.google.internal",
    "127.0.0.1.nip.io",
    "rebind.example",
    "printer.local",
    "router",
    "xn--localhost",
    // what looks like a public host and is not
    "example.com@127.0.0.1",
    "example.com:80@127.0.0.1",
    "1.1.1.1@[::1]",
    "user:password@localhost",
    "127.0.0.1%00.example.com",
    "127.0.0.1\\@example.com",
    "127.0.0.1\t",
    "127.0.\n0.1",
    "example.com#@127.0.0.1",
];

/// Every name leads to the inside.
fn inside_lookup() -> Lookup {
    Arc::new(|_| Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()]) }))
}

/// Only the address rule, so that nothing is refused for its scheme or port before it gets there.
fn guarded(lookup: Lookup) -> Courier {
    Courier::with_rules(CourierOptions::default(), Rules { public_only: true, ..Rules::ANYTHING }, lookup)
}

/// A receiver on all addresses of both families, where the machine has both.
async fn receiver_everywhere() -> Receiver {
    let listener = match TcpListener::bind("[::]:0").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    Receiver::on(listener, http("200 OK", &[], ""))
}

#[tokio::test]
async fn no_hostile_url_makes_a_connection() {
    assert!(HOSTILE_HOSTS.len() >= 100, "{}", HOSTILE_HOSTS.len());
    let receiver = receiver_everywhere().await;
    let courier = guarded(inside_lookup());
    let port = receiver.address.port();
    for host in HOSTILE_HOSTS {
        for url in
            [format!("http://{host}:{port}/"), format!("https://{host}:{port}/"), format!("{host}:{port}")]
        {
            let outcome = courier.deliver(&target(url.clone()), UPDATE).await;
            let Outcome::Unreachable { reason } = outcome else {
                panic!("{url}: {outcome:?}");
            };
            let refused = reason.ends_with(" is reserved") || reason == "invalid webhook URL specified";
            assert!(refused, "{url}: {reason}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn hostile_urls_are_refused_when_a_webhook_is_set() {
    let courier = Courier::with_rules(CourierOptions::default(), Rules::PUBLIC, inside_lookup());
    for host in HOSTILE_HOSTS {
        let set = match courier.check_url(&format!("https://{host}/hook")) {
            Ok(url) => courier.resolve(&url).await.map(|_| ()),
            Err(text) => Err(text),
        };
        let text = set.expect_err(host);
        let expected =
            text.starts_with("bad webhook: IP address ") || text == "invalid webhook URL specified";
        assert!(expected, "{host}: {text}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_after_the_check_is_caught() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let rebinding: Lookup = Arc::new(move |_| {
        let ip = if counter.fetch_add(1, Ordering::SeqCst) == 0 { "1.1.1.1" } else { "127.0.0.1" };
        Box::pin(async move { Ok(vec![ip.parse().unwrap()]) })
    });
    let receiver = receiver_everywhere().await;
    let courier = guarded(rebinding);
    let url = format!("http://rebind.example:{}/", receiver.address.port());
    let checked = courier.check_url(&url).unwrap();
    assert_eq!(courier.resolve(&checked).await, Ok("1.1.1.1".parse().unwrap()));

    let outcome = courier.deliver(&target(url), UPDATE).await;
    assert_eq!(outcome, Outcome::unreachable("IP address 127.0.0.1 is reserved"));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_given_address_of_the_inside_is_refused() {
    let receiver = receiver_everywhere().await;
    let courier = guarded(system_lookup());
    for ip in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "10.0.0.1", "169.254.169.254"] {
        let url = format!("http://hook.example:{}/", receiver.address.port());
        let delivery = Target { ip_address: Some(ip.parse().unwrap()), ..target(url) };
        let expected = format!("IP address {ip} is reserved");
        assert_eq!(courier.deliver(&delivery, UPDATE).await, Outcome::unreachable(expected.as_str()));
        assert_eq!(courier.check_ip_address(ip), Err(format!("bad webhook: {expected}")));
    }
    assert_eq!(receiver.connections(), 0);
    assert_eq!(
        courier.check_ip_address("example.com"),
        Err("bad webhook: Invalid IP address specified".into())
    );
    assert_eq!(courier.check_ip_address("149.154.160.1"), Ok("149.154.160.1".parse().unwrap()));
}

#[tokio::test]
async fn a_given_address_does_not_excuse_a_literal_one() {
    let receiver = receiver_everywhere().await;
    let url = format!("http://127.0.0.1:{}/", receiver.address.port());
    let delivery = Target { ip_address: Some("1.1.1.1".parse().unwrap()), ..target(url) };
    let outcome = guarded(system_lookup()).deliver(&delivery, UPDATE).await;
    assert_eq!(outcome, Outcome::unreachable("IP address 127.0.0.1 is reserved"));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn the_receiver_would_have_noticed() {
    let receiver = receiver_everywhere().await;
    let courier = Courier::with_rules(CourierOptions::default(), Rules::ANYTHING, inside_lookup());
    for host in ["127.0.0.1", "2130706433", "rebind.example"] {
        let url = format!("http://{host}:{}/", receiver.address.port());
        assert_eq!(courier.deliver(&target(url), UPDATE).await, Outcome::Accepted { reply: None }, "{host}");
    }
    assert!(receiver.connections() > 0);
}
