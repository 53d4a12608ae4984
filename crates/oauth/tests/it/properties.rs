//! Properties of matching, scopes and proof keys that hold whatever is sent.

use crate::support::*;
use contactgram_model::scope::{Scope, Scopes};
use contactgram_oauth::pkce::{Challenge, Verifier};
use contactgram_oauth::scopes::{Range, parse, within, write};
use contactgram_oauth::{Params, RedirectUri};
use proptest::prelude::*;

/// Two addresses near a registered one, put together from parts; as often as not they share all but the port.
fn near() -> impl Strategy<Value = (String, String)> {
    let port = || prop_oneof![Just(String::new()), ":[0-9]{0,6}", ":[1-9][0-9]{3}", Just(":x".to_owned())];
    let parts = || {
        let scheme = prop::sample::select(vec!["http", "http", "https", "HTTP", "com.example.app"]);
        let host =
            prop::sample::select(vec!["127.0.0.1", "[::1]", "localhost", "app.example", "127.0.0.1@x"]);
        let rest = prop::sample::select(vec!["/cb", "/cb/", "", "/", "/cb?x=1", "?x", "@evil.example/cb"]);
        (scheme, host, rest)
    };
    (parts(), port(), prop::option::of(parts()), port()).prop_map(|(ours, our_port, theirs, their_port)| {
        let write = |(scheme, host, rest), port| format!("{scheme}://{host}{port}{rest}");
        (write(ours, our_port), write(theirs.unwrap_or(ours), their_port))
    })
}

/// A loopback address without its port, taken apart by other means than the crate's.
fn loopback_apart(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    };
    let port_fits = port.is_none_or(|port| (1..=65535u32).any(|number| number.to_string() == port));
    let host_fits = host == "127.0.0.1" || host == "[::1]";
    (port_fits && host_fits).then(|| format!("{host}{path}"))
}

fn scope_set() -> impl Strategy<Value = Scopes> {
    prop::sample::subsequence(Scope::ALL.to_vec(), 0..=7).prop_map(|scopes| scopes.into_iter().collect())
}

proptest! {
    #[test]
    fn an_address_matches_only_itself_or_another_port_of_its_loopback((ours, theirs) in near()) {
        let uri = RedirectUri::from_store(ours.clone());
        let ports = loopback_apart(&ours).is_some_and(|apart| Some(apart) == loopback_apart(&theirs));
        prop_assert_eq!(uri.matches(&theirs), ours == theirs || ports);
    }

    #[test]
    fn one_changed_byte_never_matches_on_the_web(at in 0..CALLBACK.len(), with in any::<char>()) {
        let mut text = CALLBACK.to_owned();
        text.replace_range(at..=at, &with.to_string());
        let uri = RedirectUri::register(CALLBACK).expect("a good address");
        prop_assert_eq!(uri.matches(&text), text == CALLBACK);
    }

    #[test]
    fn whatever_is_registered_is_kept_and_matches_itself(text in "[ -~]{0,40}|https://[ -~]{0,30}|http://127.0.0.1[ -~]{0,20}") {
        if let Ok(uri) = RedirectUri::register(&text) {
            prop_assert_eq!(uri.as_str(), &text);
            prop_assert!(uri.matches(&text));
            prop_assert!(!text.contains(['#', '*', ' ', '\\']));
        }
    }

    #[test]
    fn a_choice_of_scopes_stays_within_the_limit(limit in scope_set(), asked in scope_set(), default in scope_set()) {
        let range = Range { limit, default };
        let text = write(asked);
        prop_assert_eq!(parse(&text), Ok(asked));
        match range.choose(Some(&text)) {
            Ok(chosen) => prop_assert!(chosen == asked && within(chosen, limit)),
            Err(_) => prop_assert!(asked == Scopes::default() || !within(asked, limit)),
        }
        if let Ok(chosen) = range.choose(None) {
            prop_assert!(within(chosen, limit) && within(chosen, default));
        }
    }

    #[test]
    fn a_challenge_is_met_by_its_verifier_alone(one in "[A-Za-z0-9._~-]{43,128}", other in "[A-Za-z0-9._~-]{43,128}") {
        let challenge = Challenge::parse(&challenge_of(&one)).expect("a digest");
        prop_assert!(challenge.is_met_by(&Verifier::parse(&one).expect("it fits")));
        prop_assert_eq!(challenge.is_met_by(&Verifier::parse(&other).expect("it fits")), one == other);
    }

    #[test]
    fn any_bytes_can_be_read_and_answered(body in prop::collection::vec(any::<u8>(), 0..200), header in ".{0,60}") {
        let params = Params::parse(&body);
        let request = contactgram_oauth::grant::TokenRequest::read(&params);
        let client = contactgram_oauth::credentials::Credentials::read(Some(&header), &params);
        let asked = contactgram_oauth::authorize::read(&params, Some(&public()));
        prop_assert!(request.is_err() && asked.is_err());
        if let Ok(credentials) = client {
            prop_assert!(credentials.prove(None).is_err());
        }
    }
}
