//! Authorization requests that are wrong: which errors a person sees, and which go to the client.

use crate::support::*;
use contactgram_oauth::RedirectUri;
use contactgram_oauth::authorize::{self, Code, Refused, Shown};

/// The pairs of a right request with `extra` behind it.
fn with(extra: &[(&str, &str)]) -> Result<authorize::Request, Refused> {
    let client = public();
    let mut pairs = vec![("client_id", client.id.as_str())];
    pairs.extend(ASKED);
    pairs.extend(extra);
    authorize::read(&form(&pairs), Some(&client))
}

#[test]
fn nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let client = public();
    let mut two = public();
    two.redirects.push(RedirectUri::register("https://app.example/other").unwrap());
    let mut none = public();
    none.redirects.clear();
    let rows: &[(&str, &contactgram_oauth::Client, &[(&str, Option<&str>)], Shown)] = &[
        (
            "another address",
            &client,
            &[("redirect_uri", Some("https://evil.example/cb"))],
            Shown::ForeignRedirect,
        ),
        (
            "a path more",
            &client,
            &[("redirect_uri", Some("https://app.example/cb/x"))],
            Shown::ForeignRedirect,
        ),
        (
            "a query more",
            &client,
            &[("redirect_uri", Some("https://app.example/cb?x"))],
            Shown::ForeignRedirect,
        ),
        ("a script", &client, &[("redirect_uri", Some("javascript:alert(1)"))], Shown::ForeignRedirect),
        ("none of two", &two, &[("redirect_uri", None)], Shown::NoRedirect),
        ("an empty one of two", &two, &[("redirect_uri", Some(""))], Shown::NoRedirect),
        ("none registered", &none, &[("redirect_uri", None)], Shown::NoRedirect),
        ("one where none is registered", &none, &[], Shown::ForeignRedirect),
        (
            "a bad address and a bad type",
            &client,
            &[("redirect_uri", Some("https://evil.example")), ("response_type", None)],
            Shown::ForeignRedirect,
        ),
        (
            "a bad address and a bad scope",
            &client,
            &[("redirect_uri", Some("https://evil.example")), ("scope", Some("x"))],
            Shown::ForeignRedirect,
        ),
    ];
    for (what, client, changes, expected) in rows {
        assert_eq!(ask(client, changes), Err(Refused::Shown(*expected)), "{what}");
    }
    assert_eq!(with(&[("redirect_uri", CALLBACK)]), Err(Refused::Shown(Shown::RedirectRepeated)));
    assert_eq!(
        with(&[("redirect_uri", "https://evil.example")]),
        Err(Refused::Shown(Shown::RedirectRepeated))
    );
}

#[test]
fn without_a_client_every_error_is_for_the_person() {
    let (known, other) = (public(), id(9));
    let rows: &[(&[(&str, &str)], Shown)] = &[
        (&[], Shown::NoClient),
        (&[("client_id", "")], Shown::NoClient),
        (&[("client_id", "admin")], Shown::UnknownClient),
        (&[("client_id", other.as_str())], Shown::UnknownClient),
        (&[("client_id", known.id.as_str()), ("client_id", known.id.as_str())], Shown::ClientRepeated),
    ];
    for (start, expected) in rows {
        let mut pairs = start.to_vec();
        pairs.extend(ASKED);
        // Even if the caller fetched a client for it, another than the one named is no client.
        for fetched in [None, Some(&known)] {
            assert_eq!(authorize::read(&form(&pairs), fetched), Err(Refused::Shown(*expected)), "{start:?}");
        }
    }
    let mut pairs = vec![("client_id", known.id.as_str())];
    pairs.extend(ASKED);
    assert_eq!(authorize::client_id(&form(&pairs)), Ok(known.id.clone()));
    assert_eq!(authorize::read(&form(&pairs), None), Err(Refused::Shown(Shown::UnknownClient)));
}

