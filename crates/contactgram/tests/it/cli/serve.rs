//! Starting and stopping the server.

use super::kit::{Home, parse};
use contactgram_store::{Location, Options, Sql, Store, StoreError, p};
use std::io::Read;

/// The words of the banner that begin like this, or nothing.
fn after<'a>(banner: &'a str, words: &str) -> Option<&'a str> {
    banner.split_once(words).map(|(_, rest)| rest.lines().next().unwrap_or_default().trim())
}

#[test]
fn the_first_start_prints_requests_that_work_and_later_starts_print_no_token() {
    let home = Home::new();
    let server = home.serve(&[]);
    let address = server.address.clone();
    let admin_is_asked = server.get("/admin/people").0;
    let banner = server.stop();
    let token = after(&banner, "account token  ").unwrap().to_owned();
    let admin = after(&banner, "admin token    ").unwrap().to_owned();
    assert!(banner.contains(&format!("curl http://{address}/bot{token}/getMe\n")), "{banner}");
    assert!(banner.contains(&format!("curl http://{address}/bot{token}/contacts\n")), "{banner}");
    assert_eq!(admin_is_asked, 401);

    let server = home.serve(&[]);
    let (code, contacts) = server.get(&format!("/bot{token}/contacts"));
    assert_eq!((code, &contacts["result"]["contacts"][0]["email"]), (200, &"john.doe@example.com".into()));
    assert_eq!(server.get_as("/admin/people", Some(&admin)).0, 200);
    let banner = server.stop();
    assert!(banner.contains("\n1 account\n"), "{banner}");
    assert!(!banner.contains(&token) && after(&banner, "token").is_none(), "{banner}");
}

#[test]
fn without_a_command_the_program_serves() {
    let home = Home::new().with("CONTACTGRAM_LISTEN", "127.0.0.1:0");
    let server = home.start(&[]);
    assert_eq!(server.get("/livez").0, 200);
    assert!(home.database().exists());
}

#[test]
fn a_service_manager_is_told_when_the_server_is_ready_and_when_it_stops() {
    let home = Home::new();
    let manager = std::os::unix::net::UnixDatagram::bind(home.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let heard = || {
        let mut message = [0; 1024];
        let length = manager.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    let socket = home.path().join("notify");
    let home = home.with("NOTIFY_SOCKET", &socket.to_string_lossy());
    let server = home.serve(&[]);
    let ready = heard();
    assert!(ready.starts_with("READY=1\nSTATUS=listening on "), "{ready}");
    assert_eq!(server.get("/readyz").0, 200);
    server.stop();
    assert!(heard().starts_with("STOPPING=1\n"));

    // One that is gone keeps no server from serving.
    drop(manager);
    assert_eq!(home.serve(&[]).get("/livez").0, 200);
}

#[test]
fn the_first_account_has_no_examples_when_they_are_not_wanted() {
    let home = Home::new();
    let token = after(&home.serve(&["--no-demo"]).stop(), "account token  ").unwrap().to_owned();
    let server = home.serve(&[]);
    assert_eq!(server.get(&format!("/bot{token}/contacts")).1["result"]["total_count"], 0);
}

#[test]
fn a_fixed_admin_token_is_taken_and_not_printed() {
    let home = Home::new().with("CONTACTGRAM_ADMIN_TOKEN", "a-token-for-tests");
    let server = home.serve(&[]);
    assert_eq!(server.get_as("/admin/people", Some("a-token-for-tests")).0, 200);
    assert_eq!(server.get_as("/admin/people", Some("another-token")).0, 401);
    assert!(home.refusal(&["admin-token"]).contains("admin_token"));
    let banner = server.stop();
    assert!(!banner.contains("a-token-for-tests") && !banner.contains("admin token"), "{banner}");
}

#[test]
fn a_new_admin_token_ends_the_old_one_in_a_running_server() {
    let home = Home::new();
    let old = after(&home.serve(&[]).stop(), "admin token    ").unwrap().to_owned();
    let server = home.serve(&[]);
    assert_eq!(server.get_as("/admin/people", Some(&old)).0, 200);
    let new = home.json(&["admin-token"])["admin_token"].as_str().unwrap().to_owned();
    assert_eq!(server.get_as("/admin/people", Some(&new)).0, 200);
    assert_eq!(server.get_as("/admin/people", Some(&old)).0, 401);
}

#[test]
fn a_waiting_poll_is_answered_when_the_server_is_told_to_stop() {
    let home = Home::new();
    let token = home.json(&["account", "add", "--name", "A"])["token"].as_str().unwrap().to_owned();
    let server = home.serve(&[]);
    let mut poll = server.ask(&format!("/bot{token}/getUpdates?timeout=50"), None);
    // Answers to later requests show that the poll has been taken.
    for _ in 0..20 {
        assert_eq!(server.get("/livez").0, 200);
    }
    server.terminate();
    let mut answer = String::new();
    poll.read_to_string(&mut answer).unwrap();
    let (status, _, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    let (code, body) = parse(&answer);
    assert_eq!((code, &body["result"]), (200, &serde_json::json!([])), "{answer}");
}

#[test]
fn no_token_reaches_the_log_even_at_trace() {
    let home = Home::new();
    let server = home.serve(&["--log", "trace"]);
    let token = home.json(&["account", "add", "--name", "A"])["token"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&format!("/bot{token}/getMe")).0, 200);
    assert_eq!(server.get_as("/v1/getMe", Some(&token)).0, 200);
    server.terminate();
    let (_, banner, log) = server.wait();
    let secret = token.split_once(':').unwrap().1;
    assert!(log.contains("request") && !log.contains(secret), "{log}");
    for words in ["account token  ", "admin token    "] {
        assert!(!log.contains(after(&banner, words).unwrap()), "{log}");
    }
}

#[test]
fn a_taken_address_is_one_sentence_and_touches_no_data() {
    let home = Home::new();
    let server = home.serve(&[]);
    let other = Home::new();
    let refusal = other.refusal(&["serve", "--listen", &server.address]);
    assert!(refusal.contains("is taken by another program; choose another with --listen"), "{refusal}");
    assert!(!other.database().exists());
}

#[test]
fn metrics_are_served_only_where_they_are_wanted() {
    let home = Home::new();
    let server = home.serve(&["--metrics-listen", "127.0.0.1:0"]);
    assert_eq!(server.get("/metrics").0, 404, "not on the API's listener");
    let banner = server.stop();
    assert!(after(&banner, "metrics on http://").unwrap().ends_with("/metrics"), "{banner}");
}

#[test]
fn data_of_a_newer_program_is_refused_with_both_numbers() {
    static FROM_THE_FUTURE: Sql = Sql::new(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, 'later', 'x', 'then')",
    );
    let home = Home::new();
    home.ok(&["account", "add", "--name", "A"]);
    let location = Location::Sqlite { path: home.database() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&location, &Options::default()).await.unwrap();
        let insert = store.write(0, |tx| tx.execute(&FROM_THE_FUTURE, p![900_i64]));
        assert_eq!(insert.await, Ok::<u64, StoreError>(1));
        store.close().await;
    });
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["account", "list"]] {
        let refusal = home.refusal(command);
        assert!(refusal.contains("written by a newer contactgram (schema 900"), "{refusal}");
    }
}
