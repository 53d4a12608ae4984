//! Updates: one after the other, confirmed when the next is asked for, and shown again to whoever didn't come that far.

use std::time::{Duration, Instant};

use contactgram_client::{BreakerOptions, Client, Error, Event, StreamExt, Update, Updates};
use contactgram_testkit::{Person, ProxyFault, json};

use crate::kit::{Stage, contact};

async fn with_ann() -> (Stage, Person) {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    (stage, ann)
}

async fn say(ann: &Person, stage: &Stage, texts: &[&str]) {
    for text in texts {
        ann.write(stage.account.id, text).await;
    }
}

fn text(update: &Update) -> String {
    match &update.event {
        Event::Message(message) => message.text.clone().unwrap_or_default(),
        other => panic!("no message: {other:?}"),
    }
}

async fn next(updates: &mut Updates) -> String {
    text(&updates.next().await.unwrap().unwrap())
}

fn stream(client: &Client) -> Updates {
    client.updates().stream()
}

#[tokio::test]
async fn an_update_is_confirmed_when_the_next_is_asked_for_and_not_before() {
    let (stage, ann) = with_ann().await;
    say(&ann, &stage, &["a", "b", "c"]).await;
    let mut first = stream(&stage.client);
    assert_eq!(next(&mut first).await, "a");
    // It crashes while it handles "a".
    drop(first);
    let mut second = stream(&stage.client);
    assert_eq!((next(&mut second).await, next(&mut second).await), ("a".to_owned(), "b".to_owned()));
    // And while it handles "b": "a" is done.
    drop(second);
    let mut third = stream(&stage.client);
    assert_eq!(next(&mut third).await, "b");
    third.confirm().await.unwrap();
    drop(third);
    let mut fourth = stream(&stage.client);
    assert_eq!(next(&mut fourth).await, "c");
}

#[tokio::test]
async fn a_batch_is_confirmed_together() {
    let (stage, ann) = with_ann().await;
    say(&ann, &stage, &["a", "b", "c"]).await;
    let mut first = stage.client.updates().batches_of(2).stream();
    assert_eq!((next(&mut first).await, next(&mut first).await), ("a".to_owned(), "b".to_owned()));
    drop(first);
    let mut second = stage.client.updates().batches_of(2).stream();
    assert_eq!(next(&mut second).await, "a");
    // In its middle, too, an orderly end confirms what was handled.
    second.confirm().await.unwrap();
    drop(second);
    let mut third = stage.client.updates().batches_of(100).stream();
    assert_eq!((next(&mut third).await, next(&mut third).await), ("b".to_owned(), "c".to_owned()));
}

#[tokio::test]
async fn a_stream_waits_and_loses_nothing_when_its_waiting_is_given_up() {
    let (stage, ann) = with_ann().await;
    let mut updates = stream(&stage.client);
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(30), updates.next()).await.is_err());
    }
    stage.proxy.until_seen("getUpdates", 1).await;
    say(&ann, &stage, &["at last"]).await;
    assert_eq!(next(&mut updates).await, "at last");
    assert_eq!(stage.proxy.seen("getUpdates").len(), 1);
}

#[tokio::test]
async fn a_stream_that_ends_when_it_is_quiet_has_confirmed_all_of_it() {
    let (stage, ann) = with_ann().await;
    say(&ann, &stage, &["a", "b"]).await;
    let until_quiet = || stage.client.updates().timeout(Duration::from_secs(1)).until_quiet().stream();
    let mut updates = until_quiet();
    assert_eq!((next(&mut updates).await, next(&mut updates).await), ("a".to_owned(), "b".to_owned()));
    assert!(updates.next().await.is_none());
    assert!(until_quiet().next().await.is_none(), "nothing comes again");
    // Who asks on behind the end goes on.
    say(&ann, &stage, &["c"]).await;
    assert_eq!(next(&mut updates).await, "c");
    let polls = stage.proxy.seen("getUpdates");
    assert!(polls.iter().all(|poll| poll.verb == "GET"), "{polls:?}");
}

