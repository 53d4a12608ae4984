//! `contactgram-torture`: hurts a real server and checks that it keeps its promises. Run by `cargo xtask
//! test` (small) and `cargo xtask torture` (long). One row of a table for each run; exit code 1 when a
//! promise was broken. It speaks to servers of its own on 127.0.0.1 only.
#![allow(clippy::print_stdout, reason = "printing is what a command-line tool is for")]

mod disk;
mod findings;
mod http;
mod process;
mod random;
mod room;
mod runs;
mod stage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use runs::{Ending, Report, Run, Setup, Size};

#[derive(Parser)]
#[command(name = "contactgram-torture", about = "Hurts a Contactgram server and checks what it promises")]
struct Cli {
    /// What to do; everything of the size when nothing is named
    #[arg(value_enum)]
    runs: Vec<Run>,

    /// The server's program
    #[arg(long, value_name = "FILE", default_value = "target/release/contactgram")]
    program: PathBuf,

    /// How much to do
    #[arg(long, value_enum, default_value = "small")]
    size: Size,

    /// Rounds of each run, instead of the size's
    #[arg(long, value_name = "N")]
    rounds: Option<u64>,

    /// Clients that write at the same time
    #[arg(long, value_name = "N", default_value_t = 64)]
    writers: usize,

    /// Where temporary folders and disks are made
    #[arg(long, value_name = "DIR", overrides_with = "scratch", default_value_os_t = std::env::temp_dir())]
    scratch: PathBuf,

    /// Already in a room of its own
    #[arg(long, hide = true)]
    inside: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = prepare(&cli).and_then(|setup| {
        if !cli.inside && room::is_possible() {
            return room::enter(&setup.scratch);
        }
        attend(&cli, &setup).map(|held| if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    });
    ended.unwrap_or_else(|why| {
        eprintln!("contactgram-torture: {why}");
        ExitCode::FAILURE
    })
}

fn prepare(cli: &Cli) -> Result<Setup, String> {
    let found = |path: &Path| path.canonicalize().map_err(|why| format!("{}: {why}", path.display()));
    let (file, scratch) = (found(&cli.program)?, found(&cli.scratch)?);
    Ok(Setup { file, scratch, writers: cli.writers.max(1) })
}

/// Does all runs unless somebody interrupts; then what they hold is let go before the program ends.
fn attend(cli: &Cli, setup: &Setup) -> Result<bool, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|why| format!("no runtime: {why}"))?.block_on(async {
        let mut asked = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .map_err(|why| format!("signals can't be waited for: {why}"))?;
        tokio::select! {
            done = all(cli, setup) => Ok(done),
            _ = tokio::signal::ctrl_c() => Err("interrupted".to_owned()),
            _ = asked.recv() => Err("told to end".to_owned()),
        }
    })
}

async fn all(cli: &Cli, setup: &Setup) -> bool {
    let runs = if cli.runs.is_empty() { Run::all(cli.size) } else { cli.runs.clone() };
    let begin = Instant::now();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!("| run | done | found | |\n|---|---|---|---|");
    for run in runs {
        let began = Instant::now();
        let ended = run.run(setup, cli.size, cli.rounds).await;
        let took = began.elapsed().as_secs_f64();
        let name = run.name();
        match ended {
            Ok(Ending::Ran(Report { done, found, held, notes })) => {
                let (count, verdict) = if held { (&mut passed, "held") } else { (&mut failed, "BROKEN") };
                *count += 1;
                println!("| {name} | {done} | {found} | {verdict}, {took:.0} s |");
                notes.iter().for_each(|note| println!("    {note}"));
            }
            Ok(Ending::Skipped(why)) => {
                skipped += 1;
                println!("| {name} | skipped | {why} | |");
            }
            Err(why) => {
                failed += 1;
                println!("| {name} | stopped | {why} | BROKEN, {took:.0} s |");
            }
        }
    }
    // As pytest ends, so that what reads its last line can read this one.
    let took = begin.elapsed().as_secs_f64();
    println!("{passed} passed, {failed} failed, {skipped} skipped in {took:.2}s");
    failed == 0
}
