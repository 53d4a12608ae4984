//! Introspection and revocation: one's own tokens only.

use crate::support::*;
use contactgram_oauth::Kind;
use contactgram_oauth::inspect::{Revoke, TokenKind, TokenRecord, active, may_introspect, revoke, token};

fn record() -> TokenRecord {
    TokenRecord {
        client: id(2),
        kind: TokenKind::Access,
        family: Some(FAMILY),
        scopes: set("contacts:read"),
        subject: "1234567890".to_owned(),
        issued_at: NOW - 10,
        expires_at: NOW + 10,
        dead: false,
    }
}

#[test]
fn a_client_sees_its_own_tokens_while_they_live() {
    let rows: &[(&str, TokenRecord, bool)] = &[
        ("its own", record(), true),
        ("a refresh token", TokenRecord { kind: TokenKind::Refresh, ..record() }, true),
        ("in its last second", TokenRecord { expires_at: NOW + 1, ..record() }, true),
        ("a second late", TokenRecord { expires_at: NOW, ..record() }, false),
        ("taken back", TokenRecord { dead: true, ..record() }, false),
        ("another client's", TokenRecord { client: id(9), ..record() }, false),
    ];
    for (what, record, expected) in rows {
        assert_eq!(active(Some(record), &id(2), NOW).is_some(), *expected, "{what}");
    }
    assert_eq!(active(None, &id(2), NOW), None);
    assert_eq!(may_introspect(&confidential()), Ok(()));
    assert_eq!(may_introspect(&public()).map_err(|error| error.kind), Err(Kind::UnauthorizedClient));
}

#[test]
fn a_revocation_ends_an_access_token_or_a_whole_grant() {
    let refresh = TokenRecord { kind: TokenKind::Refresh, ..record() };
    let rows: &[(&str, Option<TokenRecord>, Result<Revoke, Kind>)] = &[
        ("unknown", None, Ok(Revoke::Nothing)),
        ("an access token", Some(record()), Ok(Revoke::Token)),
        ("a client's own token", Some(TokenRecord { family: None, ..record() }), Ok(Revoke::Token)),
        ("a refresh token", Some(refresh.clone()), Ok(Revoke::Family(FAMILY))),
        ("a spent one", Some(TokenRecord { dead: true, ..refresh.clone() }), Ok(Revoke::Family(FAMILY))),
        ("an expired one", Some(TokenRecord { expires_at: 0, ..refresh }), Ok(Revoke::Family(FAMILY))),
        ("another client's", Some(TokenRecord { client: id(9), ..record() }), Err(Kind::InvalidGrant)),
    ];
    for (what, record, expected) in rows {
        assert_eq!(revoke(record.as_ref(), &id(2)).map_err(|error| error.kind), *expected, "{what}");
    }
}

#[test]
fn the_token_is_read_whatever_the_hint_says() {
    for hint in [None, Some("access_token"), Some("refresh_token"), Some("id_token")] {
        let params = form(&changed(&[("token", "cga_x")], &[("token_type_hint", hint)]));
        assert_eq!(token(&params).map(|token| token.reveal().to_owned()), Ok("cga_x".to_owned()), "{hint:?}");
    }
    let bad: &[&[(&str, &str)]] = &[
        &[],
        &[("token", "")],
        &[("token", "a"), ("token", "a")],
        &[("token", "a"), ("token_type_hint", "x"), ("token_type_hint", "y")],
    ];
    for pairs in bad {
        assert_eq!(token(&form(pairs)).map_err(|error| error.kind), Err(Kind::InvalidRequest), "{pairs:?}");
    }
}
