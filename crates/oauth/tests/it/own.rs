//! Client credentials: for whom, and for what.

use crate::support::*;
use contactgram_oauth::grant::{Issue, Lifetimes, OwnRequest, TokenRequest, own};
use contactgram_oauth::{Client, Kind};

fn request(scope: Option<&str>) -> OwnRequest {
    match token_request(&changed(&[("grant_type", "client_credentials")], &[("scope", scope)])) {
        TokenRequest::Own(request) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_confidential_client_gets_an_access_token_and_nothing_to_refresh_it() {
    let client = confidential();
    let rows: &[(Option<&str>, &str)] = &[
        (None, "contacts:read messages:send"),
        (Some(""), "contacts:read messages:send"),
        (Some("messages:send"), "messages:send"),
    ];
    for (asked, expected) in rows {
        let issue = Issue { family: None, scopes: set(expected), access_until: NOW + 3600, refresh: None };
        let lifetimes = Lifetimes::default();
        assert_eq!(
            own(&client, &request(*asked), &asking(&client.id, &lifetimes, NOW)),
            Ok(issue),
            "{asked:?}"
        );
    }
}

#[test]
fn others_are_refused_and_nobody_gets_more_than_registered() {
    let unregistered = Client { own_scopes: set(""), ..confidential() };
    let open = Client { own_scopes: set("contacts:read"), ..public() };
    let rows: &[(&str, Client, Option<&str>, Kind)] = &[
        ("a public client", open, None, Kind::UnauthorizedClient),
        ("one not registered for it", unregistered, Some("contacts:read"), Kind::UnauthorizedClient),
        ("a scope that only people can give", confidential(), Some("contacts:write"), Kind::InvalidScope),
        ("one scope too many", confidential(), Some("contacts:read account:manage"), Kind::InvalidScope),
        ("an unknown scope", confidential(), Some("everything"), Kind::InvalidScope),
        ("blanks", confidential(), Some(" "), Kind::InvalidScope),
    ];
    for (what, client, asked, kind) in rows {
        let lifetimes = Lifetimes::default();
        let refused = own(client, &request(*asked), &asking(&client.id, &lifetimes, NOW)).expect_err(what);
        assert_eq!(refused.kind, *kind, "{what}");
    }
}
