//! Receivers that are dead in every way there is, and an account beside them that must not notice.

use contactgram_testkit::{Account, Options, Person, TestServer, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::hook::{Do, Hook};
use super::{drained, info, set};

const PEOPLE: usize = 25;
const EACH: usize = 8;

/// A URL whose server takes connections and then does this; the connections end with the set.
async fn listen(set: &mut JoinSet<()>, answers: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    set.spawn(async move {
        let mut served = JoinSet::new();
        loop {
            if !answers {
                // Nobody takes the connections from the kernel.
                std::future::pending::<()>().await;
            }
            let Ok((mut stream, _)) = listener.accept().await else { return };
            served.spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                // An answer without an end.
                while stream.write_all(b"HTTP/1.1 200 OK\r\nx-more: ").await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            });
        }
    });
    url
}

async fn write_all(people: &[Person], to: i64, each: usize) {
    for number in 0..each {
        let writes = people.iter().cloned().map(|person| async move {
            person.write(to, &number.to_string()).await;
        });
        writes.collect::<JoinSet<()>>().join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_receivers_delay_no_other_account() {
    let server = TestServer::start(Options::default()).await;
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(server.person(json!({"first_name": "Ann"})).await);
    }
    let silent = Hook::start(|_| Do::Later(std::time::Duration::from_secs(3600), 200)).await;
    let failing = Hook::start(|_| Do::status(500)).await;
    let breaking = Hook::start(|_| Do::Reset).await;
    let mut listening = JoinSet::new();
    let urls = [
        silent.url().to_owned(),
        failing.url().to_owned(),
        breaking.url().to_owned(),
        "http://127.0.0.1:1/hook".to_owned(),
        listen(&mut listening, true).await,
        listen(&mut listening, false).await,
    ];
    let mut dead: Vec<Account> = Vec::new();
    for url in urls {
        let account = server.account("Dead").await;
        account.bot().call("setWebhook", json!({"url": url, "max_connections": 100})).await.result();
        write_all(&people, account.id, 1).await;
        dead.push(account);
    }
    // Each of the silent one's chats has a delivery that does not end.
    while silent.most_under_way() < PEOPLE {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let shop = server.account("Shop").await;
    let hook = Hook::start(|_| Do::ok()).await;
    set(&shop, &hook, json!({})).await;
    write_all(&people, shop.id, EACH).await;
    let seen = hook.until_accepted(PEOPLE * EACH).await;
    for person in &people {
        let texts: Vec<_> =
            seen.iter().filter(|seen| seen.chat == person.id).map(|seen| &seen.text).collect();
        assert_eq!(
            texts,
            (0..EACH).map(|number| number.to_string()).collect::<Vec<_>>().iter().collect::<Vec<_>>()
        );
    }
    drained(&shop).await;
    assert!(silent.seen().is_empty(), "the dead are dead still");
    for account in &dead {
        assert_eq!(info(account).await["pending_update_count"], PEOPLE);
    }
}
