//! Many updates for a receiver that fails and breaks connections: none is lost, none overtakes another of
//! its chat.

use std::collections::{HashMap, HashSet};

use contactgram_testkit::{Options, TestServer, json};

use super::hook::{Do, Hook};
use super::{drained, set};

const CHATS: usize = 50;
const EACH: usize = 100;

/// Three in ten first tries fail, some of them by a broken connection; of later ones, which wait for
/// seconds, one in a hundred.
fn luck(update: i64, earlier: usize) -> Do {
    let mixed = ((update as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) + earlier as u64 * 37;
    match (earlier, mixed % 100) {
        (0, 0..22) => Do::status(500),
        (0, 22..25) => Do::status(302),
        (0, 25..30) => Do::Reset,
        (_, 99) => Do::status(503),
        _ => Do::ok(),
    }
}

#[tokio::test]
async fn five_thousand_updates_reach_a_bad_receiver_in_order() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let hook = Hook::start(|seen| luck(seen.update_id, seen.earlier)).await;
    set(&shop, &hook, json!({})).await;
    let mut writers = Vec::new();
    for _ in 0..CHATS {
        let person = server.person(json!({"first_name": "Ann"})).await;
        let to = shop.id;
        writers.push(tokio::spawn(async move {
            for number in 0..EACH {
                person.write(to, &number.to_string()).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    drained(&shop).await;
    let mut known = HashSet::new();
    let mut chats: HashMap<i64, Vec<String>> = HashMap::new();
    for seen in hook.accepted() {
        if known.insert(seen.update_id) {
            chats.entry(seen.chat).or_default().push(seen.text);
        }
    }
    let wanted: Vec<_> = (0..EACH).map(|number| number.to_string()).collect();
    assert_eq!(chats.len(), CHATS);
    for (chat, texts) in chats {
        assert_eq!(texts, wanted, "chat {chat}");
    }
    let failed = hook.seen().iter().filter(|seen| !seen.accepted).count();
    assert!(failed > CHATS * EACH / 5, "{failed} failed");
    assert!(hook.most_under_way() <= 40);
}
