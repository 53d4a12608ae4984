//! A hundred thousand contacts in and out: in memory there is never more than a piece of the file.

use super::{CSV, counts, import};
use crate::files::memory::{held, most_during};
use crate::kit::{key, on_each_engine, text};
use contactgram_testkit::{Client, Options, TestServer};

const MANY: usize = 100_000;
/// What an import and an export may add, in KiB: the store's caches above all.
const ROOM_KIB: u64 = 48 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_lines_go_in_and_out_in_little_memory() {
    let server = TestServer::start(Options::default()).await;
    let client = server.account("Shop").await.v1();
    let row =
        |n: usize| format!("+4477{n:08},Name {n},Example,n{n}@mail.example,\"{}\"\n", "a note, ".repeat(20));
    import(&client, "", CSV, "phone,name\n+447700900101,Ann\n").await.result();
    let mut file = "phone_number,first_name,last_name,email,note\n".to_owned();
    (0..MANY).for_each(|n| file.push_str(&row(n)));
    assert!(file.len() > 20 << 20);
    let before = held(server.process_id());
    let began = std::time::Instant::now();
    let importing = async {
        let answer = import(&client, "", CSV, file).await;
        assert_eq!(counts(&answer), [MANY as i64, 0, 0, 0]);
    };
    let most_in = most_during(&server, importing).await;
    let took = began.elapsed();
    let mut exported = 0;
    let exporting = async {
        let file = client.get("contacts/export?format=csv").await;
        exported = file.text.lines().count();
    };
    let most_out = most_during(&server, exporting).await;
    eprintln!(
        "{before} KiB before, {most_in} at most while {MANY} came in within {took:?}, {most_out} while they went out"
    );
    assert_eq!(exported, MANY + 2);
    assert!(most_in < before + ROOM_KIB, "{before} KiB before, {most_in} at most");
    assert!(most_out < before + ROOM_KIB, "{before} KiB before, {most_out} at most");
}

#[tokio::test]
async fn pieces_of_an_export_follow_one_another_without_gaps_or_doubles() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let mut file = "phone,name,labels\n".to_owned();
        for n in 0..1_201 {
            let label = if n % 2 == 0 { "even" } else { "odd" };
            file.push_str(&format!("+4477{n:08},Name {n},{label}\n"));
        }
        assert_eq!(counts(&import(&client, "", CSV, file.clone()).await), [1_201, 0, 0, 0]);
        assert_eq!(counts(&import(&client, "?on_conflict=replace", CSV, file).await), [0, 0, 1_201, 0]);
        let scopes = ["--scope", "contacts:read"];
        let public = text(&key(&server, &shop, &scopes).await["key"]);
        let public = Client::new(format!("{}/v1", server.url())).bearer(&public);
        for (client, query, wanted) in [
            (&client, "", 1_201),
            (&client, "&label=even", 601),
            (&client, "&q=name", 1_201),
            (&client, "&q=name&label=odd", 600),
            (&client, "&q=44770000", 1_201),
            (&public, "&q=name", 1_201),
            (&public, "&q=44770000", 0),
        ] {
            let file = client.get(&format!("contacts/export?format=csv{query}")).await;
            let mut ids: Vec<i64> =
                file.text.lines().skip(1).filter_map(|row| row.split(',').next()?.parse().ok()).collect();
            assert!(ids.is_sorted(), "{query}");
            ids.dedup();
            assert_eq!(ids.len(), wanted, "{query}");
        }
    })
    .await;
}
