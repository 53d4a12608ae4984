//! What the tests of the package share: where it is, running programs, and the package unpacked. It knows no test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The package, made by `cargo xtask`.
pub fn package() -> PathBuf {
    let told = std::env::var("CONTACTGRAM_TEST_PACKAGE");
    PathBuf::from(told.expect("`cargo xtask test --only package` makes the package"))
}

/// The static program, which only `cargo xtask dist` makes.
pub fn alone() -> Option<PathBuf> {
    std::env::var("CONTACTGRAM_TEST_STATIC").ok().map(PathBuf::from)
}

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// What a program prints that ends well.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?} ended with {status}: {said}");
    String::from_utf8_lossy(&stdout).into_owned()
}

#[track_caller]
pub fn dpkg_deb(arguments: &[&str]) -> String {
    output(Command::new("dpkg-deb").args(arguments).arg(package()))
}

/// The package's files in a folder of their own.
pub fn unpacked() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    output(Command::new("dpkg-deb").arg("--extract").arg(package()).arg(folder.path()));
    folder
}

pub fn is_root() -> bool {
    output(Command::new("id").arg("-u")).trim() == "0"
}