#[tokio::test]
async fn named_consumers_take_nothing_from_each_other() {
    let (stage, ann) = with_ann().await;
    let named = |name: &str| {
        stage.client.updates().consumer(name).timeout(Duration::from_secs(1)).kinds(["message"]).stream()
    };
    // The first call makes it, and it begins there.
    for name in ["crm", "mail"] {
        let asked = json!({"consumer": name, "allowed_updates": ["message"]});
        let nothing: serde_json::Value = stage.client.call("getUpdates", &asked).await.unwrap();
        assert_eq!(nothing, json!([]));
    }
    say(&ann, &stage, &["a", "b"]).await;
    for name in ["crm", "mail"] {
        let mut updates = named(name);
        assert_eq!((next(&mut updates).await, next(&mut updates).await), ("a".to_owned(), "b".to_owned()));
    }
    assert_eq!(next(&mut stream(&stage.client)).await, "a");
}

#[tokio::test]
async fn contacts_and_presses_are_events_of_their_own() {
    let (stage, ann) = with_ann().await;
    say(&ann, &stage, &["hello"]).await;
    let kinds = [
        "message",
        "callback_query",
        "contact_added",
        "contact_changed",
        "contact_removed",
        "my_chat_member",
    ];
    let mut updates = stage.client.updates().kinds(kinds).stream();
    assert_eq!(next(&mut updates).await, "hello");
    let added = stage.client.contacts().add(contact(1)).await.unwrap().contact;
    let Event::ContactAdded(seen) = updates.next().await.unwrap().unwrap().event else { panic!("added") };
    assert_eq!(seen.id, added.id);
    stage.client.contacts().delete(added.id).await.unwrap();
    let Event::ContactRemoved(gone) = updates.next().await.unwrap().unwrap().event else { panic!("removed") };
    assert_eq!(gone.id, added.id);

    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    let asked = contactgram_client::NewMessage::text(ann.id, "Yes?").reply_markup(keyboard);
    let asked = stage.client.messages().send(asked).await.unwrap();
    let id = ann.press(stage.account.id, asked.message_id.0, "yes").await;
    let Event::CallbackQuery(press) = updates.next().await.unwrap().unwrap().event else { panic!("a press") };
    assert_eq!((press.id, press.data.as_deref(), press.from.id.0), (id, Some("yes"), ann.id));
    assert_eq!(press.message.unwrap().message_id, asked.message_id);

    ann.act("block", json!({"account_id": stage.account.id})).await.result();
    let blocked = updates.next().await.unwrap().unwrap().event;
    assert!(matches!(&blocked, Event::ContactChanged(_) | Event::Other { .. }), "{blocked:?}");
}

#[tokio::test]
async fn faults_in_between_are_mended_and_what_can_not_be_is_an_item() {
    let (stage, ann) = with_ann().await;
    say(&ann, &stage, &["a", "b"]).await;
    let mut updates = stream(&stage.client);
    for fault in
        [ProxyFault::CutBefore, ProxyFault::CutAfter, ProxyFault::page(502), ProxyFault::unavailable(0)]
    {
        stage.proxy.fail_next("getUpdates", fault);
    }
    assert_eq!(next(&mut updates).await, "a");
    assert_eq!(stage.proxy.seen("getUpdates").len(), 5);
    stage.proxy.fail_next(
        "getUpdates",
        ProxyFault::refusal(409, "Conflict: terminated by other getUpdates request"),
    );
    let conflict = updates.next().await.unwrap().unwrap_err();
    assert!(matches!(conflict, Error::Conflict { .. }), "{conflict:?}");
    // It goes on at the same place, after a while: "a" was handled when the next was asked for.
    let failed = Instant::now();
    assert_eq!(next(&mut updates).await, "b");
    assert!(failed.elapsed() >= Duration::from_secs(3));
}

#[tokio::test]
async fn whoever_asks_on_and_on_does_not_ask_a_broken_server_on_and_on() {
    let breaker = BreakerOptions {
        failures_in_a_row: 1,
        first_wait: Duration::from_secs(1),
        ..BreakerOptions::default()
    };
    let stage = Stage::with(|builder| builder.breaker(breaker)).await;
    stage.proxy.fail_always("getUpdates", ProxyFault::refusal(500, "Internal Server Error"));
    let (mut updates, mut errors) = (stream(&stage.client), 0);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        assert!(updates.next().await.unwrap().is_err());
        errors += 1;
    }
    // Each but the first waits for the breaker: 0.8 s at least, and twice that the next time.
    assert!(errors <= 8 && stage.proxy.seen("getUpdates").len() <= 4, "{errors} errors");
}
