//! A process under measurement: started, read until it says where it listens, ended; and what it used of the
//! machine, from /proc. Used by every operation, for the server and for its contestants alike. It never
//! touches a process that it did not start.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failed;

/// For a process to listen, and for its end once it was asked to end.
const PATIENCE: Duration = Duration::from_secs(15);
/// /proc counts in hundredths of a second on every Linux of the last twenty years.
const TICK_NS: u64 = 10_000_000;

/// A child that listens. Dropping it kills it.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// Starts it and waits for its line `listening on http://ADDRESS`.
    ///
    /// # Errors
    /// It can't be started, or it ends without listening.
    pub fn start(mut command: Command, log: &Path) -> Result<Process, Failed> {
        let errors = fs::File::create(log).map_err(|why| format!("{}: {why}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().map_err(|why| format!("{command:?}: {why}"))?;
        let stdout = child.stdout.take().ok_or("stdout is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(Ok(line)) = lines.next() {
            let Some((_, rest)) = line.split_once("listening on ") else { continue };
            let address = rest.split_whitespace().next().unwrap_or_default();
            let address = address.trim_start_matches("http://").trim_end_matches('/');
            let address = address.parse().map_err(|why| format!("{line}: {why}"))?;
            // Somebody must go on reading, or a full pipe stops the process.
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Ok(Process { child, address });
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("{command:?} does not listen: {}", fs::read_to_string(log).unwrap_or_default()).into())
    }

    /// Starts one that says nothing, and waits until it listens.
    ///
    /// # Errors
    /// It can't be started, or doesn't listen in time.
    pub fn start_at(mut command: Command, address: SocketAddr) -> Result<Process, Failed> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|why| format!("{command:?}: {why}"))?;
        let process = Process { child, address };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                return Err(format!("{command:?} does not listen").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(process)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, as an operator would, and waits.
    ///
    /// # Errors
    /// It does not end in time; it is killed then.
    pub fn stop(mut self) -> Result<(), Failed> {
        let asked = Command::new("kill").args(["-s", "TERM", &self.id().to_string()]).status();
        asked.map_err(|why| format!("kill: {why}"))?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Err(why) => return Err(why.into()),
            }
        }
        Err("a process did not end when asked to".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of a process so far.
pub struct CpuMark {
    /// Nanoseconds on a processor, for each thread that lives.
    threads: HashMap<String, u64>,
    /// All threads, those that ended too, in whole ticks.
    ticks: u64,
}

impl CpuMark {
    pub fn of(process: u32) -> CpuMark {
        let mut threads = HashMap::new();
        for entry in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
            let text = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
            let ran = text.split(' ').next().and_then(|field| field.parse().ok());
            threads.insert(entry.file_name().to_string_lossy().into_owned(), ran.unwrap_or(0));
        }
        CpuMark { threads, ticks: ticks(&format!("/proc/{process}/stat")) }
    }

    /// Nanoseconds since `earlier`.
    pub fn since(&self, earlier: &CpuMark) -> u64 {
        let ran = |(thread, now): (&String, &u64)| now - earlier.threads.get(thread).unwrap_or(&0).min(now);
        let precise: u64 = self.threads.iter().map(ran).sum();
        let coarse = (self.ticks - earlier.ticks.min(self.ticks)) * TICK_NS;
        // A thread that ended takes its nanoseconds with it; the ticks still have them.
        if coarse > precise + 3 * TICK_NS { coarse } else { precise }
    }
}

/// Nanoseconds that all processors of the machine were busy so far, interrupts among them.
pub fn machine_busy() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let fields: Vec<u64> = fields.take(8).filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal: waiting is not working.
    let idle: u64 = fields.iter().skip(3).take(2).sum();
    (fields.iter().sum::<u64>() - idle) * TICK_NS
}

/// Memory of a process that is in RAM, in KiB.
pub fn resident_kib(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
}

fn ticks(stat: &str) -> u64 {
    let text = fs::read_to_string(stat).unwrap_or_default();
    // The name in brackets may hold anything; the fields after it are numbers. utime and stime are 14 and 15.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spent_is_counted_for_this_process() {
        let before = CpuMark::of(std::process::id());
        let busy = machine_busy();
        let start = Instant::now();
        let mut sum = 0u64;
        while start.elapsed() < Duration::from_millis(60) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(CpuMark::of(std::process::id()).since(&before) > 0);
        assert!(machine_busy() >= busy);
        assert!(resident_kib(std::process::id()) > 100);
    }

    #[test]
    fn a_process_that_never_listens_is_an_error_with_its_words() {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such thing >&2"]);
        let why = Process::start(command, &home.path().join("log")).err().unwrap().to_string();
        assert!(why.contains("no such thing"), "{why}");
    }
}
