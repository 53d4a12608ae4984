//! setWebhook, deleteWebhook and getWebhookInfo: shapes, descriptions, refusals.

use contactgram_testkit::{Options, TestServer, Value, json};

use super::hook::{Do, Hook};
use super::{info, set};
use crate::kit::on_each_engine;

#[tokio::test]
async fn a_webhook_is_set_shown_and_deleted() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let none = json!({"url": "", "has_custom_certificate": false, "pending_update_count": 0});
        assert_eq!(info(&shop).await, none);
        let hook = Hook::start(|_| Do::ok()).await;
        assert_eq!(set(&shop, &hook, json!({})).await, "Webhook was set");
        assert_eq!(set(&shop, &hook, json!({})).await, "Webhook is already set");
        let wanted = json!({
            "url": hook.url(), "has_custom_certificate": false, "pending_update_count": 0, "max_connections": 40,
        });
        assert_eq!(info(&shop).await, wanted);
        let more = json!({"max_connections": 5, "ip_address": "127.0.0.1", "allowed_updates": ["message"]});
        assert_eq!(set(&shop, &hook, more).await, "Webhook was set");
        let shown = info(&shop).await;
        assert_eq!((&shown["max_connections"], &shown["ip_address"]), (&json!(5), &json!("127.0.0.1")));
        assert_eq!(shown["allowed_updates"], json!(["message"]));

        let delete = async || shop.bot().call("deleteWebhook", json!({})).await.json();
        let deleted = json!({"ok": true, "result": true, "description": "Webhook was deleted"});
        assert_eq!(delete().await, deleted);
        let already = json!({"ok": true, "result": true, "description": "Webhook is already deleted"});
        assert_eq!(delete().await, already);
        set(&shop, &hook, json!({})).await;
        let emptied = shop.bot().call("setWebhook", json!({"url": ""})).await.json();
        assert_eq!(emptied, deleted, "no URL is no webhook");
        assert_eq!(info(&shop).await["url"], "");
    })
    .await;
}

#[tokio::test]
async fn connections_are_clamped() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let hook = Hook::start(|_| Do::ok()).await;
    for (asked, kept) in [(0, 1), (-4, 1), (100, 100), (5000, 100)] {
        set(&shop, &hook, json!({"max_connections": asked})).await;
        assert_eq!(info(&shop).await["max_connections"], kept, "{asked}");
    }
}

#[tokio::test]
async fn what_is_no_webhook_is_refused_and_changes_nothing() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let hook = Hook::start(|_| Do::ok()).await;
    set(&shop, &hook, json!({"secret_token": "a"})).await;
    let before = info(&shop).await;
    let with = |name: &str, value: Value| {
        let mut parameters = json!({"url": "http://127.0.0.1:9/other"});
        parameters[name] = value;
        parameters
    };
    let (long, longer) = ("x".repeat(257), format!("http://127.0.0.1/{}", "x".repeat(5000)));
    let cases = [
        (with("url", json!("ftp://example.com/")), "invalid webhook URL specified"),
        (with("url", json!("http://")), "invalid webhook URL specified"),
        (with("url", json!("http://a b/")), "invalid webhook URL specified"),
        (with("url", json!(longer)), "bad webhook: URL is too long"),
        (with("secret_token", json!(long)), "secret token is too long"),
        (with("secret_token", json!("no spaces")), "secret token contains unallowed characters"),
        (with("certificate", json!("x".repeat(70_000))), "certificate size is too big (70000 bytes)"),
        (with("ip_address", json!("nowhere")), "bad webhook: Invalid IP address specified"),
    ];
    for (parameters, text) in cases {
        let refused = shop.bot().call("setWebhook", parameters.clone()).await;
        assert_eq!(refused.refusal(), (400, format!("Bad Request: {text}")), "{parameters}");
    }
    let refused = shop.bot().call("setWebhook", with("certificate", json!("no certificate"))).await.refusal();
    assert_eq!(refused.0, 400);
    assert!(refused.1.starts_with("Bad Request: bad webhook: "), "{}", refused.1);
    assert_eq!(info(&shop).await, before);
}

#[tokio::test]
async fn a_name_without_an_address_is_refused() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let body = json!({"url": "https://no-such-host.invalid/hook"});
    let (status, text) = shop.bot().call("setWebhook", body).await.refusal();
    assert_eq!(status, 400);
    assert!(text.starts_with("Bad Request: bad webhook: Failed to resolve host: "), "{text}");
}
