//! `cargo xtask openapi`: the copy of the OpenAPI document in the repository, `docs/openapi.json`.
//! Called by people; in a run of all tests the same comparison is one of them. The document is written by a test of contactgram-http;
//! nothing is known of it here.

use std::path::Path;

use clap::Args;

use crate::run;

/// The test that compares the copy with the document.
const TEST: &str = "openapi::tests::the_copy_in_the_repository_is_this_document";

#[derive(Args)]
pub struct Options {
    /// Change nothing; fail when the copy is stale
    #[arg(long)]
    pub check: bool,
}

/// Writes the copy anew, or checks it.
///
/// # Errors
/// A sentence, when the copy is stale or the test can't be built.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    let mut cargo = run::cargo();
    cargo.args(["test", "--quiet", "--package", "contactgram-http", "--lib", "--", "--exact", TEST]);
    cargo.current_dir(root).env_remove("UPDATE_OPENAPI");
    if !options.check {
        cargo.env("UPDATE_OPENAPI", "1");
    }
    run::run(&mut cargo)
}
