//! `cargo xtask bench`: the server and the bench as release builds, and what a request costs, on SQLite and on
//! request on a throwaway PostgreSQL. The table goes into `docs/performance.md`. Measures nothing itself.

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::run;
use crate::test::{Cluster, packages};

#[derive(Args)]
pub struct Options {
    /// Measure on a throwaway PostgreSQL instead of SQLite
    #[arg(long)]
    postgres: bool,

    /// Never install system packages; say what is missing and stop
    #[arg(long)]
    no_install: bool,

    /// What `contactgram-bench run` takes: operations, --rounds N, --seconds S, --contacts N, --json …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and measures.
///
/// # Errors
/// A sentence, when something can't be built or prepared, or an operation could not be measured.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    run::step("build the server and the bench", || {
        // One after the other: together they would share features, and the server be another than the shipped one.
        ["contactgram", "contactgram-bench"].iter().try_for_each(|package| {
            run::run(run::cargo().args(["build", "--release", "--package", package]).current_dir(root))
        })
    })?;
    let release = run::target_dir(root).join("release");
    let mut bench = Command::new(release.join("contactgram-bench"));
    bench.arg("run").arg("--binary").arg(release.join("contactgram"));
    // Beside the builds: in a temporary folder that is held in memory a sync would cost nothing.
    bench.arg("--data").arg(run::target_dir(root).join("xtask/bench")).current_dir(root);
    let mut cluster = None;
    if options.postgres {
        let wanted = packages::Wanted { postgres: true, ..Default::default() };
        run::step("what the bench needs", || packages::ensure(&wanted, !options.no_install))?;
        let home = run::target_dir(root).join("xtask");
        let started = run::step("a throwaway PostgreSQL", || Cluster::start(&home))?;
        bench.args(["--engine", &started.url()]);
        cluster = Some(started);
    }
    bench.args(&options.arguments);
    let measured = run::step("measure", || run::run(&mut bench));
    drop(cluster);
    measured
}
