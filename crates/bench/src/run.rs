//! `contactgram-bench run`: the operations that were asked for, one after the other, and the table. What an
//! operation does is in `ops`; how things are started in `stage`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::ops::Operation;
use crate::report::Report;
use crate::stage::Stage;
use crate::{Failed, ops};

/// Measure operations beside their contestants
#[derive(Args)]
pub struct Run {
    /// Operations; all of them when none is named
    operations: Vec<Operation>,
    #[command(flatten)]
    settings: Settings,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// How to measure.
#[derive(Args, Clone)]
pub struct Settings {
    /// The server: a release build
    #[arg(long, default_value = "target/release/contactgram")]
    pub binary: PathBuf,
    /// Where data sets are kept between runs, and copied to for each
    #[arg(long, default_value_os_t = std::env::temp_dir().join("contactgram-bench"))]
    pub data: PathBuf,
    /// `sqlite`, or the postgres:// URL of a server where databases may be made
    #[arg(long, default_value = "sqlite")]
    pub engine: String,
    /// Contacts of the data set
    #[arg(long, default_value_t = 100_000)]
    pub contacts: u64,
    /// Messages of the data set
    #[arg(long, default_value_t = 0)]
    pub messages: u64,
    /// Contacts, and as many messages, of the set that `start` starts on
    #[arg(long, default_value_t = 1_000_000)]
    pub start_rows: u64,
    /// Alternations of server and contestants
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// Connections that ask at the same time
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Seconds that a measurement waits, at most, for the rest of the machine to be quiet
    #[arg(long, default_value_t = 5.0)]
    pub quiet: f64,
    /// Measure on the data set itself instead of a copy: for sets too large to copy
    #[arg(long)]
    pub in_place: bool,
}

impl Settings {
    pub fn length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.05, 600.0))
    }
}

impl Run {
    pub fn run(self) -> Result<(), Failed> {
        if !self.settings.binary.is_file() {
            let path = self.settings.binary.display();
            return Err(format!("{path} is missing: `cargo build --release` first, or --binary").into());
        }
        rlimit::increase_nofile_limit(u64::MAX)?;
        let stage = Stage::new(self.settings)?;
        let operations = match self.operations.as_slice() {
            [] => ops::all(),
            named => named.to_vec(),
        };
        let mut report = Report::new(&stage.settings);
        for operation in operations {
            if let Err(why) = ops::measure(operation, &stage, &mut report) {
                report.failed(operation, &why);
                eprintln!("{}: {why}", operation.name());
            }
        }
        println!("{}", if self.json { report.json()? } else { report.markdown() });
        if report.is_complete() { Ok(()) } else { Err("not everything could be measured".into()) }
    }
}
