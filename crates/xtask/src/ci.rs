//! `cargo xtask ci`: format, tidy, licences, lints and tests, in the order of their cost; that the OpenAPI
//! document is fresh is one of the tests. Called by `.ci/run`. A step that fails does not stop the next, so
//! that one run shows everything.

use std::path::Path;

use crate::test::{self, Tally};
use crate::{deny, run, tidy};

/// Runs every check; a check that is not a suite of tests counts as one.
///
/// # Errors
/// A sentence, when the tests can't be prepared.
pub fn run(root: &Path, options: &test::Options) -> Result<Tally, String> {
    let cargo = |arguments: &[&str]| run::run(run::cargo().args(arguments).current_dir(root));
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    let mut gate = |name: &'static str, work: &dyn Fn() -> Result<(), String>| {
        let ended = run::step(name, work);
        tally.add(Tally::check(ended.is_ok()));
        if ended.is_err() {
            failed.push(name);
        }
    };
    gate("format", &|| cargo(&["fmt", "--all", "--check"]));
    gate("tidy", &|| if tidy::run(root)? { Ok(()) } else { Err("the house rules are broken".to_owned()) });
    gate("licences, bans and sources", &|| deny::run(root));
    gate("lints", &|| cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]));
    tally.add(run::step("tests", || test::run(root, options))?);
    if !failed.is_empty() {
        println!("failed before the tests: {}", failed.join("; "));
    }
    Ok(tally)
}
