//! Refresh tokens: rotation, reuse, and the one reply that may be lost.

use crate::support::*;
use contactgram_oauth::grant::{
    Lifetimes, RefreshRecord, RefreshRequest, RefreshState, Refreshed, Successor, TokenRequest, refresh,
};
use contactgram_oauth::{ClientId, Kind};

fn request(scope: Option<&str>) -> RefreshRequest {
    let base = [("grant_type", "refresh_token"), ("refresh_token", "cgr_x")];
    match token_request(&changed(&base, &[("scope", scope)])) {
        TokenRequest::Refresh(request) => request,
        other => panic!("{other:?}"),
    }
}

fn record(state: RefreshState) -> RefreshRecord {
    RefreshRecord {
        client: id(1),
        family: FAMILY,
        revoked: false,
        scopes: set("contacts:read contacts:write"),
        expires_at: NOW + 1000,
        state,
    }
}

fn spent(at: i64, successor: Successor) -> RefreshRecord {
    record(RefreshState::Spent { at, successor })
}

fn decide(record: &RefreshRecord, scope: Option<&str>, client: &ClientId) -> Refreshed {
    refresh(Some(record), &request(scope), &asking(client, &Lifetimes::default(), NOW))
}

#[test]
fn each_state_of_a_token_has_its_outcome() {
    use Successor::{Unused, Used};
    let current = record(RefreshState::Current);
    let expired = |record: RefreshRecord| RefreshRecord { expires_at: NOW, ..record };
    let revoked = |record: RefreshRecord| RefreshRecord { revoked: true, ..record };
    let other = id(9);
    let mine = id(1);
    let rows: &[(&str, RefreshRecord, &ClientId, &str)] = &[
        ("unused", current.clone(), &mine, "rotate"),
        ("in its last second", RefreshRecord { expires_at: NOW + 1, ..current.clone() }, &mine, "rotate"),
        ("a second late", expired(current.clone()), &mine, "refuse"),
        ("of another client", current.clone(), &other, "refuse"),
        ("of a revoked family", revoked(current), &mine, "refuse"),
        ("spent this second, its reply lost", spent(NOW, Unused), &mine, "again"),
        ("spent 59 s ago, its reply lost", spent(NOW - 59, Unused), &mine, "again"),
        ("spent 60 s ago", spent(NOW - 60, Unused), &mine, "reused"),
        ("spent a day ago", spent(NOW - 86_400, Unused), &mine, "reused"),
        ("spent now, its reply used", spent(NOW, Used), &mine, "reused"),
        ("spent long ago, its reply used", spent(NOW - 3600, Used), &mine, "reused"),
        ("spent, its reply lost, and expired", expired(spent(NOW - 5, Unused)), &mine, "refuse"),
        ("spent and used and expired", expired(spent(NOW - 5, Used)), &mine, "reused"),
        ("spent, of another client", spent(NOW - 3600, Used), &other, "refuse"),
        ("lost", record(RefreshState::Lost), &mine, "reused"),
        ("lost and expired", expired(record(RefreshState::Lost)), &mine, "reused"),
        ("lost, of another client", record(RefreshState::Lost), &other, "refuse"),
        ("spent, of a revoked family", revoked(spent(NOW - 3600, Used)), &mine, "refuse"),
        ("lost, of a revoked family", revoked(record(RefreshState::Lost)), &mine, "refuse"),
    ];
    for (what, record, client, expected) in rows {
        let outcome = match decide(record, None, client) {
            Refreshed::Rotate(_) => "rotate",
            Refreshed::Again(_) => "again",
            Refreshed::Reused(family, error) => {
                assert_eq!((family, error.kind), (FAMILY, Kind::InvalidGrant), "{what}");
                "reused"
            }
            Refreshed::Refuse(error) => {
                assert_eq!(error.kind, Kind::InvalidGrant, "{what}");
                "refuse"
            }
        };
        assert_eq!(outcome, *expected, "{what}");
    }
}

#[test]
fn the_tolerance_can_be_switched_off() {
    let strict = Lifetimes { tolerance: 0, ..Lifetimes::default() };
    let client = id(1);
    let outcome =
        refresh(Some(&spent(NOW, Successor::Unused)), &request(None), &asking(&client, &strict, NOW));
    assert!(matches!(outcome, Refreshed::Reused(FAMILY, _)), "{outcome:?}");
}

