//! Faults that stay: an example that meets one ends in time, having knocked no more often than it may, and says why.

use std::time::Duration;

use contactgram_testkit::ProxyFault;

use crate::stage::Scenario;

/// Tries of a call, and failures in a row that open the circuit.
const TRIES: usize = 5;

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_401_that_stays_ends_it_after_one_new_token() {
    let scenario = Scenario {
        row: 10,
        fault: "401 for ever",
        plan: |proxy| {
            for requests in ["*/contacts", "*/contacts/*", "*/sendMessage", "*/messages", "*/getUpdates"] {
                proxy.fail_always(requests, ProxyFault::refusal(401, "Unauthorized"));
            }
        },
        settings: &[],
        requests: "*",
    };
    for walk in scenario.walked().await {
        walk.stopped("401 Unauthorized");
        walk.saw(2, "POST oauth/token");
        walk.saw(2, "POST contacts");
        assert_eq!(walk.journal.len(), 4, "and nothing else");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_401_in_the_middle_ends_it_at_once_too() {
    let scenario = Scenario {
        row: 11,
        fault: "401 for ever from the message on",
        plan: |proxy| {
            for requests in ["sendMessage", "DELETE contacts/*"] {
                proxy.fail_always(requests, ProxyFault::refusal(401, "Unauthorized"));
            }
        },
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.stopped("401 Unauthorized");
        walk.said("contact left behind: 401");
        walk.saw(2, "POST oauth/token");
        walk.saw(2, "POST sendMessage");
        walk.saw(0, "DELETE contacts/*");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_wrong_secret_is_tried_once() {
    let scenario = Scenario {
        row: 12,
        fault: "a wrong client secret",
        plan: |_| (),
        settings: &[("CONTACTGRAM_CLIENT_SECRET", "wrong")],
        requests: "*",
    };
    for walk in scenario.walked().await {
        walk.stopped("401 ");
        assert_eq!((walk.journal.len(), walk.seen("POST oauth/token").len()), (1, 1));
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn what_the_server_refuses_is_not_tried_again() {
    let scenario = Scenario {
        row: 13,
        fault: "a chat that doesn't exist (400)",
        plan: |_| (),
        settings: &[("CONTACTGRAM_PEER", "5555555555")],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.stopped("400 Bad Request: chat not found");
        walk.saw(1, "POST sendMessage");
        walk.saw(1, "DELETE contacts/*");
        assert_eq!((walk.sent, walk.contacts), (0, 1), "the contact was removed on the way out");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_403_is_final() {
    let scenario = Scenario {
        row: 14,
        fault: "403 on reading messages",
        plan: |proxy| {
            proxy.fail_always("GET messages", ProxyFault::refusal(403, "Forbidden: lacks messages:read"))
        },
        settings: &[],
        requests: "GET messages",
    };
    for walk in scenario.walked().await {
        walk.stopped("403 Forbidden: lacks messages:read");
        walk.saw(1, "GET messages");
        walk.saw(1, "POST oauth/token");
        assert_eq!(walk.contacts, 1);
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_server_that_stays_down_is_tried_five_times_and_then_left_alone() {
    let scenario = Scenario {
        row: 15,
        fault: "503 for ever from the message on",
        plan: |proxy| {
            for requests in ["sendMessage", "DELETE contacts/*"] {
                proxy.fail_always(requests, ProxyFault::refusal(503, "Service Unavailable: store full"));
            }
        },
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.stopped("503 Service Unavailable: store full");
        walk.saw(TRIES, "POST sendMessage");
        // The circuit is open: what it wanted to tidy up was not even asked for.
        walk.said("contact left behind: circuit open");
        walk.saw(0, "DELETE contacts/*");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn connections_that_break_while_reading_are_tried_by_one_layer_only() {
    let scenario = Scenario {
        row: 16,
        fault: "every connection cut on reading",
        plan: |proxy| proxy.fail_always("GET contacts/*", ProxyFault::CutBefore),
        settings: &[],
        requests: "GET contacts/*",
    };
    for walk in scenario.walked().await {
        walk.was_unanswered("GET");
        // No library below the client tries on its own.
        walk.saw(TRIES, "GET contacts/*");
        walk.said("contact left behind: circuit open");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn connections_that_break_while_sending_are_tried_by_one_layer_only() {
    let scenario = Scenario {
        row: 17,
        fault: "every connection cut on sending",
        plan: |proxy| proxy.fail_always("POST sendMessage", ProxyFault::CutBefore),
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.was_unanswered("POST");
        // No library below the client tries on its own.
        walk.saw(TRIES, "POST sendMessage");
        walk.said("contact left behind: circuit open");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_server_that_hangs_is_given_up_try_by_try() {
    let scenario = Scenario {
        row: 18,
        fault: "a server that hangs, with 6 s for a try",
        plan: |proxy| proxy.fail_always("GET contacts/*", ProxyFault::Hang),
        settings: &[("CONTACTGRAM_TIMEOUT", "6"), ("CONTACTGRAM_DEADLINE", "120")],
        requests: "GET contacts/*",
    };
    for walk in scenario.walked().await {
        walk.was_unanswered("GET");
        walk.saw(TRIES, "GET contacts/*");
        assert!(walk.waits("GET contacts/*").iter().all(|wait| *wait >= Duration::from_secs(6)));
        walk.said("contact left behind: circuit open");
        walk.saw(0, "DELETE contacts/*");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_call_ends_with_its_deadline() {
    let scenario = Scenario {
        row: 19,
        fault: "a server that hangs, with 10 s for a call",
        plan: |proxy| proxy.fail_always("GET contacts/*", ProxyFault::Hang),
        settings: &[("CONTACTGRAM_TIMEOUT", "120"), ("CONTACTGRAM_DEADLINE", "10")],
        requests: "GET contacts/*",
    };
    for walk in scenario.walked().await {
        walk.was_unanswered("GET");
        walk.saw(1, "GET contacts/*");
        walk.saw(1, "DELETE contacts/*");
        assert_eq!(walk.contacts, 1, "one silence opens no circuit");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let scenario = Scenario {
        row: 20,
        fault: "429 with `retry_after` 3600 on a message",
        plan: |proxy| proxy.fail_always("sendMessage", ProxyFault::too_many(3600)),
        settings: &[],
        requests: "POST sendMessage",
    };
    for walk in scenario.walked().await {
        walk.stopped("429 Too Many Requests: retry after 3600");
        walk.saw(1, "POST sendMessage");
        assert_eq!(walk.contacts, 1, "it tidied up");
    }
}

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn a_server_that_is_not_there_is_said_to_be_so() {
    let scenario = Scenario {
        row: 21,
        fault: "nobody listens",
        plan: |proxy| proxy.stop(),
        settings: &[],
        requests: "*",
    };
    for walk in scenario.walked().await {
        walk.was_unanswered("POST /oauth/token");
        assert_eq!(walk.journal.len(), 0);
    }
}
