//! `cargo xtask torture`: the long runs of the harness in `crates/torture` against a release build; their
//! table goes into `docs/reliability.md`. Also the small runs as a suite of `test`. Measures nothing itself.

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::run;
use crate::test::{Cluster, Environment, Tally, packages, postgres};

#[derive(Args)]
pub struct Options {
    /// What to do, such as power-cut or kill; everything when nothing is named
    what: Vec<String>,

    /// Rounds of each run, instead of the long form's
    #[arg(long)]
    rounds: Option<u64>,

    /// Never install system packages; say what is missing and stop
    #[arg(long)]
    no_install: bool,
}

/// The long form.
///
/// # Errors
/// A sentence, when something can't be built or prepared.
pub fn run(root: &Path, options: &Options) -> Result<Tally, String> {
    let wanted = packages::Wanted { postgres: true, torture: postgres::is_root(), ..Default::default() };
    run::step("what the runs need", || packages::ensure(&wanted, !options.no_install))?;
    let cargo = |arguments: &[&str]| run::run(run::cargo().args(arguments).current_dir(root));
    run::step("build the server and the harness", || {
        cargo(&["build", "--release", "--package", "contactgram"])?;
        cargo(&["build", "--package", "contactgram-torture"])
    })?;
    let cluster =
        run::step("a throwaway PostgreSQL", || Cluster::start(&run::target_dir(root).join("xtask")))?;
    let mut environment = Environment::default();
    environment.set(crate::test::POSTGRES_URL, cluster.url());
    let mut harness = harness(root, "release");
    harness.args(["--size", "long"]).args(&options.what);
    if let Some(rounds) = options.rounds {
        harness.args(["--rounds", &rounds.to_string()]);
    }
    run::step("torture", || environment.count(&mut harness))
}

/// The small form, with what `test` has built and prepared. Runs that are skipped count as nothing.
pub fn small(root: &Path, environment: &Environment) -> Tally {
    let built = run::step("build the binaries for the torture", || {
        // As the tests before build them: with other features everything would be compiled again.
        run::run(run::cargo().args(["test", "--workspace", "--test", "it", "--no-run"]).current_dir(root))
    });
    if built.is_err() {
        return Tally::check(false);
    }
    let counted =
        run::step("torture", || environment.count(harness(root, "debug").args(["--size", "small"])));
    counted.unwrap_or(Tally::check(false))
}

/// The harness, to be let loose on the server of a profile.
fn harness(root: &Path, profile: &str) -> Command {
    let target = run::target_dir(root);
    let mut harness = Command::new(target.join("debug/contactgram-torture"));
    harness.arg("--program").arg(target.join(profile).join("contactgram")).current_dir(root);
    harness
}
