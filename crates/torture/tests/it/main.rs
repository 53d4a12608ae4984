//! The harness as a program: what it says when it can't begin. That it finds what it looks for is shown by
//! its own control, the disk that lies.

use std::process::{Command, Output};

fn torture(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_contactgram-torture")).args(arguments).output().expect("it starts")
}

#[test]
fn a_program_that_is_not_there_is_one_clear_line() {
    let output = torture(&["kill", "--program", "/nowhere/contactgram"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("contactgram-torture: /nowhere/contactgram: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_program_that_is_no_server_is_a_broken_promise_and_not_a_pass() {
    let output = torture(&["kill", "--program", "/bin/true", "--rounds", "1"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed.contains("0 passed, 1 failed, 0 skipped in "), "{printed}");
}

#[test]
fn a_run_that_does_not_exist_is_refused() {
    let output = torture(&["earthquake"]);
    assert_eq!(output.status.code(), Some(2));
}
