//! Offsets and limits of getUpdates.

use contactgram_testkit::{Options, TestServer, json};

use super::{ids, poll, texts};
use crate::kit::on_each_engine;

#[tokio::test]
async fn offsets_choose_and_confirm() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        for text in ["one", "two", "three", "four"] {
            ann.write(shop.id, text).await;
        }
        let all = ["one", "two", "three", "four"];
        let updates = poll(&shop, json!({})).await;
        assert_eq!(texts(&updates), all);
        let first = ids(&updates)[0];
        assert_eq!(ids(&updates), [first, first + 1, first + 2, first + 3]);
        assert!((1..1 << 31).contains(&first), "{first}");

        // What confirms nothing shows everything again.
        for offset in [json!(0), json!("0"), json!(1), json!(first), json!(first - 5), json!(first - 200_000)]
        {
            assert_eq!(texts(&poll(&shop, json!({"offset": offset})).await), all, "{offset}");
        }
        // So does what can't be meant for this log.
        for offset in [first - 300_000, first + 15, i64::from(i32::MAX), i64::MAX] {
            assert_eq!(texts(&poll(&shop, json!({"offset": offset})).await), all, "{offset}");
        }
        assert_eq!(texts(&poll(&shop, json!({"offset": -9})).await), all, "more than there are");
        assert_eq!(texts(&poll(&shop, json!({"offset": first + 1})).await), all[1..]);
        assert_eq!(texts(&poll(&shop, json!({"offset": first})).await), all[1..], "confirmed is confirmed");
        assert_eq!(texts(&poll(&shop, json!({"offset": -2})).await), all[2..]);
        assert_eq!(texts(&poll(&shop, json!({})).await), all[2..], "older ones are forgotten");
        assert!(poll(&shop, json!({"offset": first + 4})).await.is_empty());
        ann.write(shop.id, "five").await;
        let updates = poll(&shop, json!({})).await;
        assert_eq!((texts(&updates), ids(&updates)), (vec!["five"], vec![first + 4]));
    })
    .await;
}

#[tokio::test]
async fn limits_are_clamped_to_one_and_a_hundred() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    for _ in 0..103 {
        ann.write(shop.id, "hello").await;
    }
    for (limit, count) in [(2, 2), (0, 1), (-5, 1), (1, 1), (100, 100), (1000, 100)] {
        assert_eq!(poll(&shop, json!({"limit": limit})).await.len(), count, "limit {limit}");
    }
    let by_query = shop.bot().get("getUpdates?limit=3&timeout=0").await.result();
    assert_eq!(by_query.as_array().map(Vec::len), Some(3));
    let updates = poll(&shop, json!({})).await;
    assert_eq!(updates.len(), 100, "the default");
    let next = ids(&updates)[99] + 1;
    assert_eq!(poll(&shop, json!({"offset": next})).await.len(), 3);
}

#[tokio::test]
async fn the_number_comes_first_in_an_update() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    ann.write(shop.id, "hello").await;
    let answer = shop.bot().call("GETUPDATES", json!({})).await;
    assert!(answer.text.starts_with("{\"ok\":true,\"result\":[{\"update_id\":"), "{}", answer.text);
}
