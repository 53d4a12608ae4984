//! `contactgram app …`: what the portal does with applications, the command line does too, also beside a running server.

use contactgram_testkit::{Options, TestServer, json};

use super::{App, app, given, refused};
use crate::kit::{on_each_engine, text};

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[tokio::test]
async fn an_application_is_registered_shown_changed_and_removed() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let desk = app(&server, &shop, &["--scope", "contacts:read", "--scope", "messages:send"]).await;
        assert!(desk.id.starts_with("cgc_") && desk.secret.starts_with("cgs_"), "{}", desk.id);
        let shown = server.cli_json(&["app", "show", &desk.id, "--json"]).await;
        assert_eq!(shown["scopes"], json!(["contacts:read", "messages:send"]));
        assert_eq!(shown["redirect_uris"], json!(["https://app.example/cb"]));
        assert!(shown["client_secret"].is_null(), "a secret is shown once");
        let edited =
            ["app", "edit", &desk.id, "--name", "Till", "--redirect-uri", "https://till.example/", "--json"];
        let edited = server.cli_json(&edited).await;
        assert_eq!(
            (&edited["name"], &edited["redirect_uris"]),
            (&json!("Till"), &json!(["https://till.example/"]))
        );
        assert_eq!(edited["scopes"], shown["scopes"]);
        let account = shop.id.to_string();
        let listed = server.cli_json(&["app", "list", "--account", &account, "--json"]).await;
        assert_eq!(listed.as_array().map(Vec::len), Some(1));

        let token = desk.token(&server, "contacts:read").await;
        let fresh = server.cli_json(&["app", "rotate-secret", &desk.id, "--json"]).await;
        assert_eq!(refused(&desk.post(&server, "/oauth/token", &OWN).await).1, "invalid_client");
        let desk = App { secret: text(&fresh["client_secret"]), ..desk };
        given(&desk.post(&server, "/oauth/token", &OWN).await);
        assert_eq!(server.bot(&token).get("getMe").await.status, 200, "tokens stay");

        server.cli_json(&["app", "disable", &desk.id, "--json"]).await;
        assert_eq!(server.bot(&token).get("getMe").await.status, 401);
        assert_eq!(refused(&desk.post(&server, "/oauth/token", &OWN).await).1, "invalid_client");
        server.cli_json(&["app", "enable", &desk.id, "--json"]).await;
        let token = desk.token(&server, "contacts:read").await;
        assert_eq!(server.cli_json(&["app", "grants", &desk.id, "--json"]).await, json!([]));
        server.cli_json(&["app", "remove", &desk.id, "--json"]).await;
        assert_eq!(server.bot(&token).get("getMe").await.status, 401);
        assert_eq!(refused(&desk.post(&server, "/oauth/token", &OWN).await).1, "invalid_client");
        let events = server.cli_json(&["app", "list", "--account", &account, "--json"]).await;
        assert_eq!(events, json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_public_application_is_registered_without_a_secret() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let account = shop.id.to_string();
    let arguments = [
        "app",
        "add",
        "--account",
        &account,
        "--name",
        "P",
        "--redirect-uri",
        "com.example.p:/x",
        "--public",
        "--json",
    ];
    let made = server.cli_json(&arguments).await;
    assert_eq!((&made["public"], &made["client_secret"]), (&json!(true), &json!(null)));
    let all = json!([
        "contacts:read",
        "contacts:private",
        "contacts:write",
        "messages:read",
        "messages:send",
        "updates:read"
    ]);
    assert_eq!(made["scopes"], all, "all but account:manage");
}
