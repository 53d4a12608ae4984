//! Without the setting for development, webhooks reach nothing of the inside.

use contactgram_testkit::{Options, TestServer, json};

use super::hook::{Do, Hook};
use super::{info, set};

#[tokio::test]
async fn what_points_inside_is_refused_in_telegrams_words() {
    let options = Options::default().variable("CONTACTGRAM_WEBHOOKS_ALLOW_PRIVATE", "false");
    let server = TestServer::start(options).await;
    let shop = server.account("Shop").await;
    let reserved = |ip: &str| format!("bad webhook: IP address {ip} is reserved");
    let cases = [
        ("http://example.com/", "bad webhook: An HTTPS URL must be provided for webhook".to_owned()),
        (
            "https://1.1.1.1:8080/",
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443".to_owned(),
        ),
        ("https://127.0.0.1/", reserved("127.0.0.1")),
        ("https://2130706433/", reserved("127.0.0.1")),
        ("https://10.1.2.3/", reserved("10.1.2.3")),
        ("https://169.254.169.254/latest", reserved("169.254.169.254")),
        ("https://[::1]/", reserved("::1")),
        ("https://[::ffff:127.0.0.1]/", reserved("::ffff:127.0.0.1")),
    ];
    for (url, text) in cases {
        let refused = shop.bot().call("setWebhook", json!({"url": url})).await;
        assert_eq!(refused.refusal(), (400, format!("Bad Request: {text}")), "{url}");
    }
    let pinned = json!({"url": "https://example.com/", "ip_address": "192.168.0.1"});
    let refused = shop.bot().call("setWebhook", pinned).await;
    assert_eq!(refused.refusal(), (400, format!("Bad Request: {}", reserved("192.168.0.1"))));
    let (status, text) = shop.bot().call("setWebhook", json!({"url": "https://localhost/"})).await.refusal();
    assert_eq!(status, 400);
    assert!(
        text.starts_with("Bad Request: bad webhook: IP address ") && text.ends_with(" is reserved"),
        "{text}"
    );
    assert_eq!(info(&shop).await["url"], "");
}

/// One or two literal addresses of each special range, and of each way to spell or wrap one.
const INSIDE: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "%31%32%37.0.0.1",
    "１２７。0。0。1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "0xa9fea9fe",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:1]",
    "[100::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "localhost",
    "example.com@127.0.0.1",
    "example.com:80@[::1]",
    "127.0.0.1\\@example.com",
    "127.0.0.1#@example.com",
];

#[tokio::test]
async fn a_webhook_can_not_be_moved_inside() {
    let options = Options::default().variable("CONTACTGRAM_WEBHOOKS_ALLOW_PRIVATE", "false");
    let server = TestServer::start(options).await;
    let shop = server.account("Shop").await;
    // Nothing is written to the account, so nobody calls there.
    let outside = json!({"url": "https://1.1.1.1/hook"});
    shop.bot().call("setWebhook", outside.clone()).await.result();
    let before = info(&shop).await;
    for host in INSIDE {
        for port in ["", ":80", ":88", ":443", ":8443"] {
            let moved = json!({"url": format!("https://{host}{port}/hook")});
            let (status, text) = shop.bot().call("setWebhook", moved.clone()).await.refusal();
            assert_eq!(status, 400, "{moved}");
            let reserved =
                text.starts_with("Bad Request: bad webhook: IP address ") && text.ends_with(" is reserved");
            assert!(reserved || text == "Bad Request: invalid webhook URL specified", "{moved}: {text}");
        }
        let pinned = json!({"url": "https://1.1.1.1/hook", "ip_address": host.trim_matches(['[', ']'])});
        assert_eq!(shop.bot().call("setWebhook", pinned).await.refusal().0, 400, "{host}");
    }
    assert_eq!(info(&shop).await, before);
    assert_eq!(shop.bot().call("setWebhook", outside).await.json()["description"], "Webhook is already set");
}

#[tokio::test]
async fn a_webhook_from_before_the_rules_is_not_called() {
    let mut server = TestServer::start(Options::default()).await;
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::ok()).await;
    set(&shop, &hook, json!({})).await;
    let by_name = json!({"url": "https://hook.example:8443/", "ip_address": "127.0.0.1"});
    desk.bot().call("setWebhook", by_name).await.result();
    assert!(server.stop().await.success());
    server.set_variable("CONTACTGRAM_WEBHOOKS_ALLOW_PRIVATE", "false");
    server.start_again().await;
    for (account, why) in
        [(&shop, "An HTTPS URL must be provided for webhook"), (&desk, "IP address 127.0.0.1 is reserved")]
    {
        ann.write(account.id, "hello").await;
        let mut told = info(account).await;
        for _ in 0..600 {
            if told.get("last_error_message").is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            told = info(account).await;
        }
        assert_eq!((&told["last_error_message"], &told["pending_update_count"]), (&json!(why), &json!(1)));
    }
    assert_eq!(hook.most_under_way(), 0);
}
