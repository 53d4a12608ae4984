//! Answers, to the letter.

use crate::support::*;
use contactgram_oauth::answer::{self, Answer, Endpoints, Made};
use contactgram_oauth::credentials::Credentials;
use contactgram_oauth::grant::{Issue, TokenRequest};
use contactgram_oauth::inspect::{TokenKind, TokenRecord, may_introspect};
use contactgram_oauth::{Error, Kind};
use serde_json::{Value, json};

fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("a body is JSON")
}

fn header(answer: &Answer, name: &str) -> Option<&'static str> {
    answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn metadata() -> Answer {
    let endpoints = Endpoints {
        authorize: "/oauth2/authorize",
        token: "/oauth2/token",
        revoke: "/oauth2/revoke",
        introspect: "/oauth2/introspect",
    };
    answer::metadata(&issuer(), &endpoints)
}

#[test]
fn tokens_are_answered_with_scope_and_lifetime() {
    let issue = Issue {
        family: Some(FAMILY),
        scopes: set("messages:read contacts:read"),
        access_until: NOW + 3600,
        refresh: None,
    };
    let answer = answer::tokens(Made { access: "cga_x", refresh: Some("cgr_x") }, &issue, NOW);
    assert_eq!(answer.status, 200);
    let mut expected = json!({"access_token": "cga_x", "token_type": "Bearer", "expires_in": 3600,
        "refresh_token": "cgr_x", "scope": "contacts:read messages:read"});
    assert_eq!(body(&answer), expected);
    let alone = answer::tokens(Made { access: "cga_x", refresh: None }, &issue, NOW);
    expected.as_object_mut().unwrap().remove("refresh_token");
    assert_eq!(body(&alone), expected);
}

#[test]
fn errors_have_the_codes_and_statuses_of_the_standard() {
    for (kind, name, status) in [
        (Kind::InvalidRequest, "invalid_request", 400),
        (Kind::InvalidClient, "invalid_client", 401),
        (Kind::InvalidGrant, "invalid_grant", 400),
        (Kind::UnauthorizedClient, "unauthorized_client", 400),
        (Kind::UnsupportedGrantType, "unsupported_grant_type", 400),
        (Kind::InvalidScope, "invalid_scope", 400),
    ] {
        let answer = answer::error(&Error { kind, description: "Why.".into() });
        assert_eq!(
            (answer.status, body(&answer)),
            (status, json!({"error": name, "error_description": "Why."}))
        );
        let challenge = header(&answer, "www-authenticate");
        assert_eq!(challenge.is_some_and(|text| text.starts_with("Basic ")), status == 401, "{challenge:?}");
    }
}

#[test]
fn descriptions_repeat_nothing_that_was_sent() {
    let canary = "canary\"<x>\u{1}";
    let form = form(&[("grant_type", canary), ("client_id", canary), ("scope", canary)]);
    let errors = [
        TokenRequest::read(&form).expect_err("no grant"),
        Credentials::read(None, &form).expect("it can be read").prove(None).expect_err("no client"),
        may_introspect(&public()).expect_err("public"),
    ];
    for error in errors {
        let printable =
            error.description.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte));
        assert!(printable && !error.description.contains("canary"), "{error}");
    }
}

#[test]
fn an_inactive_token_tells_nothing() {
    let answer = answer::introspection(None, &issuer());
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"active\":false}"));
}

#[test]
fn an_active_token_tells_what_it_is() {
    let mut token = TokenRecord {
        client: id(2),
        kind: TokenKind::Access,
        family: Some(FAMILY),
        scopes: set("contacts:read"),
        subject: "1234567890".to_owned(),
        issued_at: NOW,
        expires_at: NOW + 3600,
        dead: false,
    };
    let mut expected = json!({"active": true, "scope": "contacts:read", "client_id": id(2).as_str(),
        "token_type": "Bearer", "exp": NOW + 3600, "iat": NOW, "sub": "1234567890", "iss": "https://cg.example"});
    assert_eq!(body(&answer::introspection(Some(&token), &issuer())), expected);
    token.kind = TokenKind::Refresh;
    expected.as_object_mut().unwrap().remove("token_type");
    assert_eq!(body(&answer::introspection(Some(&token), &issuer())), expected);
}

#[test]
fn a_revocation_answers_200_with_nothing_in_it() {
    let answer = answer::revoked();
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
}

#[test]
fn no_answer_may_be_kept_by_a_cache() {
    let issue = Issue { family: None, scopes: set("contacts:read"), access_until: NOW, refresh: None };
    let error = Error { kind: Kind::InvalidGrant, description: "Why.".into() };
    for answer in [
        answer::tokens(Made { access: "a", refresh: None }, &issue, NOW),
        answer::error(&error),
        answer::introspection(None, &issuer()),
        answer::revoked(),
        metadata(),
    ] {
        assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{}", answer.body);
        assert_eq!(header(&answer, "content-type"), Some("application/json"), "{}", answer.body);
    }
}

#[test]
fn the_metadata_says_what_the_readers_accept() {
    let said = body(&metadata());
    let expected = json!({
        "issuer": "https://cg.example",
        "authorization_endpoint": "https://cg.example/oauth2/authorize",
        "token_endpoint": "https://cg.example/oauth2/token",
        "revocation_endpoint": "https://cg.example/oauth2/revoke",
        "introspection_endpoint": "https://cg.example/oauth2/introspect",
        "scopes_supported": ["contacts:read", "contacts:private", "contacts:write", "messages:read",
            "messages:send", "updates:read", "account:manage"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    assert_eq!(said, expected);
    for kind in ["response_type", "response_mode", "code_challenge_method"] {
        for value in said[format!("{kind}s_supported")].as_array().unwrap() {
            assert!(ask(&public(), &[(kind, value.as_str())]).is_ok(), "{kind} {value}");
        }
    }
    for grant in said["grant_types_supported"].as_array().unwrap() {
        let all = [
            ("grant_type", grant.as_str().unwrap()),
            ("code", "x"),
            ("code_verifier", VERIFIER),
            ("refresh_token", "x"),
        ];
        assert!(TokenRequest::read(&form(&all)).is_ok(), "{grant}");
    }
}
