//! Many updates for a receiver in a bad hour: of the deliveries, 30 % are answered with 500, 10 % are held
//! longer than the server waits, 5 % are broken off. None is lost, none overtakes another of its chat, and at
//! every moment what happened is what was delivered and what waits. `CONTACTGRAM_TEST_UPDATES=100000` makes it
//! the long form, in which a delivery's luck never turns.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contactgram_testkit::{Account, Line, Options, TestServer, Value, json};

use super::hook::{Do, Hook, Seen};
use super::ledger::{Ledger, Tally};
use super::{info, set};
use crate::kit::number;

/// Updates in the run that belongs to every test run.
const USUAL: usize = 5_000;
/// Connections that write.
const WRITERS: usize = 40;
/// The server's deliveries at once.
const MOST: i64 = 100;
/// Only a server that never delivers makes the run last so long.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How much there is to deliver, and how bad it gets.
#[derive(Clone, Copy)]
struct Size {
    chats: usize,
    each: usize,
    /// From this try on, counted from 0, deliveries succeed: a third one waits for seconds already.
    luck_turns: usize,
}

impl Size {
    fn of_this_run() -> Size {
        match std::env::var("CONTACTGRAM_TEST_UPDATES").ok().and_then(|count| count.parse::<usize>().ok()) {
            Some(updates) if updates > USUAL => {
                Size { chats: updates.div_ceil(50), each: 50, luck_turns: usize::MAX }
            }
            _ => Size { chats: USUAL / 10, each: 10, luck_turns: 2 },
        }
    }

    fn updates(self) -> i64 {
        (self.chats * self.each) as i64
    }
}

