//! What goes wrong on the way, one fault a test: what is tried again, with which key, after which wait, and what reaches
//! the caller. Each goes through the proxy to a real server.

use std::time::{Duration, Instant};

use contactgram_client::{Client, ContactPatch, Error, NewMessage, Policy, reqwest};
use contactgram_testkit::{FakeUpstream, Passed, Person, ProxyFault, json};

use crate::kit::{Stage, contact, quick};

async fn with_ann() -> (Stage, Person) {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    ann.write(stage.account.id, "hello").await;
    (stage, ann)
}

/// That all tries were one request: the same body and the same key.
#[track_caller]
fn one_request(tries: &[Passed], count: usize) {
    assert_eq!(tries.len(), count, "{tries:?}");
    let key = tries[0].idempotency_key.as_deref().expect("a key");
    assert_eq!(key.len(), 32, "{key}");
    assert!(tries.iter().all(|one| one.idempotency_key.as_deref() == Some(key) && one.body == tries[0].body));
}

#[tokio::test]
async fn a_429_is_waited_for_to_the_second_and_the_message_sent_once() {
    let (stage, ann) = with_ann().await;
    stage.proxy.fail_next("sendMessage", ProxyFault::too_many(1));
    stage.client.messages().send(NewMessage::text(ann.id, "patience")).await.unwrap();
    let tries = stage.proxy.seen("sendMessage");
    one_request(&tries, 2);
    assert!(tries[1].at - tries[0].at >= Duration::from_secs(1), "{:?}", tries[1].at - tries[0].at);
    assert_eq!(stage.messages().await, 2);
}

