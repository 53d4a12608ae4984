//! An application's token opens the API wherever an account's does, with what its scopes say; refusals are the API's own,
//! and their headers those of RFC 6750.

use std::time::Duration;

use contactgram_http::needs::table;
use contactgram_testkit::{Answer, Client, Method, Options, TestServer, json};

use super::app;
use crate::kit::{number, on_each_engine};

#[track_caller]
fn challenged(answer: &Answer, wanted: &str) {
    let wanted = format!("Bearer realm=\"contactgram\", {wanted}");
    assert_eq!(answer.header("www-authenticate"), Some(wanted.as_str()), "{answer:?}");
}

#[tokio::test]
async fn an_access_token_is_used_in_the_path_and_as_bearer() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let desk = app(&server, &shop, &[]).await;
        let token = desk.token(&server, "messages:send contacts:read").await;
        let (path, bearer) = (server.bot(&token), Client::new(format!("{}/v1", server.url())).bearer(&token));
        for client in [&path, &bearer] {
            let sent =
                client.call("sendMessage", json!({"chat_id": shop.id, "text": "by an application"})).await;
            assert_eq!(number(&sent.result()["chat"]["id"]), shop.id);
            assert_eq!(client.get("contacts").await.status, 200);
            assert_eq!(number(&client.get("getMe").await.result()["id"]), shop.id);
            let lacking = client.get("messages").await;
            let text = "Forbidden: the credential lacks the scope messages:read";
            assert_eq!(lacking.refusal(), (403, text.to_owned()));
        }
        challenged(&bearer.get("messages").await, "error=\"insufficient_scope\", scope=\"messages:read\"");
        let hidden = bearer.get("contacts?fields=email").await;
        challenged(&hidden, "error=\"insufficient_scope\", scope=\"contacts:private\"");
        assert_eq!(path.get("messages").await.header("www-authenticate"), None, "there was no header");

        desk.post(&server, "/oauth/revoke", &[("token", &token)]).await;
        assert_eq!(bearer.get("getMe").await.refusal(), (401, "Unauthorized".to_owned()));
        challenged(&bearer.get("getMe").await, "error=\"invalid_token\"");
        assert_eq!(path.get("getMe").await.refusal(), (401, "Unauthorized".to_owned()));
        challenged(
            &Client::new(format!("{}/v1", server.url())).bearer("x").get("getMe").await,
            "error=\"invalid_token\"",
        );
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_a_code_and_a_secret_open_nothing() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let desk = app(&server, &shop, &[]).await;
    let token = desk.token(&server, "contacts:read").await;
    for other in [
        token.replace("cga_", "cgr_"),
        token.replace("cga_", "cgo_"),
        token.replace("cga_", "cgk_"),
        desk.secret,
    ] {
        assert_eq!(server.bot(&other).get("getMe").await.status, 401, "{other}");
    }
    assert_eq!(server.bot(&token).get("getMe").await.status, 200);
}

#[tokio::test]
async fn a_repeated_request_acts_once_also_when_the_token_was_changed_meanwhile() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let (desk, other) = (app(&server, &shop, &[]).await, app(&server, &shop, &[]).await);
    let send = |token: String| {
        let client = server.bot(&token);
        let body = json!({"chat_id": shop.id, "text": "once"});
        let request = client.request(Method::POST, "sendMessage").header("Idempotency-Key", "k").json(&body);
        async move { number(&client.send(request).await.result()["message_id"]) }
    };
    let first = send(desk.token(&server, "messages:send").await).await;
    assert_eq!(send(desk.token(&server, "messages:send").await).await, first);
    // Whoever may do something else, or is somebody else, has keys of their own.
    assert_ne!(send(desk.token(&server, "messages:send messages:read").await).await, first);
    assert_ne!(send(other.token(&server, "messages:send").await).await, first);
}

/// The shortest life that can be set is a minute, and the clock is the machine's.
#[tokio::test]
async fn an_access_token_that_has_expired_opens_no_route() {
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_ACCESS_TOKEN_TTL_S", "60")).await;
    let shop = server.account("Shop").await;
    let desk = app(&server, &shop, &[]).await;
    let token = desk.token(&server, "contacts:read").await;
    let client = Client::new(format!("{}/v1", server.url())).bearer(&token);
    assert_eq!(client.get("contacts").await.status, 200);
    let mut tries = 0;
    while client.get("contacts").await.status == 200 {
        tries += 1;
        assert!(tries < 300, "it never ends");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for row in table().iter().filter(|row| row.is_api && row.verb == "GET" && !row.path.contains('{')) {
        let answer = client.get(row.path).await;
        assert_eq!(answer.refusal(), (401, "Unauthorized".to_owned()), "{}", row.path);
        challenged(&answer, "error=\"invalid_token\"");
    }
}
