//! The bench: drives the real server over loopback beside contestants that do as little as can be done, in
//! alternation in one run, and prints what a request costs as a ratio. Run by people and by `cargo xtask bench`;
//! `docs/performance.md` says how to read it. It is no part of the product.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints")]

mod answer;
mod chance;
mod client;
mod contest;
mod fill;
mod load;
mod ops;
mod postgres;
mod process;
mod report;
mod run;
mod stage;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Why something could not be measured, in a sentence.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(name = "contactgram-bench", about = "What a request costs, beside the limit")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Fill(fill::Fill),
    Serve(contest::Serve),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(run) => run.run(),
        Command::Fill(fill) => fill.run(),
        Command::Serve(serve) => serve.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("contactgram-bench: {why}");
            ExitCode::FAILURE
        }
    }
}
