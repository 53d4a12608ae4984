//! Running other programs and timing what is done: shared by `test`, `ci` and `deny`.
//! Programs get their arguments as a list, never through a shell of ours.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How the variables begin that cargo sets for a program it runs.
const OURS: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// The cargo that runs us, so that everything uses one toolchain.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // What it told us of ourselves: a build script that looks at that (ring's) would be run again, and all that depends on it
    // compiled again, each time that somebody calls cargo without us.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OURS.iter().any(|start| name.starts_with(start))) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Where builds go, and under `xtask/` what this program keeps.
pub fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |set| root.join(set))
}

/// Does `work` under a heading and prints how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    println!("==> {name}");
    let start = Instant::now();
    let done = work();
    let ended = match &done {
        Ok(_) => "done",
        Err(_) => "FAILED",
    };
    println!("<== {name}: {ended} in {:.1} s", start.elapsed().as_secs_f64());
    if let Err(why) = &done {
        println!("{why}");
    }
    done
}

/// Runs a program with its output shown.
///
/// # Errors
/// A sentence, when it can't be started or doesn't end well.
pub fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|why| cannot_start(command, &why))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// Runs a program in silence and returns what it printed.
///
/// # Errors
/// What it wrote to standard error, when it can't be started or doesn't end well.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|why| cannot_start(command, &why))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} ended with {}\n{}", shown(command), output.status, said.trim_end()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program, shows its output and hands over each line of it; true when it ends well.
///
/// # Errors
/// A sentence, when it can't be started.
pub fn follow(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool, String> {
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|why| cannot_start(command, &why))?;
    if let Some(stdout) = child.stdout.take() {
        // Bytes, not `lines()`: a test may print what is not UTF-8.
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            each(&line);
        }
    }
    child.wait().map(|status| status.success()).map_err(|why| format!("{}: {why}", shown(command)))
}

/// Whether a program can be started and ends well, its output thrown away.
pub fn succeeds(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Finds a program on PATH.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn cannot_start(command: &Command, why: &std::io::Error) -> String {
    format!("cannot start {}: {why}", shown(command))
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_handed_over_and_the_end_is_told() {
        let mut lines = Vec::new();
        let ended = follow(Command::new("sh").args(["-c", "echo one; echo two; exit 3"]), |line| {
            lines.push(line.to_owned());
        });
        assert_eq!((ended, lines.join(" ")), (Ok(false), "one two".to_owned()));
    }

    #[test]
    fn a_failure_names_the_program_and_what_it_said() {
        let why = output(Command::new("sh").args(["-c", "echo sorry >&2; exit 1"])).expect_err("it failed");
        assert!(why.starts_with("sh -c") && why.ends_with("sorry"), "{why}");
        let why = run(&mut Command::new("no-such-program-here")).expect_err("it does not exist");
        assert!(why.starts_with("cannot start no-such-program-here"), "{why}");
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(which("sh").is_some());
        assert!(which("no-such-program-here").is_none());
        assert!(succeeds("sh", &["-c", "true"]) && !succeeds("sh", &["-c", "false"]));
    }
}
