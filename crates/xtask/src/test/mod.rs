//! `cargo xtask test`: makes sure of what the tests need, then runs every suite and adds up the results.
//! Called by people, and by `ci`. Each step prints its time; the last line is `N passed, N failed`.

mod compat;
mod examples;
mod install;
mod memory;
pub mod packages;
pub mod postgres;
mod tally;

use std::path::Path;
use std::process::Command;

use clap::{Args, ValueEnum};

use crate::run;
use compat::Suites;
use memory::Memory;
pub use postgres::Cluster;
pub use tally::Tally;

#[derive(Args)]
pub struct Options {
    /// Run one kind of suite instead of all
    #[arg(long, value_enum)]
    only: Option<Suite>,

    /// Never install system packages; say what is missing and stop
    #[arg(long)]
    no_install: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Tests beside the code; no PostgreSQL, its tests show as ignored
    Unit,
    /// Tests in `crates/*/tests`, above all the binary's
    It,
    /// Other people's clients, in `tests/compat`
    Compat,
    /// The portal in a real browser, in `tests/portal`
    Portal,
    /// The server against `docs/openapi.json`: the short form of `cargo xtask schemathesis`, in `tests/openapi`
    Openapi,
    /// The programs of `examples/`, with faults between them and the server
    Examples,
    /// A Debian package of the program, and what belongs to it
    Package,
    /// All tests of the store, on both engines
    Store,
    /// Power cuts, kills, failing and full disks, retries: the small form of `cargo xtask torture`
    Torture,
}

/// Variables that the suites get.
#[derive(Clone, Default)]
pub struct Environment(Vec<(String, String)>);

/// Which engine the servers of tests keep their data in, where a test doesn't say.
const ENGINE: &str = "CONTACTGRAM_TEST_ENGINE";
/// Where the tests find a PostgreSQL to make databases on.
pub const POSTGRES_URL: &str = "CONTACTGRAM_TEST_POSTGRES";

/// Runs the suites and returns what they counted.
///
/// # Errors
/// A sentence, when the tests can't be prepared.
pub fn run(root: &Path, options: &Options) -> Result<Tally, String> {
    let suites = match options.only {
        Some(Suite::Compat) => Suites::of(root).clients(),
        Some(Suite::Portal) => Suites::of(root).pages(),
        Some(Suite::Openapi) => Suites::of(root).description(),
        _ => Suites::of(root),
    };
    let from_outside = matches!(options.only, None | Some(Suite::Compat | Suite::Portal | Suite::Openapi));
    let examples = matches!(options.only, None | Some(Suite::Examples));
    let package = matches!(options.only, None | Some(Suite::Package));
    let torture = matches!(options.only, None | Some(Suite::Torture));
    // Somebody who names a server wants that one tested.
    let named = std::env::var(POSTGRES_URL).ok();
    let with_postgres = !matches!(
        options.only,
        Some(Suite::Unit | Suite::Portal | Suite::Openapi | Suite::Examples | Suite::Package)
    );
    let wanted = packages::Wanted {
        postgres: with_postgres && named.is_none(),
        python: from_outside && (suites.python || suites.portal || suites.openapi) || examples,
        node: from_outside && suites.node || examples,
        browser: from_outside && suites.portal,
        java: examples,
        mono: examples,
        package,
        // Without root there are no disks to cut off, and those runs say that they are skipped.
        torture: torture && postgres::is_root(),
    };
    run::step("what the tests need", || packages::ensure(&wanted, !options.no_install))?;

    let mut environment = Environment::default();
    let memory = Memory::find();
    let mut cluster = None;
    if wanted.postgres {
        let home = memory
            .as_ref()
            .map_or_else(|| run::target_dir(root).join("xtask"), |memory| memory.path().to_owned());
        cluster = Some(run::step("a throwaway PostgreSQL", || Cluster::start(&home))?);
    }
    if let Some(url) = cluster.as_ref().map(Cluster::url).or(named).filter(|_| with_postgres) {
        environment.set(POSTGRES_URL, url);
        environment.set("CONTACTGRAM_REQUIRE_POSTGRES", "1");
    }

    // The torture runs are about disks.
    let on_disk = environment.clone();
    if let Some(memory) = &memory {
        environment.set("TMPDIR", memory.path().to_string_lossy());
    }
    environment.set("RUST_TEST_THREADS", threads().to_string());

    let mut tally = Tally::default();
    if let Some(arguments) = cargo_arguments(options.only) {
        let name = format!("cargo {}", arguments.join(" "));
        let counted = run::step(&name, || {
            environment.count(run::cargo().args(arguments).arg("--no-fail-fast").current_dir(root))
        });
        tally.add(counted.unwrap_or(Tally::check(false)));
    }
    if matches!(options.only, None | Some(Suite::It)) {
        // What names no engine ran on SQLite above. The command line's own tests choose for themselves, and
        // the hub's model has an engine of its own. `--workspace`, so that nothing is compiled again.
        let again = ["test", "--workspace", "--test", "it", "--no-fail-fast", "--"];
        let skipped = ["--skip", "cli::", "--skip", "updates_model"];
        let counted = run::step("the server's tests on PostgreSQL", || {
            environment
                .count(run::cargo().args(again).args(skipped).env(ENGINE, "postgres").current_dir(root))
        });
        tally.add(counted.unwrap_or(Tally::check(false)));
    }
    if from_outside {
        tally.add(suites.run(root, &environment));
    }
    if examples {
        tally.add(examples::run(root, &environment));
    }
    if package {
        tally.add(crate::dist::small(root, &environment));
    }
    if torture {
        tally.add(crate::torture::small(root, &on_disk));
    }
    if cluster.is_some() {
        run::step("stop PostgreSQL", || {
            drop(cluster);
            Ok(())
        })?;
    }
    Ok(tally)
}

