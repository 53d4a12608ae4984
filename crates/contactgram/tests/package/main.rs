//! The Debian package and the static program, as `cargo xtask dist` and `cargo xtask test --only package` make them: what is
//! in them, whether systemd and dpkg take them, and what is left behind. They show as ignored in a plain `cargo test`, since
//! somebody has to make them first.

mod alone;
mod contents;
mod installed;
mod kit;
mod unit;
