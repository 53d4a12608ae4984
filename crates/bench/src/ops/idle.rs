//! What a waiting getUpdates costs in memory: 10,000 connections, each with an account of its own, as a newer
//! call of an account ends the older. Beside `poll`, where everything waits and nothing is remembered.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::Operation;
use crate::Failed;
use crate::client;
use crate::contest::Contestant;
use crate::fill::set::Size;
use crate::process;
use crate::report::{Goal, Measure, OURS, Report, Round};
use crate::stage::Stage;

/// Calls that wait at the same time.
const CALLS: usize = 10_000;
/// Calls before the first look at the memory, which is then no longer that of a start.
const FIRST: usize = 100;
/// Calls between two pauses: a queue of connections that overflows costs whole seconds.
const AT_ONCE: usize = 100;
const PACE: Duration = Duration::from_millis(10);
/// For what was accepted to be asked and to rest.
const SETTLING: Duration = Duration::from_secs(4);

pub fn measure(stage: &Stage, report: &mut Report) -> Result<(), Failed> {
    let size = Size { contacts: 0, messages: 0, accounts: CALLS as u64 };
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    // Memory hardly varies: a few rounds show that it does not.
    for _ in 0..stage.settings.rounds.clamp(1, 3) {
        let poll = stage.contestant(&Contestant::Poll)?;
        theirs.push(round(poll.id(), poll.address, &|_| "/".to_owned())?);
        drop(poll);
        let server = stage.server(size)?;
        let path = |number: usize| format!("/bot{}/getUpdates?timeout=50", server.set.accounts[number].token);
        ours.push(round(server.process.id(), server.process.address, &path)?);
        server.stop()?;
    }
    let entries = vec![("poll".to_owned(), theirs), (OURS.to_owned(), ours)];
    let goals = [Goal::figure(Measure::Memory, 16.0, Some(11.0))];
    report.add(Operation::Idle, entries, &goals);
    Ok(())
}

fn round(process: u32, address: SocketAddr, path: &dyn Fn(usize) -> String) -> Result<Round, Failed> {
    let (start, mut waiting) = (Instant::now(), Vec::with_capacity(CALLS));
    for number in 0..FIRST {
        waiting.push(wait(address, &path(number))?);
    }
    std::thread::sleep(Duration::from_secs(1));
    let before = process::resident_kib(process);
    for number in FIRST..CALLS {
        if number % AT_ONCE == 0 {
            std::thread::sleep(PACE);
        }
        waiting.push(wait(address, &path(number))?);
    }
    eprintln!("{CALLS} calls wait after {:.1} s", start.elapsed().as_secs_f64());
    std::thread::sleep(SETTLING);
    let after = process::resident_kib(process);
    for stream in &mut waiting {
        still_waits(stream)?;
    }
    let each = (after as f64 - before as f64) / (CALLS - FIRST) as f64;
    Ok(Round { kib: Some(each), ..Round::default() })
}

fn wait(address: SocketAddr, path: &str) -> Result<TcpStream, Failed> {
    let mut stream = TcpStream::connect(address)?;
    let mut request = Vec::new();
    client::get(&mut request, path);
    stream.write_all(&request)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn still_waits(stream: &mut TcpStream) -> Result<(), Failed> {
    let mut bytes = [0; 300];
    match stream.read(&mut bytes) {
        Err(why) if why.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(why) => Err(why.into()),
        Ok(count) => {
            let said = String::from_utf8_lossy(&bytes[..count]).into_owned();
            Err(format!("a call did not wait: {said}").into())
        }
    }
}
