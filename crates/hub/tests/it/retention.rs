//! How long updates are kept: 24 hours for the default consumer, whatever happens to them meanwhile, and for others until
//! they have confirmed them, at most for the retention.

use crate::kit::{HOUR_MS, LOOK, World, permit};
use contactgram_hub::Poll;
use contactgram_hub::access::UpdatesRead;
use contactgram_model::consumer::ConsumerName;

async fn kinds(world: &World, cast: &crate::kit::Cast) -> Vec<String> {
    let updates = world.poll(cast, LOOK).await.unwrap();
    updates.into_iter().map(|(_, kind)| kind).collect()
}

#[tokio::test]
async fn an_update_is_kept_for_a_day_and_then_gone_from_the_log_too() {
    let world = World::new().await;
    let cast = world.cast().await;
    world.write(cast.person, cast.account, "early").await;
    world.clock.advance_ms(23 * HOUR_MS);
    world.write(cast.person, cast.account, "late").await;
    assert_eq!(kinds(&world, &cast).await.len(), 2);
    world.clock.advance_ms(HOUR_MS);
    let left = world.poll(&cast, LOOK).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    world.hub.forget_old().await.unwrap();
    assert_eq!(world.poll(&cast, LOOK).await.unwrap(), left);
    let info = world.hub.webhook_info(&permit::<UpdatesRead>(&cast.caller)).await.unwrap();
    assert_eq!(info.pending_update_count, 1);
    world.clock.advance_ms(23 * HOUR_MS);
    assert!(kinds(&world, &cast).await.is_empty());
}

#[tokio::test]
async fn the_edit_of_an_old_message_is_as_young_as_the_edit() {
    let world = World::new().await;
    let cast = world.cast().await;
    let message = world.write(cast.person, cast.account, "first").await;
    world.clock.advance_ms(30 * HOUR_MS);
    assert!(kinds(&world, &cast).await.is_empty());
    world.edit((cast.person, cast.account), message, "second").await;
    assert_eq!(kinds(&world, &cast).await, ["edited_message"]);
}

#[tokio::test]
async fn update_ids_go_on_after_everything_was_forgotten() {
    let world = World::new().await;
    let cast = world.cast().await;
    world.write(cast.person, cast.account, "one").await;
    let first = world.poll(&cast, LOOK).await.unwrap()[0].0;
    world.poll(&cast, Poll { offset: first + 1, ..LOOK }).await.unwrap();
    world.clock.advance_ms(48 * HOUR_MS);
    world.hub.forget_old().await.unwrap();
    world.write(cast.person, cast.account, "two").await;
    assert_eq!(world.poll(&cast, Poll { offset: first + 1, ..LOOK }).await.unwrap()[0].0, first + 1);
}

#[tokio::test]
async fn a_named_consumer_is_shown_what_is_30_days_old_and_the_default_one_is_not() {
    let world = World::new().await;
    let cast = world.cast().await;
    let desk = || ConsumerName::parse("desk").unwrap();
    world.poll_as(&cast, desk(), LOOK).await.unwrap();
    world.write(cast.person, cast.account, "early").await;
    world.clock.advance_ms(29 * 24 * HOUR_MS);
    world.write(cast.person, cast.account, "late").await;
    world.hub.forget_old().await.unwrap();
    assert_eq!(kinds(&world, &cast).await.len(), 1);
    assert_eq!(world.poll_as(&cast, desk(), LOOK).await.unwrap().len(), 2);
    world.clock.advance_ms(24 * HOUR_MS);
    assert_eq!(world.poll_as(&cast, desk(), LOOK).await.unwrap().len(), 1);
    world.hub.forget_old().await.unwrap();
    let back = Poll { offset: -9, ..LOOK };
    let other = ConsumerName::parse("other").unwrap();
    assert_eq!(world.poll_as(&cast, other, back).await.unwrap().len(), 1, "gone from the log too");
}

#[tokio::test]
async fn what_every_consumer_has_confirmed_is_forgotten_at_once() {
    let world = World::new().await;
    let cast = world.cast().await;
    let (desk, back) = (|| ConsumerName::parse("desk").unwrap(), Poll { offset: -9, ..LOOK });
    world.poll_as(&cast, desk(), LOOK).await.unwrap();
    world.write(cast.person, cast.account, "one").await;
    let next = Poll { offset: world.poll(&cast, LOOK).await.unwrap()[0].0 + 1, ..LOOK };
    world.poll(&cast, next).await.unwrap();
    world.hub.forget_old().await.unwrap();
    let reader = |name: &str| ConsumerName::parse(name).unwrap();
    assert_eq!(world.poll_as(&cast, reader("second"), back).await.unwrap().len(), 1, "kept for the desk");
    world.poll_as(&cast, reader("second"), next).await.unwrap();
    world.poll_as(&cast, desk(), next).await.unwrap();
    world.hub.forget_old().await.unwrap();
    assert_eq!(world.poll_as(&cast, reader("third"), back).await.unwrap(), []);
}
