//! A thousand requests with a key, each sent eight times at once and again until each copy has an answer,
//! while the server is killed again and again: a thousand effects, and eight times the same answer.
//! Called by `runs`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{Ending, Setup};
use crate::findings::Findings;
use crate::http::{Answer, Connection, Request};
use crate::process::Fsync;
use crate::random::Random;
use crate::stage::{Setting, Stage};

const KEYS: u64 = 1000;
const COPIES: usize = 8;
/// Keys that are in the air at a time.
const TOGETHER: usize = 32;
/// Before a copy tries again, in milliseconds.
const PAUSE: (u64, u64) = (20, 80);
/// How long a server lives, in milliseconds.
const LIFE: (u64, u64) = (100, 900);
/// To end a hang: for all keys.
const PATIENCE: Duration = Duration::from_secs(300);

pub async fn run(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    let mut findings = Findings::default();
    let (mut kills, mut tries) = (0, 0);
    for _ in 0..rounds {
        let round = tokio::time::timeout(PATIENCE, round(setup, &mut findings)).await;
        let (killed, tried) = round.map_err(|_| "some copies never got an answer".to_owned())??;
        kills += killed;
        tries += tried;
    }
    let done = format!("{rounds} × {KEYS} keys × {COPIES} copies, {tries} requests, {kills} kills");
    Ok(Ending::of(done, &findings))
}

/// Returns how often the server was killed, and how many requests it took.
async fn round(setup: &Setup, findings: &mut Findings) -> Result<(u64, u64), String> {
    let folder = setup.folder()?;
    let mut stage = Stage::set(Setting {
        file: &setup.file,
        data: folder.path().join("data"),
        log: folder.path().join("log"),
        store: None,
        writers: 0,
    })
    .await?;
    stage.start(Fsync::Honest).await?;
    let (moved, address) = watch::channel(stage.server()?.address);
    let (mut keys, room) = (JoinSet::new(), Arc::new(Semaphore::new(TOGETHER)));
    for number in 0..KEYS {
        let request = request(&stage, number);
        let (address, room) = (address.clone(), room.clone());
        keys.spawn(async move {
            let _place = room.acquire().await;
            (number, copies(request, address).await)
        });
    }
    let (mut random, mut kills, mut tries) = (Random::new(), 0, 0);
    let mut next_kill = Box::pin(tokio::time::sleep(random.millis(LIFE.0, LIFE.1)));
    loop {
        tokio::select! {
            ended = keys.join_next() => match ended {
                None => break,
                Some(Err(why)) => return Err(format!("a key's client failed: {why}")),
                Some(Ok((number, (answers, tried)))) => {
                    tries += tried;
                    findings.acknowledged += answers.len() as u64;
                    judge(number, &answers, findings);
                }
            },
            () = next_kill.as_mut() => {
                stage.kill().await?;
                findings.started(stage.start(Fsync::Honest).await?);
                // Nobody listens when all copies are answered.
                let _ = moved.send(stage.server()?.address);
                kills += 1;
                next_kill = Box::pin(tokio::time::sleep(random.millis(LIFE.0, LIFE.1)));
            }
        }
    }
    effects(&mut stage, findings).await?;
    Ok((kills, tries))
}

/// Even keys send a message, odd ones make a contact.
fn request(stage: &Stage, number: u64) -> Request {
    let account = &stage.accounts[0];
    let (path, body) = match number % 2 {
        0 => ("/v1/sendMessage", json!({"chat_id": stage.accounts[1].id, "text": format!("r-{number}")})),
        _ => {
            let email = format!("r{number}@example.org");
            ("/v1/contacts", json!({"first_name": format!("r-{number}"), "email": email}))
        }
    };
    let request = Request::with_body("POST", &account.token, path, &body);
    Request { key: Some(format!("retry-{number}")), ..request }
}

/// Sends all copies at once; returns their answers and how many requests that took.
async fn copies(request: Request, address: watch::Receiver<SocketAddr>) -> (Vec<Answer>, u64) {
    let mut copies = JoinSet::new();
    for _ in 0..COPIES {
        copies.spawn(until_answered(request.clone(), address.clone()));
    }
    let (mut answers, mut tries) = (Vec::new(), 0);
    while let Some(Ok((answer, tried))) = copies.join_next().await {
        answers.push(answer);
        tries += tried;
    }
    (answers, tries)
}

