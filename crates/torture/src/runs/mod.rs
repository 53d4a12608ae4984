//! The runs: one file each, what is done to the server and what must be true afterwards. Called by `main`
//! through [`Run`]; each makes its own stages and leaves nothing behind.

mod fsync;
mod full_disk;
mod kill;
mod power_cut;
mod ready;
mod retries;

use std::path::PathBuf;
use std::process::Stdio;

use clap::ValueEnum;
use tempfile::TempDir;
use tokio::process::Command;

use crate::disk::Disk;
use crate::findings::Findings;

/// Rounds that go on with the data of the round before; then a new stage is set.
const ROUNDS_A_STAGE: u64 = 10;

/// What can be done to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Run {
    /// The power goes while clients write
    PowerCut,
    /// The same on a disk that lies about fsync: must lose something, or the run before proves nothing
    LyingDisk,
    /// A failed fsync or kill -9, then requests are repeated, then the power goes
    CrashThenCut,
    /// kill -9 while clients write
    Kill,
    /// The same on PostgreSQL, which goes on running
    KillPostgres,
    /// The disk fails to sync
    Fsync,
    /// The disk is full, and then has room again
    FullDisk,
    /// Requests with a key are sent eight times at once and again after each kill -9
    Retries,
    /// The time to be ready after kill -9 with many messages
    Ready,
}

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// For every change: under three minutes together
    Small,
    /// By hand
    Long,
}

/// What all runs need.
pub struct Setup {
    /// The server's program.
    pub file: PathBuf,
    /// Where temporary folders are made.
    pub scratch: PathBuf,
    pub writers: usize,
}

/// How a run ended.
pub enum Ending {
    Ran(Report),
    /// Can't be done here.
    Skipped(String),
}

/// A row of the table.
pub struct Report {
    pub done: String,
    pub found: String,
    /// Whether the promise held.
    pub held: bool,
    /// What went wrong.
    pub notes: Vec<String>,
}

impl Setup {
    /// A folder that is removed when it is dropped.
    fn folder(&self) -> Result<TempDir, String> {
        let made = tempfile::Builder::new().prefix("contactgram-torture-").tempdir_in(&self.scratch);
        made.map_err(|why| format!("no folder in {}: {why}", self.scratch.display()))
    }
}

impl Ending {
    fn of(done: String, findings: &Findings) -> Ending {
        let (found, held) = (findings.to_string(), findings.is_clean());
        Ending::Ran(Report { done, found, held, notes: findings.notes().to_vec() })
    }
}

impl Run {
    pub fn name(self) -> &'static str {
        match self {
            Run::PowerCut => "power cut",
            Run::LyingDisk => "power cut, lying disk",
            Run::CrashThenCut => "crash, retry, power cut",
            Run::Kill => "kill -9",
            Run::KillPostgres => "kill -9, PostgreSQL",
            Run::Fsync => "failed fsync",
            Run::FullDisk => "full disk",
            Run::Retries => "retried POSTs",
            Run::Ready => "ready again",
        }
    }

    /// The runs of a size; [`Run::Ready`] takes minutes to prepare.
    pub fn all(size: Size) -> Vec<Run> {
        let small = |run: &Run| size == Size::Long || *run != Run::Ready;
        Run::value_variants().iter().copied().filter(small).collect()
    }

    fn rounds(self, size: Size) -> u64 {
        match (self, size) {
            (Run::PowerCut | Run::Kill, Size::Small) => 20,
            (Run::PowerCut | Run::Kill, Size::Long) => 200,
            (Run::LyingDisk | Run::Fsync, Size::Small) => 3,
            (Run::LyingDisk | Run::Fsync, Size::Long) => 20,
            (Run::KillPostgres | Run::CrashThenCut, Size::Small) => 6,
            (Run::KillPostgres | Run::CrashThenCut, Size::Long) => 50,
            (Run::Retries | Run::FullDisk, Size::Small) | (Run::Ready, _) => 1,
            (Run::Retries | Run::FullDisk, Size::Long) => 5,
        }
    }

    /// Does it. An error is something that kept the run from its end, which is as bad as a broken promise.
    pub async fn run(self, setup: &Setup, size: Size, rounds: Option<u64>) -> Result<Ending, String> {
        let rounds = rounds.unwrap_or_else(|| self.rounds(size)).max(1);
        if let Some(why) = self.impossible(setup).await {
            return Ok(Ending::Skipped(why));
        }
        match self {
            Run::PowerCut => power_cut::run(setup, rounds).await,
            Run::LyingDisk => power_cut::lying(setup, rounds).await,
            Run::CrashThenCut => power_cut::after_crash(setup, rounds).await,
            Run::Kill => kill::run(setup, rounds).await,
            Run::KillPostgres => kill::on_postgres(setup, rounds).await,
            Run::Fsync => fsync::run(setup, rounds).await,
            Run::FullDisk => full_disk::run(setup, rounds).await,
            Run::Retries => retries::run(setup, rounds).await,
            Run::Ready => ready::run(setup, size).await,
        }
    }

    /// Why it can't be done on this machine.
    async fn impossible(self, setup: &Setup) -> Option<String> {
        let disk = !matches!(self, Run::Kill | Run::KillPostgres | Run::Retries | Run::Ready);
        if disk && let Some(why) = Disk::impossible(&setup.scratch).await {
            return Some(format!("needs root and a loop device: {why}"));
        }
        let tracer = matches!(self, Run::LyingDisk | Run::CrashThenCut | Run::Fsync);
        (tracer && !traces().await).then(|| "needs strace with fault injection".to_owned())
    }
}

async fn traces() -> bool {
    let mut command = Command::new("strace");
    command.args([
        "-D",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-o",
        "/dev/null",
        "-e",
        "inject=fsync:error=EIO",
        "true",
    ]);
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    ended.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_size_leaves_out_what_takes_minutes_and_nothing_else() {
        let (small, long) = (Run::all(Size::Small), Run::all(Size::Long));
        assert_eq!(long.len(), Run::value_variants().len());
        assert_eq!(small.len() + 1, long.len());
        assert!(!small.contains(&Run::Ready));
    }

    #[test]
    fn the_long_size_is_never_shorter() {
        for run in Run::all(Size::Long) {
            assert!(run.rounds(Size::Long) >= run.rounds(Size::Small), "{run:?}");
        }
    }
}
