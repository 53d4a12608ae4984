//! A hundred thousand contacts in and out: in memory there is never more than a piece of the file.

use super::{CSV, counts, import};
use crate::files::memory::{held, most_during};
use contactgram_testkit::{Options, TestServer};

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
