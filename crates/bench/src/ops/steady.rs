//! Operations that are asked over and over by many connections: one contact, a page, a new contact, a message,
//! updates. Each round asks the contestants and the server in turn, every second round in the opposite order.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Operation;
use crate::Failed;
use crate::chance::Chance;
use crate::client::{self, Client};
use crate::contest::Contestant;
use crate::fill::names;
use crate::load::{Load, drive};
use crate::postgres::Pgbench;
use crate::process::{self, CpuMark, Process};
use crate::report::{Goal, Measure, OURS, Report, Round};
use crate::stage::{Server, Stage};

/// Depths that are asked for pages.
const DEPTHS: u64 = 200;
/// What telegram-test-api 4, in memory, took of the same sends on two cores of this kind.
const TEST_API_SENDS: f64 = 2400.0;
/// Different people that requests make contacts of.
const PEOPLE: u64 = 1024;

/// Writes the next request.
pub(super) type Next = Box<dyn FnMut(&mut Vec<u8>)>;

pub(super) struct Entrant {
    pub name: &'static str,
    pub asked: Asked,
}

/// How an entrant is asked.
pub(super) enum Asked {
    Http {
        process: Process,
        status: u16,
        next: Next,
    },
    /// The server, which the caller stops.
    Server {
        process: u32,
        address: SocketAddr,
        status: u16,
        next: Next,
    },
    Pgbench(Pgbench),
}

pub fn measure(operation: Operation, stage: &Stage, report: &mut Report) -> Result<(), Failed> {
    let server = stage.server(stage.size())?;
    let mut entrants = Vec::new();
    for name in contestants(operation, stage) {
        entrants.push(Entrant { name, asked: contestant(operation, name, (stage, &server))? });
    }
    entrants.push(Entrant { name: OURS, asked: ours(operation, &server)? });
    let found = contest(stage, &mut entrants, None)?;
    let entries = entrants.iter().map(|entrant| entrant.name.to_owned()).zip(found).collect();
    drop(entrants);
    server.stop()?;
    report.add(operation, entries, &goals(operation, stage));
    Ok(())
}

fn contestants(operation: Operation, stage: &Stage) -> &'static [&'static str] {
    match operation {
        Operation::Get => &["hyper", "floor"],
        Operation::Updates => &["hyper"],
        Operation::Send => &[],
        Operation::Post if stage.postgres().is_some() => &["pgbench"],
        _ => &["floor"],
    }
}

fn contestant(operation: Operation, name: &str, (stage, server): (&Stage, &Server)) -> Result<Asked, Failed> {
    let rows = stage.settings.contacts;
    Ok(match (name, stage.postgres()) {
        ("pgbench", Some(postgres)) => Asked::Pgbench(stage.pgbench(&postgres)?),
        ("hyper", _) => {
            let size = answer_size(server, operation)?;
            let next: Next = Box::new(|out| client::get(out, "/"));
            Asked::Http { process: stage.contestant(&Contestant::Hyper { size })?, status: 200, next }
        }
        _ => {
            let process = stage.contestant(&Contestant::Floor { rows })?;
            Asked::Http { process, status: status(operation), next: floor(operation, rows) }
        }
    })
}

fn goals(operation: Operation, stage: &Stage) -> Vec<Goal> {
    use Measure::{Cpu, P99, PerSecond};
    match operation {
        Operation::Get => {
            vec![Goal::ratio(Cpu, "hyper", 2.5, Some(2.0)), Goal::ratio(PerSecond, "hyper", 0.7, None)]
        }
        Operation::List => vec![Goal::ratio(Cpu, "floor", 1.5, Some(1.2))],
        Operation::Post if stage.postgres().is_some() => {
            vec![Goal::ratio(PerSecond, "pgbench", 0.5, Some(0.9))]
        }
        Operation::Post => vec![
            Goal::ratio(Cpu, "floor", 2.0, None),
            Goal::ratio(PerSecond, "floor", 0.5, Some(0.75)),
            Goal::figure(P99, 50_000.0, None),
        ],
        Operation::Send => {
            vec![Goal::figure(PerSecond, 5.0 * TEST_API_SENDS, Some(8.0 * TEST_API_SENDS))]
        }
        Operation::Updates => {
            vec![Goal::ratio(Cpu, "hyper", 3.0, None), Goal::ratio(PerSecond, "hyper", 0.7, None)]
        }
        _ => Vec::new(),
    }
}

/// The status that answers have.
fn status(operation: Operation) -> u16 {
    if operation == Operation::Post { 201 } else { 200 }
}

