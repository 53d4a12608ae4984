//! `doctor`: what it finds right and wrong.

use super::kit::Home;
use serde_json::Value;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

fn state<'a>(report: &'a Value, what: &str) -> &'a str {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["what"] == what);
    found.and_then(|finding| finding["state"].as_str()).unwrap_or("none")
}

fn free() -> [&'static str; 2] {
    ["--set", "listen=127.0.0.1:0"]
}

#[test]
fn a_sound_installation_is_fine_before_and_after_the_first_account() {
    let home = Home::new();
    let report = home.json(&[&["doctor"][..], &free()].concat());
    assert_eq!((&report["ok"], state(&report, "store")), (&true.into(), "note"));
    assert!(!home.database().exists(), "looking makes nothing");
    home.ok(&["account", "add", "--name", "A"]);
    let report = home.json(&[&["doctor"][..], &free()].concat());
    assert_eq!(
        (&report["ok"], state(&report, "store"), state(&report, "accounts")),
        (&true.into(), "ok", "ok")
    );
    let text = home.ok(&[&["doctor"][..], &free()].concat());
    assert!(text.contains("SQLite"), "{text}");
}

#[test]
fn a_running_server_at_the_listen_address_is_fine_and_a_stranger_is_not() {
    let home = Home::new();
    let server = home.serve(&[]);
    let listen = format!("listen=127.0.0.1:{}", server.port());
    assert_eq!(state(&home.json(&["doctor", "--set", &listen]), "listen"), "ok");

    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen={}", stranger.local_addr().unwrap());
    std::thread::spawn(move || drop(stranger.accept()));
    let run = home.run(&["doctor", "--json", "--set", &listen]);
    assert_eq!(run.code, Some(1));
    assert_eq!(state(&serde_json::from_str(&run.out).unwrap(), "listen"), "wrong");
}

#[test]
fn data_that_others_can_read_is_wrong() {
    let home = Home::new();
    home.ok(&["account", "add", "--name", "A"]);
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&home.database(), 0o644);
    assert_eq!(
        state(&home.json(&[&["doctor"][..], &free()].concat()), "data folder"),
        "ok",
        "the folder is shut"
    );
    open(home.database().parent().unwrap(), 0o755);
    let run = home.run(&[&["doctor", "--json"][..], &free()].concat());
    assert_eq!(state(&serde_json::from_str(&run.out).unwrap(), "data folder"), "wrong");
}

#[test]
fn a_file_that_is_no_database_is_wrong() {
    let home = Home::new();
    home.write("notes.db", &"this is no database. ".repeat(500));
    let run = home.run(&["doctor", "--json", "--store", "notes.db", "--set", "listen=127.0.0.1:0"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(state(&serde_json::from_str(&run.out).unwrap(), "store"), "wrong");
}

#[test]
fn health_is_a_servers_readiness_as_an_exit_code() {
    let home = Home::new();
    let server = home.serve(&[]);
    let listen = format!("listen=127.0.0.1:{}", server.port());
    assert_eq!(home.json(&["health", "--set", &listen])["ready"], true);
    drop(server);
    assert!(home.refusal(&["health", "--set", &listen]).contains("refused"));

    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen={}", stranger.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut asking, _) = stranger.accept().unwrap();
        let mut head = [0; 1024];
        let _ = std::io::Read::read(&mut asking, &mut head);
        std::io::Write::write_all(&mut asking, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    assert!(home.refusal(&["health", "--set", &listen]).contains("another program"));
}
