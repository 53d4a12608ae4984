//! The suites that see our binary from outside: other people's clients under `tests/compat/`, and a browser under
//! `tests/portal/`. Called by `test`. A suite whose folder is not there is skipped; installs are kept under the target folder
//! until the file that pins them changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Environment, tally::Tally};
use crate::run;

/// Which suites this checkout has.
pub struct Suites {
    folder: PathBuf,
    pub python: bool,
    pub node: bool,
    rust: bool,
    pub portal: bool,
}

impl Suites {
    pub fn of(root: &Path) -> Suites {
        let folder = root.join("tests/compat");
        Suites {
            python: folder.join("python/requirements.txt").is_file(),
            node: folder.join("node/package-lock.json").is_file(),
            rust: folder.join("rust/Cargo.toml").is_file(),
            portal: root.join("tests/portal/requirements.txt").is_file(),
            folder,
        }
    }

    /// Those of other people's clients alone.
    pub fn clients(self) -> Suites {
        Suites { portal: false, ..self }
    }

    /// The portal's alone.
    pub fn pages(self) -> Suites {
        Suites { python: false, node: false, rust: false, ..self }
    }

    /// Runs each suite there is; one that can't be prepared counts as a failure.
    pub fn run(&self, root: &Path, environment: &Environment) -> Tally {
        let target = run::target_dir(root);
        let mut tally = Tally::default();
        if !(self.python || self.node || self.rust || self.portal) {
            println!("no such suites beside {}", self.folder.display());
            return tally;
        }
        let mut environment = environment.clone();
        let built = run::step("build the binary for the suites from outside", || {
            // As the tests before build it: with other features everything would be compiled again.
            run::run(run::cargo().args(["test", "--workspace", "--test", "it", "--no-run"]).current_dir(root))
        });
        if built.is_err() {
            return Tally::check(false);
        }
        environment.set("CONTACTGRAM_BIN", target.join("debug/contactgram").to_string_lossy());
        let mut suite = |name: &str, wanted: bool, work: &dyn Fn() -> Result<Tally, String>| {
            if wanted {
                tally.add(run::step(name, work).unwrap_or(Tally::check(false)));
            }
        };
        suite("compatibility: Python", self.python, &|| {
            run_pytest(root, (&target, "venv"), "tests/compat/python", &environment)
        });
        suite("compatibility: Node", self.node, &|| self.run_node(&target, &environment));
        suite("compatibility: Rust", self.rust, &|| self.run_rust(root, &target, &environment));
        suite("the portal in Chromium", self.portal, &|| {
            run_pytest(root, (&target, "venv-portal"), "tests/portal", &environment)
        });
        tally
    }

    fn run_node(&self, target: &Path, environment: &Environment) -> Result<Tally, String> {
        let folder = self.folder.join("node");
        let home = target.join("xtask/node");
        let pins = [folder.join("package-lock.json"), folder.join("package.json")];
        install_once(&home, &[&pins[0], &pins[1]], || {
            fs::create_dir_all(&home).map_err(|why| format!("{}: {why}", home.display()))?;
            for pin in &pins {
                let copy = home.join(pin.file_name().unwrap_or_default());
                fs::copy(pin, copy).map_err(|why| format!("{}: {why}", pin.display()))?;
            }
            run::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&home))
        })?;
        link(&home.join("node_modules"), &folder.join("node_modules"))?;
        environment.count(Command::new("npm").arg("test").current_dir(&folder))
    }

    fn run_rust(&self, root: &Path, target: &Path, environment: &Environment) -> Result<Tally, String> {
        let mut test = run::cargo();
        test.args(["test", "--no-fail-fast", "--manifest-path"]).arg(self.folder.join("rust/Cargo.toml"));
        // The same target folder: what both workspaces build alike is built once.
        test.arg("--target-dir").arg(target).current_dir(root);
        environment.count(&mut test)
    }
}

/// Runs a suite of Python's with what its `requirements.txt` pins, in an environment of its own below the target folder.
fn run_pytest(
    root: &Path,
    (target, venv): (&Path, &str),
    suite: &str,
    environment: &Environment,
) -> Result<Tally, String> {
    let pins = root.join(suite).join("requirements.txt");
    let venv = target.join("xtask").join(venv);
    let python = venv.join("bin/python");
    install_once(&venv, &[&pins], || {
        run::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run::run(Command::new(&python).args(pip).arg(&pins))
    })?;
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider", suite]).current_dir(root);
    environment.count(&mut pytest)
}

/// Installs into `home` unless it holds an install made from exactly these pins.
/// The stamp is written last, so that an interrupted install is done again from the start.
fn install_once(
    home: &Path,
    pins: &[&PathBuf],
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let mut wanted = String::new();
    for pin in pins {
        wanted += &fs::read_to_string(pin).map_err(|why| format!("{}: {why}", pin.display()))?;
    }
    // The pins themselves and not a hash of them: it is no larger than a few kilobytes, and can be read.
    let stamp = home.join(".xtask-pins");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if home.exists() {
        fs::remove_dir_all(home).map_err(|why| format!("{}: {why}", home.display()))?;
    }
    install()?;
    fs::write(&stamp, wanted).map_err(|why| format!("{}: {why}", stamp.display()))
}

/// Points `link` at `to`. Node looks for packages beside the code that asks for them, hence a link in the tree.
fn link(to: &Path, link: &Path) -> Result<(), String> {
    if fs::read_link(link).is_ok_and(|current| current == to) {
        return Ok(());
    }
    if link.is_symlink() {
        fs::remove_file(link).map_err(|why| format!("{}: {why}", link.display()))?;
    }
    if link.exists() {
        return Ok(()); // Somebody's own `npm ci`: theirs to keep.
    }
    std::os::unix::fs::symlink(to, link).map_err(|why| format!("{}: {why}", link.display()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn an_install_is_made_once_for_each_set_of_pins() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (home, pins) = (dir.path().join("home"), dir.path().join("pins.txt"));
        let made = Cell::new(0);
        let install = |fails: bool| {
            install_once(&home, &[&pins], || {
                made.set(made.get() + 1);
                fs::create_dir_all(&home).map_err(|why| why.to_string())?;
                if fails { Err("no network".to_owned()) } else { Ok(()) }
            })
        };
        fs::write(&pins, "a==1").expect("the pins are written");
        assert_eq!(install(true), Err("no network".to_owned()));
        assert_eq!((install(false), install(false), made.get()), (Ok(()), Ok(()), 2));
        fs::write(&pins, "a==2").expect("the pins are written");
        assert_eq!((install(false), made.get()), (Ok(()), 3));
    }

    #[test]
    fn a_link_is_renewed_and_a_folder_of_somebody_is_kept() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let [first, second, at] = ["first", "second", "at"].map(|name| dir.path().join(name));
        assert_eq!(link(&first, &at), Ok(()));
        assert_eq!(link(&second, &at), Ok(()));
        assert_eq!(fs::read_link(&at).ok(), Some(second));
        let own = dir.path().join("own");
        fs::create_dir(&own).expect("the folder is made");
        assert_eq!(link(&first, &own), Ok(()));
        assert!(!own.is_symlink());
    }

    #[test]
    fn a_checkout_without_suites_passes() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let tally = Suites::of(dir.path()).run(dir.path(), &Environment::default());
        assert_eq!(tally, Tally::default());
    }
}
