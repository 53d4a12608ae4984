//! How soon a waiting getUpdates answers after a send: one connection waits, another sends, and the time is from
//! the send's first byte to the last byte of the waiter's answer. Beside `hub`, which only wakes.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Operation;
use crate::Failed;
use crate::client::{self, Client};
use crate::contest::Contestant;
use crate::fill::names;
use crate::report::{Goal, Measure, OURS, Report, Round};
use crate::stage::Stage;

/// Sends in each round.
const SENDS: u64 = 120;
/// For the waiter to be waiting; confirming the update before is a write of its own.
const SETTLING: Duration = Duration::from_millis(8);

/// Writes the request that waits, given the first update wanted.
type Wait = Box<dyn Fn(i64) -> Vec<u8> + Send>;

/// A waiter with a sender beside it.
struct Pair {
    sender: Client,
    send: Box<dyn FnMut() -> Vec<u8>>,
    go: Sender<()>,
    answered: Receiver<Result<Instant, Failed>>,
}

pub fn measure(stage: &Stage, report: &mut Report) -> Result<(), Failed> {
    let server = stage.server(stage.size())?;
    let hub = stage.contestant(&Contestant::Hub)?;
    let set = &server.set;
    let (waiting, sending) =
        (format!("/bot{}/getUpdates", set.receiver.token), format!("/bot{}/sendMessage", set.sender.token));
    let (to, mut number) = (set.receiver.id, 0);
    let mut pairs = [
        (
            "hub",
            Pair::start(hub.address, Box::new(|_| request(|out| client::get(out, "/"))), || {
                request(|out| client::post(out, "/", "{}"))
            })?,
        ),
        (
            OURS,
            Pair::start(
                server.process.address,
                Box::new(move |offset| {
                    request(|out| client::get(out, &format!("{waiting}?timeout=50&offset={offset}")))
                }),
                move || {
                    number += 1;
                    let json = format!(r#"{{"chat_id":{to},"text":"{}"}}"#, names::text(number));
                    request(|out| client::post(out, &sending, &json))
                },
            )?,
        ),
    ];
    let mut entries: Vec<(String, Vec<Round>)> =
        pairs.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
    for round in 0..stage.settings.rounds.max(1) {
        for at in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            stage.wait_until_quiet();
            entries[at].1.push(pairs[at].1.round()?);
        }
    }
    drop(pairs);
    drop(hub);
    server.stop()?;
    let goals = [Goal::figure(Measure::P50, 1000.0, Some(650.0)), Goal::figure(Measure::P99, 5000.0, None)];
    report.add(Operation::Wake, entries, &goals);
    Ok(())
}

impl Pair {
    fn start(
        address: std::net::SocketAddr,
        wait: Wait,
        send: impl FnMut() -> Vec<u8> + 'static,
    ) -> Result<Pair, Failed> {
        let (go, asked) = channel();
        let (answers, answered) = channel();
        let waiter = Client::connect(address)?;
        std::thread::spawn(move || keep_waiting(waiter, &wait, &asked, &answers));
        Ok(Pair { sender: Client::connect(address)?, send: Box::new(send), go, answered })
    }

    fn round(&mut self) -> Result<Round, Failed> {
        let mut took = Vec::new();
        for _ in 0..SENDS {
            self.go.send(()).map_err(|_| "the waiter is gone")?;
            std::thread::sleep(SETTLING);
            let request = (self.send)();
            let start = Instant::now();
            self.sender.ask(&request)?;
            let woken = self.answered.recv().map_err(|_| "the waiter is gone")??;
            took.push(woken.saturating_duration_since(start).as_secs_f64() * 1e6);
        }
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took.get((share * (took.len() - 1) as f64).round() as usize).copied();
        Ok(Round { p50_us: at(0.5), p99_us: at(0.99), ..Round::default() })
    }
}

/// Waits each time it is asked to, and tells when the answer was there.
fn keep_waiting(
    mut client: Client,
    wait: &Wait,
    asked: &Receiver<()>,
    answers: &Sender<Result<Instant, Failed>>,
) {
    let mut offset = 0;
    while asked.recv().is_ok() {
        let answered = client.ask(&wait(offset)).map(|body| (Instant::now(), body));
        let told = match answered {
            Ok((at, body)) => {
                offset = behind(&body).unwrap_or(offset);
                answers.send(Ok(at))
            }
            Err(why) => answers.send(Err(why)),
        };
        if told.is_err() {
            return;
        }
    }
}

/// The offset that confirms these updates.
fn behind(body: &[u8]) -> Option<i64> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["result"].as_array()?.last()?["update_id"].as_i64().map(|id| id + 1)
}

fn request(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}
