//! The commands and the server on PostgreSQL, side by side as on SQLite.

use super::kit::Home;
use contactgram_store::Location;
use contactgram_store::testing::PostgresDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_made_beside_a_running_server_works_at_once() {
    let Some(database) = PostgresDatabase::create().await else { return };
    let Location::Postgres { url } = database.location() else { panic!("a PostgreSQL database has a URL") };
    let story = tokio::task::spawn_blocking(move || {
        let home = Home::new().with("CONTACTGRAM_STORE", &url);
        let server = home.serve(&[]);
        let added = home.json(&["account", "add", "--name", "Late"]);
        let token = added["token"].as_str().unwrap();
        assert_eq!(server.get(&format!("/bot{token}/getMe")).1["result"]["id"], added["id"]);
        let report = home.json(&["doctor", "--set", "listen=127.0.0.1:0"]);
        assert_eq!(report["ok"], true, "{report}");
        assert!(server.stop().contains("\n1 account\n"), "the first start's own");
        assert_eq!(home.json(&["account", "list"]).as_array().unwrap().len(), 2);
        assert!(!home.database().exists(), "no file beside the database");
    });
    let told = story.await;
    database.remove().await;
    told.expect("the story holds");
}

#[test]
fn a_database_that_can_not_be_reached_is_one_sentence_without_its_password() {
    let url = "postgres://me:hunter2@127.0.0.1:1/nothing";
    let refusal = Home::new().refusal(&["account", "list", "--store", url]);
    assert!(refusal.starts_with("PostgreSQL: ") && !refusal.contains("hunter2"), "{refusal}");
}
