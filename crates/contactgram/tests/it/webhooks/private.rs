//! Without the setting for development, webhooks reach nothing of the inside.

use contactgram_testkit::{Options, TestServer, json};

use super::info;

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
