//! How long updates are kept: 24 hours, whatever happens to them meanwhile.

use crate::kit::{HOUR_MS, LOOK, World, permit};
use contactgram_hub::Poll;
use contactgram_hub::access::UpdatesRead;

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
