//! Faults that pass: an example that meets one gets through all the same, does everything once, and waits as it is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use contactgram_testkit::ProxyFault;

use crate::stage::Scenario;

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn without_faults_each_request_is_made_once_and_updates_are_confirmed() {
    let scenario = Scenario { row: 0, fault: "none", plan: |_| (), settings: &[], requests: "*" };
    for walk in scenario.walked().await {
        walk.went_well();
        let form = walk.saw(1, "POST oauth/token")[0].header("content-type").unwrap_or_default();
        assert!(form.starts_with("application/x-www-form-urlencoded"), "{form}");
        walk.saw(1, "POST contacts");
        walk.saw(1, "GET contacts/*");
        walk.saw(1, "POST sendMessage");
        assert_eq!(query(walk.saw(1, "GET messages")[0].path.as_str()), ["limit=10", "offset=0"]);
        let pages = walk.saw(2, "GET contacts");
        assert_eq!(query(&pages[0].path), ["limit=1"]);
        assert!(query(&pages[1].path).iter().any(|part| part.starts_with("cursor=")), "{pages:?}");
        let polls = walk.saw(2, "GET getUpdates");
        let asked = polls.iter().map(|poll| query(&poll.path)).collect::<Vec<_>>();
        assert!(asked.iter().all(|asked| asked.contains(&"timeout=1")), "{asked:?}");
        let offset = |at: usize| asked[at].iter().find_map(|part| part.strip_prefix("offset="));
        assert_eq!(offset(0).unwrap_or("0"), "0");
        assert!(offset(1).is_some_and(|offset| offset != "0"), "the second confirms what the first brought");
        walk.saw(1, "DELETE contacts/*");
        let keys: BTreeSet<_> =
            walk.seen("POST *").iter().filter_map(|one| one.idempotency_key.as_deref()).collect();
        assert_eq!(keys.len(), 2, "each POST has a key of its own");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_429_is_waited_for_to_the_second() {
    let scenario = Scenario {
        row: 1,
        fault: "429 with `retry_after` 2 on a message",
        plan: |proxy| proxy.fail_next("sendMessage", ProxyFault::too_many(2)),
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        walk.saw(2, "POST sendMessage");
        assert!(walk.waits("sendMessage")[0] >= Duration::from_secs(2));
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_429_that_says_it_in_the_header_alone_is_waited_for_too() {
    let scenario = Scenario {
        row: 2,
        fault: "429 with the header `Retry-After: 1` and a page that isn't ours",
        plan: |proxy| proxy.fail_next("GET contacts/*", ProxyFault::page(429).header("retry-after", "1")),
        settings: &[],
        requests: "GET contacts/*",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        walk.saw(2, "GET contacts/*");
        assert!(walk.waits("GET contacts/*")[0] >= Duration::from_secs(1));
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn two_503s_while_adding_a_contact_are_outlasted() {
    let scenario = Scenario {
        row: 3,
        fault: "503 twice on adding a contact, the second with `retry_after` 1",
        plan: |proxy| {
            proxy.fail_next("POST contacts", ProxyFault::refusal(503, "Service Unavailable: draining"));
            proxy.fail_next("POST contacts", ProxyFault::unavailable(1));
        },
        settings: &[],
        requests: "POST contacts",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        walk.saw(3, "POST contacts");
        assert!(walk.waits("POST contacts")[1] >= Duration::from_secs(1));
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_connection_that_is_cut_before_the_server_saw_the_request_costs_one_more_try() {
    let scenario = Scenario {
        row: 4,
        fault: "connection cut before the request, on reading, sending and removing",
        plan: |proxy| {
            for requests in ["GET contacts/*", "POST sendMessage", "DELETE contacts/*"] {
                proxy.fail_next(requests, ProxyFault::CutBefore);
            }
        },
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        for requests in ["GET contacts/*", "POST sendMessage", "DELETE contacts/*"] {
            walk.saw(2, requests);
        }
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_lost_reply_to_a_message_leaves_one_message() {
    let scenario = Scenario {
        row: 5,
        fault: "reply lost after a message was sent",
        plan: |proxy| proxy.fail_next("sendMessage", ProxyFault::CutAfter),
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        let seen = walk.saw(2, "POST sendMessage");
        assert_eq!((seen[0].served, seen[1].served), (Some(200), Some(200)), "the server acted on the first");
        assert_eq!(walk.sent, 1);
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_lost_reply_to_a_removal_is_no_failure() {
    let scenario = Scenario {
        row: 6,
        fault: "reply lost after a contact was removed",
        plan: |proxy| proxy.fail_next("DELETE contacts/*", ProxyFault::CutAfter),
        settings: &[],
        requests: "DELETE contacts/*",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        assert_eq!(walk.saw(2, "DELETE contacts/*")[1].served, Some(404));
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn half_an_answer_is_none() {
    let scenario = Scenario {
        row: 7,
        fault: "answer cut in its middle, on reading messages and polling",
        plan: |proxy| {
            proxy.fail_next("GET messages", ProxyFault::CutWithin);
            proxy.fail_next("getUpdates", ProxyFault::CutWithin);
        },
        settings: &[],
        requests: "GET messages",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        walk.saw(2, "GET messages");
        walk.saw(3, "GET getUpdates");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_502_of_something_in_between_is_outlasted() {
    let scenario = Scenario {
        row: 8,
        fault: "502 with a page that isn't ours, on asking for a token and sending",
        plan: |proxy| {
            proxy.fail_next("POST oauth/token", ProxyFault::page(502));
            proxy.fail_next("sendMessage", ProxyFault::page(502));
        },
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        walk.saw(2, "POST oauth/token");
        walk.saw(2, "POST sendMessage");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_token_that_was_revoked_is_replaced_once() {
    let scenario = Scenario {
        row: 9,
        fault: "401 once on a message: the token was revoked",
        plan: |proxy| proxy.fail_next("sendMessage", ProxyFault::refusal(401, "Unauthorized")),
        settings: &[],
        requests: "POST oauth/token",
    };
    for walk in scenario.walked().await {
        walk.went_well();
        walk.saw(2, "POST oauth/token");
        let seen = walk.saw(2, "POST sendMessage");
        assert_ne!(seen[0].header("authorization"), seen[1].header("authorization"));
    }
}

/// The parts of a query, sorted.
fn query(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> =
        path.split_once('?').map(|(_, query)| query.split('&').collect()).unwrap_or_default();
    parts.sort_unstable();
    parts
}
