//! Fuzz targets: one function a parser, each with the laws that must hold for whatever it is given.
//! Run by `engine` under libFuzzer (`cargo xtask fuzz`), and by `tests/corpus.rs` over the inputs that are checked in.
//! None of them opens a connection; those that need files have them in memory.

#![forbid(unsafe_code)]

#[path = "../../crates/contactgram/src/config/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the program's own module, of which a target needs the reading of a file"
)]
mod config;
#[path = "../../crates/connector/src/courier/reply.rs"]
mod reply;
mod targets;

/// Runs one input; panics where a law is broken.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("audit", targets::audit::run),
    ("config", targets::config::run),
    ("contact", targets::contact::run),
    ("cursor", targets::cursor::run),
    ("markup", targets::markup::run),
    ("member", targets::member::run),
    ("oauth", targets::oauth::run),
    ("params", targets::params::run),
    ("phone", targets::phone::run),
    ("redirect", targets::redirect::run),
    ("reply", targets::reply::run),
    ("request", targets::request::run),
    ("search", targets::search::run),
    ("text", targets::text::run),
    ("token", targets::token::run),
    ("transfer", targets::transfer::run),
    ("vcard", targets::vcard::run),
    ("webhook", targets::webhook::run),
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, run)| *run)
}
