//! The outbox: handed over, sent, changed and taken back.

use contactgram_client::{Error, NewMessage, OutboxStatus};
use contactgram_testkit::{ProxyFault, json};

use crate::kit::Stage;

/// Unix seconds, a day from now.
fn tomorrow() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + 86_400
}

#[tokio::test]
async fn what_is_handed_over_goes_out_by_itself() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    ann.write(stage.account.id, "hello").await;
    let outbox = stage.client.outbox();
    let queued = outbox.queue(NewMessage::text(ann.id, "later")).await.unwrap();
    let mut entry = queued.clone();
    while entry.status != OutboxStatus::Sent {
        assert!(matches!(entry.status, OutboxStatus::Queued | OutboxStatus::Sending), "{entry:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        entry = outbox.get(queued.id).await.unwrap();
    }
    let message = stage.client.messages().get(ann.id, entry.message_id.unwrap()).await.unwrap();
    assert_eq!(message.text.as_deref(), Some("later"));
}

#[tokio::test]
async fn what_waits_is_listed_changed_and_taken_back() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    ann.write(stage.account.id, "hello").await;
    let outbox = stage.client.outbox();
    let time = tomorrow();
    // The same key is the same entry.
    let message = NewMessage::text(ann.id, "tomorrow").idempotency_key("t1");
    let entry = outbox.send_at(message.clone(), time).await.unwrap();
    assert_eq!(outbox.send_at(message, time).await.unwrap().id, entry.id);
    assert_eq!((entry.status, entry.send_at), (OutboxStatus::Queued, Some(time)));
    let page = outbox.list(Some(OutboxStatus::Queued), (10, 0)).await.unwrap();
    assert_eq!((page.total_count, page.entries[0].id), (1, entry.id));
    stage.proxy.fail_next("PATCH outbox/*", ProxyFault::CutAfter);
    let changed =
        outbox.change(entry.id, &json!({"text": "the day after", "send_at": time + 86_400})).await.unwrap();
    assert_eq!((changed.send_at, &changed.params["text"]), (Some(time + 86_400), &json!("the day after")));
    assert_eq!(outbox.cancel(entry.id).await.unwrap().status, OutboxStatus::Cancelled);
    // A cancellation whose reply was lost is made again.
    assert_eq!(outbox.cancel(entry.id).await.unwrap().status, OutboxStatus::Cancelled);
    let late = outbox.change(entry.id, &json!({"text": "too late"})).await.unwrap_err();
    assert!(matches!(late, Error::Conflict { .. }), "{late:?}");
    assert!(matches!(outbox.get(entry.id + 1).await, Err(Error::NotFound { .. })));
}