#[test]
fn a_scope_may_shrink_for_an_access_token_and_never_grows() {
    let all = "contacts:read contacts:write";
    let rows: &[(Option<&str>, Option<&str>)] = &[
        (None, Some(all)),
        (Some(""), Some(all)),
        (Some("contacts:read"), Some("contacts:read")),
        (Some("contacts:write contacts:read"), Some(all)),
        (Some("messages:read"), None),
        (Some("contacts:read messages:read"), None),
        (Some("offline_access"), None),
        (Some(" "), None),
    ];
    for record in [record(RefreshState::Current), spent(NOW, Successor::Unused)] {
        for (asked, expected) in rows {
            match (decide(&record, *asked, &id(1)), expected) {
                (Refreshed::Rotate(issue) | Refreshed::Again(issue), Some(expected)) => {
                    assert_eq!(issue.scopes, set(expected), "{asked:?}");
                    let next = issue.refresh.expect("a successor");
                    assert_eq!((next.scopes, next.until), (set(all), NOW + 2_592_000), "{asked:?}");
                    assert_eq!((issue.family, issue.access_until), (Some(FAMILY), NOW + 3600), "{asked:?}");
                }
                (Refreshed::Refuse(error), None) => assert_eq!(error.kind, Kind::InvalidScope, "{asked:?}"),
                (outcome, _) => panic!("{asked:?}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn a_token_whose_granter_may_do_nothing_any_more_gives_nothing() {
    let record = RefreshRecord { scopes: set(""), ..record(RefreshState::Current) };
    assert!(matches!(decide(&record, None, &id(1)), Refreshed::Refuse(_)));
}

#[test]
fn an_unknown_token_is_refused_like_a_revoked_one() {
    let (client, lifetimes) = (id(1), Lifetimes::default());
    let asking = asking(&client, &lifetimes, NOW);
    let revoked = RefreshRecord { revoked: true, ..record(RefreshState::Current) };
    assert_eq!(refresh(None, &request(None), &asking), refresh(Some(&revoked), &request(None), &asking));
}

/// A family as a store would keep it, token by token.
struct Family(Vec<RefreshRecord>);

impl Family {
    /// Presents token number `index` at `now`; the number of the new one, if there is one.
    fn present(&mut self, index: usize, now: i64) -> Option<usize> {
        let (client, lifetimes) = (id(1), Lifetimes::default());
        match refresh(Some(&self.0[index]), &request(None), &asking(&client, &lifetimes, now)) {
            Refreshed::Rotate(_) => {
                self.0[index].state = RefreshState::Spent { at: now, successor: Successor::Unused };
                for earlier in &mut self.0[..index] {
                    if let RefreshState::Spent { successor, .. } = &mut earlier.state {
                        *successor = Successor::Used;
                    }
                }
            }
            Refreshed::Again(_) => {
                let successor = self.0.len() - 1;
                self.0[successor].state = RefreshState::Lost;
            }
            Refreshed::Reused(..) => {
                self.0.iter_mut().for_each(|token| token.revoked = true);
                return None;
            }
            Refreshed::Refuse(_) => return None,
        }
        self.0.push(RefreshRecord { expires_at: now + lifetimes.refresh, ..record(RefreshState::Current) });
        Some(self.0.len() - 1)
    }

    fn alive(&self) -> usize {
        let alive = |token: &&RefreshRecord| token.state == RefreshState::Current && !token.revoked;
        self.0.iter().filter(alive).count()
    }
}

#[test]
fn however_often_a_lost_reply_is_asked_for_again_one_token_lives_on() {
    let mut family = Family(vec![record(RefreshState::Current)]);
    for _ in 0..64 {
        let made = family.present(0, NOW).expect("a successor");
        assert_eq!((family.alive(), made), (1, family.0.len() - 1));
    }
    let next = family.present(64, NOW + 1).expect("the last one is good");
    assert_eq!(family.alive(), 1);
    assert_eq!(family.present(0, NOW + 2), None, "the reply had arrived after all");
    assert_eq!(family.present(next, NOW + 3), None);
    assert_eq!(family.alive(), 0);
}

#[test]
fn a_thief_who_asks_again_is_found_out_when_the_client_comes() {
    let mut family = Family(vec![record(RefreshState::Current)]);
    let clients = family.present(0, NOW).expect("the client's");
    let thiefs = family.present(0, NOW + 10).expect("the thief's");
    assert_eq!(family.present(clients, NOW + 20), None);
    assert_eq!(family.present(thiefs, NOW + 30), None);
    assert_eq!(family.alive(), 0);
}
