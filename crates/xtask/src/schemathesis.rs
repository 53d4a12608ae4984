//! `cargo xtask schemathesis`: the long form of the suite in `tests/openapi`, whose short form is part of `cargo xtask test`.
//! Called by people. What it says of each request is in `target/openapi/`; nothing is known of the API here.

use std::path::Path;

use clap::Args;

use crate::test::{self, Tally};

#[derive(Args)]
pub struct Options {
    /// How many requests are made up at random for each operation, in each form of the API, beside those that cover the bounds
    #[arg(long, default_value_t = 40)]
    max_examples: u32,

    /// What they are made up from; the same number makes the same requests
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,
}

/// Runs it and returns what it counted.
///
/// # Errors
/// A sentence, when it can't be prepared.
pub fn run(root: &Path, options: &Options) -> Result<Tally, String> {
    let variables = [
        ("CONTACTGRAM_SCHEMATHESIS", "long".to_owned()),
        ("CONTACTGRAM_SCHEMATHESIS_EXAMPLES", options.max_examples.to_string()),
        ("CONTACTGRAM_SCHEMATHESIS_SEED", options.seed.to_string()),
    ];
    test::schemathesis(root, &variables)
}
