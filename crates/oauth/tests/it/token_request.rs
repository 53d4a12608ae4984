//! Token requests: what is read, and every way to leave something out or send it twice.

use crate::support::*;
use contactgram_oauth::Kind;
use contactgram_oauth::grant::TokenRequest;

const CODE: &[(&str, &str)] = &[
    ("grant_type", "authorization_code"),
    ("code", "cgo_x"),
    ("redirect_uri", CALLBACK),
    ("code_verifier", VERIFIER),
];
const REFRESH: &[(&str, &str)] =
    &[("grant_type", "refresh_token"), ("refresh_token", "cgr_x"), ("scope", "contacts:read")];
const OWN: &[(&str, &str)] = &[("grant_type", "client_credentials"), ("scope", "contacts:read")];

#[test]
fn the_three_grants_are_read() {
    let TokenRequest::Code(code) = token_request(CODE) else { panic!("a code was sent") };
    assert_eq!((code.code.reveal(), code.redirect.as_deref()), ("cgo_x", Some(CALLBACK)));
    let TokenRequest::Refresh(refresh) = token_request(REFRESH) else { panic!("a token was sent") };
    assert_eq!((refresh.token.reveal(), refresh.scope.as_deref()), ("cgr_x", Some("contacts:read")));
    let TokenRequest::Own(own) = token_request(OWN) else { panic!("none was sent") };
    assert_eq!(own.scope.as_deref(), Some("contacts:read"));
}

#[test]
fn what_is_missing_empty_or_malformed_is_an_invalid_request() {
    let short = &VERIFIER[..42];
    let long = "a".repeat(129);
    let rows: &[(&[(&str, &str)], &str, Option<&str>)] = &[
        (CODE, "grant_type", None),
        (CODE, "grant_type", Some("")),
        (CODE, "code", None),
        (CODE, "code", Some("")),
        (CODE, "code_verifier", None),
        (CODE, "code_verifier", Some("")),
        (CODE, "code_verifier", Some(short)),
        (CODE, "code_verifier", Some(&long)),
        (CODE, "code_verifier", Some("dBjftJeZ4CVP+mB92K27uhbUJU1p1r/wW1gFWFOEjXk")),
        (CODE, "code_verifier", Some("dBjftJeZ4CVP mB92K27uhbUJU1p1r wW1gFWFOEjXk")),
        (CODE, "code_verifier", Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj=")),
        (CODE, "code_verifier", Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjé")),
        (REFRESH, "refresh_token", None),
        (REFRESH, "refresh_token", Some("")),
    ];
    for (base, name, value) in rows {
        let refused = TokenRequest::read(&form(&changed(base, &[(*name, *value)]))).expect_err(name);
        assert_eq!(refused.kind, Kind::InvalidRequest, "{name} {value:?}");
    }
}

#[test]
fn a_parameter_sent_twice_is_an_invalid_request() {
    for base in [CODE, REFRESH, OWN] {
        for (name, value) in base {
            for second in [*value, "", "other"] {
                let mut twice = base.to_vec();
                twice.push((name, second));
                let refused = TokenRequest::read(&form(&twice)).expect_err(name);
                assert_eq!(refused.kind, Kind::InvalidRequest, "{name}");
                assert!(refused.description.contains(name), "{refused}");
            }
        }
    }
}

#[test]
fn other_grants_are_unsupported() {
    for grant in [
        "password",
        "implicit",
        "Authorization_Code",
        "authorization_code ",
        "code",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        let refused =
            TokenRequest::read(&form(&changed(CODE, &[("grant_type", Some(grant))]))).expect_err(grant);
        assert_eq!(refused.kind, Kind::UnsupportedGrantType, "{grant}");
    }
}

#[test]
fn the_shortest_and_the_longest_verifier_are_read() {
    for verifier in ["a".repeat(43), "~".repeat(128), format!("{}-._~", "Z9".repeat(30))] {
        assert!(TokenRequest::read(&form(&changed(CODE, &[("code_verifier", Some(&verifier))]))).is_ok());
    }
}
