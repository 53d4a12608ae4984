//! The commands and the server on PostgreSQL, side by side as on SQLite.

use super::cluster::Cluster;
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

/// What a server that can't be trusted with acknowledged writes is told: one sentence that names the setting.
#[track_caller]
fn is_refused(url: &str, setting: &str) {
    let home = Home::new();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["account", "list"]] {
        let refusal = home.refusal(&[command, &["--store", url]].concat());
        assert!(refusal.contains(&format!("PostgreSQL runs with {setting}=off")), "{refusal}");
        assert!(refusal.contains(&format!("turn {setting} on")), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_or_role_that_commits_before_data_is_safe_is_refused() {
    // Commands to the server outlive the database that they are about.
    let Some(operator) = PostgresDatabase::create().await else { return };
    let Some(database) = PostgresDatabase::create().await else { return };
    let Location::Postgres { url } = database.location() else { panic!("a PostgreSQL database has a URL") };
    let (scheme, rest) = url.split_once("://").unwrap();
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let name = place.split(['/', '?']).nth(1).unwrap();
    let role = format!("role_of_{name}");
    let as_role = format!("{scheme}://{role}:of-a-test@{place}");

    operator.command(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let per_database = in_a_home(&url, |url| is_refused(url, "synchronous_commit")).await;
    operator.command(&format!("ALTER DATABASE {name} RESET synchronous_commit")).await;

    operator.command(&format!("CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'of-a-test'")).await;
    operator.command(&format!("ALTER ROLE {role} SET synchronous_commit = off")).await;
    let per_role = in_a_home(&as_role, |url| is_refused(url, "synchronous_commit")).await;
    operator.command(&format!("ALTER ROLE {role} RESET synchronous_commit")).await;

    let safe = in_a_home(&as_role, is_taken).await;
    database.remove().await;
    operator.command(&format!("DROP ROLE {role}")).await;
    operator.remove().await;
    per_database.expect("the database is refused");
    per_role.expect("the role is refused");
    safe.expect("without the setting both are taken");
}

/// Runs the blocking part of a story, and hands its failure over instead of failing.
async fn in_a_home(url: &str, story: impl Fn(&str) + Send + 'static) -> Result<(), tokio::task::JoinError> {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || story(&url)).await
}

fn is_taken(url: &str) {
    assert_eq!(Home::new().ok(&["account", "list", "--json", "--store", url]).trim(), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_wait_for_its_disk_is_refused() {
    // Where there is no PostgreSQL to test with, there is none to start either.
    let Some(database) = PostgresDatabase::create().await else { return };
    database.remove().await;
    let story = tokio::task::spawn_blocking(|| {
        let Some(cluster) = Cluster::make() else { return };
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let url = cluster.start(&format!("-c {setting}=off"));
            is_refused(&url, setting);
            cluster.stop();
        }
        is_taken(&cluster.start(""));
    });
    story.await.expect("the story holds");
}
