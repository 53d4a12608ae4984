//! `cargo xtask dist`: what is given to others, in `target/dist`: the program as one static file, and a Debian package of it
//! with unit, settings, manual pages and completions. Also the package that `test` looks at, of a program that is already
//! built. What belongs into the package is said in `crates/contactgram/Cargo.toml`; cargo-deb makes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::run;
use crate::test::{Environment, Tally, packages};

/// What makes the package; installed below the target folder where there is none.
const CARGO_DEB: (&str, &str) = ("cargo-deb", "3.8.0");
/// Where the tests read what they are to look at.
const PACKAGE: &str = "CONTACTGRAM_TEST_PACKAGE";
const STATIC: &str = "CONTACTGRAM_TEST_STATIC";

#[derive(Args)]
pub struct Options {
    /// Build the program alone, without a package and its tests
    #[arg(long)]
    program_only: bool,

    /// Never install system packages; say what is missing and stop
    #[arg(long)]
    no_install: bool,
}

/// Builds, packs, and tries both.
///
/// # Errors
/// A sentence, when something can't be built.
pub fn run(root: &Path, options: &Options) -> Result<Tally, String> {
    let target = host()?;
    run::step("a static program", || build(root, &target))?;
    let built = run::target_dir(root).join(&target).join("dist");
    let dist = run::target_dir(root).join("dist");
    let program = put(&built.join("contactgram"), &dist.join("contactgram"))?;
    if options.program_only {
        return sizes(&[program]).map(|()| Tally::check(true));
    }
    let wanted = packages::Wanted { package: true, ..Default::default() };
    run::step("what packing needs", || packages::ensure(&wanted, !options.no_install))?;
    let package = run::step("a Debian package", || {
        let arguments = ["--target", &target, "--multiarch", "none"];
        pack(root, &run::target_dir(root), &built, &arguments, &dist.join("contactgram.deb"))
    })?;
    sizes(&[program.clone(), package.clone()])?;
    let mut environment = Environment::default();
    environment.set(PACKAGE, package.to_string_lossy());
    environment.set(STATIC, program.to_string_lossy());
    run::step("tests of both", || tests(root, &environment, &[]))
}

/// A package of the program that the tests have built, looked at by `crates/contactgram/tests/package`. It differs from
/// the one of `dist` in the program alone.
pub fn small(root: &Path, environment: &Environment) -> Tally {
    let packed = run::step("a Debian package of the tests' program", || {
        // As the tests before build it: with other features everything would be compiled again.
        run::run(run::cargo().args(["test", "--workspace", "--test", "it", "--no-run"]).current_dir(root))?;
        // cargo-deb takes no debug builds; this folder looks like one of another kind.
        let home = run::target_dir(root).join("xtask/package");
        let built = home.join("dist");
        put(&run::target_dir(root).join("debug/contactgram"), &built.join("contactgram"))?;
        run::run(Command::new("strip").arg(built.join("contactgram")))?;
        pack(root, &home, &built, &["--fast"], &home.join("contactgram.deb"))
    });
    let Ok(package) = packed else { return Tally::check(false) };
    let mut environment = environment.clone();
    environment.set(PACKAGE, package.to_string_lossy());
    run::step("package", || tests(root, &environment, &["--skip", "alone::"])).unwrap_or(Tally::check(false))
}

fn tests(root: &Path, environment: &Environment, skipped: &[&str]) -> Result<Tally, String> {
    let test = ["test", "--workspace", "--test", "package", "--no-fail-fast", "--", "--ignored"];
    environment.count(run::cargo().args(test).args(skipped).current_dir(root))
}

/// The program, with its C library inside: it runs on any Linux of this architecture, and in an image that holds nothing else.
fn build(root: &Path, target: &str) -> Result<(), String> {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let mut cargo = run::cargo();
    cargo.args(["build", "--profile", "dist", "--locked", "--package", "contactgram", "--target", target]);
    cargo.env("RUSTFLAGS", format!("{flags} -C target-feature=+crt-static").trim());
    run::run(cargo.current_dir(root))
}

/// Makes the package of `built/contactgram` and what that prints of itself.
fn pack(
    root: &Path,
    home: &Path,
    built: &Path,
    arguments: &[&str],
    package: &Path,
) -> Result<PathBuf, String> {
    let program = built.join("contactgram");
    let parts = built.join("package");
    fs::create_dir_all(&parts).map_err(|why| format!("{}: {why}", parts.display()))?;
    let man = parts.join("man");
    // Of a program that had other commands.
    let _ = fs::remove_dir_all(&man);
    run::run(Command::new(&program).arg("man").arg(&man))?;
    let pages = fs::read_dir(&man).map_err(|why| format!("{}: {why}", man.display()))?;
    let pages = pages.flatten().map(|page| page.path());
    // cargo-deb compresses those that lie in the source tree alone.
    run::run(Command::new("gzip").args(["-9", "--no-name"]).args(pages))?;
    let prints: [(&[&str], &str); 4] = [
        (&["completions", "bash"], "contactgram.bash"),
        (&["completions", "zsh"], "contactgram.zsh"),
        (&["completions", "fish"], "contactgram.fish"),
        (&["config"], "contactgram.toml.example"),
    ];
    for (words, name) in prints {
        let file = parts.join(name);
        let text = run::output(Command::new(&program).args(words))?;
        fs::write(&file, text).map_err(|why| format!("{}: {why}", file.display()))?;
    }
    let mut deb = Command::new(cargo_deb(root)?);
    // The program as it is: nothing is built or stripped here.
    deb.args([
        "deb",
        "--no-build",
        "--no-strip",
        "--locked",
        "--profile",
        "dist",
        "--package",
        "contactgram",
    ]);
    deb.args(arguments).arg("--output").arg(package).env("CARGO_TARGET_DIR", home);
    run::run(deb.current_dir(root))?;
    Ok(package.to_owned())
}

/// cargo-deb as it is installed, or as it is installed here, once.
fn cargo_deb(root: &Path) -> Result<PathBuf, String> {
    let (name, version) = CARGO_DEB;
    if let Some(program) = run::which(name) {
        return Ok(program);
    }
    let tools = run::target_dir(root).join("xtask/tools").join(version);
    let program = tools.join("bin").join(name);
    if !program.is_file() {
        let mut install = run::cargo();
        install.args(["install", name, "--version", version, "--locked", "--quiet", "--root"]).arg(&tools);
        run::run(install.env("CARGO_TARGET_DIR", tools.join("target")).current_dir(root))?;
        // What it was built of is larger than all else here.
        let _ = fs::remove_dir_all(tools.join("target"));
    }
    Ok(program)
}

/// This machine's target, as rustc names it.
fn host() -> Result<String, String> {
    let told = run::output(Command::new("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc doesn't say what this machine is".to_owned())
}

/// Copies a file to a place whose folder is made if need be.
fn put(from: &Path, to: &Path) -> Result<PathBuf, String> {
    let failed = |why: std::io::Error| format!("{} to {}: {why}", from.display(), to.display());
    fs::create_dir_all(to.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    // Not over a program that may be running.
    let _ = fs::remove_file(to);
    fs::copy(from, to).map_err(failed)?;
    Ok(to.to_owned())
}

fn sizes(files: &[PathBuf]) -> Result<(), String> {
    for file in files {
        let size = file.metadata().map_err(|why| format!("{}: {why}", file.display()))?.len();
        println!("{}: {:.1} MB", file.display(), size as f64 / 1e6);
    }
    Ok(())
}