/// All rounds of all entrants, in the entrants' order; by as many connections as the settings say, where it is not said here.
pub(super) fn contest(
    stage: &Stage,
    entrants: &mut [Entrant],
    connections: Option<usize>,
) -> Result<Vec<Vec<Round>>, Failed> {
    let connections = connections.unwrap_or(stage.settings.connections);
    let mut found: Vec<Vec<Round>> = entrants.iter().map(|_| Vec::new()).collect();
    // Caches, connections and code that nothing has used yet; pgbench counts from when all are connected.
    let warms_itself = |entrant: &&mut Entrant| matches!(entrant.asked, Asked::Pgbench(_));
    for entrant in entrants.iter_mut().filter(|entrant| !warms_itself(entrant)) {
        once(connections, entrant, stage.settings.length().as_secs_f64().min(1.0))?;
    }
    for round in 0..stage.settings.rounds {
        let mut order: Vec<usize> = (0..entrants.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for at in order {
            stage.wait_until_quiet();
            found[at].push(once(connections, &mut entrants[at], stage.settings.length().as_secs_f64())?);
        }
    }
    Ok(found)
}

fn once(connections: usize, entrant: &mut Entrant, seconds: f64) -> Result<Round, Failed> {
    let length = Duration::from_secs_f64(seconds);
    let (process, address, status, next) = match &mut entrant.asked {
        Asked::Http { process, status, next } => (process.id(), process.address, *status, next),
        Asked::Server { process, address, status, next } => (*process, *address, *status, next),
        Asked::Pgbench(pgbench) => {
            let (per_second, mean_ms) = pgbench.run(connections, length)?;
            // It tells the mean only; with a closed loop that is near the median.
            let p50_us = Some(mean_ms * 1000.0);
            return Ok(Round { per_second: Some(per_second), p50_us, ..Round::default() });
        }
    };
    let own = std::process::id();
    let (busy, theirs, ours, start) =
        (process::machine_busy(), CpuMark::of(process), CpuMark::of(own), Instant::now());
    let done = drive(&mut Load { address, connections, length, status, next: &mut **next })?;
    let server_ns = CpuMark::of(process).since(&theirs);
    let used = server_ns + CpuMark::of(own).since(&ours);
    let all = start.elapsed().as_nanos() as f64
        * std::thread::available_parallelism().map_or(1, usize::from) as f64;
    if let Some(failure) = &done.failure {
        let name = entrant.name;
        return Err(
            format!("{} of {} answers of {name} failed: {failure}", done.failures, done.answers).into()
        );
    }
    Ok(Round {
        per_second: Some(done.per_second()),
        p50_us: Some(done.quantile(0.5)),
        p99_us: Some(done.quantile(0.99)),
        cpu_us: Some(server_ns as f64 / 1000.0 / done.answers.max(1) as f64),
        foreign: Some((process::machine_busy() - busy).saturating_sub(used) as f64 / all),
        kib: None,
    })
}

/// The requests that the server is asked.
fn ours(operation: Operation, server: &Server) -> Result<Asked, Failed> {
    let (root, mut chance) = (format!("/bot{}", server.set.sender.token), Chance::new(1));
    let next: Next = match operation {
        Operation::Get => {
            let ids = server.set.contacts.clone();
            Box::new(move |out| client::get(out, &format!("{root}/contacts/{}", chance.one(&ids))))
        }
        Operation::List => {
            let cursors = cursors(server)?;
            Box::new(move |out| {
                client::get(out, &format!("{root}/contacts?limit=50&cursor={}", chance.one(&cursors)));
            })
        }
        Operation::Offset => {
            let depth = server.set.size.contacts.saturating_sub(50);
            Box::new(move |out| {
                client::get(out, &format!("{root}/contacts?limit=50&offset={}", chance.below(depth)));
            })
        }
        Operation::Post => {
            let mut bodies = new_contacts();
            Box::new(move |out| client::post(out, &format!("{root}/contacts"), &bodies()))
        }
        Operation::Send => {
            let (to, mut number) = (server.set.receiver.id, 0);
            Box::new(move |out| {
                number += 1;
                let json = format!(r#"{{"chat_id":{to},"text":"{}"}}"#, names::text(number));
                client::post(out, &format!("{root}/sendMessage"), &json);
            })
        }
        _ => {
            let path = updates_path(server);
            Box::new(move |out| client::get(out, &path))
        }
    };
    let (process, address) = (server.process.id(), server.process.address);
    Ok(Asked::Server { process, address, status: status(operation), next })
}

/// The requests that the floor is asked.
fn floor(operation: Operation, rows: u64) -> Next {
    let mut chance = Chance::new(1);
    match operation {
        Operation::Get => Box::new(move |out| client::get(out, &format!("/{}", 1 + chance.below(rows)))),
        Operation::Post => {
            let mut bodies = new_contacts();
            Box::new(move |out| client::post(out, "/", &bodies()))
        }
        _ => {
            let depth = rows.saturating_sub(50);
            Box::new(move |out| client::get(out, &format!("/?from={}", 1 + chance.below(depth))))
        }
    }
}

/// Bodies of contacts that nobody has yet: `fill` uses other numbers.
fn new_contacts() -> impl FnMut() -> String {
    let people: Vec<String> = (0..PEOPLE)
        .map(names::somebody)
        .map(|who| format!(r#""first_name":"{}","last_name":"{}""#, who.first_name, who.last_name))
        .collect();
    let mut number = 0;
    move || {
        number += 1;
        let who = &people[number % people.len()];
        format!(r#"{{{who},"phone_number":"+1415{number:07}","email":"new.{number}@example.com"}}"#)
    }
}

/// Cursors from all depths, as the server gives them.
fn cursors(server: &Server) -> Result<Vec<String>, Failed> {
    let mut client = Client::connect(server.process.address)?;
    let mut chance = Chance::new(2);
    let depth = server.set.size.contacts.saturating_sub(51);
    let mut cursors = Vec::new();
    for _ in 0..DEPTHS.min(depth) {
        let token = &server.set.sender.token;
        let path = format!("/bot{token}/contacts?limit=1&offset={}", chance.below(depth));
        let page = client.get(&path)?;
        cursors.push(page["next_cursor"].as_str().ok_or("a page in the middle has a cursor")?.to_owned());
    }
    Ok(cursors)
}

fn updates_path(server: &Server) -> String {
    format!("/bot{}/getUpdates", server.set.receiver.token)
}

/// Bytes of the body that the server answers with, for the contestant that answers as many.
fn answer_size(server: &Server, operation: Operation) -> Result<usize, Failed> {
    let path = match operation {
        Operation::Updates => updates_path(server),
        _ => {
            let id = server.set.contacts.first().ok_or("the set has contacts")?;
            format!("/bot{}/contacts/{id}", server.set.sender.token)
        }
    };
    let mut request = Vec::new();
    client::get(&mut request, &path);
    Ok(Client::connect(server.process.address)?.ask(&request)?.len())
}
