//! Redeeming codes: by whom, with what, until when, how often.

use crate::support::*;
use contactgram_oauth::grant::{
    CodeRecord, CodeRequest, CodeState, Issue, Lifetimes, Redeemed, RefreshIssue, TokenRequest, redeem,
};
use contactgram_oauth::{Client, ClientId, Kind};

fn request(redirect: Option<&str>, verifier: &str) -> CodeRequest {
    let base = [("grant_type", "authorization_code"), ("code", "cgo_x"), ("code_verifier", verifier)];
    match token_request(&changed(&base, &[("redirect_uri", redirect)])) {
        TokenRequest::Code(request) => request,
        other => panic!("{other:?}"),
    }
}

fn right() -> CodeRequest {
    request(Some(CALLBACK), VERIFIER)
}

fn outcome(record: &CodeRecord, request: &CodeRequest, client: &ClientId, now: i64) -> &'static str {
    match redeem(Some(record), request, &asking(client, &Lifetimes::default(), now)) {
        Redeemed::Grant(_) => "grant",
        Redeemed::Reused(family, error) => {
            assert_eq!((family, error.kind), (FAMILY, Kind::InvalidGrant));
            "reused"
        }
        Redeemed::Refuse(error) => {
            assert_eq!(error.kind, Kind::InvalidGrant);
            "refuse"
        }
    }
}

#[test]
fn a_code_gives_what_was_granted_for_as_long_as_configured() {
    let client = public();
    let record = code_record(&client, &[("scope", Some("contacts:read messages:read"))]);
    let scopes = set("contacts:read messages:read");
    for (lifetimes, access, refresh) in [
        (Lifetimes::default(), 3600, 2_592_000),
        (Lifetimes { access: 60, refresh: 120, ..Lifetimes::default() }, 60, 120),
        (
            Lifetimes { access: i64::MAX, refresh: i64::MAX, ..Lifetimes::default() },
            i64::MAX - NOW,
            i64::MAX - NOW,
        ),
    ] {
        let issue = Issue {
            family: Some(FAMILY),
            scopes,
            access_until: NOW + access,
            refresh: Some(RefreshIssue { scopes, until: NOW + refresh }),
        };
        let redeemed = redeem(Some(&record), &right(), &asking(&client.id, &lifetimes, NOW));
        assert_eq!(redeemed, Redeemed::Grant(issue));
    }
}

#[test]
fn only_the_right_client_with_the_right_address_and_verifier_in_time_gets_tokens() {
    let client = public();
    let (mine, other) = (client.id.clone(), id(9));
    let named = code_record(&client, &[]);
    let unnamed = code_record(&client, &[("redirect_uri", None)]);
    let last = format!("{}l", &VERIFIER[..42]);
    let short = "a".repeat(43);
    let rows: &[(&str, &CodeRecord, CodeRequest, &ClientId, i64, &str)] = &[
        ("at once", &named, right(), &mine, NOW, "grant"),
        ("in the last second", &named, right(), &mine, NOW + 59, "grant"),
        ("a second late", &named, right(), &mine, NOW + 60, "refuse"),
        ("an hour late", &named, right(), &mine, NOW + 3600, "refuse"),
        ("another client", &named, right(), &other, NOW, "refuse"),
        ("another verifier", &named, request(Some(CALLBACK), &short), &mine, NOW, "refuse"),
        ("a verifier wrong at its end", &named, request(Some(CALLBACK), &last), &mine, NOW, "refuse"),
        ("the challenge as verifier", &named, request(Some(CALLBACK), CHALLENGE), &mine, NOW, "refuse"),
        ("no address where one was named", &named, request(None, VERIFIER), &mine, NOW, "refuse"),
        ("an empty address", &named, request(Some(""), VERIFIER), &mine, NOW, "refuse"),
        (
            "another address",
            &named,
            request(Some("https://app.example/other"), VERIFIER),
            &mine,
            NOW,
            "refuse",
        ),
        (
            "the address with a slash",
            &named,
            request(Some("https://app.example/cb/"), VERIFIER),
            &mine,
            NOW,
            "refuse",
        ),
        (
            "the address in capitals",
            &named,
            request(Some("https://APP.example/cb"), VERIFIER),
            &mine,
            NOW,
            "refuse",
        ),
        ("no address where none was named", &unnamed, request(None, VERIFIER), &mine, NOW, "grant"),
        ("the only address where none was named", &unnamed, right(), &mine, NOW, "grant"),
        (
            "another where none was named",
            &unnamed,
            request(Some("https://evil.example"), VERIFIER),
            &mine,
            NOW,
            "refuse",
        ),
    ];
    for (what, record, request, client, now, expected) in rows {
        assert_eq!(outcome(record, request, client, *now), *expected, "{what}");
    }
}

#[test]
fn a_second_use_takes_back_what_the_first_gave_but_only_by_who_could_have_used_it() {
    let client = public();
    let (mine, other) = (client.id.clone(), id(9));
    let used = CodeRecord { state: CodeState::Used, ..code_record(&client, &[]) };
    let revoked = CodeRecord { state: CodeState::Revoked, ..used.clone() };
    let wrong = "a".repeat(43);
    let rows: &[(&str, &CodeRecord, CodeRequest, &ClientId, i64, &str)] = &[
        ("again at once", &used, right(), &mine, NOW, "reused"),
        ("again after its time", &used, right(), &mine, NOW + 86_400, "reused"),
        ("by another client", &used, right(), &other, NOW, "refuse"),
        ("without the verifier", &used, request(Some(CALLBACK), &wrong), &mine, NOW, "refuse"),
        ("with another address", &used, request(None, VERIFIER), &mine, NOW, "refuse"),
        ("after the grant was taken back", &revoked, right(), &mine, NOW, "refuse"),
    ];
    for (what, record, request, client, now, expected) in rows {
        assert_eq!(outcome(record, request, client, *now), *expected, "{what}");
    }
}

#[test]
fn an_unknown_code_is_refused_like_any_other() {
    let client = confidential();
    let used = CodeRecord { state: CodeState::Revoked, ..code_record(&client, &[]) };
    let lifetimes = Lifetimes::default();
    let asking = asking(&client.id, &lifetimes, NOW);
    assert_eq!(redeem(None, &right(), &asking), redeem(Some(&used), &right(), &asking));
}

#[test]
fn a_loopback_code_is_bound_to_the_port_it_was_sent_to() {
    let redirects = vec![contactgram_oauth::RedirectUri::register("http://127.0.0.1/cb").unwrap()];
    let client = Client { redirects, ..public() };
    let record = code_record(&client, &[("redirect_uri", Some("http://127.0.0.1:5000/cb"))]);
    for (uri, expected) in [("http://127.0.0.1:5000/cb", "grant"), ("http://127.0.0.1:5001/cb", "refuse")] {
        assert_eq!(outcome(&record, &request(Some(uri), VERIFIER), &client.id, NOW), expected, "{uri}");
    }
}
