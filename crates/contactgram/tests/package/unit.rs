//! The unit, as systemd itself judges it, beside the files of the package.

use std::process::Command;

use crate::kit::{output, repository, unpacked};

/// What systemd gives to a unit that keeps away from everything is 0, to one that keeps from nothing 100.
const EXPOSED: &str = "15";

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn systemd_understands_every_line_of_the_unit() {
    let root = unpacked();
    let unit = root.path().join("usr/lib/systemd/system/contactgram.service");
    // The program where this machine has it: `verify` looks whether it can be started.
    let text = std::fs::read_to_string(&unit).expect("the unit is in the package");
    let program = root.path().join("usr/bin/contactgram");
    let here = tempfile::tempdir().expect("a temporary folder");
    let copy = here.path().join("contactgram.service");
    std::fs::write(&copy, text.replace("/usr/bin/contactgram", &program.to_string_lossy())).expect("written");
    let verified =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&copy).output().expect("runs");
    // Of other units on this machine it may have things to say.
    let said = String::from_utf8_lossy(&verified.stderr);
    let of_ours: Vec<&str> = said.lines().filter(|line| line.contains("contactgram")).collect();
    assert!(verified.status.success() && of_ours.is_empty(), "{said}");
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn the_unit_leaves_little_exposed() {
    let unit = repository("packaging/systemd/contactgram.service");
    let arguments = ["security", "--no-pager", "--offline=true", "--threshold", EXPOSED];
    let told = output(Command::new("systemd-analyze").args(arguments).arg(unit));
    assert!(told.contains("exposure level"), "{told}");
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn stopping_and_open_files_leave_room_for_the_defaults() {
    let text =
        std::fs::read_to_string(repository("packaging/systemd/contactgram.service")).expect("the unit");
    let number = |text: &str, name: &str| -> u64 {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
        let value = value.and_then(|value| value.split_whitespace().next()?.replace('_', "").parse().ok());
        value.unwrap_or_else(|| panic!("{name}: {text}"))
    };
    let defaults = output(Command::new(env!("CARGO_BIN_EXE_contactgram")).arg("config")).replace("#", "");
    assert!(number(&text, "TimeoutStopSec") > number(&defaults, "drain_s"));
    assert!(number(&text, "LimitNOFILE") > 2 * number(&defaults, "max_connections"));
}

#[test]
#[ignore = "needs the package made: cargo xtask test --only package"]
fn tokens_go_into_the_data_folder_and_the_log_into_the_journal() {
    let text =
        std::fs::read_to_string(repository("packaging/systemd/contactgram.service")).expect("the unit");
    // What says nothing of standard error sends it after standard output.
    for line in ["StandardOutput=append:/var/lib/contactgram/started.txt", "StandardError=journal"] {
        assert!(text.lines().any(|each| each == line), "{line}");
    }
}
