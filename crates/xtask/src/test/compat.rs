//! The suites that see our binary from outside: other people's clients under `tests/compat/`, a browser under
//! `tests/portal/`, and requests made up from its description under `tests/openapi/`. Called by `test`. A suite whose folder is not there is skipped; installs are kept under the target folder
//! until the file that pins them changes.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Environment, install, tally::Tally};
use crate::run;

/// Which suites this checkout has.
pub struct Suites {
    folder: PathBuf,
    pub python: bool,
    pub node: bool,
    rust: bool,
    pub portal: bool,
    pub openapi: bool,
}

impl Suites {
    pub fn of(root: &Path) -> Suites {
        let folder = root.join("tests/compat");
        Suites {
            python: folder.join("python/requirements.txt").is_file(),
            node: folder.join("node/package-lock.json").is_file(),
            rust: folder.join("rust/Cargo.toml").is_file(),
            portal: root.join("tests/portal/requirements.txt").is_file(),
            openapi: root.join("tests/openapi/requirements.txt").is_file(),
            folder,
        }
    }

    /// Those of other people's clients alone.
    pub fn clients(self) -> Suites {
        Suites { portal: false, openapi: false, ..self }
    }

    /// The portal's alone.
    pub fn pages(self) -> Suites {
        Suites { python: false, node: false, rust: false, openapi: false, ..self }
    }

    /// The one that holds the server to its description.
    pub fn description(self) -> Suites {
        Suites { python: false, node: false, rust: false, portal: false, ..self }
    }

    /// Runs each suite there is; one that can't be prepared counts as a failure.
    pub fn run(&self, root: &Path, environment: &Environment) -> Tally {
        let target = run::target_dir(root);
        let mut tally = Tally::default();
        if !(self.python || self.node || self.rust || self.portal || self.openapi) {
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
        suite("the server against its description", self.openapi, &|| {
            run_pytest(root, (&target, "venv-openapi"), "tests/openapi", &environment)
        });
        tally
    }

    fn run_node(&self, target: &Path, environment: &Environment) -> Result<Tally, String> {
        let folder = self.folder.join("node");
        install::npm(&folder, &target.join("xtask/node"))?;
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
    let python = install::venv(&root.join(suite).join("requirements.txt"), &target.join("xtask").join(venv))?;
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest", "-p", "no:cacheprovider", suite]).current_dir(root);
    environment.count(&mut pytest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_without_suites_passes() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let tally = Suites::of(dir.path()).run(dir.path(), &Environment::default());
        assert_eq!(tally, Tally::default());
    }
}
