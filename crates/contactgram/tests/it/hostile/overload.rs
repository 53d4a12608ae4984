//! Five times as many requests as the server can answer, from clients that do not wait for each other: a
//! measurement, run by hand with the program that is to be measured:
//! `cargo test --release -p contactgram --test it overload -- --ignored --nocapture`.
//! It says how much is still answered, how soon those are told who are turned away, and what it takes in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contactgram_testkit::{Account, Line, Options, TestServer, json};
use tokio::task::JoinSet;

use super::memory;

/// How long each load lasts.
const SPAN: Duration = Duration::from_secs(8);
/// How many times the peak is offered.
const TIMES: f64 = 5.0;
/// Who waits longer has gone elsewhere.
const DEADLINE: Duration = Duration::from_secs(5);
/// Clients at a time; a server's cap is far above.
const MOST_CLIENTS: usize = 6000;

/// What came of a load.
#[derive(Default)]
struct Outcomes {
    good: Vec<Duration>,
    rejected: Vec<Duration>,
    unsound: usize,
    late: usize,
    unsent: usize,
}

impl Outcomes {
    fn add(&mut self, said: Option<(u16, bool)>, took: Duration) {
        match said {
            Some((200..300, _)) => self.good.push(took),
            Some((503, true)) => self.rejected.push(took),
            Some(_) => self.unsound += 1,
            None => self.late += 1,
        }
    }
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let place = (times.len() as f64 * share) as usize;
    times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// One request; the line comes back if it can be used again.
async fn ask(mut line: Line, request: &str) -> (Option<Line>, Option<(u16, bool)>) {
    let asking = async {
        line.send(request).await;
        line.answer().await
    };
    match tokio::time::timeout(DEADLINE, asking).await {
        Ok(Some(said)) => {
            let told = (said.status, said.header("retry-after").is_some());
            (Some(line).filter(|_| said.header("connection") != Some("close")), Some(told))
        }
        _ => (None, None),
    }
}

/// As fast as so many clients can, each waiting for its answers: what the server can do.
async fn peak(url: &str, request: &Arc<str>) -> f64 {
    let (answered, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let clients = (0..64).map(|_| {
        let (url, request, answered) = (url.to_owned(), Arc::clone(request), Arc::clone(&answered));
        async move {
            let mut line = Line::open(&url).await;
            while begun.elapsed() < SPAN {
                assert_eq!(line.ask(&*request).await.status / 100, 2);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    clients.collect::<JoinSet<_>>().join_all().await;
    answered.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64()
}

/// So many requests a second, whatever comes of them.
async fn offer(url: &str, request: &Arc<str>, rate: f64) -> Outcomes {
    let outcomes = Arc::new(Mutex::new(Outcomes::default()));
    let idle = Arc::new(Mutex::new(Vec::<Line>::new()));
    let begun = Instant::now();
    let (mut under_way, mut offered) = (JoinSet::new(), 0);
    while begun.elapsed() < SPAN {
        tokio::time::sleep(Duration::from_millis(2)).await;
        while under_way.try_join_next().is_some() {}
        let due = (begun.elapsed().as_secs_f64() * rate) as usize;
        while offered < due {
            offered += 1;
            if under_way.len() >= MOST_CLIENTS {
                outcomes.lock().unwrap().unsent += 1;
                continue;
            }
            let (url, request) = (url.to_owned(), Arc::clone(request));
            let (outcomes, idle) = (Arc::clone(&outcomes), Arc::clone(&idle));
            under_way.spawn(async move {
                let sent = Instant::now();
                let kept = idle.lock().unwrap().pop();
                let line = match kept {
                    Some(line) => Ok(line),
                    None => Line::try_open(&url).await,
                };
                let Ok(line) = line else { return outcomes.lock().unwrap().unsent += 1 };
                let (line, said) = ask(line, &request).await;
                // What is answered after the load has ended is no rate.
                if begun.elapsed() < SPAN || said.is_none() {
                    outcomes.lock().unwrap().add(said, sent.elapsed());
                }
                idle.lock().unwrap().extend(line);
            });
        }
    }
    let _unanswered = under_way.join_all().await;
    std::mem::take(&mut *outcomes.lock().unwrap())
}

#[allow(clippy::print_stderr)]
async fn measure(server: &TestServer, what: &str, request: String) {
    let (url, request) = (server.url().to_owned(), Arc::from(request));
    let before = memory(server);
    let peak_rate = peak(&url, &request).await;
    let rested = memory(server);
    let mut came = offer(&url, &request, peak_rate * TIMES).await;
    let grown = memory(server).saturating_sub(rested) >> 20;
    let good_rate = came.good.len() as f64 / SPAN.as_secs_f64();
    eprintln!(
        "{what}: peak {peak_rate:.0}/s; offered {:.0}/s: {good_rate:.0}/s good ({:.0} %), p50 {:.0?}, p99 {:.0?}; \
         {} rejected, p50 {:.1?}, p99 {:.1?}; {} too late, {} unsent, {} unsound; memory {} MiB before, +{grown} MiB",
        peak_rate * TIMES,
        good_rate * 100.0 / peak_rate,
        percentile(&mut came.good, 0.5),
        percentile(&mut came.good, 0.99),
        came.rejected.len(),
        percentile(&mut came.rejected, 0.5),
        percentile(&mut came.rejected, 0.99),
        came.late,
        came.unsent,
        came.unsound,
        before >> 20,
    );
    assert_eq!(came.unsound, 0, "an answer is a success or a 503 that says when to come back");
    assert_eq!(
        Line::open(&url).await.ask(&*request).await.status / 100,
        2,
        "after the flood it serves at once"
    );
}

fn request(verb: &str, account: &Account, path: &str, body: &str) -> String {
    let token = &account.token;
    format!(
        "{verb} /bot{token}/{path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, to be run by hand"]
async fn overload() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    for number in 0..300 {
        let contact =
            json!({"first_name": format!("Anna {number}"), "phone_number": format!("+4930{:07}", number)});
        assert_eq!(shop.bot().post("contacts", contact).await.status, 201);
    }
    measure(&server, "point reads", request("GET", &shop, "getMe", "")).await;
    measure(&server, "lists", request("GET", &shop, "contacts?limit=300", "")).await;
    let hello = json!({"chat_id": ann.id, "text": "hello"}).to_string();
    measure(&server, "writes", request("POST", &shop, "sendMessage", &hello)).await;
}
