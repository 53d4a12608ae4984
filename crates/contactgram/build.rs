//! Tells the program which commit it is built from, for `--version`: the variable CONTACTGRAM_COMMIT if it is set, as packagers do who
//! build without a repository, else what git says; nothing where neither is there.
#![allow(clippy::print_stdout, reason = "that is how a build script speaks to cargo")]

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=CONTACTGRAM_COMMIT");
    let given = std::env::var("CONTACTGRAM_COMMIT").ok().filter(|commit| !commit.is_empty());
    // HEAD names a branch; its log changes with each commit.
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    match given.or_else(|| git(&["rev-parse", "--short=12", "HEAD"])) {
        Some(commit) => {
            println!("cargo:rustc-env=CONTACTGRAM_VERSION={version} ({commit})");
            println!("cargo:rustc-env=CONTACTGRAM_BUILD_COMMIT={commit}");
        }
        None => println!("cargo:rustc-env=CONTACTGRAM_VERSION={version}"),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}