async fn until_answered(request: Request, address: watch::Receiver<SocketAddr>) -> (Answer, u64) {
    let mut connection: Option<(SocketAddr, Connection)> = None;
    let (mut tries, mut random) = (0, Random::new());
    loop {
        let now = *address.borrow();
        let (_, current) = match &mut connection {
            Some(kept) if kept.0 == now => kept,
            stale => stale.insert((now, Connection::new(now))),
        };
        tries += 1;
        match current.send(&request).await {
            // A copy that still runs, or a server that can't just now.
            Ok(answer) if answer.status == 409 || answer.status == 503 => {}
            Ok(answer) => return (answer, tries),
            Err(_) => {}
        }
        tokio::time::sleep(random.millis(PAUSE.0, PAUSE.1)).await;
    }
}

fn judge(number: u64, answers: &[Answer], findings: &mut Findings) {
    let Some(first) = answers.first() else { return };
    if answers.len() != COPIES {
        findings.lost(format!("{} copies of key {number}", COPIES - answers.len()));
    }
    if first.result().is_none() {
        findings.wrong(format!("key {number} was answered with {} {}", first.status, first.body));
    }
    if let Some(other) = answers.iter().find(|answer| *answer != first) {
        findings.wrong(format!("key {number} was answered {} and {}", first.body, other.body));
    }
}

/// Counts what is there: each effect once, on every side of it.
async fn effects(stage: &mut Stage, findings: &mut Findings) -> Result<(), String> {
    let mut connection = Connection::new(stage.server()?.address);
    let [from, to] = [0, 1].map(|at| stage.accounts[at].token.clone());
    let mut get = async |token: &str, path: &str| {
        let answer = connection.send(&Request::get(token, path)).await;
        let answer = answer.map_err(|_| format!("{path} got no answer"))?;
        serde_json::from_str::<Value>(&answer.body).map_err(|why| format!("{path}: {why}"))
    };
    let contacts = get(&from, "/v1/contacts?limit=1000").await?;
    compare("contact", 1, names(&contacts["result"]["contacts"], "/first_name"), findings);
    let sent = get(&from, "/v1/messages?direction=out&limit=1000").await?;
    compare("sent message", 0, names(&sent, "/text"), findings);
    let received = get(&to, "/v1/messages?direction=in&limit=1000").await?;
    compare("received message", 0, names(&received, "/text"), findings);
    let (mut told, mut offset) = (Vec::new(), 0);
    loop {
        let mut page = get(&to, &format!("/v1/getUpdates?limit=100&offset={offset}")).await?;
        let page = page["result"].take();
        let Some(last) = page.as_array().and_then(|page| page.last()?["update_id"].as_i64()) else { break };
        offset = last + 1;
        told.extend(names(&page, "/message/text"));
    }
    compare("update of message", 0, told, findings);
    stage.check_file(findings).await;
    Ok(())
}

/// The names of ours among some rows; accounts also have each other as contacts.
fn names(rows: &Value, at: &str) -> Vec<String> {
    let rows = rows.as_array().into_iter().flatten();
    let names = rows.filter_map(|row| row.pointer(at)?.as_str()).filter(|name| name.starts_with("r-"));
    names.map(str::to_owned).collect()
}

/// Each number that is even (`rest` 0) or odd (1) is to be there once.
fn compare(what: &str, rest: u64, names: Vec<String>, findings: &mut Findings) {
    let mut times: HashMap<String, u64> = HashMap::new();
    for name in names {
        *times.entry(name).or_default() += 1;
    }
    for number in (0..KEYS).filter(|number| number % 2 == rest) {
        match times.remove(&format!("r-{number}")) {
            Some(1) => {}
            None => findings.lost(format!("{what} r-{number}")),
            Some(times) => findings.repeated(format!("{what} r-{number} is there {times} times")),
        }
    }
    for name in times.keys() {
        findings.wrong(format!("{what} {name} is there, and nobody asked for it"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_that_are_missing_doubled_or_unasked_for_are_told_apart() {
        let mut names: Vec<String> = (0..KEYS).filter(|n| n % 2 == 0).map(|n| format!("r-{n}")).collect();
        let mut findings = Findings::default();
        compare("message", 0, names.clone(), &mut findings);
        assert!(findings.is_clean());
        names[0] = "r-2".to_owned();
        names.push("r-3".to_owned());
        compare("message", 0, names, &mut findings);
        assert_eq!((findings.lost, findings.repeated, findings.wrong), (1, 1, 1));
    }

    #[test]
    fn copies_must_agree_and_none_may_be_missing() {
        let answer = Answer { status: 200, body: r#"{"ok":true,"result":1}"#.to_owned(), retry_after: None };
        let mut findings = Findings::default();
        let mut answers = vec![answer.clone(); COPIES];
        judge(1, &answers, &mut findings);
        assert!(findings.is_clean());
        answers[3].body = r#"{"ok":true,"result":2}"#.to_owned();
        judge(2, &answers, &mut findings);
        judge(3, &answers[..1], &mut findings);
        assert_eq!((findings.wrong, findings.lost), (1, 1));
    }
}
