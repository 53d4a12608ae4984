//! `cargo xtask fuzz`: builds the targets in `fuzz/` with coverage and runs them under libFuzzer.
//! Run by people; `ci` only runs the targets over their seeds, as a test. It needs no nightly compiler: coverage comes
//! from LLVM's own pass, asked for by flag, and without `unsafe` in this repository an address sanitizer would find
//! nothing of ours.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::run;

#[derive(Args)]
pub struct Options {
    /// One target instead of all; each is a file in fuzz/src/targets
    target: Option<String>,

    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u64,

    /// Run this input once instead, such as one that was found
    #[arg(long, requires = "target")]
    input: Option<PathBuf>,

    /// Further flags of libFuzzer, after `--`
    #[arg(last = true)]
    flags: Vec<OsString>,
}

/// What libFuzzer needs to see where an input went: counters on every edge, and what was compared.
const COVERAGE: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Bounds of one input: bytes, seconds, and megabytes of memory for the process.
const BOUNDS: &[&str] = &["-max_len=16384", "-timeout=10", "-rss_limit_mb=2048"];

/// Runs the targets one after another.
///
/// # Errors
/// The targets that found something, or why they can't be run.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    let home = root.join("fuzz");
    let all = targets(&home)?;
    let chosen = match &options.target {
        None => all,
        Some(name) if all.contains(name) => vec![name.clone()],
        Some(name) => return Err(format!("there is no target {name}; there are {}", all.join(", "))),
    };
    let work = run::target_dir(root).join("fuzz");
    let program = run::step("the targets, with coverage", || build(&home, &work))?;
    let mut found = Vec::new();
    for name in chosen {
        let ran = run::step(&format!("fuzz {name}"), || {
            let places = Places::of(&home, &work, &name)?;
            run::run(Command::new(&program).args(places.arguments(options)))
        });
        if ran.is_err() {
            found.push(name);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(format!("inputs that break a law are in {}: {}", work.join("found").display(), found.join(", ")))
}

/// Each target has a corpus of its name.
fn targets(home: &Path) -> Result<Vec<String>, String> {
    let corpora = home.join("corpus");
    let listing = fs::read_dir(&corpora).map_err(|why| format!("{}: {why}", corpora.display()))?;
    let mut names: Vec<String> =
        listing.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

fn build(home: &Path, work: &Path) -> Result<PathBuf, String> {
    let host = host()?;
    let mut build = run::cargo();
    build.args(["build", "--release", "--bin", "fuzz"]);
    // Naming the target keeps the flags away from build scripts and macros.
    build.args(["--target", &host]).arg("--target-dir").arg(work).current_dir(home.join("engine"));
    run::run(build.env("RUSTFLAGS", COVERAGE.join(" ")))?;
    Ok(work.join(host).join("release/fuzz"))
}

/// The platform that the compiler is at home on.
fn host() -> Result<String, String> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let about = run::output(Command::new(compiler).arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say which platform it is on".to_owned())
}

/// Where one target reads and writes.
struct Places {
    name: String,
    /// What the fuzzer finds interesting; kept between runs, and never checked in.
    grown: PathBuf,
    /// Checked in; only read.
    seeds: PathBuf,
    dictionary: Option<PathBuf>,
    /// Where inputs that break a law go.
    found: PathBuf,
}

impl Places {
    fn of(home: &Path, work: &Path, name: &str) -> Result<Places, String> {
        let (grown, found) = (work.join("corpus").join(name), work.join("found"));
        for folder in [&grown, &found] {
            fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        }
        let dictionary = home.join("dictionaries").join(format!("{name}.dict"));
        Ok(Places {
            name: name.to_owned(),
            grown,
            seeds: home.join("corpus").join(name),
            dictionary: dictionary.is_file().then_some(dictionary),
            found,
        })
    }

    fn arguments(&self, options: &Options) -> Vec<OsString> {
        let mut arguments = vec![OsString::from(format!("--target={}", self.name))];
        arguments.push(format!("-max_total_time={}", options.seconds).into());
        arguments.push("-print_final_stats=1".into());
        arguments.extend(BOUNDS.iter().map(OsString::from));
        let mut named = |flag: &str, path: &Path, end: &str| {
            let mut argument = OsString::from(flag);
            argument.push(path);
            argument.push(end);
            arguments.push(argument);
        };
        // libFuzzer puts what it has to say of an input behind this.
        named("-artifact_prefix=", &self.found, &format!("/{}-", self.name));
        if let Some(dictionary) = &self.dictionary {
            named("-dict=", dictionary, "");
        }
        arguments.extend(options.flags.iter().cloned());
        let inputs = match &options.input {
            Some(input) => vec![input.clone()],
            // New inputs go into the first folder that is named; the others are read.
            None => vec![self.grown.clone(), self.seeds.clone()],
        };
        arguments.extend(inputs.into_iter().map(PathBuf::into_os_string));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_grows_a_corpus_of_its_own_and_only_reads_the_seeds() {
        let folder = tempfile::tempdir().unwrap();
        let (home, work) = (folder.path().join("fuzz"), folder.path().join("work"));
        fs::create_dir_all(home.join("corpus/phone")).unwrap();
        assert_eq!(targets(&home), Ok(vec!["phone".to_owned()]));
        let places = Places::of(&home, &work, "phone").unwrap();
        let options = Options { target: None, seconds: 7, input: None, flags: vec!["-jobs=1".into()] };
        let arguments = places.arguments(&options);
        assert_eq!(arguments[0], "--target=phone");
        assert!(arguments.contains(&"-max_total_time=7".into()) && arguments.contains(&"-jobs=1".into()));
        assert_eq!(
            arguments[arguments.len() - 2..],
            [work.join("corpus/phone").into_os_string(), home.join("corpus/phone").into_os_string()]
        );
        assert!(work.join("corpus/phone").is_dir());
        let again = places.arguments(&Options { input: Some("found".into()), ..options });
        assert_eq!((again.len(), again.last()), (arguments.len() - 1, Some(&"found".into())));
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_known_ones() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("fuzz/corpus/phone")).unwrap();
        let options = Options { target: Some("fone".to_owned()), seconds: 1, input: None, flags: Vec::new() };
        let why = run(folder.path(), &options).unwrap_err();
        assert_eq!(why, "there is no target fone; there are phone");
    }
}
