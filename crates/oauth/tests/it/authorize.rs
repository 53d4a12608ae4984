//! Authorization requests that are right: what is read, and where the answer goes.

use crate::support::*;
use contactgram_oauth::authorize::{Approval, Code};
use contactgram_oauth::grant::Lifetimes;
use contactgram_oauth::{Issuer, RedirectUri};

#[test]
fn a_request_asks_for_what_it_names_or_for_the_default() {
    let rows: &[(Option<&str>, &str)] = &[
        (None, "contacts:read"),
        (Some(""), "contacts:read"),
        (Some("contacts:read"), "contacts:read"),
        (Some("messages:read contacts:read"), "contacts:read messages:read"),
        (Some("messages:read messages:read"), "messages:read"),
        (Some(" messages:read  contacts:write "), "contacts:write messages:read"),
    ];
    for (scope, expected) in rows {
        let request = ask(&public(), &[("scope", *scope)]).unwrap();
        assert_eq!(request.scopes, set(expected), "{scope:?}");
    }
}

#[test]
fn a_default_beyond_what_may_be_asked_for_is_cut() {
    let mut client = public();
    client.default_scopes = set("contacts:read account:manage");
    assert_eq!(ask(&client, &[]).unwrap().scopes, set("contacts:read"));
}

#[test]
fn what_is_not_understood_is_ignored() {
    let extra = [("nonce", Some("n")), ("resource", Some("x")), ("login_hint", Some("y"))];
    assert_eq!(ask(&public(), &extra), ask(&public(), &[]));
    for mode in [None, Some(""), Some("query")] {
        assert!(ask(&public(), &[("response_mode", mode)]).is_ok(), "{mode:?}");
    }
}

#[test]
fn prompts_are_read() {
    let rows: &[(Option<&str>, (bool, bool, bool))] = &[
        (None, (false, false, false)),
        (Some("none"), (true, false, false)),
        (Some("login"), (false, true, false)),
        (Some("consent"), (false, false, true)),
        (Some("select_account"), (false, false, true)),
        (Some("login consent"), (false, true, true)),
    ];
    for (prompt, expected) in rows {
        let read = ask(&public(), &[("prompt", *prompt)]).unwrap().prompt;
        assert_eq!((read.none, read.login, read.consent), *expected, "{prompt:?}");
    }
}

#[test]
fn the_answer_carries_code_state_and_issuer_behind_the_registered_query() {
    let rows: &[(&str, Option<&str>, &str)] = &[
        (CALLBACK, Some("s"), "https://app.example/cb?code=cgo_1&state=s&iss=https%3A%2F%2Fcg.example"),
        (CALLBACK, None, "https://app.example/cb?code=cgo_1&iss=https%3A%2F%2Fcg.example"),
        (CALLBACK, Some(""), "https://app.example/cb?code=cgo_1&iss=https%3A%2F%2Fcg.example"),
        (
            "https://app.example/?t=4",
            None,
            "https://app.example/?t=4&code=cgo_1&iss=https%3A%2F%2Fcg.example",
        ),
        ("https://app.example/?", None, "https://app.example/?code=cgo_1&iss=https%3A%2F%2Fcg.example"),
        ("https://app.example/?t&", None, "https://app.example/?t&code=cgo_1&iss=https%3A%2F%2Fcg.example"),
        ("https://app.example", None, "https://app.example?code=cgo_1&iss=https%3A%2F%2Fcg.example"),
        ("com.example.app:/cb", None, "com.example.app:/cb?code=cgo_1&iss=https%3A%2F%2Fcg.example"),
    ];
    for (uri, state, expected) in rows {
        let mut client = public();
        client.redirects = vec![RedirectUri::register(uri).unwrap()];
        let request = ask(&client, &[("redirect_uri", Some(uri)), ("state", *state)]).unwrap();
        assert_eq!(request.location("cgo_1", &issuer()), *expected);
    }
}

#[test]
fn a_state_comes_back_as_it_was_whatever_it_holds() {
    for state in ["a b&c=d", "é ✓", "%00\r\nSet-Cookie: x", "#x?y", "\"><script>"] {
        let request = ask(&public(), &[("state", Some(state))]).unwrap();
        for location in
            [request.location("c", &issuer()), request.refuse(Code::AccessDenied).location(&issuer())]
        {
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
            assert!(query(&location).contains(&("state".to_owned(), state.to_owned())), "{location}");
        }
    }
}

#[test]
fn a_native_app_gets_its_answer_at_the_port_it_asked_for() {
    let mut client = public();
    client.redirects = vec![RedirectUri::register("http://127.0.0.1/cb").unwrap()];
    let request = ask(&client, &[("redirect_uri", Some("http://127.0.0.1:51234/cb"))]).unwrap();
    assert!(request.location("c", &issuer()).starts_with("http://127.0.0.1:51234/cb?code=c&"));
}

#[test]
fn a_redirect_uri_may_be_left_out_where_just_one_is_registered() {
    let request = ask(&public(), &[("redirect_uri", None)]).unwrap();
    assert_eq!((request.return_to.uri.as_str(), request.return_to.named), (CALLBACK, false));
}

#[test]
fn an_approval_gives_no_more_than_was_asked_and_nothing_is_a_denial() {
    let request = ask(&public(), &[("scope", Some("contacts:read contacts:write"))]).unwrap();
    let approve = |scopes| {
        request.approve(Approval { scopes: set(scopes), family: FAMILY }, &Lifetimes::default(), NOW)
    };
    let code = approve("contacts:read account:manage").unwrap();
    assert_eq!((code.scopes, code.family, code.expires_at), (set("contacts:read"), FAMILY, NOW + 60));
    assert_eq!(approve("account:manage"), None);
    assert_eq!(approve(""), None);
}

#[test]
fn an_issuer_is_a_plain_address() {
    for (text, name, path) in [
        ("https://cg.example", "https://cg.example", "/.well-known/oauth-authorization-server"),
        ("https://cg.example/", "https://cg.example", "/.well-known/oauth-authorization-server"),
        ("https://cg.example/tg/", "https://cg.example/tg", "/.well-known/oauth-authorization-server/tg"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081", "/.well-known/oauth-authorization-server"),
    ] {
        let issuer = Issuer::parse(text).unwrap();
        assert_eq!((issuer.as_str(), issuer.metadata_path().as_str()), (name, path));
    }
    for bad in [
        "",
        "cg.example",
        "ftp://cg.example",
        "https://cg.example/?x",
        "https://cg.example/#x",
        "https://u@cg.example",
    ] {
        assert!(Issuer::parse(bad).is_err(), "{bad}");
    }
}
