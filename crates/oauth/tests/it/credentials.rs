//! Client authentication: what is accepted, and that refusals tell nothing.

use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use contactgram_oauth::credentials::Credentials;
use contactgram_oauth::{Client, Error, Kind};

fn header(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

/// Lets whoever a request names prove itself against the two clients that exist.
fn authenticate(authorization: Option<&str>, pairs: &[(&str, &str)]) -> Result<Client, Error> {
    let credentials = Credentials::read(authorization, &form(pairs))?;
    let clients = [public(), confidential()];
    let client = clients.iter().find(|client| Some(&client.id) == credentials.client_id());
    credentials.prove(client).cloned()
}

#[test]
fn a_client_gets_in_by_basic_by_post_or_public_by_its_id() {
    let (public, confidential) = (public(), confidential());
    let (id, secret) = (confidential.id.as_str(), secret());
    let plain = format!("{id}:{}", secret.reveal());
    let encoded = plain.replace('_', "%5F").replace('-', "%2d");
    let bare = format!("bAsIc   {}", STANDARD_NO_PAD.encode(&plain));
    let rows: &[(Option<&str>, &[(&str, &str)], &Client)] = &[
        (Some(&header(&plain)), &[], &confidential),
        (Some(&header(&encoded)), &[], &confidential),
        (Some(&bare), &[], &confidential),
        (Some(&header(&plain)), &[("client_id", id)], &confidential),
        (Some(&header(&plain)), &[("client_id", ""), ("client_secret", "")], &confidential),
        (None, &[("client_id", id), ("client_secret", secret.reveal())], &confidential),
        (None, &[("client_id", public.id.as_str())], &public),
        (None, &[("client_id", public.id.as_str()), ("client_secret", "")], &public),
    ];
    for (authorization, pairs, expected) in rows {
        assert_eq!(
            authenticate(*authorization, pairs).as_ref(),
            Ok(*expected),
            "{authorization:?} {pairs:?}"
        );
    }
}

#[test]
fn every_other_client_is_refused_in_the_same_words() {
    let (public, confidential) = (public(), confidential());
    let (ours, open, secret) = (confidential.id.as_str(), public.id.as_str(), secret());
    let right = secret.reveal();
    let longer = format!("{right}A");
    let stranger = id(9);
    let rows: &[(&str, Option<String>, Vec<(&str, &str)>)] = &[
        ("nothing at all", None, vec![]),
        ("an empty id", None, vec![("client_id", "")]),
        ("a secret without an id", None, vec![("client_secret", right)]),
        ("a confidential client without a secret", None, vec![("client_id", ours)]),
        ("an empty secret", None, vec![("client_id", ours), ("client_secret", "")]),
        ("a wrong secret", None, vec![("client_id", ours), ("client_secret", "wrong")]),
        ("the beginning of the secret", None, vec![("client_id", ours), ("client_secret", &right[..52])]),
        ("the secret and more", None, vec![("client_id", ours), ("client_secret", &longer)]),
        ("an unknown client", None, vec![("client_id", stranger.as_str()), ("client_secret", right)]),
        ("an unknown client without a secret", None, vec![("client_id", stranger.as_str())]),
        ("an id of another form", None, vec![("client_id", "admin"), ("client_secret", right)]),
        ("a public client with a secret", None, vec![("client_id", open), ("client_secret", right)]),
        ("a public client by Basic", Some(header(&format!("{open}:"))), vec![]),
        ("a public client by Basic with a secret", Some(header(&format!("{open}:{right}"))), vec![]),
        ("Basic with a wrong secret", Some(header(&format!("{ours}:wrong"))), vec![]),
        ("Basic with no secret", Some(header(&format!("{ours}:"))), vec![]),
        ("Basic with an unknown client", Some(header(&format!("{stranger}:{right}"))), vec![]),
        ("Basic without a colon", Some(header(ours)), vec![]),
        (
            "Basic with a secret encoded twice",
            Some(header(&format!("{ours}:{}", right.replace('_', "%255F")))),
            vec![],
        ),
        ("Basic of no base64", Some("Basic ***".to_owned()), vec![]),
        ("Basic of no UTF-8", Some(format!("Basic {}", STANDARD.encode([255, b':', 255]))), vec![]),
        ("Basic and nothing", Some("Basic".to_owned()), vec![]),
        ("another scheme", Some(format!("Bearer {right}")), vec![("client_id", open)]),
        ("an empty header", Some(String::new()), vec![("client_id", open)]),
    ];
    let expected = authenticate(None, &[]).expect_err("nobody");
    assert_eq!(expected.kind, Kind::InvalidClient);
    for (what, authorization, pairs) in rows {
        assert_eq!(authenticate(authorization.as_deref(), pairs).as_ref(), Err(&expected), "{what}");
    }
}

#[test]
fn a_secret_sent_in_two_ways_or_two_names_are_invalid_requests() {
    let confidential = confidential();
    let (ours, secret) = (confidential.id.as_str(), secret());
    let basic = header(&format!("{ours}:{}", secret.reveal()));
    let other = id(9);
    let rows: &[(&str, Option<&str>, Vec<(&str, &str)>)] = &[
        ("Basic and post", Some(&basic), vec![("client_secret", secret.reveal())]),
        (
            "Basic and post with both",
            Some(&basic),
            vec![("client_id", ours), ("client_secret", secret.reveal())],
        ),
        ("Basic and another id", Some(&basic), vec![("client_id", other.as_str())]),
        ("two ids", None, vec![("client_id", ours), ("client_id", ours)]),
        ("two secrets", None, vec![("client_id", ours), ("client_secret", "a"), ("client_secret", "b")]),
        (
            "an empty and a full secret",
            None,
            vec![("client_id", ours), ("client_secret", ""), ("client_secret", "b")],
        ),
    ];
    for (what, authorization, pairs) in rows {
        let refused = authenticate(*authorization, pairs).expect_err(what);
        assert_eq!(refused.kind, Kind::InvalidRequest, "{what}");
    }
}

#[test]
fn what_separates_a_forms_values_is_text_within_basic() {
    let credentials = Credentials::read(Some(&header(&format!("{}:a&b=c:+%2B", id(2)))), &form(&[]))
        .expect("it can be read");
    let confidential = Client {
        kind: contactgram_oauth::ClientKind::Confidential {
            secret: contactgram_model::TokenDigest::of("a&b=c: +"),
        },
        ..confidential()
    };
    assert!(credentials.prove(Some(&confidential)).is_ok());
}

#[test]
fn a_client_other_than_the_one_named_proves_nothing() {
    let credentials =
        Credentials::read(None, &form(&[("client_id", id(9).as_str())])).expect("it can be read");
    assert!(credentials.prove(Some(&public())).is_err());
}