/// The same update has other luck with each try, and the same in each run.
fn luck(seen: &Seen, size: Size) -> Do {
    let mixed = (seen.update_id as u64 ^ (seen.earlier as u64) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    match (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33 {
        _ if seen.earlier >= size.luck_turns => Do::ok(),
        dice => match dice % 100 {
            0..30 => Do::status(500),
            30..40 => Do::Later(PATIENCE, 200),
            40..45 => Do::Reset,
            _ => Do::ok(),
        },
    }
}

/// Messages that writers have begun to send, and those that the server has acknowledged.
#[derive(Default)]
struct Written {
    begun: AtomicI64,
    done: AtomicI64,
}

/// A webhook of an account: Telegram's own, or the further one of this id.
#[derive(Clone)]
enum Which {
    Own,
    Further(i64),
}

impl Which {
    /// Updates that wait for it.
    async fn waits(&self, shop: &Account) -> i64 {
        let waits = match self {
            Which::Own => info(shop).await["pending_update_count"].take(),
            Which::Further(id) => {
                shop.v1().get(&format!("webhooks/{id}")).await.result()["pending_update_count"].take()
            }
        };
        waits.as_i64().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receivers_bad_hour_loses_nothing_and_disorders_nothing() {
    bad_hour(async |shop, hook| {
        set(shop, hook, json!({"max_connections": MOST})).await;
        Which::Own
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_that_of_a_further_webhook() {
    bad_hour(async |shop, hook| {
        let made = json!({"url": hook.url(), "max_connections": MOST});
        Which::Further(number(&shop.v1().post("webhooks", made).await.result()["id"]))
    })
    .await;
}

async fn bad_hour(set: impl AsyncFnOnce(&Account, &Hook) -> Which) {
    let size = Size::of_this_run();
    // A held delivery takes a place for so long, and there are hundreds.
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_WEBHOOK_TIMEOUT_S", "1")).await;
    let shop = server.account("Shop").await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let noted = Arc::clone(&ledger);
    let hook = Hook::start_forgetful(move |seen| {
        let act = luck(seen, size);
        noted.lock().unwrap().note(seen, &act);
        act
    })
    .await;
    let which = set(&shop, &hook).await;
    let begun = Instant::now();
    let written = Arc::new(Written::default());
    let over = Arc::new(AtomicBool::new(false));
    let watched = (shop.clone(), which.clone());
    let watch = tokio::spawn(balance(watched, Arc::clone(&ledger), Arc::clone(&written), Arc::clone(&over)));
    write_all(&server, &shop, size, &written).await;
    let writing = begun.elapsed();
    while ledger.lock().unwrap().tally().delivered < size.updates() {
        assert!(begun.elapsed() < PATIENCE, "not delivered: {:?}", ledger.lock().unwrap().tally());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while which.waits(&shop).await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    over.store(true, Ordering::SeqCst);
    let (samples, excess) = watch.await.unwrap();

    let tally = ledger.lock().unwrap().tally();
    report(size, &tally, (samples, writing, begun.elapsed()));
    assert_eq!(tally.disordered, Vec::<String>::new());
    assert_eq!((tally.delivered, tally.chats), (size.updates(), size.chats), "{tally:?}");
    // What the receiver accepted too late for the server to hear it is posted again.
    assert!(excess <= tally.repeated, "{excess} counted as waiting and as delivered; {tally:?}");
    assert!(samples > 0);
    let share = |part: usize| part * 100 / tally.tries;
    let bad = (share(tally.refused), share(tally.held), share(tally.broken));
    assert!((25..=32).contains(&bad.0) && (7..=12).contains(&bad.1) && (3..=7).contains(&bad.2), "{bad:?}");
}

/// Writes all messages, a chat's one after the other.
async fn write_all(server: &TestServer, shop: &Account, size: Size, written: &Arc<Written>) {
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let chats = (writer..size.chats).step_by(WRITERS).count();
        let (url, token, written) = (server.url().to_owned(), server.admin_token(), Arc::clone(written));
        let to = shop.id;
        writers.push(tokio::spawn(async move {
            let mut line = Line::open(&url).await;
            let mut people = Vec::new();
            for _ in 0..chats {
                people
                    .push(post(&mut line, "people", token, json!({"first_name": "Ann"})).await["id"].clone());
            }
            for number in 0..size.each {
                for person in &people {
                    written.begun.fetch_add(1, Ordering::SeqCst);
                    let body = json!({"to": to, "text": number.to_string()});
                    post(&mut line, &format!("people/{person}/write"), token, body).await;
                    written.done.fetch_add(1, Ordering::SeqCst);
                }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn post(line: &mut Line, path: &str, token: &str, body: Value) -> Value {
    let body = body.to_string();
    let head = format!(
        "POST /admin/{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = head + &body;
    let mut answer = line.ask(request.clone()).await;
    // A store that is busy says when to come again, and has done nothing.
    for _ in 0..20 {
        if answer.status != 503 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        answer = line.ask(request.clone()).await;
    }
    assert!((200..300).contains(&answer.status), "{answer:?}");
    answer.body.parse::<Value>().unwrap_or_else(|why| panic!("{why}: {answer:?}"))["result"].take()
}

/// Looks again and again whether what happened is what was delivered and what waits. Answers how often it
/// looked, and how many more than allowed were counted on both sides at worst.
async fn balance(
    (shop, which): (Account, Which),
    ledger: Arc<Mutex<Ledger>>,
    written: Arc<Written>,
    over: Arc<AtomicBool>,
) -> (usize, i64) {
    let (mut samples, mut excess) = (0, 0);
    let delivered = || ledger.lock().unwrap().tally().delivered;
    while !over.load(Ordering::SeqCst) {
        let before = (written.done.load(Ordering::SeqCst), delivered());
        let waits = which.waits(&shop).await;
        let after = (written.begun.load(Ordering::SeqCst), delivered());
        assert!(
            before.0 <= waits + after.1,
            "lost: of {} {waits} wait and {} are delivered",
            before.0,
            after.1
        );
        // What is delivered and not noted yet is still under way.
        excess = excess.max(waits + before.1 - after.0 - MOST);
        samples += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    (samples, excess)
}

#[allow(clippy::print_stderr)]
fn report(size: Size, tally: &Tally, (samples, writing, whole): (usize, Duration, Duration)) {
    eprintln!(
        "webhooks: {} updates in {} chats: {} tries ({} refused, {} held, {} broken), {} delivered, {} repeated, \
         {} out of order, balanced in {samples} samples; written in {writing:.1?}, delivered in {whole:.1?}",
        size.updates(),
        tally.chats,
        tally.tries,
        tally.refused,
        tally.held,
        tally.broken,
        tally.delivered,
        tally.repeated,
        tally.disordered.len(),
    );
}
