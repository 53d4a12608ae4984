//! Who is woken, in cases that a server over TCP can't be brought into at will.

use crate::kit::{LOOK, World, permit};
use contactgram_hub::access::{MessagesRead, MessagesSend, UpdatesRead};
use contactgram_hub::{Act, ChatRef, Draft, Poll as Ask};
use contactgram_wire::message::Content;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Only a call that nobody wakes makes the test wait for this.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_who_hangs_up_before_the_answer_wakes_those_who_wait() {
    let world = World::new().await;
    let cast = world.cast().await;
    let (mut next, mut kept) = (0, 0);
    for round in 0..60 {
        let (hub, caller) = (Arc::clone(&world.hub), cast.caller);
        let poll = Ask { offset: next, timeout: 50, ..LOOK };
        let waits = tokio::spawn(async move { hub.updates(&permit::<UpdatesRead>(&caller), poll).await });
        tokio::time::sleep(Duration::from_millis(5)).await;

        let content = Content { text: Some("hello".to_owned()), ..Content::default() };
        let act = Act::Write { content, reply_to: None };
        // The writer asks, and stops waiting at some moment of the transaction.
        let mut write = Box::pin(world.hub.act(cast.person, ChatRef::Id(cast.account.0), act));
        poll_fn(|context| Poll::Ready(write.as_mut().poll(context).is_ready())).await;
        std::thread::sleep(Duration::from_micros(round * 20));
        drop(write);
        tokio::time::sleep(Duration::from_millis(30)).await;

        let logged = world.poll(&cast, Ask { offset: next, ..LOOK }).await.unwrap();
        let Some((last, _)) = logged.last() else {
            waits.abort();
            continue;
        };
        let answer = tokio::time::timeout(PATIENCE, waits).await.expect("woken").unwrap().unwrap();
        assert!(answer.contains(&format!("\"update_id\":{last}")), "{answer}");
        (next, kept) = (last + 1, kept + 1);
    }
    assert!(kept > 0, "some were written");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_an_account_hears_of_what_it_sends_itself() {
    let world = World::new().await;
    let cast = world.cast().await;
    world.write(cast.person, cast.account, "hello").await;
    let mut watch = world.hub.watch(&permit::<MessagesRead>(&cast.caller));
    let content = Content { text: Some("good day".to_owned()), ..Content::default() };
    let draft = Draft::new(ChatRef::Id(cast.person.0), content);
    world.hub.send(&permit::<MessagesSend>(&cast.caller), draft, None).await.unwrap();
    let heard = tokio::time::timeout(PATIENCE, watch.changed(2 * PATIENCE)).await;
    assert_eq!(heard, Ok(true));
}
