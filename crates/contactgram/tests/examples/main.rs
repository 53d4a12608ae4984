//! The programs of `examples/`, run against a real server with faults in between: every language has to do the same. They
//! show as ignored in a plain `cargo test`, since somebody has to build them first; `cargo xtask test --only examples` does.

mod documented;
mod faults;
mod program;
mod refusals;
mod stage;
mod table;
