//! The table of reliability, a test a row, each over all kinds of calls.
//! Compiled as `verdict::tests`. Sends with an id that the other side recognises are not the Bot API's.

use super::*;

const KINDS: [Kind; 3] = [Kind::Read, Kind::Poll, Kind::Send];

/// An answer of a proxy in between: a page of its own.
fn page(status: u16) -> Happened<'static> {
    Happened::Answered(Reply { status, error: None, retry_after: None })
}

fn error(status: u16, description: &str) -> Happened<'_> {
    let error = Some(BotError { description, migrate_to_chat_id: None });
    Happened::Answered(Reply { status, error, retry_after: None })
}

fn error_with_wait(status: u16, seconds: u64) -> Happened<'static> {
    let error = Some(BotError { description: "retry later", migrate_to_chat_id: None });
    Happened::Answered(Reply { status, error, retry_after: Some(Duration::from_secs(seconds)) })
}

/// What a read, a poll and a send do, in this order.
fn decisions(happened: Happened<'_>) -> [Decision; 3] {
    KINDS.map(|kind| decide(kind, happened))
}

#[test]
fn what_was_never_sent_may_be_sent() {
    assert_eq!(decisions(Happened::NotSent), [Decision::Retry; 3]);
}

#[test]
fn a_send_without_an_answer_is_never_repeated() {
    assert_eq!(decisions(Happened::Lost), [Decision::Retry, Decision::Retry, Decision::Unknown]);
}

#[test]
fn a_named_wait_is_kept_exactly() {
    assert_eq!(decisions(error_with_wait(429, 17)), [Decision::Wait(Duration::from_secs(17)); 3]);
    assert_eq!(decisions(error_with_wait(503, 2)), [Decision::Wait(Duration::from_secs(2)); 3]);
}

#[test]
fn a_429_without_a_wait_is_retried_with_backoff() {
    assert_eq!(decisions(page(429)), [Decision::Retry; 3]);
}

#[test]
fn a_500_or_503_of_the_server_itself_is_retried() {
    for status in [500, 503] {
        assert_eq!(decisions(error(status, "Internal Server Error: restart")), [Decision::Retry; 3]);
    }
}

#[test]
fn a_500_or_503_of_something_in_between_leaves_a_send_unknown() {
    for status in [500, 503] {
        assert_eq!(decisions(page(status)), [Decision::Retry, Decision::Retry, Decision::Unknown]);
    }
    let busy = Happened::Answered(Reply { status: 503, error: None, retry_after: Some(CONFLICT_WAIT) });
    let wait = Decision::Wait(CONFLICT_WAIT);
    assert_eq!(decisions(busy), [wait, wait, Decision::Unknown]);
}

#[test]
fn a_502_or_504_leaves_a_send_unknown_whoever_wrote_it() {
    for status in [502, 504, 520, 599] {
        for happened in [page(status), error(status, "Bad Gateway"), error_with_wait(status, 1)] {
            assert_eq!(decisions(happened), [Decision::Retry, Decision::Retry, Decision::Unknown]);
        }
    }
}

#[test]
fn a_refused_request_is_never_repeated() {
    for status in [400, 402, 403, 413, 415, 421, 431, 301, 302, 501, 505] {
        assert_eq!(decisions(page(status)), [Decision::Refused; 3], "{status}");
        assert_eq!(
            decisions(error(status, "Bad Request: chat not found")),
            [Decision::Refused; 3],
            "{status}"
        );
    }
    assert_eq!(decisions(page(404)), [Decision::Refused; 3]);
}

#[test]
fn a_recipient_who_blocked_the_bot_or_is_gone_is_unreachable() {
    assert_eq!(decisions(error(403, "Forbidden: bot was blocked by the user")), [Decision::Blocked; 3]);
    assert_eq!(decisions(error(403, "Forbidden: user is deactivated")), [Decision::Blocked; 3]);
    let no_rights = error(403, "Forbidden: bot is not a member of the supergroup chat");
    assert_eq!(decisions(no_rights), [Decision::Refused; 3]);
}

#[test]
fn a_group_that_became_a_supergroup_is_followed() {
    let description = "Bad Request: group chat was upgraded to a supergroup chat";
    let error = Some(BotError { description, migrate_to_chat_id: Some(-1_001_234_567_890) });
    let moved = Happened::Answered(Reply { status: 400, error, retry_after: None });
    assert_eq!(decisions(moved), [Decision::Migrated(-1_001_234_567_890); 3]);
}

#[test]
fn a_token_that_is_no_longer_good_stops_the_connector() {
    assert_eq!(decisions(error(401, "Unauthorized")), [Decision::Stop; 3]);
    assert_eq!(decisions(page(401)), [Decision::Stop; 3]);
    // What a server answers that can't read the token at all; for other methods it may be the method.
    assert_eq!(decisions(error(404, "Not Found")), [Decision::Refused, Decision::Stop, Decision::Refused]);
}

#[test]
fn a_poller_that_meets_another_backs_off() {
    let text =
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    assert_eq!(decisions(error(409, text)), [Decision::Refused, Decision::Conflict, Decision::Refused]);
}

#[test]
fn what_worked_needs_nothing() {
    assert_eq!(decisions(page(200)), [Decision::Done; 3]);
}

#[test]
fn only_what_blames_the_upstream_counts_against_it() {
    use breaker::Verdict::{Answered, Failed, Healthy};
    assert_eq!(health(Happened::NotSent), Failed);
    assert_eq!(health(Happened::Lost), Failed);
    for (status, expected) in
        [(200, Healthy), (302, Healthy), (400, Answered), (401, Answered), (409, Answered), (429, Answered)]
    {
        assert_eq!(health(page(status)), expected, "{status}");
    }
    for (status, expected) in [(500, Failed), (502, Failed), (503, Failed), (504, Failed), (501, Answered)] {
        assert_eq!(health(error(status, "x")), expected, "{status}");
    }
}
