//! Files pass through memory in pieces: what a server holds doesn't grow with what it takes in and gives out.

use super::{Part, body, cast, document, downloads};
use crate::kit::on_each_engine;
use contactgram_testkit::{Client, Method, TestServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const AT_ONCE: usize = 8;
const SIZE: usize = 50 << 20;
/// What all of them together may add, in KiB.
const ROOM_KIB: u64 = 16 << 10;

/// Memory of the process that is not a file's, in KiB.
pub fn held(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the server runs");
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).expect("Linux says");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// The most that was held while `work` went on.
pub async fn most_during(server: &TestServer, work: impl Future<Output = ()>) -> u64 {
    let (process, most, over) =
        (server.process_id(), Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (seen, stop) = (Arc::clone(&most), Arc::clone(&over));
    let watch = std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            seen.fetch_max(held(process), Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    work.await;
    over.store(true, Ordering::Relaxed);
    watch.join().expect("it only looks");
    most.load(Ordering::Relaxed)
}

async fn all_at_once<F: Future<Output = ()> + Send + 'static>(one: impl Fn(usize) -> F) {
    let all: Vec<_> = (0..AT_ONCE).map(|n| tokio::spawn(one(n))).collect();
    for task in all {
        task.await.expect("it came to its end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_large_files_at_once_go_in_and_out_in_little_memory() {
    on_each_engine(async |server| {
        let cast = cast(&server).await;
        let small = document(&cast.shop, cast.ann.id, "a.bin", &vec![1; 2 << 20]).await;
        super::fetch(&server, &cast.shop, &small["document"]).await;
        let before = held(server.process_id());
        let content: Vec<u8> = (0..SIZE).map(|at| (at % 255) as u8).collect();
        let parts =
            [Part::Text("chat_id", cast.ann.id.to_string()), Part::File("document", "a.bin", &content)];
        let upload = bytes::Bytes::from(body(&parts));
        let bot = cast.shop.bot();
        let sending = all_at_once(|_| {
            let request = bot.request(Method::POST, "sendDocument").body(upload.clone());
            let request = request.header("content-type", "multipart/form-data; boundary=b0undary");
            let bot = bot.clone();
            async move {
                let sent = bot.send(request).await.result();
                assert_eq!(sent["document"]["file_size"], SIZE);
            }
        });
        let most_in = most_during(&server, sending).await;
        let files: Client = downloads(&server, &cast.shop.token);
        let content = Arc::new(content);
        let fetching = all_at_once(|n| {
            let (files, content) = (files.clone(), Arc::clone(&content));
            async move {
                let got = files.get(&format!("documents/file_{}.bin", n + 2)).await;
                assert!(got.body == **content, "{} of {} bytes", got.body.len(), got.status);
            }
        });
        let most_out = most_during(&server, fetching).await;
        assert!(most_in < before + ROOM_KIB, "{before} KiB before, {most_in} at most");
        assert!(most_out < before + ROOM_KIB, "{before} KiB before, {most_out} at most");
    })
    .await;
}
