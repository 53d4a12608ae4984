//! The program `contactgram`: the server, and the commands that tend its data.
//! Here it only starts: arguments, configuration and logs, then the command. No logic lives in this crate.

mod admin;
mod banner;
mod cli;
mod config;
mod failure;
mod output;
mod probe;
mod progress;
mod secrets;
mod server;
mod shutdown;
mod supervisor;
mod telemetry;
use contactgram_model::times;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("contactgram: {failure}");
            ExitCode::FAILURE
        }
    }
}
