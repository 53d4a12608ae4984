//! The endpoints as they are spoken to: credentials in the header and in the body, nothing secret in an address, OAuth's
//! own errors, and what browsers may read.

use contactgram_testkit::{Client, Method, Options, TestServer, json};

use super::{App, CALLBACK, app, form, given, post, refused};
use crate::kit::{on_each_engine, text};

const OWN: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn metadata_names_the_endpoints_under_the_address_that_clients_use() {
    let options = Options::default().variable("CONTACTGRAM_PUBLIC_URL", "https://contacts.example.com/");
    for (server, issuer) in [
        (TestServer::start(Options::default()).await, None),
        (TestServer::start(options).await, Some("https://contacts.example.com")),
    ] {
        let issuer = issuer.unwrap_or(server.url());
        let answer = server.get("/.well-known/oauth-authorization-server").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let metadata = answer.json();
        assert_eq!(metadata["issuer"], issuer);
        for (name, path) in [
            ("authorization_endpoint", "/oauth/authorize"),
            ("token_endpoint", "/oauth/token"),
            ("revocation_endpoint", "/oauth/revoke"),
            ("introspection_endpoint", "/oauth/introspect"),
        ] {
            assert_eq!(metadata[name], format!("{issuer}{path}"));
        }
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    }
}

#[tokio::test]
async fn a_client_proves_itself_in_the_header_or_in_the_body() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let desk = app(&server, &shop, &["--scope", "contacts:read"]).await;
        let body = given(&desk.post(&server, "/oauth/token", &[OWN]).await);
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(body["scope"], "contacts:read");
        assert!(body["refresh_token"].is_null());
        let root = Client::new(server.url());
        let basic = |id: &str, secret: &str| {
            form(root.request(Method::POST, "/oauth/token"), &[OWN]).basic_auth(id, Some(secret))
        };
        given(&root.send(basic(&desk.id, &desk.secret)).await);
        // What form encoding makes of it is the same.
        given(&root.send(basic(&desk.id.replace('_', "%5F"), &desk.secret)).await);
        for (id, secret) in
            [(desk.id.as_str(), "x"), ("cgc_000000000000000000000000", &desk.secret), ("", "")]
        {
            let answer = root.send(basic(id, secret)).await;
            assert_eq!(refused(&answer), (401, "invalid_client".to_owned()));
            assert!(
                answer.header("www-authenticate").is_some_and(|it| it.starts_with("Basic ")),
                "{answer:?}"
            );
        }
        let both = form(
            root.request(Method::POST, "/oauth/token"),
            &[OWN, ("client_id", &desk.id), ("client_secret", &desk.secret)],
        );
        let both = root.send(both.basic_auth(&desk.id, Some(&desk.secret))).await;
        assert_eq!(refused(&both), (400, "invalid_request".to_owned()));
        // An account's token is no client's.
        let token = form(root.request(Method::POST, "/oauth/token"), &[OWN]).bearer_auth(&shop.token);
        assert_eq!(refused(&root.send(token).await), (401, "invalid_client".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn nothing_secret_is_taken_from_an_address() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let desk = app(&server, &shop, &[]).await;
    for endpoint in ["token", "revoke", "introspect"] {
        for query in [
            format!("client_id={}&client_secret={}", desk.id, desk.secret),
            format!("client_secret={}", desk.secret),
            "code=x".to_owned(),
            "refresh_token=x".to_owned(),
            "token=x".to_owned(),
            "code_verifier=x".to_owned(),
        ] {
            let path = format!("/oauth/{endpoint}?{query}");
            let answer = desk.post(&server, &path, &[OWN, ("token", "x")]).await;
            assert_eq!(refused(&answer), (400, "invalid_request".to_owned()), "{path}");
        }
        let got = server.get(&format!("/oauth/{endpoint}?grant_type=client_credentials")).await;
        assert_eq!((got.status, got.header("allow")), (405, Some("POST")));
    }
}

#[tokio::test]
async fn what_can_not_be_understood_is_said_in_oauths_words() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let desk = app(&server, &shop, &[]).await;
    for (pairs, error) in [
        (&[][..], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[OWN, OWN], "invalid_request"),
        (&[OWN, ("scope", "everything")], "invalid_scope"),
        (&[OWN, ("scope", "account:manage")], "invalid_scope"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("grant_type", "authorization_code"), ("code", "x")], "invalid_request"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_grant"),
    ] {
        let answer = desk.post(&server, "/oauth/token", pairs).await;
        assert_eq!(refused(&answer), (400, error.to_owned()), "{pairs:?}");
    }
    let root = Client::new(server.url());
    let typed = |kind: &str, body: String| {
        root.request(Method::POST, "/oauth/token").header("Content-Type", kind).body(body)
    };
    let good = format!("grant_type=client_credentials&client_id={}&client_secret={}", desk.id, desk.secret);
    let charset = "application/x-www-form-urlencoded; charset=UTF-8";
    given(&root.send(typed(charset, good.clone())).await);
    for kind in ["application/json", "multipart/form-data", "text/plain", ""] {
        let answer = root.send(typed(kind, good.clone())).await;
        assert_eq!(refused(&answer), (400, "invalid_request".to_owned()), "{kind}");
    }
    let long = root.send(typed(charset, format!("{good}&x={}", "x".repeat(70_000)))).await;
    assert_eq!(long.status, 413);
    assert_eq!(refused(&desk.post(&server, "/oauth/revoke", &[]).await), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_client_that_fails_too_often_is_told_to_wait_and_the_right_secret_is_not() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let desk = app(&server, &shop, &[]).await;
    let wrong = App { id: desk.id.clone(), secret: "x".to_owned() };
    let mut last = wrong.post(&server, "/oauth/token", &[OWN]).await;
    for _ in 0..10 {
        assert_eq!(refused(&last), (401, "invalid_client".to_owned()));
        last = wrong.post(&server, "/oauth/token", &[OWN]).await;
    }
    assert_eq!(last.status, 429, "{last:?}");
    assert!(last.header("retry-after").is_some());
    given(&desk.post(&server, "/oauth/token", &[OWN]).await);
}

#[tokio::test]
async fn tokens_are_looked_at_and_ended_by_their_client() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let (desk, other) = (app(&server, &shop, &[]).await, app(&server, &shop, &[]).await);
        let token = desk.token(&server, "contacts:read").await;
        let look = |app: &App, token: &str| {
            let (id, secret, token) = (app.id.clone(), app.secret.clone(), token.to_owned());
            let server = &server;
            async move {
                let pairs = [("client_id", id.as_str()), ("client_secret", &secret), ("token", &token)];
                given(&post(server, "/oauth/introspect", &pairs).await)
            }
        };
        let seen = look(&desk, &token).await;
        assert_eq!(
            (&seen["active"], &seen["client_id"], &seen["scope"], &seen["sub"]),
            (&json!(true), &json!(desk.id), &json!("contacts:read"), &json!(shop.id.to_string()))
        );
        let nothing = json!({"active": false});
        for hidden in [look(&other, &token).await, look(&desk, &shop.token).await, look(&desk, "x").await] {
            assert_eq!(hidden, nothing);
        }
        let refusal = other.post(&server, "/oauth/revoke", &[("token", &token)]).await;
        assert_eq!(refused(&refusal), (400, "invalid_grant".to_owned()));
        assert_eq!(server.bot(&token).get("getMe").await.status, 200);
        for token in [token.as_str(), &token, "never given"] {
            given(&desk.post(&server, "/oauth/revoke", &[("token", token)]).await);
        }
        assert_eq!(server.bot(&token).get("getMe").await.status, 401);
        assert_eq!(look(&desk, &token).await, nothing);
    })
    .await;
}

