//! The workshop: `cargo xtask tidy`, `deny`, `openapi`, `schemathesis`, `book`, `bench`, `dist`, `test` and `ci`.
//! Run by people and by `.ci/run`; each command prints what it does and ends with exit code 0 or 1.
//! It is no part of the product and never ships with it.
#![allow(clippy::print_stdout, reason = "printing is what a command-line tool is for")]

mod bench;
mod book;
mod ci;
mod deny;
mod dist;
mod fuzz;
mod openapi;
mod run;
mod schemathesis;
mod spdx;
mod test;
mod tidy;
mod torture;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Upkeep of the Contactgram repository")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the house rules that a reviewer would tire of
    Tidy,
    /// Check licences, banned crates and sources of all dependencies
    Deny,
    /// Write docs/openapi.json anew, or check that it is fresh
    Openapi(openapi::Options),
    /// Make the book of docs/ in target/book
    Book,
    /// Make requests up from docs/openapi.json, for long, and hold the server to it
    Schemathesis(schemathesis::Options),
    /// Try the parsers with inputs that a fuzzer makes up
    Fuzz(fuzz::Options),
    /// Measure what a request costs, beside servers that do as little as can be done
    Bench(bench::Options),
    /// Build what is given to others: a static program and a Debian package, in target/dist
    Dist(dist::Options),
    /// Prepare what the tests need (packages, a throwaway PostgreSQL), then run every suite
    Test(test::Options),
    /// Hurt a release build for long: power cuts, kills, failing and full disks, retries
    Torture(torture::Options),
    /// Everything continuous integration checks: format, lints, tidy, licences, tests
    Ci(test::Options),
}

fn main() -> ExitCode {
    let root = root();
    let ended = match Cli::parse().command {
        Command::Tidy => tidy::run(&root),
        Command::Deny => deny::run(&root).map(|()| true),
        Command::Openapi(options) => openapi::run(&root, &options).map(|()| true),
        Command::Book => book::run(&root).map(|()| true),
        Command::Schemathesis(options) => schemathesis::run(&root, &options).map(|tally| tally.report()),
        Command::Fuzz(options) => fuzz::run(&root, &options).map(|()| true),
        Command::Bench(options) => bench::run(&root, &options).map(|()| true),
        Command::Dist(options) => dist::run(&root, &options).map(|tally| tally.report()),
        Command::Test(options) => test::run(&root, &options).map(|tally| tally.report()),
        Command::Torture(options) => torture::run(&root, &options).map(|tally| tally.report()),
        Command::Ci(options) => ci::run(&root, &options).map(|tally| tally.report()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: this crate lives two folders below it.
fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root
}
