//! `contactgram contacts …`: files in and out beside a running server, and what the server's own clients see of it.

use contactgram_testkit::{Options, TestServer, Value, json};

use crate::kit::text;

fn said(output: &std::process::Output) -> (bool, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_file_goes_in_beside_a_running_server_and_comes_out_again() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let account = shop.id.to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let cards = "BEGIN:VCARD\nFN:Ann\nTEL:07911 123456\nEND:VCARD\nBEGIN:VCARD\nFN:Ben\nTEL:12\nEND:VCARD\n";
    std::fs::write(path("phone.vcf"), cards).expect("the file is written");
    let import = ["contacts", "import", &path("phone.vcf"), "--account", &account, "--region", "GB"];
    let (is_done, told, _) = said(&server.cli(&[&import[..], &["--dry-run"]].concat()).await);
    assert!(is_done && told.contains("Nothing is written. It would be: 1 added"), "{told}");
    assert_eq!(shop.v1().get("contacts").await.result()["total_count"], 0);
    let (is_done, told, _) = said(&server.cli(&import).await);
    assert!(is_done && told.contains("1 added, 0 updated, 0 unchanged, 1 refused."), "{told}");
    assert!(told.contains("5     phone_number"), "{told}");
    let again = server.cli_json(&[&import[..], &["--on-conflict", "replace", "--json"]].concat()).await;
    assert_eq!((&again["unchanged"], &again["refusals"][0]["line"]), (&json!(1), &json!(5)));
    let page = shop.v1().get("contacts").await.result();
    assert_eq!(page["contacts"][0]["phone_number"], "+447911123456");

    let (is_done, lines, _) = said(&server.cli(&["contacts", "export", "--account", &account]).await);
    let contact: Value = serde_json::from_str(lines.trim()).expect("one line of JSON");
    assert!(is_done && contact == page["contacts"][0], "{lines}");
    let export = ["contacts", "export", &path("out.csv"), "--account", &account, "--q", "ann"];
    let (is_done, told, why) = said(&server.cli(&export).await);
    assert!(is_done, "{told} {why}");
    let table = std::fs::read_to_string(path("out.csv")).expect("the file is there");
    assert!(table.starts_with("id,first_name,") && table.contains(",Ann,,,+447911123456,"), "{table}");
    let (is_done, _, why) = said(&server.cli(&export).await);
    assert!(!is_done && why.contains("out.csv"), "a file that is there stays: {why}");

    let log = shop.v1().get("audit?actor=operator").await.result();
    let actions: Vec<String> =
        log["entries"].as_array().expect("a list").iter().map(|entry| text(&entry["action"])).collect();
    for action in ["contacts.imported", "contacts.exported"] {
        assert_eq!(actions.iter().filter(|known| *known == action).count(), 2, "{actions:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_a_sentence() {
    let server = TestServer::start(Options::default()).await;
    let account = server.account("Shop").await.id.to_string();
    let lines = "{\"phone_number\":\"+447700900101\",\"first_name\":\"Ann\"}\n";
    let from_nowhere = ["contacts", "import", "-", "--account", &account];
    let (is_done, _, why) = said(&server.cli_reading(&from_nowhere, lines).await);
    assert!(!is_done && why.contains("give --format"), "{why}");
    let told = said(&server.cli_reading(&[&from_nowhere[..], &["--format", "jsonl"]].concat(), lines).await);
    assert!(told.0 && told.1.contains("1 added"), "{told:?}");
    let gone = ["contacts", "import", "none.csv", "--account", &account];
    let (is_done, _, why) = said(&server.cli(&gone).await);
    assert!(!is_done && why.contains("none.csv"), "{why}");
    let nobodys = ["contacts", "export", "--account", "4999999999"];
    let (is_done, out, why) = said(&server.cli(&nobodys).await);
    assert!(!is_done && out.is_empty() && why.contains("no such account"), "{why}");
    let colours = [&from_nowhere[..], &["--format", "csv"]].concat();
    let (is_done, _, why) = said(&server.cli_reading(&colours, "colour\nred\n").await);
    assert!(!is_done && why.contains("names no column"), "{why}");
}