#[tokio::test]
async fn whoever_manages_an_account_looks_at_the_tokens_on_it() {
    let server = TestServer::start(Options::default()).await;
    let (shop, rival) = (server.account("Shop").await, server.account("Rival").await);
    let desk = app(&server, &shop, &[]).await;
    let token = desk.token(&server, "contacts:read").await;
    let look = |credential: String| {
        let root = Client::new(server.url()).bearer(&credential);
        let request = form(root.request(Method::POST, "/oauth/introspect"), &[("token", &token)]);
        async move { root.send(request).await }
    };
    assert_eq!(given(&look(shop.token.clone()).await)["client_id"], json!(desk.id));
    assert_eq!(given(&look(rival.token.clone()).await), json!({"active": false}));
    let lacking = look(token.clone()).await;
    assert_eq!(refused(&lacking), (403, "insufficient_scope".to_owned()));
    assert!(
        lacking.header("www-authenticate").is_some_and(|it| it.contains("account:manage")),
        "{lacking:?}"
    );
    assert_eq!(refused(&look("rubbish".to_owned()).await), (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn pages_of_a_public_application_may_read_its_answers_and_no_others() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let page = app(&server, &shop, &["--public", "--redirect-uri", "http://127.0.0.1/done"]).await;
    let desk = app(&server, &shop, &[]).await;
    assert_eq!(page.secret, "");
    let root = Client::new(server.url());
    let ask = |app: &App, origin: &str| {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", app.id.as_str())];
        let secret = (!app.secret.is_empty()).then_some(("client_secret", app.secret.as_str()));
        let pairs: Vec<_> = pairs.into_iter().chain(secret).collect();
        let request = form(root.request(Method::POST, "/oauth/token"), &pairs).header("Origin", origin);
        let root = root.clone();
        async move {
            let answer = root.send(request).await;
            assert_eq!(refused(&answer), (400, "invalid_grant".to_owned()));
            answer.header("access-control-allow-origin").map(str::to_owned)
        }
    };
    for origin in ["https://app.example", "http://127.0.0.1", "http://127.0.0.1:5173"] {
        assert_eq!(ask(&page, origin).await.as_deref(), Some(origin));
        assert_eq!(ask(&desk, origin).await, None, "it has a secret, which has no place on a page");
    }
    for origin in
        ["https://evil.example", "http://app.example", "https://app.example:8443", "https://app", "null"]
    {
        assert_eq!(ask(&page, origin).await, None, "{origin}");
    }
    assert!(CALLBACK.starts_with("https://app.example/"));
    let made = text(&server.cli_json(&["app", "show", &page.id, "--json"]).await["client_id"]);
    assert_eq!(made, page.id);
}