/// Runs the suite that holds the server to its description in its long form.
///
/// # Errors
/// A sentence, when it can't be prepared.
pub fn schemathesis(root: &Path, variables: &[(&str, String)]) -> Result<Tally, String> {
    let suite = Suites::of(root).description();
    let wanted = packages::Wanted { python: true, ..packages::Wanted::default() };
    run::step("what the tests need", || packages::ensure(&wanted, true))?;
    let mut environment = Environment::default();
    let memory = Memory::find();
    if let Some(memory) = &memory {
        environment.set("TMPDIR", memory.path().to_string_lossy());
    }
    for (name, value) in variables {
        environment.set(name, value.clone());
    }
    Ok(suite.run(root, &environment))
}

/// Most tests wait for their server more than they work.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * 2
}

fn cargo_arguments(only: Option<Suite>) -> Option<&'static [&'static str]> {
    match only {
        None => Some(&["test", "--workspace"]),
        Some(Suite::Unit) => Some(&["test", "--workspace", "--lib", "--bins"]),
        Some(Suite::It) => Some(&["test", "--workspace", "--test", "*"]),
        Some(Suite::Store) => Some(&["test", "--package", "contactgram-store"]),
        Some(
            Suite::Compat
            | Suite::Portal
            | Suite::Openapi
            | Suite::Examples
            | Suite::Package
            | Suite::Torture,
        ) => None,
    }
}

impl Environment {
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Runs a suite, shows its output and counts its tests.
    pub fn count(&self, command: &mut Command) -> Result<Tally, String> {
        let mut tally = Tally::default();
        let variables = self.0.iter().map(|(name, value)| (name, value));
        let ended_well = run::follow(command.envs(variables), |line| tally.read(line))?;
        Ok(tally.closed(ended_well))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_gets_its_variables_and_its_tests_are_counted() {
        let mut environment = Environment::default();
        environment.set("PASSED_HERE", "7");
        let mut suite = Command::new("sh");
        suite.args(["-c", "echo \"$PASSED_HERE passed, 2 failed in 0.1s\"; exit 1"]);
        assert_eq!(environment.count(&mut suite), Ok(Tally { passed: 7, failed: 2 }));
    }

    #[test]
    fn a_suite_that_dies_before_its_first_test_is_a_failure() {
        let mut suite = Command::new("sh");
        suite.args(["-c", "exit 101"]);
        assert_eq!(Environment::default().count(&mut suite), Ok(Tally { passed: 0, failed: 1 }));
    }
}