#[tokio::test]
async fn a_wait_in_the_header_alone_is_kept_as_well() {
    let stage = Stage::new().await;
    stage.proxy.fail_next("GET contacts", ProxyFault::page(503).header("retry-after", "1"));
    stage.client.contacts().list(&Default::default()).await.unwrap();
    let tries = stage.proxy.seen("GET contacts");
    assert_eq!(tries.len(), 2);
    assert!(tries[1].at - tries[0].at >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_told_at_once() {
    let (stage, ann) = with_ann().await;
    stage.proxy.fail_always("sendMessage", ProxyFault::too_many(3600));
    let asked = Instant::now();
    let refused = stage.client.messages().send(NewMessage::text(ann.id, "x")).await.unwrap_err();
    assert!(asked.elapsed() < Duration::from_secs(30));
    assert!(matches!(refused, Error::TooMany { .. }) && refused.is_retryable(), "{refused:?}");
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(stage.proxy.seen("sendMessage").len(), 1);
}

#[tokio::test]
async fn two_503s_while_a_contact_is_added_make_one_contact() {
    let stage = Stage::new().await;
    stage.proxy.fail_times(2, "POST contacts", ProxyFault::unavailable(0));
    let added = stage.client.contacts().add(contact(1)).await.unwrap();
    assert!(added.is_new);
    one_request(&stage.proxy.seen("POST contacts"), 3);
}

#[tokio::test]
async fn any_5xx_is_tried_again_with_the_same_key() {
    let (stage, ann) = with_ann().await;
    for status in [500, 502, 503, 504] {
        stage.proxy.fail_next("sendMessage", ProxyFault::page(status));
    }
    stage.client.messages().send(NewMessage::text(ann.id, "at last")).await.unwrap();
    one_request(&stage.proxy.seen("sendMessage"), 5);
    assert_eq!(stage.messages().await, 2);
}

#[tokio::test]
async fn a_connection_cut_before_the_server_saw_the_request_costs_nothing() {
    let (stage, ann) = with_ann().await;
    stage.proxy.fail_times(2, "*", ProxyFault::CutBefore);
    stage.client.messages().send(NewMessage::text(ann.id, "through")).await.unwrap();
    one_request(&stage.proxy.seen("sendMessage"), 3);
    assert_eq!(stage.messages().await, 2);
}

#[tokio::test]
async fn a_lost_reply_sends_nothing_twice() {
    for fault in [ProxyFault::CutAfter, ProxyFault::CutWithin] {
        let (stage, ann) = with_ann().await;
        stage.proxy.fail_next("sendMessage", fault.clone());
        let sent = stage.client.messages().send(NewMessage::text(ann.id, "once")).await.unwrap();
        let tries = stage.proxy.seen("sendMessage");
        one_request(&tries, 2);
        assert_eq!((tries[0].served, tries[1].served), (Some(200), Some(200)), "{fault:?}");
        assert_eq!(stage.messages().await, 2);
        let shown = ann.screen(stage.account.id).await;
        assert_eq!(shown.iter().filter(|message| message["text"] == "once").count(), 1, "{fault:?}");
        assert_eq!(stage.client.messages().get(ann.id, sent.message_id).await.unwrap(), sent);
    }
}

#[tokio::test]
async fn a_reply_that_stays_lost_is_an_open_question_with_a_key() {
    let (stage, ann) = with_ann().await;
    stage.proxy.fail_always("sendMessage", ProxyFault::CutAfter);
    let message = NewMessage::text(ann.id, "once");
    let unknown = stage.client.messages().send(message.clone()).await.unwrap_err();
    assert!(!unknown.is_retryable());
    let Error::OutcomeUnknown { idempotency_key: Some(key), source } = unknown else { panic!("{unknown:?}") };
    assert!(matches!(*source, Error::Transport { sent: true, .. }), "{source:?}");
    one_request(&stage.proxy.seen("sendMessage"), 5);
    // Whoever brings the key again gets the answer of the first.
    stage.proxy.heal();
    stage.client.messages().send(message.idempotency_key(key)).await.unwrap();
    assert_eq!(stage.messages().await, 2);
}

#[tokio::test]
async fn a_hanging_server_is_given_up_after_a_try_and_after_the_deadline() {
    let (stage, ann) = with_ann().await;
    let patience = quick().try_timeout(Duration::from_secs(2));
    let client = stage.client.with_policy(patience);
    stage.proxy.fail_next("sendMessage", ProxyFault::Hang);
    client.messages().send(NewMessage::text(ann.id, "second try")).await.unwrap();
    one_request(&stage.proxy.seen("sendMessage"), 2);

    let client = stage.client.with_policy(quick().deadline(Duration::from_millis(300)));
    stage.proxy.fail_always("*", ProxyFault::Hang);
    let read = client.contacts().list(&Default::default()).await.unwrap_err();
    assert!(matches!(read, Error::Deadline { .. }) && read.is_retryable(), "{read:?}");
    let sent = client.messages().send(NewMessage::text(ann.id, "lost")).await.unwrap_err();
    let Error::OutcomeUnknown { source, .. } = sent else { panic!("{sent:?}") };
    assert!(matches!(*source, Error::Deadline { after } if after == Duration::from_millis(300)));
    assert!(stage.proxy.seen("GET contacts").len() <= 1);
}

#[tokio::test]
async fn refusals_are_final() {
    let (stage, ann) = with_ann().await;
    for (at, status) in [400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 431].into_iter().enumerate() {
        stage.proxy.fail_next("sendMessage", ProxyFault::refusal(status, "No: this is a test"));
        let refused = stage.client.messages().send(NewMessage::text(ann.id, "x")).await.unwrap_err();
        assert_eq!((refused.status(), refused.is_retryable()), (Some(status), false), "{refused:?}");
        assert!(!matches!(refused, Error::OutcomeUnknown { .. }), "{refused:?}");
        assert_eq!(stage.proxy.seen("sendMessage").len(), at + 1, "{status}");
    }
}

#[tokio::test]
async fn a_key_that_is_busy_since_our_own_try_leaves_the_question_open() {
    let (stage, ann) = with_ann().await;
    stage.proxy.fail_next("sendMessage", ProxyFault::page(504));
    stage.proxy.fail_next("sendMessage", ProxyFault::refusal(409, "Conflict: it is still running"));
    let unknown = stage.client.messages().send(NewMessage::text(ann.id, "x")).await.unwrap_err();
    assert!(matches!(&unknown, Error::OutcomeUnknown { .. }) && unknown.status() == Some(409), "{unknown:?}");
    assert_eq!(stage.proxy.seen("sendMessage").len(), 2);
}

#[tokio::test]
async fn a_removal_whose_reply_was_lost_has_removed() {
    let stage = Stage::new().await;
    let id = stage.client.contacts().add(contact(1)).await.unwrap().contact.id;
    stage.proxy.fail_next("DELETE contacts/*", ProxyFault::CutAfter);
    stage.client.contacts().delete(id).await.unwrap();
    assert_eq!(stage.proxy.seen("DELETE contacts/*").len(), 2);
    assert!(matches!(stage.client.contacts().get(id).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_change_whose_reply_was_lost_is_made_again_unless_it_was_for_one_version() {
    let stage = Stage::new().await;
    let read = stage.client.contacts().add(contact(1)).await.unwrap().contact;
    stage.proxy.fail_next("PATCH contacts/*", ProxyFault::CutAfter);
    let changed = stage.client.contacts().edit(read.id, &ContactPatch::new().note("a")).await.unwrap();
    assert_eq!(changed.note.as_deref(), Some("a"));

    stage.proxy.fail_next("PATCH contacts/*", ProxyFault::CutAfter);
    let patch = ContactPatch::new().note("b");
    let unknown = stage.client.contacts().edit_if(&changed, &patch).await.unwrap_err();
    let Error::OutcomeUnknown { idempotency_key: None, source } = unknown else { panic!("{unknown:?}") };
    assert!(matches!(*source, Error::PreconditionFailed { .. }));
    assert_eq!(stage.client.contacts().get(read.id).await.unwrap().note.as_deref(), Some("b"));
}

#[tokio::test]
async fn a_server_that_is_not_there_was_sent_nothing() {
    let (mut stage, ann) = with_ann().await;
    stage.client.me().await.unwrap();
    stage.proxy.stop();
    let message = NewMessage::text(ann.id, "back again").idempotency_key("k1");
    // A connection that is still in the pool may have been written to.
    let gone = stage.client.with_policy(Policy::once()).messages().send(message.clone()).await.unwrap_err();
    assert!(matches!(gone, Error::Transport { sent: false, .. } | Error::OutcomeUnknown { .. }), "{gone:?}");
    let gone = stage.client.messages().send(message.clone()).await.unwrap_err();
    assert!(matches!(gone, Error::Transport { sent: false, .. }) && gone.is_retryable(), "{gone:?}");
    stage.proxy.start_again().await;
    stage.client.messages().send(message).await.unwrap();
    assert_eq!(stage.messages().await, 2);
}

#[tokio::test]
async fn what_is_not_json_is_not_guessed_at() {
    let stage = Stage::new().await;
    stage.proxy.fail_next("GET contacts", ProxyFault::page(200));
    let odd = stage.client.contacts().list(&Default::default()).await.unwrap_err();
    assert!(matches!(odd, Error::Decode { .. }) && !odd.is_retryable(), "{odd:?}");
    assert_eq!(stage.proxy.seen("GET contacts").len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_whose_certificate_nobody_vouches_for() {
    let server = FakeUpstream::start_tls().await;
    let builder = Client::builder(server.url()).token("1:a").policy(quick().tries(2));
    let refused = builder.clone().build().unwrap().me().await.unwrap_err();
    assert!(matches!(refused, Error::Transport { sent: false, .. }), "{refused:?}");
    assert_eq!((server.connections(), server.journal().len()), (2, 0));
    // With connections of one's own, one's own authority is trusted. It serves no API there.
    let authority = reqwest::Certificate::from_pem(FakeUpstream::authority().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([authority]).no_proxy().build().unwrap();
    let found = builder.http_client(http).build().unwrap().me().await.unwrap_err();
    assert!(matches!(found, Error::NotFound { .. }), "{found:?}");
}
