//! Updates outlive the server; calls that wait are answered before it goes.

use contactgram_testkit::{Options, TestServer, json};

use super::{ids, poll, texts, waiting};
use crate::kit::on_each_engine;

#[tokio::test]
async fn updates_and_what_was_confirmed_survive_a_restart_and_a_kill() {
    on_each_engine(async |mut server: TestServer| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        for text in ["one", "two", "three"] {
            ann.write(shop.id, text).await;
        }
        let first = ids(&poll(&shop, json!({})).await)[0];
        assert_eq!(texts(&poll(&shop, json!({"offset": first + 1})).await), ["two", "three"]);
        server.restart().await;
        assert_eq!(texts(&poll(&shop, json!({})).await), ["two", "three"]);
        assert_eq!(texts(&poll(&shop, json!({"offset": first + 2})).await), ["three"]);
        server.kill().await;
        server.start_again().await;
        let updates = poll(&shop, json!({})).await;
        assert_eq!((texts(&updates), ids(&updates)), (vec!["three"], vec![first + 2]));
        ann.write(shop.id, "four").await;
        let updates = poll(&shop, json!({"offset": first + 3})).await;
        assert_eq!((texts(&updates), ids(&updates)), (vec!["four"], vec![first + 3]));
    })
    .await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_writing_loses_nothing_that_was_answered() {
    let mut server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    for round in 0..3 {
        let writers = (0..8).map(|writer| {
            let (admin, path) = (server.admin(), format!("people/{}/write", ann.id));
            let to = shop.id;
            tokio::spawn(async move {
                let mut answered = Vec::new();
                for number in 0.. {
                    let text = format!("{round}-{writer}-{number}");
                    let request = admin.request(contactgram_testkit::Method::POST, &path);
                    match admin.try_send(request.json(&json!({"to": to, "text": text}))).await {
                        Ok(answer) if answer.status == 200 => answered.push(text),
                        _ => return answered,
                    }
                }
                answered
            })
        });
        let writers: Vec<_> = writers.collect();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        server.kill().await;
        let mut answered = Vec::new();
        for writer in writers {
            answered.extend(writer.await.unwrap());
        }
        server.start_again().await;
        let mut logged = Vec::new();
        loop {
            let updates = poll(&shop, json!({"limit": 100})).await;
            let Some(last) = ids(&updates).last().copied() else { break };
            let numbers = ids(&updates);
            assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "without gaps: {numbers:?}");
            logged.extend(texts(&updates).into_iter().map(str::to_owned));
            poll(&shop, json!({"offset": last + 1, "limit": 1})).await;
        }
        assert!(!answered.is_empty());
        let lost: Vec<_> = answered.iter().filter(|text| !logged.contains(text)).collect();
        assert!(lost.is_empty(), "{lost:?}");
        let mut once = logged.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), logged.len(), "nothing comes twice");
    }
}

#[tokio::test]
async fn a_server_that_stops_answers_those_who_wait() {
    on_each_engine(async |mut server: TestServer| {
        let mut calls = Vec::new();
        for name in ["One", "Two", "Three"] {
            let account = server.account(name).await;
            calls.push(waiting(account.bot(), json!({"timeout": 50})).await);
        }
        let ended = server.stop().await;
        assert!(ended.success(), "{ended}");
        for call in calls {
            assert_eq!(call.await.unwrap().result(), json!([]));
        }
    })
    .await;
}