#[test]
fn every_other_error_goes_to_the_client_with_its_state_and_our_name() {
    use Code::*;
    let long = format!("{CHALLENGE}A");
    let padded = format!("{CHALLENGE}=");
    let rows: &[(&str, Vec<(&str, Option<&str>)>, Code)] = &[
        ("no response_type", vec![("response_type", None)], InvalidRequest),
        ("an empty response_type", vec![("response_type", Some(""))], InvalidRequest),
        ("the implicit grant", vec![("response_type", Some("token"))], UnsupportedResponseType),
        ("a hybrid", vec![("response_type", Some("code token"))], UnsupportedResponseType),
        ("an id token", vec![("response_type", Some("id_token"))], UnsupportedResponseType),
        ("another case", vec![("response_type", Some("Code"))], UnsupportedResponseType),
        ("a fragment", vec![("response_mode", Some("fragment"))], InvalidRequest),
        ("a form", vec![("response_mode", Some("form_post"))], InvalidRequest),
        ("no challenge", vec![("code_challenge", None)], InvalidRequest),
        (
            "neither challenge nor method",
            vec![("code_challenge", None), ("code_challenge_method", None)],
            InvalidRequest,
        ),
        ("an empty challenge", vec![("code_challenge", Some(""))], InvalidRequest),
        ("no method, which means plain", vec![("code_challenge_method", None)], InvalidRequest),
        ("an empty method", vec![("code_challenge_method", Some(""))], InvalidRequest),
        ("plain", vec![("code_challenge_method", Some("plain"))], InvalidRequest),
        (
            "plain with a verifier",
            vec![("code_challenge_method", Some("plain")), ("code_challenge", Some(VERIFIER))],
            InvalidRequest,
        ),
        ("a method in lower case", vec![("code_challenge_method", Some("s256"))], InvalidRequest),
        ("another method", vec![("code_challenge_method", Some("S512"))], InvalidRequest),
        ("a short challenge", vec![("code_challenge", Some(&CHALLENGE[1..]))], InvalidRequest),
        ("a long challenge", vec![("code_challenge", Some(&long))], InvalidRequest),
        ("a padded challenge", vec![("code_challenge", Some(&padded))], InvalidRequest),
        (
            "a challenge of base64",
            vec![("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"))],
            InvalidRequest,
        ),
        (
            "a challenge with bits to spare",
            vec![("code_challenge", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"))],
            InvalidRequest,
        ),
        ("an unknown scope", vec![("scope", Some("contacts:read openid"))], InvalidScope),
        ("a scope in capitals", vec![("scope", Some("Contacts:Read"))], InvalidScope),
        ("scopes with a comma", vec![("scope", Some("contacts:read,messages:read"))], InvalidScope),
        ("scopes with a line break", vec![("scope", Some("contacts:read\nmessages:read"))], InvalidScope),
        ("blanks for a scope", vec![("scope", Some("  "))], InvalidScope),
        ("a scope beyond the client's", vec![("scope", Some("account:manage"))], InvalidScope),
        ("one good, one beyond", vec![("scope", Some("contacts:read messages:send"))], InvalidScope),
        ("an unknown prompt", vec![("prompt", Some("create"))], InvalidRequest),
        ("none beside another prompt", vec![("prompt", Some("none login"))], InvalidRequest),
        ("none twice", vec![("prompt", Some("none none"))], InvalidRequest),
        ("a request object", vec![("request", Some("ey"))], RequestNotSupported),
        (
            "a request object elsewhere",
            vec![("request_uri", Some("https://x.example"))],
            RequestUriNotSupported,
        ),
    ];
    for (what, changes, code) in rows {
        let Err(Refused::Sent(sent)) = ask(&public(), changes) else { panic!("{what}") };
        let location = sent.location(&issuer());
        assert!(location.starts_with("https://app.example/cb?error="), "{what}: {location}");
        let mut query = query(&location);
        let (name, description) = query.remove(1);
        assert_eq!(name, "error_description");
        assert!(is_nqschar(&description), "{what}: {description}");
        let expected = [("error", code.name()), ("state", "a b&c"), ("iss", "https://cg.example")];
        assert_eq!(query, pairs(&expected), "{what}");
    }
}

/// What RFC 6749, appendix A.8, allows in a description.
fn is_nqschar(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[test]
fn a_parameter_sent_twice_is_refused_even_with_the_same_value() {
    for (name, value) in [
        ("response_type", "code"),
        ("response_mode", "query"),
        ("scope", "contacts:read"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("code_challenge_method", "plain"),
        ("code_challenge_method", ""),
        ("prompt", "login"),
        ("request", "x"),
        ("request_uri", "x"),
    ] {
        let Err(Refused::Sent(sent)) = with(&[(name, value), (name, value)]) else { panic!("{name}") };
        assert_eq!(sent.code(), Code::InvalidRequest, "{name}");
        assert!(query(&sent.location(&issuer())).contains(&("state".to_owned(), "a b&c".to_owned())));
    }
}

#[test]
fn a_state_sent_twice_is_sent_back_not_at_all() {
    let Err(Refused::Sent(sent)) = with(&[("state", "other")]) else { panic!("two states") };
    assert_eq!(sent.code(), Code::InvalidRequest);
    assert!(query(&sent.location(&issuer())).iter().all(|(name, _)| name != "state"));
}

#[test]
fn a_client_without_scopes_can_ask_for_nothing() {
    let mut client = public();
    client.default_scopes = set("");
    let Err(Refused::Sent(sent)) = ask(&client, &[]) else { panic!("no default") };
    assert_eq!(sent.code(), Code::InvalidScope);
}

#[test]
fn refusing_a_right_request_keeps_to_the_form() {
    use Code::*;
    let request = ask(&public(), &[]).unwrap();
    let all = [
        (InvalidRequest, "invalid_request"),
        (AccessDenied, "access_denied"),
        (UnsupportedResponseType, "unsupported_response_type"),
        (InvalidScope, "invalid_scope"),
        (ServerError, "server_error"),
        (TemporarilyUnavailable, "temporarily_unavailable"),
        (LoginRequired, "login_required"),
        (ConsentRequired, "consent_required"),
        (RequestNotSupported, "request_not_supported"),
        (RequestUriNotSupported, "request_uri_not_supported"),
    ];
    for (code, name) in all {
        let query = query(&request.refuse(code).location(&issuer()));
        assert_eq!(query[0], ("error".to_owned(), name.to_owned()));
        assert!(is_nqschar(&query[1].1), "{query:?}");
    }
}
