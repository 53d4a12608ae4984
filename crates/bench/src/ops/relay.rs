//! What the gateway in front of a bot costs: a method that passes, a message that is kept, one request at a time, bots that
//! only wait, and a large file. Beside a bare hyper proxy and, where it is installed, nginx, in front of the same upstream.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Operation;
use super::steady::{Asked, Entrant, Next, contest};
use crate::Failed;
use crate::client::{self, Client};
use crate::contest::{Contestant, FILE};
use crate::fill::set::Size;
use crate::process::{self, CpuMark, Process};
use crate::report::{Goal, Measure, OURS, Report, Round};
use crate::stage::{Server, Stage};

/// Bots that wait at the same time.
const BOTS: u64 = 1000;
/// Downloads at the same time.
const DOWNLOADS: usize = 8;
const BOT: u64 = 4_200_000_001;
/// For what another process connected to be heard of, and for polls to begin.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn measure(operation: Operation, stage: &Stage, report: &mut Report) -> Result<(), Failed> {
    let upstream = stage.contestant(&Contestant::Upstream)?;
    let server = stage.server(Size { contacts: 0, messages: 0, accounts: 0 })?;
    let measured = match operation {
        Operation::Bots => bots(stage, (&upstream, &server), report),
        Operation::File => file(stage, (&upstream, &server), report),
        _ => requests(operation, stage, (&upstream, &server), report),
    };
    server.stop()?;
    measured
}

fn requests(
    operation: Operation,
    stage: &Stage,
    (upstream, server): (&Process, &Server),
    report: &mut Report,
) -> Result<(), Failed> {
    connect(stage, (upstream, server), BOT)?;
    let at = upstream.address.to_string();
    let http = |process: Process| Asked::Http { process, status: 200, next: next(operation) };
    let mut entrants =
        vec![Entrant { name: "proxy", asked: http(stage.contestant(&Contestant::Proxy { upstream: at })?) }];
    if let Some(process) = nginx(stage, upstream.address)? {
        entrants.push(Entrant { name: "nginx", asked: http(process) });
    }
    let direct = (upstream.id(), upstream.address);
    let ours = (server.process.id(), server.process.address);
    for (name, (process, address)) in [("upstream", direct), (OURS, ours)] {
        let asked = Asked::Server { process, address, status: 200, next: next(operation) };
        entrants.push(Entrant { name, asked });
    }
    let found = contest(stage, &mut entrants, (operation == Operation::Hop).then_some(1))?;
    let goals = match operation {
        Operation::Pass => vec![Goal::ratio(Measure::Cpu, "proxy", 1.5, Some(1.0))],
        Operation::Record => vec![Goal::ratio(Measure::Cpu, "proxy", 4.0, None)],
        _ => Vec::new(),
    };
    let mut entries: Vec<(String, Vec<Round>)> =
        entrants.iter().map(|entrant| entrant.name.to_owned()).zip(found).collect();
    if operation == Operation::Hop {
        entries.push(("added".to_owned(), added(&entries)));
    }
    report.add(operation, entries, &goals);
    Ok(())
}

/// What the server adds to the upstream's own time at the median, round by round.
fn added(entries: &[(String, Vec<Round>)]) -> Vec<Round> {
    let of =
        |wanted: &str| entries.iter().find(|(name, _)| name == wanted).map(|(_, rounds)| rounds.as_slice());
    let pairs = of(OURS).unwrap_or_default().iter().zip(of("upstream").unwrap_or_default());
    pairs
        .map(|(ours, theirs)| Round {
            p50_us: ours.p50_us.zip(theirs.p50_us).map(|(ours, theirs)| ours - theirs),
            ..Round::default()
        })
        .collect()
}

