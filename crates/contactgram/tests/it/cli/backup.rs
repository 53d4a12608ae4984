//! Backups beside a running server, and servers on what comes back from them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contactgram_testkit::{Account, Client, Engine, Options, TestServer, Value, json};

use crate::kit::{number, text};

/// The same account on another server.
fn moved(account: &Account, server: &TestServer) -> (Client, Client) {
    let bot = Client::new(format!("{}/bot{}", server.url(), account.token));
    let v1 = Client::new(format!("{}/v1", server.url())).bearer(&account.token);
    (bot, v1)
}

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

async fn backup(server: &TestServer, file: &Path) -> Value {
    server.cli_json(&["backup", &file.display().to_string(), "--json"]).await
}

async fn comes_back(engine: Engine) {
    let options = Options { engine, ..Options::default() };
    let Some(server) = TestServer::start_if_possible(options.clone()).await else { return };
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    ann.write(shop.id, "before").await;
    let synced = text(&shop.v1().get("contacts").await.result()["next_sync_token"]);
    let last = shop.bot().call("getUpdates", json!({})).await.result();
    let offset = number(&last.as_array().unwrap().last().unwrap()["update_id"]) + 1;
    let later = json!({"chat_id": ann.id, "text": "much later", "send_at": now() + 300 * 24 * 3600});
    shop.bot().call("sendMessage", later).await.result();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved");

    let made = backup(&server, &file).await;
    assert_eq!(number(&made["accounts"]), 2, "the first start's and ours: {made}");
    assert_eq!(made["bytes"], json!(file.metadata().unwrap().len()));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // What happens from here on is lost; its numbers are not given again.
    ann.write(shop.id, "lost").await;
    let lost = shop.bot().call("getUpdates", json!({ "offset": offset })).await.result()[0].clone();
    let refused = server.cli(&["backup", &file.display().to_string()]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("is there already"), "{said}");

    let (again, settled) = TestServer::restore(options, &file).await.unwrap();
    assert_eq!(settled["accounts"], 2, "{settled}");
    assert_eq!(settled["needs_key"], false);
    let (bot, v1) = moved(&shop, &again);
    let messages = bot.get("messages").await.json();
    assert_eq!((messages[0]["text"].as_str(), messages.as_array().unwrap().len()), (Some("before"), 1));
    assert_eq!(v1.get(&format!("contacts/{}", ann.id)).await.result()["first_name"], "Ann");
    assert_eq!(v1.get("outbox").await.result()["entries"][0]["status"], "queued", "it is not due");
    let stale = v1.get(&format!("contacts?sync_token={synced}")).await;
    assert_eq!(stale.status, 410, "whoever synced after the backup knows what is lost: {}", stale.text);

    let path = format!("people/{}/write", ann.id);
    let seen = again.admin().post(&path, json!({"to": shop.id, "text": "after"})).await.result();
    // What was confirmed after the backup comes again: nobody knows here that it was.
    let after = bot.call("getUpdates", json!({ "offset": offset })).await.result();
    let texts: Vec<_> = after.as_array().unwrap().iter().map(|update| &update["message"]["text"]).collect();
    assert_eq!(texts, ["before", "after"]);
    let after = &after[1];
    assert!(number(&after["update_id"]) > number(&lost["update_id"]), "{after} {lost}");
    assert!(number(&after["message"]["message_id"]) > number(&lost["message"]["message_id"]), "{seen}");
    let log = again.cli_json(&["audit", "list", "--json"]).await.to_string();
    assert!(log.contains("data.saved") && log.contains("data.restored"), "{log}");
}

#[tokio::test]
async fn what_was_saved_comes_back_with_numbers_of_its_own() {
    comes_back(Engine::Sqlite).await;
}

#[tokio::test]
async fn what_postgresql_saved_comes_back_as_well() {
    comes_back(Engine::Postgres).await;
}

#[tokio::test]
async fn a_send_that_may_have_gone_out_since_is_not_sent_again() {
    let mut server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let send = json!({"chat_id": ann.id, "text": "once", "send_at": now() + 5});
    let id = shop.bot().call("sendMessage", send).await.result()["id"].clone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved");
    backup(&server, &file).await;
    while ann.screen(shop.id).await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    server.kill().await;
    let (again, settled) = TestServer::restore(Options::default(), &file).await.unwrap();
    assert_eq!(settled["unknown"], 1, "{settled}");
    let (_, v1) = moved(&shop, &again);
    let entry = v1.get(&format!("outbox/{id}")).await.result();
    assert_eq!(entry["status"], "unknown", "{entry}");
    assert_eq!(v1.get("messages").await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_in_the_middle_of_writes_is_one_state_of_the_data() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let over = Arc::new(AtomicBool::new(false));
    let (writes, until) = (shop.clone(), Arc::clone(&over));
    let to = ann.id;
    let writing = tokio::spawn(async move {
        let mut sent = 0;
        while !until.load(Ordering::SeqCst) {
            writes.bot().call("sendMessage", json!({"chat_id": to, "text": sent.to_string()})).await.result();
            sent += 1;
        }
        sent
    });
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let file = folder.path().join(round.to_string());
        backup(&server, &file).await;
        let (again, _) = TestServer::restore(Options::default(), &file).await.unwrap();
        let (bot, v1) = moved(&shop, &again);
        let kept = v1.get("messages?limit=1").await.json();
        let count = kept[0]["text"].as_str().map_or(0, |text| text.parse::<usize>().unwrap() + 1);
        let theirs = again.admin().get(&format!("people/{to}/messages?chat_id={}&limit=1", shop.id)).await;
        assert_eq!(theirs.result()[0]["text"], kept[0]["text"], "both sides of the last message are there");
        let shown = again.cli_json(&["account", "show", &shop.id.to_string(), "--json"]).await;
        assert_eq!(shown["messages"], json!(count), "none is missing: {shown}");
        drop(bot);
    }
    over.store(true, Ordering::SeqCst);
    assert!(writing.await.unwrap() > 0);
}

#[tokio::test]
async fn what_is_no_backup_is_refused_and_nothing_is_begun() {
    let server = TestServer::start(Options::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
    backup(&server, &good).await;
    let refused = async |file: &Path, options: Options| {
        TestServer::restore(options, file).await.err().expect("it is refused")
    };
    let usual = Options::default;
    assert!(refused(&bad, usual()).await.contains("No such file"), "it is not there");
    std::fs::write(&bad, "hello").unwrap();
    assert!(refused(&bad, usual()).await.contains("is no backup of an embedded database"));
    let mut bytes = std::fs::read(&good).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&bad, &bytes).unwrap();
    let said = refused(&bad, usual()).await;
    assert!(said.contains("malformed") || said.contains("damaged"), "{said}");
    // Where there are data already nothing is put in their place.
    let before = server.cli_json(&["account", "list", "--json"]).await;
    let over = server.cli(&["restore", &good.display().to_string()]).await;
    let said = String::from_utf8_lossy(&over.stderr).into_owned();
    assert!(!over.status.success() && said.contains("there are data at"), "{said}");
    assert_eq!(server.cli_json(&["account", "list", "--json"]).await, before);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
