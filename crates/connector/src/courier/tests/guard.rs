//! Attempts to make the courier connect to the inside: spellings, embeddings, names, rebinding, pinning.
//! A receiver listens on every address of this machine, and must never be called.
//! The last test shows that it would have noticed.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::hosts::HOSTILE_HOSTS;
use super::*;

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
    let distinct: HashSet<_> = HOSTILE_HOSTS.iter().collect();
    assert!(distinct.len() >= 200 && distinct.len() == HOSTILE_HOSTS.len(), "{}", distinct.len());
    let receiver = receiver_everywhere().await;
    let courier = guarded(inside_lookup());
    let port = receiver.address.port();
    for host in HOSTILE_HOSTS {
        for url in
            [format!("http://{host}:{port}/"), format!("https://{host}:{port}/"), format!("{host}:{port}")]
        {
            let outcome = courier.deliver(&target(url.clone()), UPDATE, None).await;
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

    let outcome = courier.deliver(&target(url), UPDATE, None).await;
    assert_eq!(outcome, Outcome::unreachable("IP address 127.0.0.1 is reserved"));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(receiver.connections(), 0);
}

/// The literal addresses of the table, each in the one spelling that `ip_address` is read in.
fn literal_addresses() -> HashSet<IpAddr> {
    let hosts = HOSTILE_HOSTS.iter().map(|host| host.trim_matches(['[', ']']));
    hosts.filter_map(|host| host.parse().ok()).collect()
}

#[tokio::test]
async fn a_given_address_of_the_inside_is_refused() {
    let receiver = receiver_everywhere().await;
    let courier = guarded(system_lookup());
    let addresses = literal_addresses();
    assert!(addresses.len() > 100, "{}", addresses.len());
    for ip in addresses {
        let url = format!("http://hook.example:{}/", receiver.address.port());
        let delivery = Target { ip_address: Some(ip), ..target(url) };
        let expected = format!("IP address {ip} is reserved");
        assert_eq!(courier.deliver(&delivery, UPDATE, None).await, Outcome::unreachable(expected.as_str()));
        assert_eq!(courier.check_ip_address(&ip.to_string()), Err(format!("bad webhook: {expected}")));
    }
    assert_eq!(receiver.connections(), 0);
    assert_eq!(courier.check_ip_address("149.154.160.1"), Ok("149.154.160.1".parse().unwrap()));
}

#[tokio::test]
async fn a_given_address_has_one_spelling() {
    let courier = guarded(system_lookup());
    let odd =
        ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "[::1]", "fe80::1%lo", "127.0.0.1:80", " ::1"];
    for text in odd.into_iter().chain(["localhost", "example.com", "１２７.0.0.1", ""]) {
        let refused = courier.check_ip_address(text);
        assert_eq!(refused, Err("bad webhook: Invalid IP address specified".into()), "{text}");
    }
}

#[tokio::test]
async fn a_given_address_does_not_excuse_a_literal_one() {
    let receiver = receiver_everywhere().await;
    let url = format!("http://127.0.0.1:{}/", receiver.address.port());
    let delivery = Target { ip_address: Some("1.1.1.1".parse().unwrap()), ..target(url) };
    let outcome = guarded(system_lookup()).deliver(&delivery, UPDATE, None).await;
    assert_eq!(outcome, Outcome::unreachable("IP address 127.0.0.1 is reserved"));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_turns_inside_for_one_delivery_in_two_is_caught_each_time() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    // The outer answers go to checks alone; nothing here connects outside.
    let turning: Lookup = Arc::new(move |_| {
        let inside = counter.fetch_add(1, Ordering::SeqCst) % 2 == 1;
        let found: Vec<IpAddr> = match inside {
            true => literal_addresses().into_iter().collect(),
            false => vec!["1.1.1.1".parse().unwrap()],
        };
        Box::pin(async move { Ok(found) })
    });
    let receiver = receiver_everywhere().await;
    let courier = guarded(turning);
    let url = format!("http://rebind.example:{}/", receiver.address.port());
    let checked = courier.check_url(&url).unwrap();
    for _ in 0..20 {
        assert_eq!(courier.resolve(&checked).await, Ok("1.1.1.1".parse().unwrap()));
        let outcome = courier.deliver(&target(url.clone()), UPDATE, None).await;
        let reserved =
            matches!(&outcome, Outcome::Unreachable { reason } if reason.ends_with(" is reserved"));
        assert!(reserved, "{outcome:?}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_redirect_to_the_inside_is_not_followed() {
    let inside = receiver_everywhere().await;
    let (port, courier) = (inside.address.port(), development());
    let statuses = ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"];
    let hosts = HOSTILE_HOSTS.iter().filter(|host| host.is_ascii() && !host.contains(char::is_control));
    for (host, status) in hosts.zip(statuses.into_iter().cycle()) {
        let location = format!("Location: http://{host}:{port}/");
        let outer = Receiver::answering(http(status, &[&location], "")).await;
        let outcome = courier.deliver(&target(outer.url("/")), UPDATE, None).await;
        assert!(matches!(outcome, Outcome::Refused { status: 300..400, .. }), "{host}: {outcome:?}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn the_receiver_would_have_noticed() {
    let receiver = receiver_everywhere().await;
    let courier = Courier::with_rules(CourierOptions::default(), Rules::ANYTHING, inside_lookup());
    for host in ["127.0.0.1", "2130706433", "rebind.example"] {
        let url = format!("http://{host}:{}/", receiver.address.port());
        assert_eq!(
            courier.deliver(&target(url), UPDATE, None).await,
            Outcome::Accepted { reply: None },
            "{host}"
        );
    }
    assert!(receiver.connections() > 0);
}
