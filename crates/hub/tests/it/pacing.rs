//! What a strict account's client meets that asks the same again and again, as on Telegram.

use crate::kit::{Cast, LOOK, World};
use std::time::Duration;
use tokio::time::Instant;

async fn count(world: &World, cast: &Cast) -> usize {
    world.poll(cast, LOOK).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn asking_again_at_once_brings_one_update_at_a_time() {
    let world = World::new().await;
    let (strict, kind) = (world.cast_of(true).await, world.cast_of(false).await);
    for cast in [&strict, &kind] {
        for text in ["one", "two"] {
            world.write(cast.person, cast.account, text).await;
        }
    }
    assert_eq!((count(&world, &strict).await, count(&world, &strict).await), (2, 1));
    assert_eq!((count(&world, &kind).await, count(&world, &kind).await), (2, 2));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(count(&world, &strict).await, 2);
}

#[tokio::test(start_paused = true)]
async fn asking_again_soon_for_nothing_waits_three_seconds() {
    let world = World::new().await;
    let cast = world.cast_of(true).await;
    let begin = Instant::now();
    assert_eq!(count(&world, &cast).await, 0);
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(count(&world, &cast).await, 0);
    assert_eq!(begin.elapsed(), Duration::from_secs(3), "on the test's own clock");
}
