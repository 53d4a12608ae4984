//! libFuzzer around one target: `fuzz --target=NAME [libFuzzer's flags] [corpus folders]`.
//! Started by `cargo xtask fuzz`, which builds it with coverage. It has no `main`: libFuzzer brings one, and
//! passes over what begins with two dashes.

#![no_main]

use std::sync::OnceLock;

use contactgram_fuzz::{TARGETS, Target, target};
use libfuzzer_sys::fuzz_target;

static CHOSEN: OnceLock<Target> = OnceLock::new();

fuzz_target!(|input: &[u8]| { CHOSEN.get_or_init(chosen)(input) });

fn chosen() -> Target {
    let name = std::env::args().find_map(|argument| argument.strip_prefix("--target=").map(str::to_owned));
    let found = name.as_deref().and_then(target);
    found.unwrap_or_else(|| {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        panic!("--target must be one of {}", names.join(", "))
    })
}
