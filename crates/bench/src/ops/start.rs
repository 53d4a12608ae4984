//! From the start of the process to its first 200 on /readyz, with a million contacts and a million messages,
//! and its memory once it rests. Its p50 is that time. No contestant: an empty server starts in no time.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::Operation;
use crate::Failed;
use crate::client::{self, Client};
use crate::fill::set::Size;
use crate::process;
use crate::report::{Goal, Measure, OURS, Report, Round};
use crate::stage::{Ground, Stage};

/// Until a server counts as one that never starts.
const PATIENCE: Duration = Duration::from_secs(60);
/// For housekeeping to be done and the memory to settle.
const RESTING: Duration = Duration::from_secs(2);

pub fn measure(stage: &Stage, report: &mut Report) -> Result<(), Failed> {
    let rows = stage.settings.start_rows;
    let (ground, _) = stage.ground(Size { contacts: rows, messages: rows, accounts: 0 })?;
    let mut rounds = Vec::new();
    for _ in 0..stage.settings.rounds.max(1) {
        stage.wait_until_quiet();
        rounds.push(round(stage, &ground)?);
    }
    ground.forget()?;
    let goals = [
        Goal::figure(Measure::P50, 300_000.0, None),
        Goal::figure(Measure::Memory, 30.0 * 1024.0, Some(20.0 * 1024.0)),
    ];
    report.add(Operation::Start, vec![(OURS.to_owned(), rounds)], &goals);
    Ok(())
}

fn round(stage: &Stage, ground: &Ground) -> Result<Round, Failed> {
    // A port that was free a moment ago: the process can be asked before it has said where it listens.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = stage.server_command(ground);
    command.args(["--listen", &address.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let ready = until_ready(address, start);
    std::thread::sleep(RESTING);
    let kib = process::resident_kib(child.id());
    child.kill()?;
    child.wait()?;
    Ok(Round { p50_us: Some(ready?.as_secs_f64() * 1e6), kib: Some(kib as f64), ..Round::default() })
}

fn until_ready(address: SocketAddr, start: Instant) -> Result<Duration, Failed> {
    let mut request = Vec::new();
    client::get(&mut request, "/readyz");
    while start.elapsed() < PATIENCE {
        let answered = Client::connect(address).and_then(|mut client| client.ask(&request));
        if answered.is_ok() {
            return Ok(start.elapsed());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err("the server was not ready in a minute".into())
}