/// The requests that all are asked.
fn next(operation: Operation) -> Next {
    let root = format!("/bot{}", token(BOT));
    match operation {
        Operation::Record => {
            let mut number = 0_u64;
            // At Telegram's pace it would be one a second.
            Box::new(move |out| {
                number += 1;
                let json = format!(r#"{{"chat_id":7,"text":"{}"}}"#, crate::fill::names::text(number));
                client::post_with(out, &format!("{root}/sendMessage"), "X-Flood-Control: off\r\n", &json);
            })
        }
        _ => Box::new(move |out| client::get(out, &format!("{root}/getChat?chat_id=7"))),
    }
}

fn token(bot: u64) -> String {
    format!("{bot}:AAE{bot:032}")
}

/// Connects a bot as an operator does, and waits until the running server knows it.
fn connect(stage: &Stage, (upstream, server): (&Process, &Server), bot: u64) -> Result<(), Failed> {
    add(stage, (upstream, server), bot)?;
    let path = format!("/bot{}/getMe", token(bot));
    let deadline = Instant::now() + PATIENCE;
    let mut client = Client::connect(server.process.address)?;
    while client.get(&path).is_err() {
        if Instant::now() > deadline {
            return Err("the server never knew the bot".into());
        }
        std::thread::sleep(Duration::from_millis(100));
        client = Client::connect(server.process.address)?;
    }
    Ok(())
}

fn add(stage: &Stage, (upstream, server): (&Process, &Server), bot: u64) -> Result<(), Failed> {
    let mut command = stage.command(server);
    let base = format!("http://{}", upstream.address);
    command.args(["account", "add", "--connector", "bot", "--token-stdin", "--json", "--upstream", &base]);
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    running.stdin.take().ok_or("stdin is piped")?.write_all(token(bot).as_bytes())?;
    let ended = running.wait_with_output()?;
    if ended.status.success() {
        return Ok(());
    }
    Err(format!("a bot could not be connected: {}", String::from_utf8_lossy(&ended.stderr)).into())
}

/// nginx as one process without a master, so that it can be measured; none where it is not installed.
fn nginx(stage: &Stage, upstream: SocketAddr) -> Result<Option<Process>, Failed> {
    if !Path::new("/usr/sbin/nginx").exists() {
        return Ok(None);
    }
    let folder = stage.folder("nginx")?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let here = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {here}/{kind};"))
        .collect();
    let configuration = format!(
        "daemon off; master_process off; pid {here}/pid; error_log {here}/error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{ access_log off; keepalive_requests 1000000000; {temporary}\n\
         upstream up {{ server {upstream}; keepalive 128; keepalive_requests 1000000000; }}\n\
         server {{ listen {address}; location / {{ proxy_pass http://up; proxy_http_version 1.1; \
         proxy_set_header Connection \"\"; proxy_buffering on; }} }} }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration)?;
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(&file).arg("-e").arg(folder.join("error.log"));
    Process::start_at(command, address).map(Some)
}

/// Memory of a bot that waits for its updates, and the processor time of all of them.
fn bots(stage: &Stage, ends: (&Process, &Server), report: &mut Report) -> Result<(), Failed> {
    let server = ends.1.process.id();
    connect(stage, ends, BOT)?;
    let before = process::resident_kib(server);
    for number in 1..=BOTS {
        add(stage, ends, BOT + number)?;
    }
    let path = format!("/bot{}/getMe", token(BOT + BOTS));
    let mut client = Client::connect(ends.1.process.address)?;
    // The server hears a moment later of what another process connected.
    let begun = Instant::now();
    while let Err(why) = client.get(&path) {
        if begun.elapsed() > PATIENCE {
            return Err(why);
        }
        std::thread::sleep(Duration::from_millis(100));
        client = Client::connect(ends.1.process.address)?;
    }
    std::thread::sleep(Duration::from_secs(5));
    let after = process::resident_kib(server);
    let (mark, start) = (CpuMark::of(server), Instant::now());
    std::thread::sleep(Duration::from_secs(60));
    let busy = CpuMark::of(server).since(&mark) as f64 / start.elapsed().as_nanos() as f64;
    let kib = Some((after as f64 - before as f64) / BOTS as f64);
    // Microseconds of processor time that a bot takes in a second.
    let cpu_us = Some(busy * 1e6 / BOTS as f64);
    report.add(
        Operation::Bots,
        vec![(OURS.to_owned(), vec![Round { kib, cpu_us, ..Round::default() }])],
        &[],
    );
    Ok(())
}

/// What downloads of 50 MiB add to the memory, at their most.
fn file(stage: &Stage, ends: (&Process, &Server), report: &mut Report) -> Result<(), Failed> {
    connect(stage, ends, BOT)?;
    let (server, address) = (ends.1.process.id(), ends.1.process.address);
    download(address)?;
    let before = process::resident_kib(server);
    let downloads: Vec<_> = (0..DOWNLOADS).map(|_| std::thread::spawn(move || download(address))).collect();
    let mut most = before;
    while downloads.iter().any(|download| !download.is_finished()) {
        most = most.max(process::resident_kib(server));
        std::thread::sleep(Duration::from_millis(5));
    }
    for download in downloads {
        download.join().map_err(|_| "a download panicked")??;
    }
    let kib = Some(most as f64 - before as f64);
    report.add(Operation::File, vec![(OURS.to_owned(), vec![Round { kib, ..Round::default() }])], &[]);
    Ok(())
}

fn download(address: SocketAddr) -> Result<(), Failed> {
    let mut stream = TcpStream::connect(address)?;
    let mut request = Vec::new();
    client::get(&mut request, &format!("/file/bot{}/videos/file_1.mp4", token(BOT)));
    stream.write_all(&request)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut left, mut buffer) = (FILE, vec![0; 1 << 16]);
    let mut first = true;
    while left > 0 {
        let mut count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(format!("{left} bytes of a file never came").into());
        }
        if std::mem::take(&mut first) {
            let head = buffer[..count]
                .windows(4)
                .position(|end| end == b"\r\n\r\n")
                .ok_or("an answer begins with its head")?;
            count -= head + 4;
        }
        left = left.saturating_sub(count);
    }
    Ok(())
}
