//! Deliveries outlive the server.

use std::time::Duration;

use contactgram_testkit::{Options, TestServer, json};

use super::hook::{Do, Hook, Seen};
use super::{drained, info, set};
use crate::kit::on_each_engine;

const CHATS: usize = 5;
const EACH: usize = 8;

fn first_times(seen: Vec<Seen>) -> Vec<(i64, i64)> {
    let mut known = std::collections::HashSet::new();
    let first = seen.into_iter().filter(|seen| known.insert(seen.update_id));
    first.map(|seen| (seen.chat, seen.update_id)).collect()
}

#[tokio::test]
async fn nothing_is_lost_by_restarts_and_kills_in_the_middle() {
    on_each_engine(async |mut server: TestServer| {
        let shop = server.account("Shop").await;
        let hook = Hook::start(|_| Do::Later(Duration::from_millis(60), 200)).await;
        set(&shop, &hook, json!({"max_connections": 3})).await;
        let mut people = Vec::new();
        for _ in 0..CHATS {
            people.push(server.person(json!({"first_name": "Ann"})).await);
        }
        for _ in 0..EACH {
            for person in &people {
                person.write(shop.id, "hello").await;
            }
        }
        for round in 0..4 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            match round % 2 {
                0 => server.kill().await,
                _ => assert!(server.stop().await.success()),
            }
            server.start_again().await;
        }
        hook.until_accepted(CHATS * EACH).await;
        drained(&shop).await;
        let delivered = first_times(hook.accepted());
        assert_eq!(delivered.len(), CHATS * EACH);
        for person in &people {
            let of_chat: Vec<_> = delivered.iter().filter(|(chat, _)| *chat == person.id).collect();
            assert!(of_chat.is_sorted() && of_chat.len() == EACH, "{of_chat:?}");
        }
        assert_eq!(info(&shop).await["max_connections"], 3, "the settings too");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_stops_lets_deliveries_end_and_repeats_none() {
    let mut server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::Later(Duration::from_millis(300), 200)).await;
    set(&shop, &hook, json!({})).await;
    ann.write(shop.id, "hello").await;
    while hook.most_under_way() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.restart().await;
    ann.write(shop.id, "again").await;
    hook.until_accepted(2).await;
    drained(&shop).await;
    let texts: Vec<_> = hook.seen().into_iter().map(|seen| seen.text).collect();
    assert_eq!(texts, ["hello", "again"]);
}
