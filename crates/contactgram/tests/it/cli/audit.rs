//! The audit log on the command line: listed, exported, and found out when somebody has changed it.

use super::kit::Home;
use contactgram_store::{Location, Options, Store, StoreError, intern, p};
use serde_json::{Value, json};

/// Changes the database as somebody might who has got at it.
fn tamper(home: &Home, statements: &'static [&'static str]) {
    let location = Location::Sqlite { path: home.database() };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(&location, &Options::default()).await.unwrap();
        let written = store.write(0, move |tx| {
            for text in statements {
                assert_eq!(tx.execute(intern((*text).to_owned()), p![]), Ok(1), "{text}");
            }
            Ok::<_, StoreError>(())
        });
        written.await.unwrap();
        store.close().await;
    });
}

fn home() -> Home {
    let home = Home::new();
    home.ok(&["account", "add", "--name", "Shop", "--username", "my_shop_bot"]);
    home.ok(&["member", "add", "boss", "--role", "owner", "--all-accounts", "--display-name", "=1+1"]);
    home.ok(&["key", "add", "--account", "@my_shop_bot", "--scope", "contacts:read", "--label", "=cmd"]);
    home
}

#[test]
fn entries_are_listed_newest_first_and_by_filters() {
    let home = home();
    let all = home.json(&["audit", "list"]);
    let actions = |page: &Value| -> Vec<String> {
        let entries = page["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
    };
    let mut found = actions(&all);
    // Made within one second, the two logs lie beside each other.
    found.sort();
    assert_eq!(found, ["account.added", "key.added", "member.added", "role.changed"]);
    assert_eq!(
        actions(&home.json(&["audit", "list", "--account", "@my_shop_bot"])),
        ["key.added", "account.added"]
    );
    assert_eq!(actions(&home.json(&["audit", "list", "--server"])), ["role.changed", "member.added"]);
    assert_eq!(actions(&home.json(&["audit", "list", "--action", "key.added"])), ["key.added"]);
    assert_eq!(actions(&home.json(&["audit", "list", "--actor", "member"])), [""; 0]);
    assert_eq!(actions(&home.json(&["audit", "list", "--until", "2020-01-01"])), [""; 0]);
    let table = home.ok(&["audit", "list"]);
    assert!(table.contains("command line") && table.contains("key.added"), "{table}");
}

#[test]
fn an_export_is_written_down_and_has_no_formulas() {
    let home = home();
    let lines = home.ok(&["audit", "export"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5, "with the export itself");
    let csv = home.ok(&["audit", "export", "--format", "csv", "--server"]);
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], "account_id,seq,at,actor_kind,actor_id,actor_label,action,target,details,hash");
    assert_eq!(rows.len(), 5);
    assert!(rows[1].contains(",audit.exported,") && rows[4].contains(",member.added,"), "{csv}");
    assert!(!csv.contains(",=") && !csv.contains(",+"), "{csv}");
}

#[test]
fn a_changed_entry_is_named_by_verify_and_doctor() {
    let home = home();
    home.write("heads.json", &home.json(&["audit", "heads"]).to_string());
    assert_eq!(home.json(&["audit", "verify", "--heads", "heads.json"])["ok"], true);
    let doctor = home.json(&["doctor", "--set", "listen=127.0.0.1:0"]);
    let finding = |doctor: &Value| {
        let all = doctor["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["what"] == "audit log").unwrap().clone()
    };
    assert_eq!(finding(&doctor)["state"], "ok");

    tamper(&home, &["UPDATE audit SET details = '{}' WHERE account_id = 0 AND seq = 2"]);
    let broken = home.run(&["audit", "verify", "--json"]);
    assert_eq!(broken.code, Some(1));
    let told: Value = serde_json::from_str(&broken.out).unwrap();
    let wanted = json!([{"account_id": 0, "seq": 2, "why": "this entry is not as it was written"}]);
    assert_eq!(told["broken"], wanted);
    let doctor = home.run(&["doctor", "--set", "listen=127.0.0.1:0", "--json"]);
    assert_eq!(doctor.code, Some(1));
    let finding = finding(&serde_json::from_str(&doctor.out).unwrap());
    assert_eq!(finding["state"], "wrong");
    assert!(finding["text"].as_str().unwrap().contains("log server, entry 2"), "{finding}");
}

#[test]
fn a_cut_log_is_told_by_heads_that_were_kept() {
    let home = home();
    home.write("heads.json", &home.json(&["audit", "heads"]).to_string());
    tamper(
        &home,
        &[
            "DELETE FROM audit WHERE account_id = 0 AND seq = 2",
            "DELETE FROM audit WHERE account_id = 0 AND seq = 1",
            "DELETE FROM audit_heads WHERE account_id = 0",
        ],
    );
    assert_eq!(home.json(&["audit", "verify"])["ok"], true, "a log that is gone leaves no trace of its own");
    let run = home.run(&["audit", "verify", "--heads", "heads.json"]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.starts_with("log server, entry 1: "), "{}", run.out);
    assert!(home.refusal(&["audit", "verify", "--heads", "none.json"]).starts_with("none.json: "));
}
